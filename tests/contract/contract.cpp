// SPDX-License-Identifier: MIT
#include "contract/contract.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace contract {

namespace {

task<> with_patience(task<> body) { co_await within(patience, std::move(body)); }

// What ends a test that a simulated world has nothing for.
struct kernel_needed {
  const char* why;
};

void skip(const testing::TestInfo& test, const char* why) {
  std::printf("skipped: %s.%s: %s\n", test.test_suite_name(), test.name(), why);
  GTEST_SKIP() << why;
}

// Plain tests, which drive the kernel from their first line to their last: a suite, or one of it.
constexpr struct {
  std::string_view name;
  const char* why;
} for_a_kernel[] = {
    {"cost", "counts what a real engine asks of the kernel"},
    {"names", "asks name servers over real sockets"},
    {"names_shortage", "asks name servers over real sockets"},
    {"causes.a_shortage_of_ports_is_named_by_every_call_that_needs_one", "sets the local ports"},
    {"causes.a_missing_route_or_source_address_is_named", "sets routes"},
    {"connecting", "drives plain sockets"},
    {"happy_eyeballs", "asks name servers over real sockets"},
    {"signals", "raises signals of the process"},
    {"stdio", "drives pipes and files"},
    {"line_sink", "drives pipes and terminals"},
    {"busy_poll.polls_without_sleeping", "measures time of the processor"},
    {"workers.run_in_their_own_threads", "is about threads"},
};

class skipper : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override {
    if (!on_sim()) return;
    const std::string suite = test.test_suite_name();
    for (const auto& [name, why] : for_a_kernel)
      if (name == suite || name == suite + "." + test.name()) skip(test, why);
  }
};

[[maybe_unused]] const bool skips = [] {
  // A shell that runs the tests in the background ignores it for them.
  std::signal(SIGINT, SIG_DFL);
  testing::UnitTest::GetInstance()->listeners().Append(new skipper);
  return true;
}();

std::string make_pattern() {
  // Twice the period, so that a view of up to one period may begin anywhere in the first.
  std::string bytes(2 * pattern::period, '\0');
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < pattern::period; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
    bytes[i] = bytes[i + pattern::period] = static_cast<char>(state >> 56);
  }
  return bytes;
}

}  // namespace

bool on_sim() {
  const char* engine = std::getenv("BIGHT_ENGINE");
  return engine != nullptr && std::string_view(engine) == "sim";
}

void needs_kernel(const char* why) {
  if (on_sim()) throw kernel_needed{why};
}

void run_test(task<> body) {
  try {
    runner loop;
    loop.run(with_patience(std::move(body)));
  } catch (const kernel_needed& k) {
    skip(*testing::UnitTest::GetInstance()->current_test_info(), k.why);
  } catch (const std::exception& e) {
    ADD_FAILURE() << "the test's coroutine threw: " << e.what();
  }
}

task<ends> connected(address at) {
  auto listening = co_await tcp::listen(std::move(at));
  ends both;
  both.there = co_await tcp::connect(listening.local());
  both.here = co_await listening.accept();
  co_return std::move(both);
}

task<scripted> connected_to_raw(int peer_receive_buffer) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  scripted both;
  both.peer = raw::connect(listening.local(), peer_receive_buffer);
  both.here = co_await listening.accept();
  co_return std::move(both);
}

task<> some_turns(int count) {
  for (int i = 0; i < count; ++i) co_await sleep(0s);
}

task<> until_readable(const raw::socket& peer) {
  while (!peer.readable()) co_await sleep(100us);
}

task<std::string> recv_all(const raw::socket& peer) {
  std::string all;
  for (;;) {
    co_await until_readable(peer);
    const std::string more = peer.recv();
    if (more.empty()) co_return all;
    all += more;
  }
}

task<std::string> recv_all(stream& from) {
  std::string all;
  while (auto bytes = co_await from.recv()) all += bytes.view();
  co_return all;
}

task<std::string> recv_exactly(stream& from, std::size_t count) {
  std::string all;
  while (all.size() < count) {
    auto bytes = co_await from.recv(count - all.size());
    if (!bytes) break;
    all += bytes.view();
  }
  co_return all;
}

std::string_view pattern::at(std::uint64_t position, std::size_t wanted) {
  static const std::string bytes = make_pattern();
  return std::string_view(bytes).substr(position % period, std::min(wanted, period));
}

bool pattern::matches(std::uint64_t position, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view expected = at(position, bytes.size());
    if (bytes.substr(0, expected.size()) != expected) return false;
    bytes.remove_prefix(expected.size());
    position += expected.size();
  }
  return true;
}

std::string pattern::first(std::size_t count) {
  std::string bytes;
  while (bytes.size() < count) bytes += at(bytes.size(), count - bytes.size());
  return bytes;
}

task<> send_pattern(stream& to, std::uint64_t total) {
  std::uint64_t sent = 0;
  std::size_t size = 1;
  while (sent < total) {
    const auto left = static_cast<std::size_t>(std::min<std::uint64_t>(total - sent, size));
    const std::string_view bytes = pattern::at(sent, left);
    co_await to.send(bytes);
    sent += bytes.size();
    size = size * 7 % pattern::period + 1;  // all sizes between 1 and the period
  }
  to.shutdown_send();
}

task<> expect_pattern(stream& from, std::uint64_t total) {
  std::uint64_t got = 0;
  bool equal = true;
  while (auto bytes = co_await from.recv()) {
    equal = equal && pattern::matches(got, bytes);
    got += bytes.size();
  }
  EXPECT_EQ(got, total);
  EXPECT_TRUE(equal) << "the bytes are not those that were sent";
}

serve_options served::options() {
  serve_options o;
  o.signals = false;
  o.drain = &drain;
  o.on_listening = [this](const address& a) {
    at.push_back(a);
    listening.set();
  };
  o.on_error = [this](const address&, const error& e) { errors.emplace_back(e.what()); };
  o.on_drain = [this](std::size_t sessions) { drained.push_back(sessions); };
  return o;
}

std::string served::told() const {
  std::string all;
  for (const std::string& e : errors) all += e + "\n";
  return all;
}

namespace {
task<> client_of(served& s, task<> client) {
  co_await s.listening.wait();
  co_await std::move(client);
  s.drain.set();
}
}  // namespace

task<> serve_for(served& s, task<> serving, task<> client) {
  co_await all(std::move(serving), client_of(s, std::move(client)));
}

task<> echo(stream peer) {
  while (auto bytes = co_await peer.recv()) co_await peer.send(bytes);
}

task<> expect_echo(stream& peer, std::string_view text) {
  co_await peer.send(text);
  EXPECT_EQ(co_await recv_exactly(peer, text.size()), text);
}

}  // namespace contract
