// SPDX-License-Identifier: MIT
#include "engine/posix/signals.hpp"

#include "engine/signal_bits.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <thread>

namespace bight::posix {

namespace {

// Loops of one process that can wait for signals at a time. The table has a fixed size, because a
// handler may neither lock nor allocate (signal-safety(7)).
constexpr int seats_max = 1024;

struct seat {
  std::atomic<kernel_engine*> engine{nullptr};
  std::atomic<unsigned> pending{0};  // signal_bits.hpp
};
// How long our handler stays after the last wait. A server that drains awaits one signal after the
// other, with a few turns of its loop between the two.
constexpr duration linger = 250ms;

static_assert(std::atomic<kernel_engine*>::is_always_lock_free &&
              std::atomic<unsigned>::is_always_lock_free);

constinit seat seats[seats_max];
constinit std::atomic<int> in_handler{0};
// Signals that our handler has caught and no operation has received.
constinit std::atomic<unsigned> untold{0};

constinit std::mutex door;                                 // protects the variables below
constinit int waited_for[std::size(signal_numbers)] = {};  // how many seats wait for each
struct sigaction before[std::size(signal_numbers)];

extern "C" void bight_on_signal(int number) {
  const int saved = errno;
  in_handler.fetch_add(1);
  const unsigned bit = signal_bit(number);
  untold.fetch_or(bit);
  for (seat& s : seats) {
    kernel_engine* engine = s.engine.load();
    if (engine == nullptr) continue;
    s.pending.fetch_or(bit);
    engine->wake();  // only a write(2)
  }
  in_handler.fetch_sub(1);
  errno = saved;
}

// A signal that the shell ignores for a background program stays ignored, because Ctrl-C is not
// meant for it. SIGHUP is an exception: programs that reload files wait for it under nohup(1) too.
void install(std::size_t n) noexcept {
  sigaction(signal_numbers[n], nullptr, &before[n]);
  if (before[n].sa_handler == SIG_IGN && signal_numbers[n] != SIGHUP) return;
  struct sigaction ours{};
  ours.sa_handler = bight_on_signal;
  ours.sa_flags = SA_RESTART;
  sigemptyset(&ours.sa_mask);
  for (const int number : signal_numbers) sigaddset(&ours.sa_mask, number);
  sigaction(signal_numbers[n], &ours, nullptr);
}

void restore(std::size_t n) noexcept {
  struct sigaction now{};
  sigaction(signal_numbers[n], nullptr, &now);
  // A handler that the program has installed over ours stays.
  if (now.sa_handler == bight_on_signal) sigaction(signal_numbers[n], &before[n], nullptr);
}

int take_seat(kernel_engine& k) noexcept {
  const std::lock_guard lock(door);
  for (int i = 0; i < seats_max; ++i) {
    if (seats[i].engine.load() != nullptr) continue;
    seats[i].pending.store(0);
    seats[i].engine.store(&k);
    return i;
  }
  return -1;
}

// Installs our handler for these signals, for one more seat.
void want(unsigned bits) noexcept {
  const std::lock_guard lock(door);
  for (std::size_t n = 0; n < std::size(signal_numbers); ++n)
    if ((bits & (1u << n)) != 0 && waited_for[n]++ == 0) install(n);
}

// Returns the bits of undelivered signals for which this was the last seat.
unsigned leave_seat(int i, unsigned bits) noexcept {
  const std::lock_guard lock(door);
  seats[i].engine.store(nullptr);
  // A handler in another thread may still use the pointer, and the engine may be destroyed next.
  while (in_handler.load() != 0) std::this_thread::yield();
  unsigned lost = 0;
  for (std::size_t n = 0; n < std::size(signal_numbers); ++n) {
    const unsigned bit = 1u << n;
    if ((bits & bit) == 0 || --waited_for[n] > 0) continue;
    restore(n);
    lost |= untold.fetch_and(~bit) & bit;
  }
  return lost;
}

}  // namespace

signal_desk::signal_desk(kernel_engine& k) noexcept : kernel_(k) {
  leave_later_.owner = this;
  leave_later_.expired = [](timer& t) {
    signal_desk& self = *static_cast<owned_timer&>(t).owner;
    const unsigned lost = leave_seat(std::exchange(self.seat_, -1), std::exchange(self.wanted_, 0));
    // A signal that arrived while nothing waited has its usual effect.
    for (std::size_t n = 0; n < std::size(signal_numbers); ++n)
      if ((lost & (1u << n)) != 0) raise(signal_numbers[n]);
  };
}

signal_desk::~signal_desk() {
  if (seat_ < 0) return;
  kernel_.timers().disarm(leave_later_);
  // Not raised again: the loop has ended, as the signal requested.
  static_cast<void>(leave_seat(seat_, wanted_));
}

bool signal_desk::submit(op& o) {
  // Something waits (again), so stay. The timer is armed here, so that moving it later cannot fail.
  waiters_.reserve(waiters_.size() + 1);
  kernel_.timers().arm(leave_later_, time_point::max());
  waiters_.push_back(&o);
  if (seat_ < 0) seat_ = take_seat(kernel_);
  if (seat_ < 0) {
    waiters_.pop_back();
    kernel_.timers().disarm(leave_later_);
    o.code = errc::no_resources;
    return true;
  }
  const unsigned news = signals_wanted(o) & ~wanted_;
  wanted_ |= news;
  if (news != 0) want(news);
  o.engine_data = this;  // waiting
  on_wake();             // one may have arrived since the last wait
  return false;
}

void signal_desk::on_wake() noexcept {
  if (waiters_.empty()) return;
  const unsigned pending = seats[seat_].pending.load();
  // One signal per wait: further ones go to the next waits. A second one of the same number that
  // arrives during this call is merged, as the kernel merges pending signals of one number.
  for (std::size_t n = 0; n < std::size(signal_numbers); ++n)
    if ((pending & (1u << n)) != 0) tell(n);
  if (waiters_.empty()) kernel_.timers().arm(leave_later_, later(kernel_.timers().now(), linger));
}

void signal_desk::tell(std::size_t n) noexcept {
  const unsigned bit = 1u << n;
  const auto told = [&](op* o) {
    if ((signals_wanted(*o) & bit) == 0) return false;
    o->count = signal_numbers[n];
    o->engine_data = nullptr;
    kernel_.complete(*o);
    return true;
  };
  if (std::erase_if(waiters_, told) == 0) return;
  untold.fetch_and(~bit);
  seats[seat_].pending.fetch_and(~bit);
}

void signal_desk::cancel(op& o) noexcept {
  on_wake();  // a signal that has arrived is delivered, not lost
  if (o.engine_data == nullptr) return;
  o.engine_data = nullptr;
  std::erase(waiters_, &o);
  o.code = errc::cancelled;
  kernel_.complete(o);
  if (waiters_.empty()) kernel_.timers().arm(leave_later_, later(kernel_.timers().now(), linger));
}

}  // namespace bight::posix
