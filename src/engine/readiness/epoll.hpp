// SPDX-License-Identifier: MIT
#pragma once

/// Which descriptors are ready, by epoll(7). Another system's poller has the same few verbs.

#include <bight/time.hpp>

#include "base/names.hpp"

#include <cstddef>
#include <cstdint>
#include <system_error>

#include <sys/epoll.h>

namespace bight::readiness {

/// What became possible on a descriptor.
struct ready_event {
  int fd = -1;
  std::uint32_t events = 0;

  [[nodiscard]] bool readable() const noexcept { return (events & (EPOLLIN | over)) != 0; }
  [[nodiscard]] bool writable() const noexcept {
    return (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
  }
  /// The end, or an error, is there to be read: no further edge will come.
  [[nodiscard]] bool hung_up() const noexcept { return (events & over) != 0; }
  /// It is the end, and everything before it has come.
  [[nodiscard]] bool ended() const noexcept {
    return (events & (EPOLLRDHUP | EPOLLERR)) == EPOLLRDHUP;
  }

 private:
  static constexpr std::uint32_t over = EPOLLHUP | EPOLLERR | EPOLLRDHUP;
};

class poller {
 public:
  poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;
  ~poller();

  /// Reports each *change* of `fd` from now on, and its state at once (EPOLLET).
  [[nodiscard]] std::error_code add_edges(int fd, bool write) noexcept;
  /// Reports from now on also when it becomes writable, and at once when it is.
  [[nodiscard]] std::error_code add_room(int fd) noexcept;
  /// Reports `fd` for as long as it is readable or writable, as wanted; neither: forgets it.
  [[nodiscard]] std::error_code set_levels(int fd, bool read, bool write, bool once) noexcept;
  void remove(int fd) noexcept;

  /// Waits for events until `wait` is over; negative: without end. Those of the last time must have
  /// been taken.
  void wait(duration wait);
  [[nodiscard]] bool has_events() const noexcept { return next_ < count_; }
  /// The next of them; its descriptor is -1 when it has been forgotten meanwhile.
  [[nodiscard]] ready_event take() noexcept {
    const epoll_event& raw = events_[next_++];
    return {raw.data.fd, raw.events};
  }
  /// Before `fd` is closed: what was found of it is not about the next socket of that number.
  void forget(int fd) noexcept {
    for (std::size_t i = next_; i < count_; ++i)
      if (events_[i].data.fd == fd) events_[i].data.fd = -1;
  }

 private:
  static constexpr int events_max = 256;  // a turn; more are reported in the next one

  int wait_system(duration wait) noexcept;

  int fd_;
  bool has_pwait2_ = true;
  epoll_event events_[events_max];
  std::size_t next_ = 0;
  std::size_t count_ = 0;
};

}  // namespace bight::readiness
