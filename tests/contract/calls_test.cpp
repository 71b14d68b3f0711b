// SPDX-License-Identifier: MIT
// What a message costs, in exact figures: system calls, never time.
#include "contract/contract.hpp"
#include "contract/counted.hpp"

#include <map>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if BIGHT_COSTS_COUNTED

namespace contract {

namespace {

// A server marks the beginning and the end of what is counted by a call that nobody else makes.
constexpr long mark = SYS_getppid;
constexpr std::string_view mark_please = "mark";

task<> echo_and_mark(stream peer) {
  while (auto said = co_await peer.recv()) {
    if (said == mark_please) static_cast<void>(getppid());
    co_await peer.send(said);
  }
}

task<> echo_once_and_mark(stream peer) {
  auto said = co_await peer.recv();
  if (said == mark_please) static_cast<void>(getppid());
  co_await peer.send(said);
}

task<> reply_and_mark(udp::request asked) {
  if (asked.data() == mark_please) static_cast<void>(getppid());
  co_await asked.reply(asked.data());
}

// The calls that process `child`, stopped, makes between its two marks; it is ended then.
std::map<long, int> trace(pid_t child) {
  std::map<long, int> calls;
  bool counting = false;
  bool entering = true;
  int status = 0;
  waitpid(child, &status, 0);
  ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  for (int marks = 0; marks < 2;) {
    if (ptrace(PTRACE_SYSCALL, child, 0, 0) != 0 || waitpid(child, &status, 0) != child) break;
    if (WIFEXITED(status) || WIFSIGNALED(status)) break;
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
    entering = !entering;
    if (entering) continue;
    __ptrace_syscall_info info{};
    ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info);
    const long number = static_cast<long>(info.entry.nr);
    if (number == mark) {
      ++marks;
      counting = !counting;
    } else if (counting) {
      ++calls[number];
    }
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return calls;
}

// Runs `serving` in a process of its own and `client` in another, and counts the server's calls.
// The server tells its address by a pipe.
std::map<long, int> count_calls(task<> (*serving)(serve_options), void (*client)(const address&)) {
  int told[2];
  if (pipe(told) != 0) return {};
  std::fflush(nullptr);
  const pid_t server = fork();
  if (server == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    serve_options options;
    options.signals = false;
    options.on_listening = [fd = told[1]](const address& at) {
      const std::string text = at.str();
      static_cast<void>(!::write(fd, text.c_str(), text.size() + 1));
    };
    runner().run(serving(options));
    _exit(0);
  }
  const pid_t asker = fork();
  if (asker == 0) {
    char text[64] = {};
    if (::read(told[0], text, sizeof text) > 0) client(address(text));
    _exit(0);
  }
  auto calls = trace(server);
  close(told[0]);
  close(told[1]);
  kill(asker, SIGKILL);  // it may wait for an answer to its last question
  waitpid(asker, nullptr, 0);
  return calls;
}

int sum(const std::map<long, int>& calls) {
  int all = 0;
  for (const auto& [number, count] : calls) all += count;
  return all;
}

int waits_among(std::map<long, int> calls) {
  int waits = calls[SYS_epoll_pwait2] + calls[SYS_epoll_pwait];
#ifdef SYS_epoll_wait  // arm64 has only the other two
  waits += calls[SYS_epoll_wait];
#endif
  return waits;
}

std::string told(const std::map<long, int>& calls) {
  std::string text;
  for (const auto& [number, count] : calls)
    text += "call " + std::to_string(number) + ": " + std::to_string(count) + "\n";
  return text;
}

constexpr int messages = 1000;

template <class Peer>
void ask(Peer& peer, std::string_view what) {
  peer.send(what);
  static_cast<void>(peer.recv());
}

void ping_pong(const address& at) {
  auto peer = raw::connect(at);
  for (int i = 0; i < 10; ++i) ask(peer, "warm");
  ask(peer, mark_please);
  for (int i = 0; i < messages; ++i) ask(peer, "ping");
  ask(peer, mark_please);
}

void ping_pong_datagrams(const address& at) {
  auto peer = raw::datagram("127.0.0.1:0");
  const auto question = [&](std::string_view what) {
    peer.send_to(at, what);
    static_cast<void>(peer.recv());
  };
  for (int i = 0; i < 10; ++i) question("warm");
  question(mark_please);
  for (int i = 0; i < messages; ++i) question("ping");
  question(mark_please);
}

void connect_each_time(const address& at) {
  const auto once = [&](std::string_view what) {
    auto peer = raw::connect(at);
    peer.send(what);
    while (!peer.recv().empty()) {}
  };
  for (int i = 0; i < 10; ++i) once("warm");
  once(mark_please);
  for (int i = 0; i < messages; ++i) once("ping");
  once(mark_please);
}

class calls : public testing::Test {
 protected:
  void SetUp() override {
    if (on_sim()) GTEST_SKIP() << "counts what the kernel is asked";
  }
};

bool on_uring() { return runner().engine_name() == "uring"; }

}  // namespace

// One client that waits for each answer, so nothing is shared between messages. io_uring: one call
// hands the answer over and finds it taken, one waits for the next question. epoll: wait, receive,
// send, and no call that only finds out that there is nothing.
TEST_F(calls, of_an_echoed_message) {
  const auto serving = [](serve_options o) -> task<> {
    co_await tcp::serve("127.0.0.1:0", echo_and_mark, std::move(o));
  };
  const auto made = count_calls(serving, ping_pong);
  ASSERT_FALSE(made.empty());
  EXPECT_LE(sum(made), (on_uring() ? 2 : 3) * (messages + 1) + messages / 100) << told(made);
}

// An epoll that waits is woken for the room that the peer's receive has made (EPOLLOUT), when it
// sleeps by then: anything from no wait more to one more for each datagram. Not another call.
TEST_F(calls, of_a_datagram_answered) {
  const auto serving = [](serve_options o) -> task<> {
    co_await udp::serve("127.0.0.1:0", reply_and_mark, std::move(o));
  };
  const auto made = count_calls(serving, ping_pong_datagrams);
  ASSERT_FALSE(made.empty());
  const int waits = waits_among(made);
  EXPECT_LE(sum(made) - waits, 2 * (messages + 1) + messages / 10) << told(made);
  EXPECT_LE(waits, 2 * (messages + 1) + messages / 10) << told(made);
}

TEST_F(calls, of_a_connection) {
  const auto serving = [](serve_options o) -> task<> {
    co_await tcp::serve("127.0.0.1:0", echo_once_and_mark, std::move(o));
  };
  const auto made = count_calls(serving, connect_each_time);
  ASSERT_FALSE(made.empty());
  EXPECT_LE(sum(made), (on_uring() ? 3 : 7) * (messages + 1) + messages / 100) << told(made);
}

}  // namespace contract

#endif
