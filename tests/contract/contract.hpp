// SPDX-License-Identifier: MIT
#pragma once

/// What the contract tests share: a test whose body is a coroutine, connected pairs, and bytes that
/// know their place in the stream.

#include <bight/bight.hpp>

#include "contract/raw.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace contract {

using namespace bight;

/// Far more than a test needs, under a sanitizer on a busy machine too. What hangs then fails, and
/// says where.
inline constexpr duration patience = 60s;

/// Runs `body` on a loop of its own, on the engine that BIGHT_ENGINE names.
void run_test(task<> body);

/// Whether the engine is the simulator.
[[nodiscard]] bool on_sim();
/// Called by what only a kernel can do: plain sockets, files, signals of the process. In a
/// simulated world the test ends here, and is told as skipped with the reason.
void needs_kernel(const char* why);

/// A test whose body is a coroutine.
#define BIGHT_TEST(suite, name)                               \
  static bight::task<> suite##_##name();                      \
  TEST(suite, name) { contract::run_test(suite##_##name()); } \
  static bight::task<> suite##_##name()

/// Whether `outcome` is a failure of that kind; the message says what it is instead.
template <class T>
testing::AssertionResult fails(const result<T>& outcome, errc expected) {
  if (outcome) return testing::AssertionFailure() << "it succeeded";
  if (outcome.error().is(expected)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << outcome.error().what();
}

/// Two ends of one connection.
struct ends {
  stream here;
  stream there;
};
task<ends> connected(address at = "127.0.0.1:0");

/// One end of ours, whose other end is a plain socket that the test drives with system calls. A
/// receive buffer of 0 bytes is the system's default.
struct scripted {
  stream here;
  raw::socket peer;
};
task<scripted> connected_to_raw(int peer_receive_buffer = 0);

/// Sends `text` and fails the test unless the same comes back.
task<> expect_echo(stream& peer, std::string_view text);

/// Lets everything else that is ready have a few turns of the loop.
task<> some_turns(int count = 10);
/// Waits until a receive of that peer would not wait. An engine may act on a close or a send in its
/// next turn, so a test that would block the loop's thread in a receive awaits this first.
task<> until_readable(const raw::socket& peer);
/// What the peer receives up to its end or an error, the loop going on meanwhile.
task<std::string> recv_all(const raw::socket& peer);

/// Receives up to the end of the stream.
task<std::string> recv_all(stream& from);
/// Receives exactly so many bytes, or what comes before the end.
task<std::string> recv_exactly(stream& from, std::size_t count);

/// The bytes of a stream by position: any loss, repetition or exchange shows. Their period is a
/// prime, so that an error by a round number of bytes cannot hide.
class pattern {
 public:
  static constexpr std::size_t period = 65521;

  /// The bytes from `position` on: as many as wanted, `period` at most.
  [[nodiscard]] static std::string_view at(std::uint64_t position, std::size_t wanted);
  [[nodiscard]] static bool matches(std::uint64_t position, std::string_view bytes);
  [[nodiscard]] static std::string first(std::size_t count);
};

/// Sends the first `total` bytes of the pattern in sends of many sizes, and then the end.
task<> send_pattern(stream& to, std::uint64_t total);
/// Receives to the end, and expects exactly those bytes.
task<> expect_pattern(stream& from, std::uint64_t total);

/// A callable for a handler that gets at the test's own things: calls `f(state, arguments...)`. The
/// state is borrowed for as long as the server lives.
template <class State, class... A>
struct handler_with {
  State* state;
  task<> (*f)(State&, A...);
  BIGHT_CORO_WRAPPER task<> operator()(A... arguments) const {
    return f(*state, std::move(arguments)...);
  }
};
template <class State, class... A>
handler_with<State, A...> with(State& state, task<> (*f)(State&, A...)) {
  return {&state, f};
}

/// A server in the test's own loop: what it told, and the way to end it.
struct served {
  event listening;
  event drain;
  std::vector<address> at;
  std::vector<std::string> errors;
  std::vector<std::size_t> drained;  // what on_drain told, each time

  /// Options that report into this, without signals.
  [[nodiscard]] serve_options options();
  /// The errors, for a message.
  [[nodiscard]] std::string told() const;
};

/// Runs `serving` and `client` side by side: the client once the server listens; the server is
/// drained when the client has ended.
task<> serve_for(served& s, task<> serving, task<> client);

/// Sends back whatever comes, up to the end.
task<> echo(stream peer);

}  // namespace contract
