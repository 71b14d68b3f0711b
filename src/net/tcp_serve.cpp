// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/tcp.hpp>

#include "base/check.hpp"
#include "base/text.hpp"
#include "base/thrown.hpp"
#include "loop/loop.hpp"
#include "net/linger.hpp"
#include "net/open.hpp"
#include "net/server.hpp"
#include "net/threads.hpp"

namespace bight::tcp {

namespace {

class tcp_server final : public server {
 public:
  /// `given`: a listener to use instead of opening one.
  tcp_server(engine& e, handler handle, serve_options options, listener given)
      : server(e, std::move(options)), handle_(std::move(handle)), given_(std::move(given)) {}

 private:
  class connection;

  result<address> open(const address& at, bool shared) override {
    listener l = std::move(given_);
    if (!l.id()) {
      const listen_options how{options().backlog, shared, {}};
      auto opened = open_listener(eng(), at, how);
      if (!opened) return opened.error();
      l = listener(eng(), *opened);
    }
    address bound = l.local();
    listeners_.push_back(std::move(l));
    return bound;
  }

  task<> take_in(scope& sessions) override {
    std::vector<task<>> loops;
    for (listener& l : listeners_) loops.push_back(accept_loop(l, sessions));
    co_await all(std::move(loops));
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
          if (is_shortage(accepted.error())) stop_lingering(eng().sched());
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
    auto name = eng().remote(h);
    if (!name || name->kind() == address_kind::none) name = eng().local(h);
    return name ? *std::move(name) : address();
  }

  handler handle_;
  listener given_;
  std::vector<listener> listeners_;
};

// Stops its context when the connection has been idle too long. It uses one timer that checks the
// last activity on expiry, so traffic costs nothing.
class tcp_server::connection final : public session, timer {
 public:
  connection(tcp_server& s, scope& sessions, bight::handle h) : session(s, sessions), handle_(h) {
    expired = [](timer& t) { static_cast<connection&>(t).look(); };
    if (const auto limit = s.options().idle) sched().arm(*this, later(sched().now(), *limit));
    s.eng().attend(h, attention::session);
  }
  ~connection() override {
    sched().disarm(*this);
    home().eng().attend(handle_, attention::none);
  }

 private:
  [[nodiscard]] tcp_server& home() const noexcept { return static_cast<tcp_server&>(of()); }

  void look() {
    const time_point last = home().eng().last_used(handle_);
    if (last == time_point::min()) return;  // closed: the session no longer uses the connection
    const time_point due = later(last, *home().options().idle);
    if (due > sched().now()) return sched().arm(*this, due);
    if (stop_requested()) return;
    was_idle_ = true;
    stopping();
    stop();
  }

  void stopping() noexcept override { home().eng().attend(handle_, attention::cut); }

  void part(bool well) noexcept override {
    home().eng().attend(handle_, well ? attention::ending : attention::cut);
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
                     "nothing received or sent for " + duration_text(*home().options().idle));
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

}  // namespace

task<> serve(addresses at, handler handle, serve_options options) {
  server_factory make([handle = std::move(handle)](engine& e, serve_options each) {
    return std::make_unique<tcp_server>(e, handle, std::move(each), listener());
  });
  return serve_on_threads(std::move(at), std::move(make), std::move(options));
}

task<> serve(listener at, handler handle, serve_options options) {
  check(static_cast<bool>(at.id()), "serve with a listener that is closed");
  address where = at.local();
  auto given = std::make_shared<listener>(std::move(at));
  server_factory make([given, handle = std::move(handle)](engine& e, serve_options all) {
    return std::make_unique<tcp_server>(e, handle, std::move(all), std::move(*given));
  });
  return serve_open_socket(std::move(where), std::move(make), std::move(options));
}

}  // namespace bight::tcp
