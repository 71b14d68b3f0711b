// SPDX-License-Identifier: MIT
#pragma once

/// Which descriptors are ready, by epoll(7). Another system's poller has the same few verbs.

#include <bight/time.hpp>

#include <cstdint>
#include <span>
#include <system_error>

#include <sys/epoll.h>

namespace bight::readiness {

/// What became possible on a descriptor.
struct ready_event {
  int fd = -1;
  bool readable = false;
  bool writable = false;
  bool hung_up = false;  ///< the end, or an error, is there to be read: no further edge will come
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

  /// Waits for events until `wait` is over; negative: without end. The span is valid until the next
  /// call.
  [[nodiscard]] std::span<const ready_event> wait(duration wait);

 private:
  static constexpr int events_max = 256;  // a turn; more are reported in the next one

  int wait_system(duration wait) noexcept;

  int fd_;
  bool has_pwait2_ = true;
  epoll_event raw_[events_max];
  ready_event events_[events_max];
};

}  // namespace bight::readiness
