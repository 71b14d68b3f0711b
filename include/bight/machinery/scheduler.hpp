// SPDX-License-Identifier: MIT
#pragma once

/// The part of a loop that a task needs: a queue of ready coroutines, and timers.
///
/// It does no I/O, so the coroutine machinery runs and is tested without any. A loop is a scheduler
/// with an engine.

#include <bight/time.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace bight::machinery {

class carrier;

/// Tag for constructors that leave the members uninitialized until their first use.
struct set_later {};

/// Something to run once, in order. Intrusive: stored in the object that waits.
struct runnable {
  void (*run)(runnable&);
  runnable* next;

  runnable() noexcept : run(nullptr), next(nullptr) {}
  explicit runnable(set_later) noexcept {}
};

/// A first-in, first-out list of runnables, which it does not own. Empty after it was moved from.
class runnable_queue {
 public:
  runnable_queue() noexcept = default;
  runnable_queue(runnable_queue&& other) noexcept { *this = std::move(other); }
  runnable_queue& operator=(runnable_queue&& other) noexcept {
    if (this == &other) return *this;
    head_ = std::exchange(other.head_, nullptr);
    end_ = head_ == nullptr ? &head_ : other.end_;
    other.end_ = &other.head_;
    return *this;
  }

  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  void push(runnable& r) noexcept {
    r.next = nullptr;
    *end_ = &r;
    end_ = &r.next;
  }
  void push_front(runnable& r) noexcept;
  [[nodiscard]] runnable* front() const noexcept { return head_; }
  [[nodiscard]] runnable* pop() noexcept;
  /// Empties the list and returns its first runnable; each links to the next.
  [[nodiscard]] runnable* take_all() noexcept {
    end_ = &head_;
    return std::exchange(head_, nullptr);
  }

 private:
  runnable* head_ = nullptr;
  runnable** end_ = &head_;  // where the next one is linked
};

/// Calls `expired` at time `at`, unless disarmed before. Must not move while armed.
struct timer {
  void (*expired)(timer&) = nullptr;
  time_point at{};
  std::uint64_t sequence = 0;                        // equal times expire in the order of arming
  std::size_t place = static_cast<std::size_t>(-1);  // index in the heap; -1: not armed

  [[nodiscard]] bool armed() const noexcept { return place != static_cast<std::size_t>(-1); }
};

/// The ready list and timers of one thread. The owner drives it: expire(), then run_ready().
///
/// threads  one; nothing is shared.
class scheduler {
 public:
  scheduler() = default;
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  /// The engine of the loop, for operations that have no socket; null without a loop.
  [[nodiscard]] carrier* io() const noexcept { return io_; }
  void set_io(carrier& engine) noexcept { io_ = &engine; }

  /// The time of this turn: when its wait ended.
  [[nodiscard]] time_point now() const noexcept { return now_; }
  /// Sets the time to `now`, never backwards. No timer expires yet.
  void advance(time_point now) noexcept {
    if (now > now_) now_ = now;
  }

  /// Appends `r` to the ready list. It runs in the next pass, never inside this call.
  void ready(runnable& r) noexcept { ready_.push(r); }
  [[nodiscard]] bool has_ready() const noexcept { return !ready_.empty(); }

  /// Arms `t` for `at`; re-arms it if it is armed. O(log n).
  void arm(timer& t, time_point at);
  /// Arms `t` for the next turn, at the current time.
  void arm_for_next_turn(timer& t);
  /// Disarms `t`: it will not expire. O(log n); does nothing if it is not armed.
  void disarm(timer& t) noexcept;

  /// The time of the first timer, or time_point::max().
  [[nodiscard]] time_point next_deadline() const noexcept;

  /// While an object of this class exists, destroyed coroutine frames count as those of a failed
  /// task. A stream in such a frame is reset, as if an exception destroyed it.
  class failing {
   public:
    explicit failing(scheduler& s, bool failed = true) noexcept
        : of_(s), before_(std::exchange(s.failing_, s.failing_ || failed)) {}
    failing(const failing&) = delete;
    failing& operator=(const failing&) = delete;
    ~failing() { of_.failing_ = before_; }

   private:
    scheduler& of_;
    bool before_;
  };
  [[nodiscard]] bool is_failing() const noexcept { return failing_; }

  /// Number of contexts stopped so far. While it is unchanged, no task has been cancelled.
  [[nodiscard]] std::uint32_t stops() const noexcept { return stops_; }
  void count_stop() noexcept { ++stops_; }

  /// Number of armed timers.
  [[nodiscard]] std::size_t armed() const noexcept { return heap_.size(); }

  /// Sets the time to `now` and expires every timer due by then, in order.
  void expire(time_point now);
  /// The last step of a turn: runs what is ready now, but not what becomes ready meanwhile.
  void run_ready();

  /// Whether the running coroutine may continue with a step that needs no wait, such as a buffered
  /// message or a set event. After 64 such steps, other coroutines run first. If none is ready, it
  /// continues for longer, until the loop must poll for new work.
  [[nodiscard]] bool may_go_on() noexcept { return --steps_left_ > 0 || goes_on_alone(); }

  /// Marks the calling thread as the driver of this scheduler during its lifetime.
  class driver {
   public:
    explicit driver(scheduler& s) noexcept;
    driver(const driver&) = delete;
    driver& operator=(const driver&) = delete;
    ~driver();

   private:
    scheduler& driven_;
    const void* before_;
  };
  [[nodiscard]] bool driven() const noexcept;
  /// Ends the program with the message `misuse` if another thread drives this scheduler.
  void check_thread(const char* misuse) const noexcept;

 private:
  static constexpr std::uint64_t next_turn = std::uint64_t{1} << 63;  // a flag in a sequence number
  static constexpr int steps_max = 64;
  static constexpr int rounds_alone_max = 16;

  [[nodiscard]] bool goes_on_alone() noexcept;
  void arm(timer& t, time_point at, std::uint64_t sequence);
  [[nodiscard]] static bool before(const timer& a, const timer& b) noexcept;
  void place(timer& t, std::size_t i) noexcept;
  void sift_up(std::size_t i) noexcept;
  void sift_down(std::size_t i) noexcept;

  carrier* io_ = nullptr;
  time_point now_{};
  bool failing_ = false;
  std::uint32_t stops_ = 0;  // placed beside failing_ to fill its padding
  runnable_queue ready_;
  std::vector<timer*> heap_;
  std::uint64_t sequence_ = 0;
  const runnable* rest_ = nullptr;  // not yet run in the current pass of run_ready()
  int steps_left_ = steps_max;      // of the running coroutine
  int rounds_alone_ = rounds_alone_max;
  const void* driven_in_ = nullptr;  // accessed atomically; <atomic> would include system headers
};

}  // namespace bight::machinery
