// SPDX-License-Identifier: MIT
// Finds out which features of io_uring can be used, by trying them, not by version.

#include "engine/uring/groups.hpp"
#include "engine/uring/uring.hpp"
#include "engine/uring/uring_engine.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace bight::uring {

namespace {

constexpr unsigned entries_max = 256;  // requests between two submits; more need another submit
constexpr unsigned entries_min = 8;
constexpr const char* too_old =
    "this kernel's io_uring has no multishot receive with buffer rings (needs Linux 6.1)";

int io_uring_disabled() noexcept {
  const int fd = ::open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC);
  char digit = '0';
  if (fd < 0) return 0;
  if (::read(fd, &digit, 1) != 1) digit = '0';
  ::close(fd);
  return digit - '0';
}

// Explains the errno `number`, and what to do about it.
std::string explain(const char* call, int number) {
  switch (number) {
    case EPERM:
    case EACCES:
      switch (io_uring_disabled()) {
        case 2: return "io_uring is off: sysctl kernel.io_uring_disabled=2 (0 turns it on)";
        case 1:
          return "io_uring is off for this user: sysctl kernel.io_uring_disabled=1 (0 turns it on; "
                 "kernel.io_uring_group lets one group use it)";
        default:
          return std::string("io_uring is forbidden here: ") + call +
                 " failed with EPERM (a container's seccomp profile? Docker's must allow "
                 "io_uring_setup, "
                 "io_uring_enter and io_uring_register)";
      }
    case ENOSYS:
      return "this kernel has no io_uring, or a sandbox hides it (needs Linux 6.1 or later)";
    case ENOMEM: {
      rlimit locked{};
      rlimit space{};
      getrlimit(RLIMIT_MEMLOCK, &locked);
      getrlimit(RLIMIT_AS, &space);
      std::string text = "not enough memory for io_uring: RLIMIT_MEMLOCK is " +
                         std::to_string(locked.rlim_cur / 1024) +
                         " KiB for all rings of this user (raise it: ulimit -l)";
      if (space.rlim_cur != RLIM_INFINITY)
        text += ", RLIMIT_AS is " + std::to_string(space.rlim_cur / 1024) +
                " KiB for this process (ulimit -v)";
      return text;
    }
    case EMFILE:
    case ENFILE: return "io_uring failed: too many open files (raise the limit: ulimit -n)";
    case EINVAL: return too_old;
    default: return std::string(call) + " failed: " + std::strerror(number);
  }
}

// Waits for the next completion. Returns 0 or -errno; -EIO if none arrives.
int next_completion(ring& r, completion& into) {
  bool came = false;
  for (int i = 0; i < 100 && !came; ++i) {
    const int outcome = r.enter(10ms);
    if (outcome < 0 && outcome != -EINTR) return outcome;
    r.collect([&](std::uint64_t, completion c) {
      if (!came) into = c;
      came = true;
    });
  }
  return came ? 0 : -EIO;
}

int try_nop(ring& r) {
  io_uring_prep_nop(r.next());
  completion done{};
  if (const int failed = next_completion(r, done); failed != 0) return failed;
  return done.result;
}

// The parts of the engine.
struct parts {
  std::unique_ptr<ring> queues = std::make_unique<ring>();
  std::unique_ptr<buffer_ring> streams = std::make_unique<buffer_ring>();
  std::unique_ptr<buffer_ring> datagrams = std::make_unique<buffer_ring>();
  const char* call = "";  // the call that failed

  // 0 or -errno.
  int set_up(unsigned entries) {
    call = "io_uring_setup";
    if (const int failed = queues->set_up(entries); failed != 0) return failed;
    call = "io_uring_enter";
    if (const int failed = try_nop(*queues); failed != 0) return failed;
    call = "io_uring_register";
    int outcome = streams->set_up(queues->fd(), stream_group, {16, 65536, true, 0});
    if (outcome == -EINVAL)  // before Linux 6.12
      outcome = streams->set_up(queues->fd(), stream_group, {64, 16384, false, 0});
    if (outcome != 0) return outcome;
    return datagrams->set_up(queues->fd(), datagram_group, {64, datagram_buffer_size, false, 16});
  }
};

// Receives bytes and then the end by a multishot receive. Returns whether that worked. Fills a
// whole buffer, so that the next arrival is at the start of one: messages of 4 or 16 KiB then fill
// buffers exactly.
bool try_receive(ring& r, buffer_ring& buffers, std::string& why_not) {
  why_not = too_old;
  const std::string quarter(16384, 'x');  // before the pair: if this throws, nothing stays open
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    why_not = std::string("io_uring cannot be tried: socketpair: ") + std::strerror(errno);
    return false;
  }
  io_uring_sqe* request = r.next();
  io_uring_prep_recv_multishot(request, ends[0], nullptr, 0, 0);
  request->flags |= IOSQE_BUFFER_SELECT;
  request->buf_group = stream_group;
  request->user_data = 0;
  completion done{};
  bool works = true;
  for (int i = 0; i < 4 && works; ++i) {
    const int size = static_cast<int>(quarter.size());
    works = ::write(ends[1], quarter.data(), quarter.size()) == size &&
            next_completion(r, done) == 0 && done.result == size && done.more() &&
            done.has_buffer();
    if (!works) break;
    const std::byte* data = buffers.arrival(done.buffer());
    works = *data == std::byte{'x'};
    const bool kept = (done.flags & abi::completion_buffer_more) != 0;
    static_cast<void>(buffers.take(done.buffer(), quarter.size(), kept, data, 0));
  }
  shutdown(ends[1], SHUT_WR);
  while (works && done.more())
    if (next_completion(r, done) != 0) works = false;
  ::close(ends[0]);
  ::close(ends[1]);
  return works;
}

}  // namespace

std::unique_ptr<engine> make_uring(std::string& why_not) {
  for (unsigned entries = entries_max;; entries /= 2) {
    parts p;
    if (const int failed = p.set_up(entries); failed == 0) {
      if (!try_receive(*p.queues, *p.streams, why_not)) return nullptr;
      return std::make_unique<uring_engine>(std::move(p.queues), std::move(p.streams),
                                            std::move(p.datagrams));
    } else if (failed != -ENOMEM || entries == entries_min) {
      why_not = explain(p.call, -failed);
      return nullptr;
    }
    // A smaller one may fit into RLIMIT_MEMLOCK. The kernel returns a closed ring's memory later,
    // from a work queue (io_ring_exit_work): measured within 50 ms, but not always within 20.
    if (p.queues->fd() < 0) continue;
    p = {};
    const timespec pause{0, 50'000'000};
    nanosleep(&pause, nullptr);
  }
}

std::unique_ptr<engine> uring_engine::another() const {
  std::string why_not;
  auto made = make_uring(why_not);
  if (made == nullptr) throw error(errc::no_resources, "io_uring for another thread", 0, why_not);
  return made;
}

std::string uring_engine::features() const {
  return ring_->describe() + ", " + stream_buffers_->describe();
}

}  // namespace bight::uring
