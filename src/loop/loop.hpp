// SPDX-License-Identifier: MIT
#pragma once

/// A scheduler with an engine, and the turn that drives them.

#include <bight/scope.hpp>

#include "base/names.hpp"
#include "engine/engine.hpp"
#include "loop/mailbox.hpp"

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

namespace bight::machinery {

/// Base of the per-loop data of a layer above: see loop::data().
struct loop_data {
  loop_data() = default;
  loop_data(const loop_data&) = delete;
  loop_data& operator=(const loop_data&) = delete;
  virtual ~loop_data() = default;
};

class loop : public scheduler {
 public:
  explicit loop(std::unique_ptr<engine> e, duration busy_poll = 0ns);
  ~loop();

  /// The loop that runs the tasks of this context.
  [[nodiscard]] static loop& of(const context& c) noexcept { return static_cast<loop&>(c.sched()); }
  /// The loop of a carrier's streams.
  [[nodiscard]] static loop& of(const carrier& c) noexcept { return static_cast<loop&>(c.sched()); }

  [[nodiscard]] engine& eng() noexcept { return *engine_; }
  [[nodiscard]] duration busy_poll() const noexcept { return busy_poll_; }

  /// Whether SIGINT and SIGTERM drain the servers of this loop. True for the loop of run().
  [[nodiscard]] bool drains_on_signals() const noexcept { return drains_on_signals_; }
  void drain_on_signals() noexcept { drains_on_signals_ = true; }

  /// Runs `main` to completion and rethrows its error. A deadlock, where every task waits for
  /// another, aborts the program.
  void run(task<> main);

  /// The parts of run(), for a simulated world that interleaves several loops. Call begin(), then
  /// turn() until ended(), then finish(), which throws the main task's error if there is one.
  void begin(task<> main);
  void turn();
  /// Whether nothing is left to do. From then on nobody can post to this run.
  [[nodiscard]] bool ended() noexcept {
    return main_->size() == 0 && !lingers() && (!mail_ || mail_->close_unless_held());
  }
  void finish();
  /// Requests cancellation of the main task. Call between two turns.
  void stop() noexcept { main_->stop(); }

  /// Requests cancellation of the main task. May be called from any thread.
  void stop_from_outside() noexcept;

  /// What other threads give to this run; made when it is first asked for.
  [[nodiscard]] const mailbox_ref& mail();

  /// Keeps the loop running until `h` is unlinked, for work that briefly outlives its task, such as
  /// TLS close_notify. h's on_stop is called when the loop is destroyed, or `linger_at_end` after
  /// the main task ends. It must unlink the hook soon after.
  void linger(stop_hook& h) noexcept { h.link_last(lingering_); }

  /// Stops everything that lingers.
  void linger_no_more() noexcept;

  /// The T of this loop, created on first use: caches and buffers of a layer above.
  template <std::derived_from<loop_data> T>
  [[nodiscard]] T& data() {
    for (const auto& kept : locals_)
      if (T* found = dynamic_cast<T*>(kept.get())) return *found;
    return static_cast<T&>(*locals_.emplace_back(std::make_unique<T>()));
  }

 private:
  static constexpr duration linger_at_end = 2s;

  [[nodiscard]] bool lingers() const noexcept { return lingering_.next != &lingering_; }
  void look_for_work();
  void take_mail() noexcept;
  void start_posted() noexcept;
  void turn_or_end();

  std::unique_ptr<engine> engine_;
  duration busy_poll_;
  bool drains_on_signals_ = false;
  std::optional<context> root_;  // of the main task, while it runs
  std::optional<scope> main_;
  std::atomic<bool> stop_asked_{false};
  ring_link lingering_;  // the hooks given to linger()
  struct hurry : timer {
    loop* of = nullptr;
  } hurry_;
  mailbox_ref mail_;
  std::vector<task<>> posted_;  // taken out of it, and not yet started
  struct starter : runnable {
    loop* of = nullptr;
  } starter_;
  std::vector<std::unique_ptr<loop_data>> locals_;
};

}  // namespace bight::machinery
