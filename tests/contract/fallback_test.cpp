// SPDX-License-Identifier: MIT
// What happens where io_uring is refused: containers, sysctl, little memory. Each case runs in a
// child process, since a system call filter cannot be taken off again.
#include <bight/run.hpp>

#include "contract/contract.hpp"
#include "contract/counted.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>

#include <seccomp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace contract {

namespace {

// Runs `body` in a child of its own and gives what it returned; "died" when it did not end well.
std::string in_child(const std::function<std::string()>& body) {
  int fds[2];
  if (::pipe(fds) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    std::string text;
    try {
      text = body();
    } catch (const std::exception& e) {
      text = std::string("threw: ") + e.what();
    }
    [[maybe_unused]] const auto n = ::write(fds[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(fds[1]);
  std::string told;
  char buffer[4096];
  for (ssize_t n; (n = ::read(fds[0], buffer, sizeof buffer)) > 0;)
    told.append(buffer, static_cast<std::size_t>(n));
  ::close(fds[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? told : "died: " + told;
}

// From here on the kernel answers `number` to that system call.
void refuse(int call, int number) {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr ||
      seccomp_rule_add(filter, SCMP_ACT_ERRNO(static_cast<std::uint32_t>(number)), call, 0) != 0 ||
      seccomp_load(filter) != 0)
    throw std::runtime_error("this process may not filter its system calls");
  seccomp_release(filter);
}

void ask_for(const char* engine) {
  if (engine != nullptr)
    ::setenv("BIGHT_ENGINE", engine, 1);
  else
    ::unsetenv("BIGHT_ENGINE");
}

task<std::string> a_round_trip() {
  auto pair = co_await connected();
  co_await pair.there.send("works");
  auto got = co_await pair.here.recv();
  co_return got.str();
}

// The engine that a program gets, whether it works, and the reason that is told.
std::string choose_and_work() {
  const engine_report report = engine_chosen();
  runner loop;
  if (loop.engine_name() != report.name) return "the runner has another engine";
  return report.name + " " + loop.run(a_round_trip()) + ": " + report.reason;
}

using testing::HasSubstr;
using testing::StartsWith;

struct refusal {
  const char* what;
  int call;
  int number;
  std::string reason;  // a regular expression
};

std::string forbidden(const char* call) {
  return std::string("io_uring is forbidden here: ") + call +
         " failed with EPERM .a container's seccomp profile. Docker's must allow "
         "io_uring_setup, io_uring_enter and io_uring_register.";
}

void PrintTo(const refusal& r, std::ostream* out) { *out << r.what; }

}  // namespace

class fallback : public testing::TestWithParam<refusal> {
 protected:
  void SetUp() override {
    if (!BIGHT_URING) GTEST_SKIP() << "this build has no io_uring to refuse";
  }
};

TEST_P(fallback, a_program_runs_on_epoll_and_can_say_why) {
  const std::string told = in_child([&] {
    refuse(GetParam().call, GetParam().number);
    ask_for(nullptr);
    return choose_and_work();
  });
  EXPECT_THAT(told, testing::MatchesRegex("epoll works: " + GetParam().reason + "; using epoll"));
}

TEST_P(fallback, a_program_that_forces_uring_fails_and_says_why) {
  const std::string told = in_child([&] {
    refuse(GetParam().call, GetParam().number);
    ask_for("uring");
    return choose_and_work();
  });
  EXPECT_THAT(told, testing::MatchesRegex("threw: engine uring .requested by BIGHT_ENGINE.: " +
                                          GetParam().reason));
}

TEST_P(fallback, a_program_that_forces_epoll_does_not_care) {
  const std::string told = in_child([&] {
    refuse(GetParam().call, GetParam().number);
    ask_for("epoll");
    return choose_and_work();
  });
  EXPECT_THAT(told, StartsWith("epoll works: requested by BIGHT_ENGINE"));
}

// Docker's default profile says EPERM, an old kernel ENOSYS, one short of memory ENOMEM; some
// profiles allow the setup and refuse the first enter.
INSTANTIATE_TEST_SUITE_P(
    refused, fallback,
    testing::Values(
        refusal{"setup EPERM", SCMP_SYS(io_uring_setup), EPERM, forbidden("io_uring_setup")},
        refusal{"enter EPERM", SCMP_SYS(io_uring_enter), EPERM, forbidden("io_uring_enter")},
        refusal{"register EPERM", SCMP_SYS(io_uring_register), EPERM,
                forbidden("io_uring_register")},
        refusal{"setup ENOSYS", SCMP_SYS(io_uring_setup), ENOSYS,
                "this kernel has no io_uring, or a sandbox hides it .needs Linux 6.1 or later."},
        refusal{"setup ENOMEM", SCMP_SYS(io_uring_setup), ENOMEM,
                "not enough memory for io_uring: RLIMIT_MEMLOCK is [0-9]+ KiB for all rings of "
                "this user .raise it: ulimit -l.(, RLIMIT_AS is .*)?"},
        refusal{"setup EMFILE", SCMP_SYS(io_uring_setup), EMFILE,
                "io_uring failed: too many open files .raise the limit: ulimit -n."},
        refusal{"setup EINVAL", SCMP_SYS(io_uring_setup), EINVAL,
                "this kernel's io_uring has no multishot receive with buffer rings .needs Linux "
                "6.1."},
        refusal{"setup EIO", SCMP_SYS(io_uring_setup), EIO,
                "io_uring_setup failed: Input/output error"},
        refusal{"no pair", SCMP_SYS(socketpair), ENFILE,
                "io_uring cannot be tried: socketpair: Too many open files in system"}));

TEST(engine_choice, without_a_choice_io_uring_is_used_if_it_works) {
  if (!BIGHT_URING) GTEST_SKIP() << "this build has no io_uring";
  const std::string told = in_child([] {
    ask_for("auto");
    return choose_and_work();
  });
  EXPECT_EQ(told, "uring works: io_uring works here (a test operation succeeded)");
}

TEST(engine_choice, an_unknown_engine_is_an_error_that_lists_the_known_ones) {
  const std::string told = in_child([] {
    ask_for("iocp");
    return choose_and_work();
  });
  EXPECT_THAT(told, HasSubstr("BIGHT_ENGINE=iocp"));
  EXPECT_THAT(told, HasSubstr("uring, epoll, sim or auto"));
}

TEST(engine_choice, main_exits_with_1_and_says_why) {
  EXPECT_EXIT(
      {
        ask_for("no such\nengine");
        auto nothing = []() -> task<> { co_return; };
        std::exit(bight::run(nothing()));
      },
      testing::ExitedWithCode(1), "bight: BIGHT_ENGINE=");
}

TEST(engine_choice, the_programs_choice_wins_over_the_environment) {
  const std::string told = in_child([] {
    ask_for("iocp");
    const runner loop({.engine = bight::engine_choice::epoll});
    return std::string(loop.engine_name());
  });
  EXPECT_EQ(told, "epoll");
}

TEST(engine_choice, without_lockable_memory_a_plain_user_gets_an_engine_that_works) {
  const std::string told = in_child([] {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_MEMLOCK, &none);
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return std::string("setuid");
    ask_for(nullptr);
    return choose_and_work();
  });
  EXPECT_THAT(told, testing::MatchesRegex("(uring|epoll) works: .*"));
}

TEST(engine_choice, with_too_little_address_space_it_says_so) {
  if (!BIGHT_URING || !BIGHT_COSTS_COUNTED)
    GTEST_SKIP() << "this build has no io_uring, or a sanitizer that needs the address space";
  const std::string told = in_child([] {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t size = pages * 4096 + (3U << 20);  // less than the buffers take
    const rlimit little{size, size};
    setrlimit(RLIMIT_AS, &little);
    ask_for(nullptr);
    return choose_and_work();
  });
  EXPECT_THAT(told, testing::MatchesRegex("epoll works: .*RLIMIT_AS is [0-9]+ KiB.*ulimit -v.*"));
}

// fs.epoll.max_user_watches may be reached while a server runs. A socket that is busy leaves the
// epoll, and may then find no place to come back to.
TEST(readiness, a_server_outlives_an_epoll_that_takes_no_more) {
  const std::string told = in_child([] {
    ask_for("epoll");
    served s;
    int answered = 0;
    auto ask = [](served& of, int& got) -> task<> {
      const auto peer = raw::datagram("127.0.0.1:0");
      for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 40; ++i) peer.send_to(of.at.front(), "x");
        for (int i = 0; i < 40; ++i) {
          co_await until_readable(peer);
          static_cast<void>(peer.recv());
          ++got;
        }
        if (round == 0) refuse(SCMP_SYS(epoll_ctl), ENOSPC);
        co_await sleep(5ms);  // nothing comes: the socket wants to be watched again
      }
    };
    auto answer = [](udp::request asked) -> task<> { co_await asked.reply(asked.data()); };
    runner loop;
    loop.run(serve_for(s, udp::serve("127.0.0.1:0", answer, s.options()), ask(s, answered)));
    return std::to_string(answered) + " answered, told: " + s.told();
  });
  EXPECT_THAT(told, StartsWith("120 answered"));
  EXPECT_THAT(told, HasSubstr("out of buffers"));
}

// A child that is forked with a loop must be able to make its own.
TEST(engine_choice, a_forked_child_can_have_a_loop_of_its_own) {
  runner mine;
  EXPECT_EQ(mine.run(a_round_trip()), "works");
  const std::string told = in_child([] {
    runner loop;
    return loop.run(a_round_trip());
  });
  EXPECT_EQ(told, "works");
  EXPECT_EQ(mine.run(a_round_trip()), "works");
}

}  // namespace contract
