// SPDX-License-Identifier: MIT
#pragma once

/// What TCP and UDP servers have in common: sessions side by side up to a limit, and the drain.

#include <bight/scope.hpp>
#include <bight/serve.hpp>

#include "base/names.hpp"
#include "base/plant.hpp"
#include "engine/engine.hpp"
#include "net/default_report.hpp"

#include <exception>
#include <optional>

namespace bight {

/// A server on one loop. Derived classes take in connections or datagrams.
class server {
 public:
  explicit server(serve_options options) : options_(std::move(options)) {}
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  virtual ~server() = default;

  /// Serves until a drain is over. `listening` is called once a signal would drain and not kill:
  /// whoever is told that the server is there may end it at once.
  [[nodiscard]] task<> run(callback<void()> listening);
  /// Whether any server of this process runs, on whatever loop.
  [[nodiscard]] static bool any_running() noexcept;

 protected:
  /// Takes in what comes and starts sessions, for ever.
  [[nodiscard]] virtual task<> take_in(scope& sessions) = 0;
  virtual void stop_listening() noexcept = 0;

  [[nodiscard]] bool full() const noexcept { return active_ >= options_.max_connections; }
  /// Waits until there is room for another session.
  [[nodiscard]] task<> room();
  /// After taking in has failed: reports that once, until it succeeds again, and waits for a
  /// session to end or a little while. Without this, EMFILE would make a busy loop.
  [[nodiscard]] task<> back_off(error e);
  /// What to back off for when a session found no memory to begin in.
  [[nodiscard]] static error out_of_memory();
  void took_one() noexcept { told_of_shortage_ = false; }

  /// Whether anybody is interested in `e`.
  [[nodiscard]] bool reports(const error& e) const noexcept {
    return options_.on_error || (report_ && !is_reset_by_peer(e));
  }
  void report(const address& peer, const error& e);
  void report(const address& peer, std::exception_ptr e);

  [[nodiscard]] const serve_options& options() const noexcept { return options_; }

  /// One session: the context in which its handler runs, from the beginning to the end of it. Its
  /// error is told, and goes no further.
  ///
  /// An idle connection is little else than this and its handler's frame: every byte counts.
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
      if (!planted(bug::seat_keeps_quiet)) server_.one_ended_.set();
    }

    std::exception_ptr child_ended(std::coroutine_handle<> frame,
                                   std::exception_ptr e) noexcept final;

   protected:
    /// Called when the session has failed, or was stopped, while its frame, and a stream in it, is
    /// still there. `e` is what the handler threw, or null.
    virtual void tell(const std::exception_ptr& e) const = 0;
    /// Called next: the frame, and a stream in it, is about to go.
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

  serve_options options_;
  callback<void()> listening_;
  std::size_t active_ = 0;
  event one_ended_;
  event drains_;              // set when the drain begins: see until_drain()
  std::uint32_t number_ = 0;  // in this loop's table of servers
  std::optional<default_report> report_;
  bool told_of_shortage_ = false;
};

}  // namespace bight
