// SPDX-License-Identifier: MIT
// System calls fail: those that a kernel or a sandbox may lack, for ever, and any of them once,
// with each errno that its manual names.
#include "torture/child.hpp"
#include "torture/notify.hpp"
#include "torture/scarce.hpp"
#include "torture/sessions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include <seccomp.h>
#include <sys/wait.h>

namespace torture {

namespace {

constexpr int cannot = 77;  // no filter may be set here
constexpr const char* no_filter = "this process may not filter its system calls";

const session* find(std::string_view name) {
  const auto all = sessions();
  const auto it = std::find_if(all.begin(), all.end(), [&](auto& s) { return name == s.name; });
  return it != all.end() ? &*it : nullptr;
}

int run_session(const session& s) {
  const int before = descriptors();
  const int outcome = outcome_of(s);
  return descriptors() > before ? leaves_open : outcome;
}

// ── Calls that are missing ──────────────────────────────────────────────────────────────────────

struct missing_call {
  const char* name;
  int call;
};

constexpr missing_call optional_calls[] = {
    {"epoll_pwait2", SCMP_SYS(epoll_pwait2)},
    {"accept4", SCMP_SYS(accept4)},
    {"eventfd2", SCMP_SYS(eventfd2)},
    {"timerfd_create", SCMP_SYS(timerfd_create)},
    {"timerfd_settime", SCMP_SYS(timerfd_settime)},
    {"recvmmsg", SCMP_SYS(recvmmsg)},
    {"sendmmsg", SCMP_SYS(sendmmsg)},
    {"getrandom", SCMP_SYS(getrandom)},
    {"setsockopt", SCMP_SYS(setsockopt)},
    {"getpeername", SCMP_SYS(getpeername)},
    {"madvise", SCMP_SYS(madvise)},
    {"prlimit64", SCMP_SYS(prlimit64)},
    {"rseq", SCMP_SYS(rseq)},
    {"membarrier", SCMP_SYS(membarrier)},
    {"prctl", SCMP_SYS(prctl)},
    {"statx", SCMP_SYS(statx)},
    {"openat2", SCMP_SYS(openat2)},
    {"io_uring_setup", SCMP_SYS(io_uring_setup)},
    {"io_uring_enter", SCMP_SYS(io_uring_enter)},
    {"io_uring_register", SCMP_SYS(io_uring_register)},
};

struct missing_trial {
  int call;
  int number;
  const session* what;
};

int run_without(void* argument) {
  const auto& t = *static_cast<const missing_trial*>(argument);
  const std::string_view engine =
      std::getenv("BIGHT_ENGINE") != nullptr ? ::getenv("BIGHT_ENGINE") : "";
  if (engine == "uring") ::unsetenv("BIGHT_ENGINE");  // uring where it works
  return forbid(t.call, t.number) ? run_session(*t.what) : cannot;
}

}  // namespace

class missing : public testing::TestWithParam<missing_call> {};

TEST_P(missing, an_optional_system_call_is_not_missed) {
  for (const char* name : {"tcp", "udp", "names", "signals", "stdio"})
    for (const int number : {ENOSYS, EPERM}) {
      missing_trial t{GetParam().call, number, find(name)};
      const ending e = in_child(run_without, &t, 30);
      if (e.exited(cannot)) GTEST_SKIP() << no_filter;
      EXPECT_TRUE(e.exited(succeeded)) << name << " without " << GetParam().name << " ("
                                       << std::strerror(number) << "): " << e.text();
    }
}

INSTANTIATE_TEST_SUITE_P(, missing, testing::ValuesIn(optional_calls),
                         [](const auto& of) { return std::string(of.param.name); });

// ── Calls that fail ─────────────────────────────────────────────────────────────────────────────

namespace {

struct faulty_call {
  const char* name;
  int call;
  std::vector<int> numbers;
};

const std::vector<faulty_call>& faulty_calls() {
  static const std::vector<faulty_call> all = {
      {"socket", SCMP_SYS(socket), {EMFILE, ENFILE, ENOBUFS, ENOMEM, EACCES, EAFNOSUPPORT}},
      {"bind", SCMP_SYS(bind), {EADDRINUSE, EACCES, EADDRNOTAVAIL, EINVAL}},
      {"listen", SCMP_SYS(listen), {EADDRINUSE, EOPNOTSUPP}},
      {"connect",
       SCMP_SYS(connect),
       {EINTR, ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EAGAIN, EPERM}},
      {"accept4",
       SCMP_SYS(accept4),
       {EINTR, ECONNABORTED, EPROTO, ENETDOWN, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EINVAL}},
      {"getsockopt", SCMP_SYS(getsockopt), {ENOPROTOOPT, ENOBUFS}},
      {"setsockopt", SCMP_SYS(setsockopt), {ENOPROTOOPT, EINVAL, ENOMEM}},
      {"getsockname", SCMP_SYS(getsockname), {ENOBUFS}},
      {"getpeername", SCMP_SYS(getpeername), {ENOBUFS, ENOTCONN}},
      {"sendto",
       SCMP_SYS(sendto),
       {EINTR, ECONNRESET, EPIPE, ENOBUFS, ENOMEM, EPERM, EHOSTUNREACH, ETIMEDOUT}},
      {"sendmsg", SCMP_SYS(sendmsg), {EINTR, ECONNRESET, EPIPE, ENOBUFS, EMSGSIZE, EIO, EINVAL}},
      {"sendmmsg", SCMP_SYS(sendmmsg), {EINTR, ENOBUFS, EPERM, EHOSTUNREACH, ECONNREFUSED}},
      {"recvfrom", SCMP_SYS(recvfrom), {EINTR, ECONNRESET, ETIMEDOUT, ENOMEM, EHOSTUNREACH}},
      {"recvmsg", SCMP_SYS(recvmsg), {EINTR, ENOMEM, ECONNREFUSED}},
      {"recvmmsg", SCMP_SYS(recvmmsg), {EINTR, ENOMEM, ECONNREFUSED, EHOSTUNREACH}},
      {"shutdown", SCMP_SYS(shutdown), {ENOTCONN, ENOBUFS}},
      {"close", SCMP_SYS(close), {EINTR, EIO}},
      {"read", SCMP_SYS(read), {EINTR, EIO}},
      {"write", SCMP_SYS(write), {EINTR, EIO, ENOSPC, EPIPE}},
      {"openat", SCMP_SYS(openat), {EMFILE, ENFILE, ENOMEM, EACCES}},
      {"newfstatat", SCMP_SYS(newfstatat), {EACCES, ENOMEM}},
      {"epoll_create1", SCMP_SYS(epoll_create1), {EMFILE, ENFILE, ENOMEM}},
      {"epoll_ctl", SCMP_SYS(epoll_ctl), {ENOMEM, ENOSPC}},
      {"epoll_pwait2", SCMP_SYS(epoll_pwait2), {EINTR}},
      {"eventfd2", SCMP_SYS(eventfd2), {EMFILE, ENFILE, ENOMEM}},
      {"timerfd_create", SCMP_SYS(timerfd_create), {EMFILE, ENFILE, ENOMEM}},
      {"timerfd_settime", SCMP_SYS(timerfd_settime), {EINVAL}},
      {"io_uring_setup", SCMP_SYS(io_uring_setup), {EMFILE, ENFILE, ENOMEM, EPERM}},
      {"io_uring_enter", SCMP_SYS(io_uring_enter), {EINTR, EAGAIN, EBUSY, ENOMEM}},
      {"io_uring_register", SCMP_SYS(io_uring_register), {ENOMEM, EINVAL, EBUSY}},
      {"mmap", SCMP_SYS(mmap), {ENOMEM}},
      {"getrandom", SCMP_SYS(getrandom), {EINTR}},
      {"clone3", SCMP_SYS(clone3), {EAGAIN, ENOMEM}},
  };
  return all;
}

struct faulty_trial {
  const session* what;
  call_fault fault;
};

int run_with_fault(void* argument) {
  const auto& t = *static_cast<const faulty_trial*>(argument);
  if (!inject(t.fault)) return cannot;
  const int outcome = run_session(*t.what);
  if (t.fault.number == 0)
    std::fprintf(stderr, "calls %llu\n", static_cast<unsigned long long>(calls_seen()));
  return outcome;
}

std::uint64_t calls_of(const session& s, int call) {
  faulty_trial t{&s, {call, 0, std::numeric_limits<std::uint64_t>::max(), 1}};
  const ending e = in_child(run_with_fault, &t, 30);
  EXPECT_TRUE(e.exited(succeeded)) << e.text();
  const std::size_t at = e.said.find("calls ");
  return at == std::string::npos ? 0 : std::strtoull(e.said.c_str() + at + 6, nullptr, 10);
}

// A close that has failed here has not been made.
bool is_good(const ending& e, int call) {
  return e.exited(succeeded) || e.exited(failed) ||
         (e.exited(leaves_open) && call == SCMP_SYS(close)) ||
         (e.exited(1) && e.said.find("bight: ") != std::string::npos);
}

bool every_one() { return std::getenv("BIGHT_TORTURE") != nullptr; }

// A close that has failed here has not been made. In the session with threads a peer waits for its
// end then, until the session's deadline.
bool takes_long(const session& s, int call) {
  return call == SCMP_SYS(close) && std::string_view(s.name) == "threads";
}

// The first of each call and one in the middle; with a sanitizer, which makes each four times as
// slow, only the first; BIGHT_TORTURE: every one.
std::uint64_t next_of(std::uint64_t n, std::uint64_t all) {
  if (!BIGHT_MALLOC_CAN_FAIL && !every_one()) return all + 1;
  return every_one() ? n + 1 : n + std::max<std::uint64_t>(1, (all + 1) / 2);
}

// Plays the session with that fault. False: this process may not filter its system calls.
bool survives(const session& s, const faulty_call& c, const call_fault& fault, std::uint64_t all) {
  faulty_trial t{&s, fault};
  const ending e = in_child(run_with_fault, &t, 30);
  if (e.exited(cannot)) return false;
  EXPECT_TRUE(is_good(e, c.call)) << s.name << ", call " << fault.first << " of " << all << " of "
                                  << c.name << ": " << std::strerror(fault.number) << ": "
                                  << e.text();
  return true;
}

}  // namespace

class faulty : public testing::TestWithParam<const char*> {};

TEST_P(faulty, a_system_call_that_fails_once_ends_with_success_or_an_error) {
  const std::string_view name = GetParam();
  constexpr std::string_view short_list[] = {"server", "udp", "stdio", "threads"};
  if (!every_one() && std::ranges::find(short_list, name) == std::end(short_list))
    GTEST_SKIP() << "takes minutes: set BIGHT_TORTURE";
  const session& s = *find(name);
  for (const faulty_call& c : faulty_calls()) {
    if (!every_one() && takes_long(s, c.call)) continue;
    if (!BIGHT_MALLOC_CAN_FAIL && c.call == SCMP_SYS(mmap)) continue;  // a sanitizer's calls too
    const std::uint64_t all = calls_of(s, c.call);
    for (const int number : c.numbers)
      for (std::uint64_t n = 1; n <= all; n = next_of(n, all))
        if (!survives(s, c, {c.call, number, n, 1}, all)) GTEST_SKIP() << no_filter;
  }
}

// The kernel asks for patience, and the session goes on as if nothing had been. Not so while the
// engine is chosen: io_uring that is short of memory then is not taken. An EAGAIN that is a lie has
// no edge after it, so streams cannot be asked.
TEST(shortage, that_is_temporary_is_not_a_failure) {
  struct {
    const char* session;
    int call;
    std::vector<int> numbers;
  } const calls[] = {{"tcp", SCMP_SYS(io_uring_enter), {EAGAIN, EBUSY, EINTR}},
                     {"udp", SCMP_SYS(io_uring_enter), {EAGAIN, EBUSY, EINTR}},
                     {"tcp", SCMP_SYS(epoll_pwait2), {EINTR}},
                     {"tcp", SCMP_SYS(sendto), {EINTR}},
                     {"tcp", SCMP_SYS(recvfrom), {EINTR}},
                     {"udp", SCMP_SYS(sendto), {EAGAIN, EINTR}},
                     {"udp", SCMP_SYS(sendmsg), {EAGAIN, EINTR}},
                     {"udp", SCMP_SYS(sendmmsg), {EAGAIN, EINTR}},
                     {"udp", SCMP_SYS(recvmmsg), {EAGAIN, EINTR}}};
  for (const auto& c : calls) {
    const session& s = *find(c.session);
    const std::uint64_t all = calls_of(s, c.call);
    const std::uint64_t first = c.call == SCMP_SYS(io_uring_enter) ? all / 2 : 1;
    for (const int number : c.numbers)
      for (std::uint64_t n = first; n < std::min(first + 8, all + 1) && n > 0; ++n) {
        faulty_trial t{&s, {c.call, number, n, 1}};
        const ending e = in_child(run_with_fault, &t, 30);
        if (e.exited(cannot)) GTEST_SKIP() << no_filter;
        EXPECT_TRUE(e.exited(succeeded)) << c.session << ", call " << n << " of " << c.call << ": "
                                         << std::strerror(number) << ": " << e.text();
      }
  }
}

// fs.epoll.max_user_watches: "No space left on device" would send its reader to look at the disk.
TEST(poller, that_is_full_is_a_shortage_of_the_kernel) {
  const session& s = *find("tcp");
  const std::uint64_t all = calls_of(s, SCMP_SYS(epoll_ctl));
  int told_so = 0;
  for (std::uint64_t n = 1; n <= all; ++n) {
    faulty_trial t{&s, {SCMP_SYS(epoll_ctl), ENOSPC, n, 1}};
    const ending e = in_child(run_with_fault, &t, 30);
    if (e.exited(cannot)) GTEST_SKIP() << no_filter;
    EXPECT_EQ(e.said.find("No space left"), std::string::npos) << e.text();
    if (e.said.find("the kernel is out of buffers (try again)") != std::string::npos) ++told_so;
  }
  const char* engine = std::getenv("BIGHT_ENGINE");
  if (engine != nullptr && std::string_view(engine) == "epoll") {
    EXPECT_GT(told_so, 0);
  }
}

// Standard output is asked for anew after each event, which makes many calls that may fail.
TEST(poller, a_descriptor_that_epoll_refuses_at_any_time_leaves_nobody_waiting) {
  const session& s = *find("stdio");
  const faulty_call c{"epoll_ctl", SCMP_SYS(epoll_ctl), {}};
  const std::uint64_t all = calls_of(s, c.call);
  for (std::uint64_t n = 1; n <= all; ++n)
    if (!survives(s, c, {c.call, ENOMEM, n, 1}, all)) GTEST_SKIP() << no_filter;
}

INSTANTIATE_TEST_SUITE_P(, faulty,
                         testing::Values("tcp", "server", "udp", "names", "lines", "stdio",
                                         "signals", "threads", "tls", "http"),
                         [](const auto& of) { return std::string(of.param); });

// ── An accept that goes on failing ──────────────────────────────────────────────────────────────

class failing_accept : public testing::Test {
 protected:
  void SetUp() override {
    const char* engine = std::getenv("BIGHT_ENGINE");
    if (engine == nullptr || std::string_view(engine) != "epoll")
      GTEST_SKIP() << "on io_uring an accept is no system call";
  }
  static ending serve_with(int number, std::uint64_t times) {
    faulty_trial t{find("server"), {SCMP_SYS(accept4), number, 1, times}};
    return in_child(run_and_tell, &t, 30);
  }

 private:
  static int run_and_tell(void* argument) {
    const int outcome = run_with_fault(argument);
    if (outcome == succeeded) std::fputs(told().c_str(), stderr);
    return outcome;
  }
};

TEST_F(failing_accept, is_reported_once_and_the_server_continues_afterwards) {
  const ending e = serve_with(ENETDOWN, 40);  // three accepts and a pause after each
  if (e.exited(cannot)) GTEST_SKIP() << no_filter;
  EXPECT_TRUE(e.exited(succeeded)) << e.text();
  EXPECT_NE(e.said.find("accept"), std::string::npos) << e.said;
  EXPECT_EQ(e.said.find("accept"), e.said.rfind("accept")) << e.said;
}

TEST_F(failing_accept, neither_hangs_nor_spins_if_it_is_permanent) {
  const ending e = serve_with(ENETDOWN, std::numeric_limits<std::uint64_t>::max() - 1);
  if (e.exited(cannot)) GTEST_SKIP() << no_filter;
  EXPECT_TRUE(e.exited(is_wrong)) << e.text();  // nobody was served, and the server has ended
}

TEST_F(failing_accept, of_no_listener_ends_the_server_with_that_error) {
  const ending e = serve_with(EINVAL, std::numeric_limits<std::uint64_t>::max() - 1);
  if (e.exited(cannot)) GTEST_SKIP() << no_filter;
  EXPECT_TRUE(e.exited(failed)) << e.text();
}

}  // namespace torture
