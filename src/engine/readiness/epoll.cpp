// SPDX-License-Identifier: MIT
#include "engine/readiness/epoll.hpp"

#include <bight/error.hpp>

#include "base/check.hpp"
#include "engine/posix/optional_calls.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>

#include <unistd.h>

namespace bight::readiness {

namespace {

std::error_code control(int epoll, int action, int fd, std::uint32_t events) noexcept {
  epoll_event e{};
  e.events = events;
  e.data.fd = fd;
  if (epoll_ctl(epoll, action, fd, &e) == 0) return {};
  // The limit is fs.epoll.max_user_watches, not a disk.
  if (errno == ENOSPC) return make_error_code(errc::no_resources);
  return {errno, std::system_category()};
}

}  // namespace

poller::poller() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
}

poller::~poller() { ::close(fd_); }

std::error_code poller::add_edges(int fd, bool write) noexcept {
  return control(fd_, EPOLL_CTL_ADD, fd, EPOLLIN | (write ? EPOLLOUT : 0u) | EPOLLRDHUP | EPOLLET);
}

std::error_code poller::add_room(int fd) noexcept {
  return control(fd_, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

std::error_code poller::set_levels(int fd, bool read, bool write, bool once) noexcept {
  if (!read && !write && !once) {
    remove(fd);
    return {};
  }
  const std::uint32_t events =
      (read ? EPOLLIN : 0u) | (write ? EPOLLOUT : 0u) | (once ? EPOLLONESHOT : 0u);
  const std::error_code changed = control(fd_, EPOLL_CTL_MOD, fd, events);
  return changed.value() == ENOENT ? control(fd_, EPOLL_CTL_ADD, fd, events) : changed;
}

void poller::remove(int fd) noexcept {
  forget(fd);
  epoll_ctl(fd_, EPOLL_CTL_DEL, fd, nullptr);
}

int poller::wait_system(duration wait) noexcept {
  if (has_pwait2_) {
    timespec limit{};
    limit.tv_sec = static_cast<time_t>(wait / 1s);
    limit.tv_nsec = static_cast<long>((wait % 1s).count());
    const int n =
        epoll_pwait2(fd_, events_, events_max, wait < duration::zero() ? nullptr : &limit, nullptr);
    if (n >= 0 || !posix::is_missing(errno)) return n;
    has_pwait2_ = false;  // before Linux 5.11
  }
  // Whole milliseconds, rounded up, because waking too early would only cause another wait.
  const auto ms = (wait + 999'999ns) / 1ms;
  const int limit = wait < duration::zero() ? -1
                    : ms > 3'600'000        ? 3'600'000
                                            : static_cast<int>(ms);
  return epoll_wait(fd_, events_, events_max, limit);
}

void poller::wait(duration wait) {
  const int n = wait_system(wait);
  next_ = count_ = 0;
  if (n < 0 && errno != EINTR)
    give_up("the event loop cannot go on: epoll_wait: ", std::strerror(errno));
  if (n < 0) return;  // interrupted: the next turn waits again
  count_ = static_cast<std::size_t>(n);
}

}  // namespace bight::readiness
