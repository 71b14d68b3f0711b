// SPDX-License-Identifier: MIT
// Too much of something: bytes nobody reads, leases nobody drops, connections without descriptors.
#include <bight/stream.hpp>

#include "contract/contract.hpp"

#include <atomic>
#include <cstdio>
#include <ctime>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace contract {

namespace {

// Memory of this process that is really there, in bytes: proc(5), statm.
std::size_t resident() {
  long pages = 0;
  std::FILE* f = std::fopen("/proc/self/statm", "r");
  if (f == nullptr || std::fscanf(f, "%*s %ld", &pages) != 1) pages = 0;
  if (f != nullptr) std::fclose(f);
  return static_cast<std::size_t>(pages) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

duration cpu_time() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

// Lets this process open `more` descriptors and no further one, until this dies. UBSan's check of
// vptr opens a pipe when it meets a type for the first time, and cannot be used with this.
class descriptor_limit {
 public:
  explicit descriptor_limit(int more) {
    needs_kernel("limits the descriptors of the process");
    getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(lowest);
    // Below `lowest` everything is taken. What is taken above does no harm.
    rlimit now = before_;
    int room = more;
    int fd = lowest;
    for (; room > 0; ++fd)
      if (fcntl(fd, F_GETFD) < 0) --room;
    now.rlim_cur = static_cast<rlim_t>(fd);
    setrlimit(RLIMIT_NOFILE, &now);
  }
  ~descriptor_limit() { setrlimit(RLIMIT_NOFILE, &before_); }
  descriptor_limit(const descriptor_limit&) = delete;
  descriptor_limit& operator=(const descriptor_limit&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

BIGHT_TEST(pressure, a_peer_that_never_reads_suspends_the_writer_in_bounded_memory) {
  auto pair = co_await connected_to_raw(4096);
  const std::size_t before = resident();
  std::uint64_t taken = 0;
  auto writer = [](stream& s, std::uint64_t& count) -> task<> {
    for (;;) {
      auto sent = co_await attempt(s.send(pattern::at(count, 60'000)));
      count += sent ? 60'000 : sent.error().transferred();
      if (!sent) {
        EXPECT_TRUE(fails(sent, errc::cancelled));  // by the deadline around the whole writer
        co_return;
      }
    }
  };
  auto outcome = co_await attempt(within(100ms, writer(pair.here, taken)));
  // The kernel takes some megabytes (3.9 MB were measured), and nothing of ours takes any.
  EXPECT_LT(taken, 32u << 20);
  EXPECT_LT(resident(), before + (8u << 20));
  std::string got;
  pair.here.shutdown_send();
  std::thread reading([&] { got = pair.peer.recv_all(); });
  reading.join();
  EXPECT_EQ(got.size(), taken);
  EXPECT_TRUE(pattern::matches(0, got));
}

BIGHT_TEST(pressure, a_peer_that_sends_without_end_is_blocked_while_nobody_receives) {
  auto pair = co_await connected_to_raw();
  // One receive has been made, so whatever receives ahead has begun to.
  pair.peer.send("go");
  EXPECT_EQ(co_await recv_exactly(pair.here, 2), "go");
  const std::size_t before = resident();
  std::atomic<std::uint64_t> sent{0};
  constexpr std::uint64_t total = 64u << 20;
  std::thread sender([&] {
    while (sent < total && pair.peer.send(pattern::at(sent, 65'000)) == 0) sent += 65'000;
    pair.peer.shutdown_send();
  });
  // The sender has been held back once its count stands still for some turns.
  for (std::uint64_t last = 1; last != sent;) {
    last = sent;
    co_await sleep(50ms);
  }
  EXPECT_LT(sent, total);
  EXPECT_LT(resident(), before + (8u << 20));
  std::uint64_t got = 0;
  bool equal = true;
  while (auto bytes = co_await pair.here.recv()) {
    equal = equal && pattern::matches(got, bytes);
    got += bytes.size();
  }
  sender.join();
  EXPECT_EQ(got, sent);
  EXPECT_TRUE(equal);
}

// 80,000 bytes are more than a turn receives on epoll, so when the first handler closes the third
// connection, that one has been found ready and not been served.
BIGHT_TEST(pressure, an_error_of_a_closed_descriptor_is_not_reported_for_the_next) {
  auto first = co_await connected_to_raw();
  auto second = co_await connected_to_raw();
  auto third = co_await connected_to_raw();
  const raw::black_hole silent;
  auto closing = [](stream& from, stream& other, const raw::black_hole& to) -> task<> {
    static_cast<void>(co_await from.recv());
    other.close();  // its number goes to the socket that connects
    auto connecting = co_await attempt(within(100ms, tcp::connect(to.listener.local())));
    EXPECT_TRUE(fails(connecting, errc::timed_out));
  };
  auto reading = [](stream& from) -> task<> { static_cast<void>(co_await attempt(from.recv())); };
  auto sending = [](raw::socket& a, raw::socket& b, raw::socket& c) -> task<> {
    EXPECT_EQ(a.send(pattern::first(40'000)), 0);
    EXPECT_EQ(b.send(pattern::first(40'000)), 0);
    EXPECT_EQ(c.send("ready"), 0);
    co_return;
  };
  static_cast<void>(co_await all(closing(first.here, third.here, silent), reading(second.here),
                                 reading(third.here),
                                 sending(first.peer, second.peer, third.peer)));
}

BIGHT_TEST(pressure, five_thousand_leases_that_are_held_do_not_stop_the_stream) {
  auto pair = co_await connected();
  static constexpr std::size_t total = 5000 * 100;
  auto sender = [](stream& s) -> task<> {
    for (std::size_t i = 0; i < total; i += 100) co_await s.send(pattern::at(i, 100));
    s.shutdown_send();
  };
  auto holder = [](stream& s) -> task<> {
    std::vector<lease> held;
    std::size_t got = 0;
    while (auto bytes = co_await s.recv(100)) {
      got += bytes.size();
      held.push_back(std::move(bytes));
    }
    EXPECT_EQ(got, total);
    EXPECT_GE(held.size(), 5000u);
    std::size_t at = 0;
    for (const lease& l : held) {  // nothing has been written over
      EXPECT_TRUE(pattern::matches(at, l));
      at += l.size();
    }
  };
  co_await all(sender(pair.there), holder(pair.here));
}

BIGHT_TEST(pressure, large_leases_that_are_held_do_not_stop_other_streams) {
  // 400 leases of up to 64 KiB: more than any engine keeps in buffers of its own.
  auto hoard = co_await connected();
  auto other = co_await connected();
  auto sender = [](stream& s) -> task<> { co_await send_pattern(s, 400u * 65536); };
  auto holder = [](stream& s, stream& here, stream& there) -> task<> {
    std::vector<lease> held;
    std::size_t got = 0;
    while (auto bytes = co_await s.recv()) {
      EXPECT_TRUE(pattern::matches(got, bytes));
      got += bytes.size();
      held.push_back(std::move(bytes));
      if (held.size() % 50 != 0) continue;
      co_await there.send("ping");
      EXPECT_EQ(co_await recv_exactly(here, 4), "ping");
    }
    EXPECT_EQ(got, 400u * 65536);
    held.clear();
    co_await there.send("pong");
    EXPECT_EQ(co_await recv_exactly(here, 4), "pong");
  };
  co_await all(sender(hoard.there), holder(hoard.here, other.here, other.there));
}

// Each of these waits for bytes that come when every buffer is lent. It has received before, so
// whatever receives ahead for it is at work.
BIGHT_TEST(pressure, large_leases_that_are_held_do_not_stop_recv_into) {
  constexpr std::size_t total = 60 * 65'521;  // more than any engine keeps in buffers of its own
  auto hoard = co_await connected();
  auto other = co_await connected();
  for (int i = 0; i < 3; ++i) {
    co_await other.there.send("warm");
    EXPECT_EQ(co_await recv_exactly(other.here, 4), "warm");
  }
  auto receive_into = [](stream& s) -> task<> {
    std::string buffer(100, '-');
    const auto count = co_await s.recv_into(std::as_writable_bytes(std::span(buffer)));
    EXPECT_EQ(buffer.substr(0, count), "to be kept");
    auto next = co_await s.recv();
    EXPECT_EQ(next, "and more");
  };
  auto hold_all = [](stream& here, stream& there, stream& to) -> task<> {
    std::vector<lease> held;
    auto take = [](stream& s, std::vector<lease>& into) -> task<> {
      for (std::size_t got = 0; got < total; got += into.back().size())
        into.push_back(co_await s.recv());
    };
    co_await all(send_pattern(there, total), take(here, held));
    co_await to.send("to be kept");
    co_await some_turns(20);
    co_await to.send("and more");
    co_await some_turns(20);
  };
  co_await all(receive_into(other.here), hold_all(hoard.here, hoard.there, other.there));
}

BIGHT_TEST(pressure, a_small_lease_for_each_of_many_streams_does_not_stop_them) {
  constexpr std::size_t count = 600;
  std::vector<ends> pairs;
  for (std::size_t i = 0; i < count; ++i) pairs.push_back(co_await connected());
  std::vector<lease> held;
  for (int round = 0; round < 5; ++round) {
    for (ends& pair : pairs) co_await pair.there.send("tick");
    for (ends& pair : pairs) held.push_back(co_await pair.here.recv());
  }
  EXPECT_EQ(held.size(), 5 * count);
  for (const lease& l : held) EXPECT_EQ(l, "tick");
}

BIGHT_TEST(pressure, accept_without_descriptors_fails_and_works_again_later) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  std::vector<raw::socket> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(raw::connect(listening.local()));
    clients.back().send("x");
  }
  std::vector<stream> accepted;
  {
    const descriptor_limit limit(4);
    for (int i = 0; i < 4; ++i) accepted.push_back(co_await listening.accept());
    for (int i = 0; i < 3; ++i) {
      auto fifth = co_await attempt(listening.accept());
      EXPECT_TRUE(fails(fifth, errc::too_many_files));
    }
    accepted.pop_back();
    accepted.push_back(co_await listening.accept());
    auto again = co_await attempt(listening.accept());
    EXPECT_TRUE(fails(again, errc::too_many_files));
  }
  while (accepted.size() < 9) accepted.push_back(co_await listening.accept());
  for (stream& s : accepted) EXPECT_EQ(co_await s.recv(), "x");
}

BIGHT_TEST(pressure, connect_without_descriptors_fails_with_too_many_files) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  const address at = listening.local();
  const descriptor_limit limit(0);
  auto outcome = co_await attempt(tcp::connect(at));
  EXPECT_TRUE(fails(outcome, errc::too_many_files));
}

static task<> greet_and_wait(stream peer) {
  co_await peer.send("hello");
  co_await peer.recv();
}

static task<> starve_and_feed(served& s) {
  std::vector<raw::socket> clients;
  for (int i = 0; i < 12; ++i) clients.push_back(raw::connect(s.at.front()));
  const descriptor_limit limit(5);
  // The server says once that it is short of descriptors, and then costs next to nothing.
  while (s.errors.empty()) co_await sleep(1ms);
  const duration before = cpu_time();
  co_await sleep(500ms);
  EXPECT_LT(cpu_time() - before, 100ms) << "it spins";
  EXPECT_EQ(s.errors.size(), 1u) << s.told();
  EXPECT_NE(s.told().find("too many open files"), std::string::npos) << s.told();
  // Each session that ends lets the next client in.
  for (raw::socket& c : clients) {
    for (;;) {  // the server shares this thread: give it its turns
      char byte = 0;
      if (::recv(c.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1) break;
      co_await sleep(1ms);
    }
    EXPECT_EQ(c.recv(5), "hello");
    c.shutdown_send();
  }
}

BIGHT_TEST(pressure, a_server_without_descriptors_does_not_spin_and_finally_serves_everybody) {
  served s;
  co_await serve_for(s, tcp::serve("127.0.0.1:0", greet_and_wait, s.options()), starve_and_feed(s));
}

}  // namespace contract
