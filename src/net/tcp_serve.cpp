// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/tcp.hpp>

#include "base/text.hpp"
#include "base/thrown.hpp"
#include "engine/loop.hpp"
#include "net/linger.hpp"
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
  class connection;

  task<> take_in(scope& sessions) override {
    std::vector<task<>> loops;
    for (listener& l : listeners_) loops.push_back(accept_loop(l, sessions));
    auto accepting = all(std::move(loops));
    co_await std::move(accepting);
  }

  void stop_listening() noexcept override { listeners_.clear(); }

  static bool is_shortage(const error& e) {
    return e.is(errc::too_many_files) || e.is(errc::no_resources);
  }

  // The descriptor is closed or is not a listening socket (EINVAL, ENOTSOCK): it will never accept
  // again. Other errors may be temporary: no descriptors, or a firewall or sandbox that refuses.
  static bool is_final(const error& e) {
    return e.is(errc::cancelled) || e.is(errc::closed) || e.is(errc::invalid) ||
           e.code() == std::errc::not_a_socket || e.code() == std::errc::bad_address;
  }

  task<> accept_loop(listener& l, scope& sessions) {
    for (;;) {
      bool no_memory = false;
      try {
        if (full()) co_await room();
        auto accepted = co_await attempt(l.accept());
        if (accepted) {
          begin_session(*std::move(accepted), sessions);
          took_one();
        } else if (!is_final(accepted.error())) {
          if (is_shortage(accepted.error())) stop_lingering(engine_.sched());
          co_await back_off(accepted.error());
        } else {
          throw error(accepted.error());
        }
      } catch (const std::bad_alloc&) {  // memory may be available for the next connection
        no_memory = true;
      }
      if (no_memory) co_await back_off(out_of_memory());
    }
  }

  void begin_session(stream peer, scope& sessions);

  // The peer's address; for an unnamed unix peer, the listener's address.
  [[nodiscard]] address peer_of(bight::handle h) const {
    auto name = engine_.remote(h);
    if (!name || name->kind() == address_kind::none) name = engine_.local(h);
    return name ? *std::move(name) : address();
  }

  engine& engine_;
  handler handle_;
  std::vector<listener> listeners_;
};

// Stops its context when the connection has been idle too long. It uses one timer that checks the
// last activity on expiry, so traffic costs nothing.
class tcp_server::connection final : public session, timer {
 public:
  connection(tcp_server& s, scope& sessions, bight::handle h) : session(s, sessions), handle_(h) {
    expired = [](timer& t) { static_cast<connection&>(t).look(); };
    const duration limit = s.options().idle;
    if (limit > duration::zero()) sched().arm(*this, later(sched().now(), limit));
    s.engine_.attend(h, attention::session);
  }
  ~connection() override {
    sched().disarm(*this);
    home().engine_.attend(handle_, attention::none);
  }

 private:
  [[nodiscard]] tcp_server& home() const noexcept { return static_cast<tcp_server&>(of()); }

  void look() {
    const time_point last = home().engine_.last_used(handle_);
    if (last == time_point::min()) return;  // closed: the session no longer uses the connection
    const time_point due = later(last, home().options().idle);
    if (due > sched().now()) return sched().arm(*this, due);
    if (stop_requested()) return;
    was_idle_ = true;
    stopping();
    stop();
  }

  void stopping() noexcept override { home().engine_.attend(handle_, attention::cut); }

  void part(bool well) noexcept override {
    home().engine_.attend(handle_, well ? attention::ending : attention::cut);
  }

  void tell(const std::exception_ptr& e) const override {
    const error* const why = error_in(e);
    const bool stopped = stop_requested() && (e == nullptr || (why && why->is(errc::cancelled)));
    if (!stopped) {
      if (why != nullptr && !home().reports(*why)) return;  // peer_of() is a system call
      return home().report(home().peer_of(handle_), e);
    }
    if (!was_idle_) return;  // the grace period ended, or the server was cancelled
    const error idle(errc::timed_out, why != nullptr ? why->tried() : "session",
                     why != nullptr ? why->transferred() : 0,
                     "nothing received or sent for " + duration_text(home().options().idle));
    home().report(home().peer_of(handle_), idle);
  }

  bight::handle handle_;
  bool was_idle_ = false;
};

void tcp_server::begin_session(stream peer, scope& sessions) {
  const bight::handle h = peer.id();
  std::unique_ptr<connection> begun;  // keeps the peer's address until the report
  try {
    begun = std::make_unique<connection>(*this, sessions, h);
    task<> talk = handle_(std::move(peer));
    sessions.spawn(std::move(talk), *begun.release());
  } catch (...) {
    report(peer_of(h), std::current_exception());
    peer.abort();
  }
}

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

}  // namespace bight::tcp
