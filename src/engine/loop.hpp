// SPDX-License-Identifier: MIT
#pragma once

/// A scheduler with an engine, and the turn that drives both.

#include <bight/scope.hpp>

#include "base/names.hpp"
#include "engine/engine.hpp"

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

namespace bight::machinery {

/// What a layer above keeps for each loop: see loop::local().
struct loop_local {
  loop_local() = default;
  loop_local(const loop_local&) = delete;
  loop_local& operator=(const loop_local&) = delete;
  virtual ~loop_local() = default;
};

class loop : public scheduler {
 public:
  explicit loop(std::unique_ptr<engine> e, duration busy_poll = 0ns);
  ~loop();

  /// The loop that a task of this context runs on.
  [[nodiscard]] static loop& of(const context& c) noexcept { return static_cast<loop&>(c.sched()); }

  [[nodiscard]] engine& eng() noexcept { return *engine_; }
  [[nodiscard]] duration busy_poll() const noexcept { return busy_poll_; }

  /// Whether SIGINT and SIGTERM drain the servers of this loop: it is that of run().
  [[nodiscard]] bool drains_on_signals() const noexcept { return drains_on_signals_; }
  void drain_on_signals() noexcept { drains_on_signals_ = true; }

  /// Runs `main` to its end, in turns, and throws its error. Throws when everything waits for
  /// something that cannot come.
  void run(task<> main);

  /// The parts of run(), for a simulated world, which gives several loops their turns: begin();
  /// turn() until ended(); finish() throws the error of the main task, if it has one.
  void begin(task<> main);
  void turn();
  [[nodiscard]] bool ended() const noexcept { return main_->size() == 0 && !lingers(); }
  void finish();
  /// Asks the main task to end, between two turns.
  void stop() noexcept { main_->stop(); }

  /// Asks the main task to end, from any thread.
  void stop_from_outside() noexcept;

  /// Keeps the loop turning until `h` is unlinked, for what outlives its task by a moment: a last
  /// word to a peer. h's on_stop is called when the loop ends, or `linger_at_end` after its main
  /// task; it must soon unlink the hook.
  void linger(stop_hook& h) noexcept { h.link_last(lingering_); }

  /// Tells whatever lingers that there is no time left.
  void linger_no_more() noexcept;

  /// The T of this loop, made at its first use: caches and buffers of a layer above.
  template <std::derived_from<loop_local> T>
  [[nodiscard]] T& local() {
    for (const auto& kept : locals_)
      if (T* found = dynamic_cast<T*>(kept.get())) return *found;
    return static_cast<T&>(*locals_.emplace_back(std::make_unique<T>()));
  }

 private:
  static constexpr duration linger_at_end = 2s;

  [[nodiscard]] bool lingers() const noexcept { return lingering_.next != &lingering_; }
  void look_for_work();
  void turn_or_end();

  std::unique_ptr<engine> engine_;
  duration busy_poll_;
  bool drains_on_signals_ = false;
  std::optional<context> root_;  // of the main task, while there is one
  std::optional<scope> main_;
  std::atomic<bool> stop_asked_{false};
  ring_link lingering_;  // of what lingers
  struct hurry : timer {
    loop* of = nullptr;
  } hurry_;
  std::vector<std::unique_ptr<loop_local>> locals_;
};

}  // namespace bight::machinery
