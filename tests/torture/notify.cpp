// SPDX-License-Identifier: MIT
#include "torture/notify.hpp"

#include <atomic>
#include <cerrno>
#include <thread>

#include <seccomp.h>
#include <sys/ioctl.h>

namespace torture {

namespace {

constinit std::atomic<std::uint64_t> seen{0};
constinit std::atomic<std::uint64_t> failed{0};
constinit std::atomic<int> notified{-1};

// A thread without the filter. It takes no memory once it runs: the test may have used that up.
void answer(const call_fault& fault, seccomp_notif* asked, seccomp_notif_resp* told) {
  int fd;
  while ((fd = notified.load()) < 0) std::this_thread::yield();
  for (;;) {
    *asked = {};
    if (seccomp_notify_receive(fd, asked) != 0) {
      if (errno == EINTR || errno == ENOENT) continue;
      return;
    }
    const std::uint64_t number = seen.fetch_add(1) + 1;
    const bool fails = number >= fault.first && number - fault.first < fault.times;
    *told = {};
    told->id = asked->id;
    if (fails) {
      failed.fetch_add(1);
      told->error = -fault.number;
    } else {
      told->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    seccomp_notify_respond(fd, told);
  }
}

}  // namespace

bool forbid(int call, int number) {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  const auto action = SCMP_ACT_ERRNO(static_cast<std::uint32_t>(number));
  return filter != nullptr && seccomp_rule_add(filter, action, call, 0) == 0 &&
         seccomp_load(filter) == 0;
}

bool inject(const call_fault& fault) {
  seccomp_notif* asked = nullptr;
  seccomp_notif_resp* told = nullptr;
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr || seccomp_rule_add(filter, SCMP_ACT_NOTIFY, fault.call, 0) != 0 ||
      seccomp_notify_alloc(&asked, &told) != 0)
    return false;
  std::thread(answer, fault, asked, told).detach();
  if (seccomp_load(filter) != 0) return false;
  notified.store(seccomp_notify_fd(filter));
  return true;
}

std::uint64_t calls_seen() noexcept { return seen.load(); }

std::uint64_t calls_failed() noexcept { return failed.load(); }

}  // namespace torture
