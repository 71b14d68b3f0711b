// SPDX-License-Identifier: MIT
#pragma once

/// What a task needs from its loop: a queue of things that are ready, and timers.
///
/// No I/O in here, so the coroutine machinery runs and is tested without any. The loop is a
/// scheduler with an engine.

#include <bight/time.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace bight::machinery {

/// For a constructor: the members are set when they are first needed, and not before.
struct set_later {};

/// Something that will be run once, in its turn. Intrusive: lives where the waiting happens.
struct runnable {
  void (*run)(runnable&);
  runnable* next;

  runnable() noexcept : run(nullptr), next(nullptr) {}
  explicit runnable(set_later) noexcept {}
};

/// A first-in, first-out list of runnables; owns none of them. Empty when it has been moved from.
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
  /// The first of them; each knows the next.
  [[nodiscard]] runnable* take_all() noexcept {
    end_ = &head_;
    return std::exchange(head_, nullptr);
  }

 private:
  runnable* head_ = nullptr;
  runnable** end_ = &head_;  // where the next one goes
};

/// A moment at which `expired` is called, unless it is disarmed before. Must not move while armed.
struct timer {
  void (*expired)(timer&) = nullptr;
  time_point at{};
  std::uint64_t sequence = 0;                        // ties go to the one armed first
  std::size_t place = static_cast<std::size_t>(-1);  // in the heap; -1: not armed

  [[nodiscard]] bool armed() const noexcept { return place != static_cast<std::size_t>(-1); }
};

/// Ready list and timers of one thread. Its owner drives it: expire(), then run_ready().
///
/// threads  one; nothing in here is shared.
class scheduler {
 public:
  scheduler() = default;
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  /// The time of this turn: when its wait was over.
  [[nodiscard]] time_point now() const noexcept { return now_; }
  /// Moves time to `now`; never back. Nothing expires yet.
  void advance(time_point now) noexcept {
    if (now > now_) now_ = now;
  }

  /// Puts `r` at the end of the ready list. It runs in the next pass, never from inside here.
  void ready(runnable& r) noexcept { ready_.push(r); }
  [[nodiscard]] bool has_ready() const noexcept { return !ready_.empty(); }

  /// Arms `t` for `at`; re-arms it when it was armed. O(log n).
  void arm(timer& t, time_point at);
  /// The same for the next turn, at the time that it is.
  void arm_for_next_turn(timer& t);
  /// After this `t` will not expire. O(log n); nothing when it is not armed.
  void disarm(timer& t) noexcept;

  /// The moment of the first timer, or time_point::max().
  [[nodiscard]] time_point next_deadline() const noexcept;

  /// While one of these lives, the coroutine frames that are destroyed are those of a task that has
  /// failed. A stream in such a frame is reset, as one that an exception destroys.
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

  /// How many contexts have been stopped so far. If it is unchanged, no task was cancelled since.
  [[nodiscard]] std::uint32_t stops() const noexcept { return stops_; }
  void count_stop() noexcept { ++stops_; }

  /// Timers that are armed.
  [[nodiscard]] std::size_t armed() const noexcept { return heap_.size(); }

  /// Moves time to `now` and lets every timer due by then expire, in order.
  void expire(time_point now);
  /// The last step of a turn: runs what is ready now, and not what becomes ready meanwhile.
  void run_ready();

  /// Whether the coroutine that runs may go on with something that needs no wait: a message that is
  /// buffered, an event that is set. After 64 such steps it lets the others run first. When nobody
  /// else is ready, it goes on for longer, until the loop has to look for new work.
  [[nodiscard]] bool may_go_on() noexcept { return --steps_left_ > 0 || goes_on_alone(); }

  /// Marks the calling thread as the one that drives this scheduler, while it lives.
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
  /// Ends the program with the sentence `misuse` when another thread drives this scheduler.
  void check_thread(const char* misuse) const noexcept;

 private:
  static constexpr std::uint64_t next_turn = std::uint64_t{1} << 63;  // a mark in a sequence
  static constexpr int steps_max = 64;
  static constexpr int rounds_alone_max = 16;

  [[nodiscard]] bool goes_on_alone() noexcept;
  void arm(timer& t, time_point at, std::uint64_t sequence);
  [[nodiscard]] static bool before(const timer& a, const timer& b) noexcept;
  void place(timer& t, std::size_t i) noexcept;
  void sift_up(std::size_t i) noexcept;
  void sift_down(std::size_t i) noexcept;

  time_point now_{};
  bool failing_ = false;
  std::uint32_t stops_ = 0;  // beside failing_, where it takes no room
  runnable_queue ready_;
  std::vector<timer*> heap_;
  std::uint64_t sequence_ = 0;
  const runnable* rest_ = nullptr;  // of the pass of run_ready()
  int steps_left_ = steps_max;      // of the coroutine that runs
  int rounds_alone_ = rounds_alone_max;
  const void* driven_in_ = nullptr;  // atomic; <atomic> would bring the system's headers
};

}  // namespace bight::machinery
