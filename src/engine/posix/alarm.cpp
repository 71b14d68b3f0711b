// SPDX-License-Identifier: MIT
#include "engine/posix/alarm.hpp"

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <system_error>

#include <sys/timerfd.h>
#include <unistd.h>

namespace bight::posix {

namespace {
constexpr duration near = 10ms;  // nearer deadlines would make it expire too often
}  // namespace

alarm::alarm(kernel_engine& home) : home_(home) {
  watch_.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (watch_.fd < 0 && !is_missing(errno))
    throw std::system_error(errno, std::system_category(), "timerfd_create");
  watch_.owner = this;
  watch_.ready = [](watcher& w, bool, bool) {
    std::uint64_t rung = 0;
    [[maybe_unused]] const auto taken = ::read(w.fd, &rung, sizeof rung);
    static_cast<alarm*>(w.owner)->set_for_ = time_point::max();
  };
}

alarm::~alarm() {
  if (watch_.fd >= 0) ::close(watch_.fd);
}

void alarm::start() {
  if (watch_.fd < 0) return;
  watch_.wants_read = true;
  home_.watch(watch_);
}

void alarm::stop() noexcept {
  if (watch_.fd < 0) return;
  watch_.wants_read = false;
  home_.watch(watch_);
}

duration alarm::limit(time_point until) noexcept {
  constexpr duration none = -1ns;
  if (until == time_point::min()) return 0ns;
  if (until == time_point::max() || set_for_ <= until) return none;
  const duration left = until - home_.now();
  if (left >= near && set(until)) return none;
  return left > 0ns ? left : 0ns;
}

// Returns false if the kernel has no timers. Then each wait has its own limit.
bool alarm::set(time_point at) noexcept {
  if (watch_.fd < 0) return false;
  const auto since_boot = at.time_since_epoch();
  itimerspec when{};
  when.it_value.tv_sec = since_boot / 1s;
  when.it_value.tv_nsec = (since_boot % 1s).count();
  if (timerfd_settime(watch_.fd, TFD_TIMER_ABSTIME, &when, nullptr) != 0) return false;
  set_for_ = at;
  return true;
}

}  // namespace bight::posix
