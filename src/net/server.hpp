// SPDX-License-Identifier: MIT
#pragma once

/// What TCP and UDP servers have in common: sessions side by side up to a limit, and the drain.

#include <bight/scope.hpp>
#include <bight/serve.hpp>

#include "engine/engine.hpp"

#include <exception>

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

 protected:
  /// Takes in what comes and starts sessions, for ever.
  [[nodiscard]] virtual task<> take_in(scope& sessions) = 0;
  virtual void stop_listening() noexcept = 0;

  [[nodiscard]] bool full() const noexcept { return active_ >= options_.max_connections; }
  /// Waits until there is room for another session.
  [[nodiscard]] task<> room();
  /// After taking in has failed for want of something: tells it once, and waits for a session to
  /// end or a little while. Without this, EMFILE would make a busy loop.
  [[nodiscard]] task<> back_off(const error& e);
  void took_one() noexcept { told_of_shortage_ = false; }

  void report(const address& peer, const error& e) const;
  void report(const address& peer, std::exception_ptr e) const;

  [[nodiscard]] const serve_options& options() const noexcept { return options_; }

  /// Counts a session for as long as it lives.
  class seat {
   public:
    explicit seat(server& s) noexcept : server_(s) { ++server_.active_; }
    seat(const seat&) = delete;
    seat& operator=(const seat&) = delete;
    ~seat() {
      --server_.active_;
      server_.one_ended_.set();
    }

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
  bool told_of_shortage_ = false;
};

}  // namespace bight
