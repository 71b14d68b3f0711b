// SPDX-License-Identifier: MIT
// What a message costs, in exact figures: allocations and system calls, never time.
#include "contract/contract.hpp"
#include "contract/tls_pair.hpp"
#include "unit/allocations.hpp"

#include <map>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// A sanitizer's runtime allocates and calls by itself, and takes the place of the pool of frames.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BIGHT_COSTS_COUNTED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BIGHT_COSTS_COUNTED 0
#endif
#endif
#ifndef BIGHT_COSTS_COUNTED
#define BIGHT_COSTS_COUNTED 1
#endif

#if BIGHT_COSTS_COUNTED

namespace contract {

// ── Allocations ─────────────────────────────────────────────────────────────────────────────────

namespace {

task<> echo_all(stream peer) {
  while (auto said = co_await peer.recv()) co_await peer.send(said);
}

task<> echo_frames(stream peer) {
  reader in(peer);
  while (auto said = co_await in.read_message(1000)) {
    const std::string_view length("\0\0\0\x05", 4);
    co_await peer.send(length, *said);
  }
}

task<> greet(udp::request asked) { co_await asked.reply("Hello, ", asked.data()); }

// How often memory is allocated for a question and its answer, both ends counted.
task<std::size_t> count_allocations(stream& to, std::string_view question) {
  constexpr int warm_up = 100;
  constexpr int counted = 1000;
  std::size_t before = 0;
  for (int i = 0; i < warm_up + counted; ++i) {
    if (i == warm_up) before = allocations();
    co_await to.send(question);
    std::size_t come = 0;
    while (come < question.size()) come += (co_await to.recv()).size();
  }
  co_return allocations() - before;
}

task<> expect_no_allocation(callback<task<>(stream)> handler, std::string_view question) {
  served s;
  auto ask = [](served& of, std::string_view what) -> task<> {
    auto peer = co_await tcp::connect(of.at.front());
    const auto made = co_await count_allocations(peer, what);
    EXPECT_EQ(made, 0u);
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", std::move(handler), s.options()),
                     ask(s, question));
}

}  // namespace

BIGHT_TEST(cost, an_echoed_message_allocates_nothing) {
  co_await expect_no_allocation(echo_all, "ping");
}

BIGHT_TEST(cost, an_echoed_frame_allocates_nothing) {
  co_await expect_no_allocation(echo_frames, std::string_view("\0\0\0\5hello", 9));
}

// OpenSSL takes memory of its own for a record, by malloc: what it does not count as ours.
BIGHT_TEST(cost, an_echoed_message_with_tls_allocates_nothing_of_ours) {
  auto pair = co_await connected_by_tls();
  std::size_t made = 0;
  auto ask = [](stream& peer, std::size_t& into) -> task<> {
    into = co_await count_allocations(peer, "ping");
    peer.close();
  };
  auto both = all(echo_all(std::move(pair.here)), ask(pair.there, made));
  co_await std::move(both);
  EXPECT_EQ(made, 0u);
}

BIGHT_TEST(cost, a_session_of_a_datagram_allocates_nothing) {
  served s;
  auto ask = [](served& of) -> task<> {
    auto peer = co_await udp::connect(of.at.front());
    std::size_t before = 0;
    for (int i = 0; i < 1100; ++i) {
      if (i == 100) before = allocations();
      co_await peer.send("lily");
      auto answer = co_await peer.recv();
      EXPECT_EQ(answer.data, "Hello, lily");
    }
    EXPECT_EQ(allocations() - before, 0u);
  };
  co_await serve_for(s, udp::serve("127.0.0.1:0", greet, s.options()), ask(s));
}

BIGHT_TEST(cost, a_burst_of_datagrams_allocates_nothing) {
  served s;
  auto ask = [](served& of) -> task<> {
    auto peer = co_await udp::connect(of.at.front());
    std::size_t before = 0;
    for (int i = 0; i < 60; ++i) {
      if (i == 10) before = allocations();
      for (int k = 0; k < 30; ++k) co_await peer.send("lily");
      for (int k = 0; k < 30; ++k) EXPECT_EQ((co_await peer.recv()).data, "Hello, lily");
    }
    EXPECT_EQ(allocations() - before, 0u);
  };
  co_await serve_for(s, udp::serve("127.0.0.1:0", greet, s.options()), ask(s));
}

// Buffers end where messages of the usual powers of two end: none is cut there and sent in two.
BIGHT_TEST(cost, a_message_of_16_KiB_is_received_at_once) {
  auto pair = co_await connected_to_raw();
  const std::string message = pattern::first(16384);
  for (int i = 0; i < 9; ++i) {
    pair.peer.send(message);
    EXPECT_EQ((co_await pair.here.recv()).size(), message.size());
  }
}

// A deadline and the children of a scope take their frames from the thread's free list.
BIGHT_TEST(cost, deadlines_and_scopes_allocate_nothing) {
  std::size_t before = 0;
  for (int i = 0; i < 1100; ++i) {
    if (i == 100) before = allocations();
    auto both = all(within(1h, sleep(0ns)), sleep(0ns));
    static_cast<void>(co_await std::move(both));
  }
  EXPECT_EQ(allocations() - before, 0u);
}

// ── Memory ──────────────────────────────────────────────────────────────────────────────────────

namespace {

constexpr std::size_t idle_before = 256;
// Whole chunks of the engine's tables, which have 256 places each; few enough for the usual limit
// of 1,024 descriptors.
constexpr std::size_t idle_counted = 512;
// g++ keeps more in the frame of a coroutine: 408 bytes of this handler where clang needs 256.
#if defined(__clang__)
constexpr std::size_t idle_bytes_max = 512;
#else
constexpr std::size_t idle_bytes_max = 680;
#endif

struct idle_count {
  event all_there;
  std::size_t begun = 0;
  std::size_t before = 0;  // bytes held
  std::size_t after = 0;
};

BIGHT_CORO_WRAPPER task<> counted_echo(idle_count& c, stream peer) {
  if (c.begun == idle_before) c.before = bytes_held();
  if (c.begun == idle_before + idle_counted) c.after = bytes_held();
  if (++c.begun > idle_before + idle_counted) c.all_there.set();
  return echo_all(std::move(peer));
}

// In a process of its own, so that the descriptors here are the server's alone.
pid_t hold_connections(const address& to) {
  const pid_t child = fork();
  if (child != 0) return child;
  std::vector<raw::socket> held;
  for (std::size_t i = 0; i <= idle_before + idle_counted; ++i) {
    held.push_back(raw::connect(to));
    for (int twice = 0; twice < 2; ++twice) {
      held.back().send("ping");
      if (held.back().recv() != "ping") _exit(1);
    }
  }
  pause();
  _exit(0);
}

}  // namespace

// Every one has been read from and written to. What is counted: its session, its handler's frame
// with the receive that waits in it, its places in the engine's tables, its timer's.
BIGHT_TEST(cost, an_idle_connection_takes_at_most_512_bytes) {
  served s;
  idle_count counts;
  auto client = [](served& of, event& all_there) -> task<> {
    const pid_t child = hold_connections(of.at.front());
    static_cast<void>(co_await attempt(within(patience, all_there.wait())));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", with(counts, &counted_echo), s.options()),
                     client(s, counts.all_there));
  EXPECT_TRUE(counts.all_there.is_set());
  EXPECT_GT(counts.after, counts.before);
  EXPECT_LE((counts.after - counts.before) / idle_counted, idle_bytes_max);
}

// ── System calls ────────────────────────────────────────────────────────────────────────────────

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

constexpr std::size_t much = 16 << 20;

task<> send_much_and_mark(stream peer) {
  const std::string all(much, 'x');
  static_cast<void>(co_await peer.recv());
  static_cast<void>(getppid());
  co_await peer.send(all);
  static_cast<void>(getppid());
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
  return calls[SYS_epoll_pwait2] + calls[SYS_epoll_pwait] + calls[SYS_epoll_wait];
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

void take_much(const address& at) {
  auto peer = raw::connect(at);
  peer.send("now");
  for (std::size_t come = 0; come < much;) come += peer.recv().size();
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

bool on_uring() { return runner().engine_name() == "uring"; }

}  // namespace

// One client that waits for each answer, so nothing is shared between messages. io_uring: one call
// hands the answer over and finds it taken, one waits for the next question. epoll: wait, receive,
// send, and no call that only finds out that there is nothing.
TEST(cost, system_calls_of_an_echoed_message) {
  const auto serving = [](serve_options o) -> task<> {
    co_await tcp::serve("127.0.0.1:0", echo_and_mark, std::move(o));
  };
  const auto calls = count_calls(serving, ping_pong);
  ASSERT_FALSE(calls.empty());
  EXPECT_LE(sum(calls), (on_uring() ? 2 : 3) * (messages + 1) + messages / 100) << told(calls);
}

// An epoll that waits is woken for the room that the peer's receive has made (EPOLLOUT), when it
// sleeps by then: anything from no wait more to one more for each datagram. Not another call.
TEST(cost, system_calls_of_a_datagram_answered) {
  const auto serving = [](serve_options o) -> task<> {
    co_await udp::serve("127.0.0.1:0", reply_and_mark, std::move(o));
  };
  const auto calls = count_calls(serving, ping_pong_datagrams);
  ASSERT_FALSE(calls.empty());
  const int waits = waits_among(calls);
  EXPECT_LE(sum(calls) - waits, 2 * (messages + 1) + messages / 10) << told(calls);
  EXPECT_LE(waits, 2 * (messages + 1) + messages / 10) << told(calls);
}

// A send that took a part has found out that there is no more room; epoll says when there is.
TEST(cost, a_full_socket_is_asked_once) {
  if (on_uring()) GTEST_SKIP() << "io_uring asks by itself";
  const auto serving = [](serve_options o) -> task<> {
    co_await tcp::serve("127.0.0.1:0", send_much_and_mark, std::move(o));
  };
  auto calls = count_calls(serving, take_much);
  ASSERT_FALSE(calls.empty());
  EXPECT_LE(calls[SYS_sendto], waits_among(calls) + 1) << told(calls);
}

TEST(cost, system_calls_of_a_connection) {
  const auto serving = [](serve_options o) -> task<> {
    co_await tcp::serve("127.0.0.1:0", echo_once_and_mark, std::move(o));
  };
  const auto calls = count_calls(serving, connect_each_time);
  ASSERT_FALSE(calls.empty());
  EXPECT_LE(sum(calls), (on_uring() ? 3 : 7) * (messages + 1) + messages / 100) << told(calls);
}

}  // namespace contract

#endif
