// SPDX-License-Identifier: MIT
#pragma once

/// Finds ready descriptors by epoll(7). The interface fits other systems' pollers too.

#include <bight/time.hpp>

#include "base/names.hpp"

#include <cstddef>
#include <cstdint>
#include <system_error>

#include <sys/epoll.h>

namespace bight::readiness {

/// What has become possible on a descriptor.
struct ready_event {
  int fd = -1;
  std::uint32_t events = 0;

  [[nodiscard]] bool readable() const noexcept { return (events & (EPOLLIN | over)) != 0; }
  [[nodiscard]] bool writable() const noexcept {
    return (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
  }
  /// The end or an error can be received, and no further edge will follow.
  [[nodiscard]] bool hung_up() const noexcept { return (events & over) != 0; }
  /// The end has arrived, without an error.
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

  /// Starts to report each change of `fd`, and its present state (EPOLLET).
  [[nodiscard]] std::error_code add_edges(int fd, bool write) noexcept;
  /// Also starts to report when it becomes writable, and at once if it is.
  [[nodiscard]] std::error_code add_room(int fd) noexcept;
  /// Reports `fd` while it is readable or writable, as requested (level-triggered). With neither,
  /// removes it.
  [[nodiscard]] std::error_code set_levels(int fd, bool read, bool write, bool once) noexcept;
  void remove(int fd) noexcept;

  /// Waits for events for at most `wait`; negative waits without limit. All earlier events must
  /// have been taken.
  void wait(duration wait);
  [[nodiscard]] bool has_events() const noexcept { return next_ < count_; }
  /// Returns the next event. Its descriptor is -1 if forget() was called for it.
  [[nodiscard]] ready_event take() noexcept {
    const epoll_event& raw = events_[next_++];
    return {raw.data.fd, raw.events};
  }
  /// Discards collected events of `fd`, which is about to be closed, so that they do not apply to
  /// the next socket with that number.
  void forget(int fd) noexcept {
    for (std::size_t i = next_; i < count_; ++i)
      if (events_[i].data.fd == fd) events_[i].data.fd = -1;
  }

 private:
  static constexpr int events_max = 256;  // per turn; further ones are reported in the next turn

  int wait_system(duration wait) noexcept;

  int fd_;
  bool has_pwait2_ = true;
  epoll_event events_[events_max];
  std::size_t next_ = 0;
  std::size_t count_ = 0;
};

}  // namespace bight::readiness
