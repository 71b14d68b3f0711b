// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/tcp.hpp>

#include "engine/loop.hpp"
#include "net/idle.hpp"
#include "net/open.hpp"
#include "net/server.hpp"
#include "net/threads.hpp"

namespace bight::tcp {

namespace {

class tcp_server final : public server {
 public:
  tcp_server(engine& e, handler handle, serve_options options)
      : server(std::move(options)), engine_(e), handle_(std::move(handle)) {}

  void add(listener l) { listeners_.push_back(std::move(l)); }

 private:
  task<> take_in(scope& sessions) override {
    std::vector<task<>> loops;
    for (listener& l : listeners_) loops.push_back(accept_loop(l, sessions));
    auto accepting = all(std::move(loops));
    co_await std::move(accepting);
  }

  void stop_listening() noexcept override { listeners_.clear(); }

  task<> accept_loop(listener& l, scope& sessions) {
    for (;;) {
      if (full()) co_await room();
      auto accepted = co_await attempt(l.accept());
      if (accepted) {
        took_one();
        sessions.spawn(session(*std::move(accepted)));
      } else if (accepted.error().is(errc::too_many_files) ||
                 accepted.error().is(errc::no_resources)) {
        co_await back_off(accepted.error());
      } else {
        throw error(accepted.error());  // cancelled, or the listener itself has failed
      }
    }
  }

  task<> session(stream peer) {
    const seat taken(*this);
    const handle connection = peer.id();
    try {
      idle_watch watch(co_await current_context(), engine_, connection, options().idle);
      task<> talk = handle_(std::move(peer));
      auto outcome = co_await attempt(until_idle(talk, watch));
      // The handler's frame, and with it the stream, is still there to be asked.
      if (!outcome && !outcome.error().is(errc::cancelled))
        report(peer_of(connection), outcome.error());
    } catch (...) {
      report(peer_of(connection), std::current_exception());
    }
  }

  [[nodiscard]] address peer_of(handle connection) const {
    auto remote = engine_.remote(connection);
    return remote ? *std::move(remote) : address();
  }

  engine& engine_;
  handler handle_;
  std::vector<listener> listeners_;
};

task<> serve_here(std::vector<address> at, handler handle, serve_options options, bool reuse_port,
                  bound_function listening) {
  engine& e = loop::of(co_await current_context()).eng();
  const listen_options how{options.backlog, reuse_port, 0};
  tcp_server everything(e, std::move(handle), std::move(options));
  auto open = [&e, &everything, how](const address& a) -> result<address> {
    auto opened = open_listener(e, a, how);
    if (!opened) return opened.error();
    listener l(e, *opened);
    address bound = l.local();
    everything.add(std::move(l));
    return bound;
  };
  opener each(std::move(open));
  const auto bound = co_await bind_each(std::move(at), std::move(each));
  callback<void()> opened([&bound, &listening] {
    if (listening) listening(bound);
  });
  auto running = everything.run(std::move(opened));
  co_await std::move(running);
}

// serve_here with its handler: what each of several loops runs.
struct on_one_loop {
  handler handle;
  BIGHT_CORO_WRAPPER task<> operator()(std::vector<address> at, serve_options options,
                                       bool reuse_port, bound_function listening) const {
    return serve_here(std::move(at), handle, std::move(options), reuse_port, std::move(listening));
  }
};

}  // namespace

task<> serve(std::vector<address> at, handler handle, serve_options options) {
  serve_function one_loop(on_one_loop{std::move(handle)});
  auto serving = serve_on_threads(std::move(at), std::move(one_loop), std::move(options));
  co_await std::move(serving);
}

task<> serve(address at, handler handle, serve_options options) {
  std::vector<address> one;
  one.push_back(std::move(at));
  auto serving = serve(std::move(one), std::move(handle), std::move(options));
  co_await std::move(serving);
}

namespace {

task<> serve_text(std::string at, handler handle, serve_options options) {
  auto serving = serve(address(at), std::move(handle), std::move(options));
  co_await std::move(serving);
}

}  // namespace

task<> serve(const char* at, handler handle, serve_options options) {
  return serve_text(at, std::move(handle), std::move(options));
}

}  // namespace bight::tcp
