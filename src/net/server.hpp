// SPDX-License-Identifier: MIT
#pragma once

/// What all servers do alike: open sockets, run concurrent sessions up to a limit, and drain.

#include <bight/scope.hpp>
#include <bight/serve.hpp>

#include "base/names.hpp"
#include "engine/engine.hpp"
#include "net/default_report.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <vector>

namespace bight {

/// Receives the addresses on which a server listens, with their ports.
using bound_function = callback<void(const std::vector<address>&)>;

/// A server on one loop. Derived classes accept connections or datagrams.
class server {
 public:
  server(engine& e, serve_options options) : engine_(e), options_(std::move(options)) {}
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  virtual ~server() = default;

  /// Serves `at` until a drain completes. `shared`: servers on other loops have the same port.
  /// Calls `listening` only once a signal would drain the server instead of killing it, because a
  /// caller may send the signal as soon as the server is announced.
  [[nodiscard]] task<> run(std::vector<address> at, bool shared, bound_function listening);
  /// Whether any server runs in this process, on any loop.
  [[nodiscard]] static bool any_running() noexcept;

 protected:
  /// Opens a socket at `at`, which is not a name, and returns the bound address with its port.
  [[nodiscard]] virtual result<address> open(const address& at, bool shared) = 0;
  /// Accepts connections or datagrams and starts sessions, forever.
  [[nodiscard]] virtual task<> take_in(scope& sessions) = 0;
  virtual void stop_listening() noexcept = 0;

  [[nodiscard]] bool full() const noexcept { return active_ >= options_.max_connections; }
  /// Waits until another session may start.
  [[nodiscard]] task<> room();
  /// Call after accepting has failed. Reports the failure once, until accepting succeeds again.
  /// Then waits for a session to end, or for a short pause. Otherwise EMFILE would cause a busy
  /// loop.
  [[nodiscard]] task<> back_off(error e);
  /// The error for back_off() when memory ran out while starting a session.
  [[nodiscard]] static error out_of_memory();
  void took_one() noexcept { shortage_reported_ = false; }

  /// Whether an error like `e` is reported at all.
  [[nodiscard]] bool reports(const error& e) const noexcept {
    return options_.on_error || (report_ && !is_reset_by_peer(e));
  }
  void report(const address& peer, const error& e);
  void report(const address& peer, std::exception_ptr e);

  [[nodiscard]] engine& eng() const noexcept { return engine_; }
  [[nodiscard]] const serve_options& options() const noexcept { return options_; }

  /// One session: the context of its handler, from start to end. Its error is reported and not
  /// propagated.
  ///
  /// An idle connection costs little more than this and its handler's frame, so its size matters.
  class session : public child_context {
   public:
    static void* operator new(std::size_t size) { return frame_allocate(size); }
    static void operator delete(void* at, std::size_t size) noexcept { frame_free(at, size); }

    session(server& s, scope& sessions) noexcept : child_context(sessions.inner()), server_(s) {
      ++s.active_;
    }
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    virtual ~session() {
      --server_.active_;
      server_.one_ended_.set();
    }

    std::exception_ptr child_ended(std::coroutine_handle<> frame,
                                   std::exception_ptr e) noexcept final;

   protected:
    /// Called when the session failed or was stopped, while its frame and the stream in it still
    /// exist. `e` is the handler's exception, or null.
    virtual void tell(const std::exception_ptr& e) const = 0;
    /// Called next, just before the frame and the stream in it are destroyed.
    virtual void part(bool) noexcept {}
    [[nodiscard]] server& of() const noexcept { return server_; }

   private:
    server& server_;
  };

 private:
  task<> until_drained(scope& sessions);
  task<> open_and_take_in(scope& sessions);
  task<> drain_asked();
  task<> all_gone();

  engine& engine_;
  serve_options options_;
  callback<void()> listening_;
  std::size_t active_ = 0;
  event one_ended_;
  event drains_;                          // set when the drain begins: see until_drain()
  context until_drain_{engine_.sched()};  // stopped then: see before_drain()
  std::uint32_t number_ = 0;              // key in this loop's server_table
  std::optional<default_report> report_;
  bool shortage_reported_ = false;
};

/// Makes a server for one loop, in that loop's thread.
using server_factory = callback<std::unique_ptr<server>(engine&, serve_options)>;

}  // namespace bight
