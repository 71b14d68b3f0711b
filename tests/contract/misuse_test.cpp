// SPDX-License-Identifier: MIT
// What no program may do ends it with a sentence, and not in undefined behaviour.
#include <bight/resolve.hpp>
#include <bight/run.hpp>
#include <bight/stdio.hpp>

#include "contract/contract.hpp"

#include <array>
#include <thread>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace contract {

namespace {

// Makes the death tests start the program again: they run after threads have been used.
class misuse : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void set_an_event_elsewhere() {
  runner().run([]() -> task<> {
    event e;
    scope s(co_await current_context());
    s.spawn([&e]() -> task<> { co_await e.wait(); });
    std::thread([&e] { e.set(); }).join();
    auto joined = s.join();
    co_await std::move(joined);
  }());
}

void stop_a_scope_elsewhere() {
  runner().run([]() -> task<> {
    scope s(co_await current_context());
    s.spawn([]() -> task<> { co_await sleep(1h); });
    std::thread([&s] { s.stop(); }).join();
    co_await s.join();
  }());
}

void spawn_elsewhere() {
  runner().run([]() -> task<> {
    scope s(co_await current_context());
    std::thread([&s] { s.spawn([]() -> task<> { co_await sleep(1h); }); }).join();
    co_await s.join();
  }());
}

void use_a_stream_elsewhere() {
  runner().run([]() -> task<> {
    auto pair = co_await connected();
    std::thread([&pair] {
      runner().run([](stream& s) -> task<> { co_await s.send("x"); }(pair.here));
    }).join();
  }());
}

void close_a_stream_elsewhere() {
  runner().run([]() -> task<> {
    auto pair = co_await connected();
    std::thread([&pair] { pair.here.close(); }).join();
  }());
}

void outlive_the_loop() {
  std::optional<ends> kept;
  runner().run(
      [](std::optional<ends>& into) -> task<> { into.emplace(co_await connected()); }(kept));
}

void outlive_the_loop_with_a_listener() {
  std::optional<tcp::listener> kept;
  runner().run([](std::optional<tcp::listener>& into) -> task<> {
    into.emplace(co_await tcp::listen("127.0.0.1:0"));
  }(kept));
}

void run_inside_a_task() {
  runner r;
  r.run([](runner& again) -> task<> {
    co_await sleep(0s);
    again.run([]() -> task<> { co_await sleep(1ms); }());
  }(r));
}

struct in_use {
  tcp::listener listening;
  ends pair;
  udp::socket datagrams;
};

task<in_use> use_a_loop() {
  in_use all;
  all.listening = co_await tcp::listen("127.0.0.1:0");
  all.pair = co_await connected();
  all.datagrams = co_await udp::bind("127.0.0.1:0");
  co_await all.pair.there.send("before");
  static_cast<void>(co_await all.pair.here.recv());
  co_return all;
}

// What a child tries with its parent's loop.
using attempt_in_a_child = task<> (*)(in_use&);

void run_a_task_that_was_moved_from() {
  task<> one = []() -> task<> { co_return; }();
  const task<> owner = std::move(one);
  runner().run(std::move(one));
}

void run_a_task_with_a_value_that_was_moved_from() {
  task<int> one = []() -> task<int> { co_return 0; }();
  const task<int> owner = std::move(one);
  static_cast<void>(run(std::move(one)));
}

// The child's own death is the parent's exit status, and its words go to the same place.
void go_on_in_a_child(attempt_in_a_child go_on) {
  runner().run([](attempt_in_a_child f) -> task<> {
    auto all = co_await use_a_loop();
    const pid_t child = fork();
    if (child == 0) {
      co_await f(all);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    // Nothing of it has reached the parent's connection.
    co_await all.pair.here.send("alive");
    if (co_await recv_exactly(all.pair.there, 5) != "alive") _exit(0);
    auto other = co_await attempt(all.pair.here.try_recv());
    if (!other || *other) _exit(0);
    if (WIFSIGNALED(status)) raise(WTERMSIG(status));
  }(go_on));
}

const std::pair<const char*, attempt_in_a_child> ways_to_go_on[] = {
    {"sleep", [](in_use&) -> task<> { co_await sleep(1ms); }},
    {"recv", [](in_use& u) -> task<> { static_cast<void>(co_await u.pair.there.recv()); }},
    {"try_recv", [](in_use& u) -> task<> { static_cast<void>(co_await u.pair.there.try_recv()); }},
    {"recv_into",
     [](in_use& u) -> task<> {
       std::array<std::byte, 8> buffer;
       co_await u.pair.there.recv_into(buffer);
     }},
    {"send", [](in_use& u) -> task<> { co_await u.pair.there.send("from the child"); }},
    {"send of two", [](in_use& u) -> task<> { co_await u.pair.there.send("from", "it"); }},
    {"shutdown_send",
     [](in_use& u) -> task<> {
       u.pair.there.shutdown_send();
       co_return;
     }},
    {"accept", [](in_use& u) -> task<> { static_cast<void>(co_await u.listening.accept()); }},
    {"connect",
     [](in_use& u) -> task<> { static_cast<void>(co_await tcp::connect(u.listening.local())); }},
    {"listen", [](in_use&) -> task<> { static_cast<void>(co_await tcp::listen("127.0.0.1:0")); }},
    {"send_to",
     [](in_use& u) -> task<> { co_await u.datagrams.send_to(u.datagrams.local(), "x"); }},
    {"recv of datagrams",
     [](in_use& u) -> task<> { static_cast<void>(co_await u.datagrams.recv()); }},
    {"bind", [](in_use&) -> task<> { static_cast<void>(co_await udp::bind("127.0.0.1:0")); }},
    {"resolve", [](in_use&) -> task<> { static_cast<void>(co_await resolve("localhost:1")); }},
    {"next_signal", [](in_use&) -> task<> { static_cast<void>(co_await next_signal()); }},
    {"stdio",
     [](in_use&) -> task<> {
       auto out = co_await stdio::open(1);
       co_await out.send("child\n");
     }},
};

// What a program must not ask for, and the sentence that ends it.
const std::pair<const char*, task<> (*)()> never_allowed[] = {
    {"recv of at most 0 bytes",
     []() -> task<> {
       auto pair = co_await connected();
       static_cast<void>(co_await pair.here.recv(0));
     }},
    {"recv_into an empty buffer",
     []() -> task<> {
       auto pair = co_await connected();
       co_await pair.here.recv_into({});
     }},
    {"the stream is closed",
     []() -> task<> {
       auto pair = co_await connected();
       pair.here.close();
       static_cast<void>(pair.here.local());
     }},
    {"the socket is closed",
     []() -> task<> {
       auto socket = co_await udp::bind("127.0.0.1:0");
       socket.close();
       static_cast<void>(socket.local());
     }},
    {"a datagram has 1 to 65507 bytes",
     []() -> task<> {
       auto socket = co_await udp::connect("127.0.0.1:9");
       co_await socket.send_many("x", 0);
     }},
    {"a datagram has 1 to 65507 bytes",
     []() -> task<> {
       auto socket = co_await udp::connect("127.0.0.1:9");
       co_await socket.send_many("x", 65508);
     }},
    {"serve with a listener that is closed",
     []() -> task<> { co_await tcp::serve(tcp::listener(), echo); }},
    {"serve with a socket that is closed",
     []() -> task<> { co_await udp::serve(udp::socket(), udp::handler()); }},
    {"the value of a child was joined twice",
     []() -> task<> {
       scope s(co_await current_context());
       auto five = s.spawn([]() -> task<int> { co_return 5; });
       auto same = std::move(five);
       static_cast<void>(co_await same);
       static_cast<void>(co_await five);
     }},
    {"a source is an IP address of its target's family",
     []() -> task<> {
       static_cast<void>(address("127.0.0.1:1").with_source("[::1]:0"));
       co_return;
     }},
};

}  // namespace

TEST_F(misuse, a_value_that_is_never_allowed) {
  for (const auto& [sentence, body] : never_allowed) EXPECT_DEATH(runner().run(body()), sentence);
}

TEST_F(misuse, an_event_set_in_another_thread) {
  // A ThreadSanitizer sees it first.
  EXPECT_DEATH(set_an_event_elsewhere(), "event::set\\(\\) on a thread other|data race");
}

TEST_F(misuse, a_scope_stopped_in_another_thread) {
  EXPECT_DEATH(stop_a_scope_elsewhere(), "scope::stop\\(\\) on a thread other");
}

TEST_F(misuse, a_child_spawned_in_another_thread) {
  EXPECT_DEATH(spawn_elsewhere(), "scope::spawn\\(\\) on a thread other");
}

TEST_F(misuse, a_stream_used_on_another_loop) {
  EXPECT_DEATH(use_a_stream_elsewhere(), "a loop other than its own");
}

TEST_F(misuse, a_stream_closed_in_another_thread) {
  EXPECT_DEATH(close_a_stream_elsewhere(), "closed on a thread other");
}

TEST_F(misuse, a_socket_that_outlives_its_loop) {
  EXPECT_DEATH(outlive_the_loop(), "a socket outlives its loop");
  EXPECT_DEATH(outlive_the_loop_with_a_listener(), "a socket outlives its loop");
}

TEST_F(misuse, a_loop_run_inside_one_of_its_tasks) {
  EXPECT_DEATH(run_inside_a_task(), "run\\(\\) inside a task of the same loop");
}

TEST_F(misuse, a_task_that_is_run_and_was_moved_from) {
  EXPECT_DEATH(run_a_task_that_was_moved_from(), "a task was started twice, or after it was moved");
  EXPECT_DEATH(run_a_task_with_a_value_that_was_moved_from(),
               "a task was started twice, or after it was moved");
}

TEST_F(misuse, a_loop_that_goes_on_in_a_child) {
  if (on_sim()) GTEST_SKIP() << "a simulated loop shares nothing with its parent";
  for (const auto& [verb, go_on] : ways_to_go_on)
    EXPECT_DEATH(go_on_in_a_child(go_on), "a child process uses its parent's loop") << verb;
}

task<> wait_for_nobody() {
  event never;
  co_await never.wait();
}

TEST_F(misuse, a_world_in_which_nothing_can_happen_any_more) {
  if (!on_sim()) GTEST_SKIP() << "something can always happen on a real machine";
  const auto wait = [] {
    runner r;
    r.run(wait_for_nobody());
  };
  EXPECT_DEATH(wait(), "deadlock: nothing can happen any more");
}

// A server that forks and closes its copies in the child, as before an exec.
BIGHT_TEST(fork, closes_in_a_child_leave_the_parents_sockets_alone) {
  needs_kernel("forks");
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto pair = co_await connected_to_raw();
  pair.peer.send("unread");
  co_await some_turns();
  const pid_t child = fork();
  if (child == 0) {
    listening.close();
    pair.here.abort();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(co_await pair.here.recv(), "unread");
  co_await pair.here.send("alive");
  EXPECT_EQ(pair.peer.recv(), "alive");
  auto client = raw::connect(listening.local());
  auto accepted = co_await listening.accept();
  EXPECT_EQ(accepted.remote(), client.local());
}

// In a loop of its own; the outer one waits meanwhile.
BIGHT_TEST(run, inside_a_task_with_another_runner_works) {
  auto inner = []() -> task<int> {
    auto pair = co_await connected();
    co_await pair.there.send("x");
    co_return static_cast<int>((co_await pair.here.recv()).size());
  };
  EXPECT_EQ(runner().run(inner()), 1);
  co_await sleep(1ms);
}

}  // namespace contract
