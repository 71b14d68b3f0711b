// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/udp.hpp>

#include "base/thrown.hpp"
#include "engine/loop.hpp"
#include "net/open.hpp"
#include "net/server.hpp"
#include "net/threads.hpp"

namespace bight::udp {

namespace {

class [[nodiscard]] arrival_operation : public op {
 public:
  using value_type = void;
  arrival_operation(engine* e, bight::handle h) noexcept : op(verb::arrival, e, h) {}
  [[nodiscard]] result<void> take() {
    if (failed()) return failure();
    return {};
  }
};

class udp_server final : public server {
 public:
  udp_server(engine& e, handler handle, serve_options options)
      : server(std::move(options)), engine_(e), handle_(std::move(handle)) {}
  ~udp_server() override {
    for (const bight::handle h : sockets_) engine_.close(h);
  }

  void add(bight::handle h) {
    unowned socket(engine_, h);
    sockets_.push_back(h);
    socket.give();
  }

 private:
  task<> take_in(scope& sessions) override {
    std::vector<task<>> loops;
    for (const bight::handle h : sockets_) loops.push_back(receive_loop(h, sessions));
    auto receiving = all(std::move(loops));
    co_await std::move(receiving);
  }

  // The sockets stay open so that the remaining sessions can reply.
  void stop_listening() noexcept override {}

  // Takes all pending datagrams at once: one operation per datagram would cost as much as its
  // session.
  task<> receive_loop(bight::handle on, scope& sessions) {
    arrivals come;
    for (;;) {
      bool no_memory = false;
      try {
        auto arrived = co_await attempt(arrival_operation(&engine_, on));
        if (arrived) {
          engine_.take_arrived(on, come);
          for (arrival& a : come) {
            if (full()) co_await room();
            begin_session(on, a, sessions);
          }
          took_one();
        } else if (arrived.error().is(errc::no_resources)) {
          co_await back_off(arrived.error());
        } else if (!about_a_peer(arrived.error())) {
          throw error(arrived.error());  // cancelled, or the socket itself has failed
        }
      } catch (const std::bad_alloc&) {
        no_memory = true;
      }
      come.clear();
      if (no_memory) co_await back_off(out_of_memory());
    }
  }

  class answering;

  void begin_session(bight::handle on, arrival& a, scope& sessions);

  // ICMP errors for a client that is gone do not concern the server: udp(7).
  static bool about_a_peer(const error& e) {
    return e.is(errc::refused) || e.is(errc::unreachable) || e.is(errc::reset);
  }

  engine& engine_;
  handler handle_;
  std::vector<bight::handle> sockets_;
};

class udp_server::answering final : public session {
 public:
  answering(udp_server& s, scope& sessions, const address& who) : session(s, sessions), who_(who) {}
  [[nodiscard]] const address& who() const noexcept { return who_; }

 private:
  void tell(const std::exception_ptr& e) const override {
    if (e == nullptr) return;  // stopped at the end of a drain
    const error* const why = error_in(e);
    if (why != nullptr && (why->is(errc::cancelled) || about_a_peer(*why))) return;
    static_cast<udp_server&>(of()).report(who_, e);
  }

  address who_;
};

void udp_server::begin_session(bight::handle on, arrival& a, scope& sessions) {
  std::unique_ptr<answering> begun;
  try {
    begun = std::make_unique<answering>(*this, sessions, a.from);
    datagram d{std::move(a.data), std::move(a.from), a.truncated};
    task<> talk = handle_(request(engine_, on, std::move(d)));
    sessions.spawn(std::move(talk), *begun.release());
  } catch (...) {
    report(begun != nullptr ? begun->who() : address(), std::current_exception());
  }
}

task<> serve_here(std::vector<address> at, handler handle, serve_options options, bool reuse_port,
                  bound_function listening) {
  engine& e = loop::of(co_await current_context()).eng();
  udp_server everything(e, std::move(handle), std::move(options));
  auto open = [&e, &everything, reuse_port](const address& a) -> result<address> {
    auto opened = open_datagram(e, a, reuse_port);
    if (!opened) return opened.error();
    everything.add(*opened);
    return e.local(*opened).value();
  };
  opener each(std::move(open));
  const auto bound = co_await bind_each(std::move(at), std::move(each));
  callback<void()> opened([&bound, &listening] {
    if (listening) listening(bound);
  });
  auto running = everything.run(std::move(opened));
  co_await std::move(running);
}

// serve_here bound to its handler; each loop runs a copy.
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

}  // namespace bight::udp
