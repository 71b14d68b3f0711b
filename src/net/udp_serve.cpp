// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/udp.hpp>

#include "base/check.hpp"
#include "base/thrown.hpp"
#include "loop/loop.hpp"
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
  /// `given`: a socket to use instead of opening one.
  udp_server(engine& e, handler handle, serve_options options, socket given)
      : server(e, std::move(options)), handle_(std::move(handle)), given_(std::move(given)) {}

 private:
  result<address> open(const address& at, bool shared) override {
    socket s = std::move(given_);
    if (!s.id()) {
      auto opened = open_datagram(eng(), at, shared);
      if (!opened) return opened.error();
      s = socket(eng(), *opened);
    }
    address bound = s.local();
    sockets_.push_back(std::move(s));
    return bound;
  }

  task<> take_in(scope& sessions) override {
    std::vector<task<>> loops;
    for (const socket& s : sockets_) loops.push_back(receive_loop(s.id(), sessions));
    co_await all(std::move(loops));
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
        auto arrived = co_await attempt(arrival_operation(&eng(), on));
        if (arrived) {
          eng().take_arrived(on, come);
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

  handler handle_;
  socket given_;
  std::vector<socket> sockets_;
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
    task<> talk = handle_(request(eng(), on, std::move(d)));
    sessions.spawn(std::move(talk), *begun.release());
  } catch (...) {
    report(begun != nullptr ? begun->who() : address(), std::current_exception());
  }
}

}  // namespace

task<> serve(addresses at, handler handle, serve_options options) {
  server_factory make([handle = std::move(handle)](engine& e, serve_options each) {
    return std::make_unique<udp_server>(e, handle, std::move(each), socket());
  });
  return serve_on_threads(std::move(at), std::move(make), std::move(options));
}

task<> serve(socket at, handler handle, serve_options options) {
  check(static_cast<bool>(at.id()), "serve with a socket that is closed");
  address where = at.local();
  auto given = std::make_shared<socket>(std::move(at));
  server_factory make([given, handle = std::move(handle)](engine& e, serve_options all) {
    return std::make_unique<udp_server>(e, handle, std::move(all), std::move(*given));
  });
  return serve_open_socket(std::move(where), std::move(make), std::move(options));
}

}  // namespace bight::udp
