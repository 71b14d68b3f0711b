// SPDX-License-Identifier: MIT
#include <bight/stdio.hpp>

#include "contract/contract.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace contract {

namespace {

// The two ends of a pipe or a socket pair.
struct descriptors {
  raw::socket read;
  raw::socket write;
};

descriptors make_descriptors() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  return {raw::socket(fds[0]), raw::socket(fds[1])};
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

BIGHT_TEST(stdio, a_pipe_delivers_its_bytes_and_then_its_end) {
  auto pipe = make_descriptors();
  auto in = co_await stdio::open(pipe.read.fd());
  write_all(pipe.write.fd(), "some input");
  EXPECT_EQ(co_await in.recv(4), "some");
  EXPECT_EQ(co_await in.recv(), " input");
  pipe.write.close();
  EXPECT_TRUE((co_await in.recv()).empty());
  EXPECT_TRUE((co_await in.recv()).empty());
}

BIGHT_TEST(stdio, a_read_waits_without_blocking_the_loop) {
  auto pipe = make_descriptors();
  auto in = co_await stdio::open(pipe.read.fd());
  auto read = [](stdio& from) -> task<> { EXPECT_EQ(co_await from.recv(), "late"); };
  auto write = [](int fd) -> task<> {
    co_await some_turns();
    write_all(fd, "late");
  };
  co_await all(read(in), write(pipe.write.fd()));
}

BIGHT_TEST(stdio, a_blocked_read_can_be_cancelled_and_loses_no_byte) {
  auto pipe = make_descriptors();
  auto in = co_await stdio::open(pipe.read.fd());
  for (int i = 0; i < 50; ++i) {
    auto late = co_await attempt(within(100us, in.recv()));
    EXPECT_TRUE(fails(late, errc::timed_out));
  }
  write_all(pipe.write.fd(), "kept");
  EXPECT_EQ(co_await in.recv(), "kept");
}

BIGHT_TEST(stdio, a_large_write_waits_for_a_slow_reader_and_loses_nothing) {
  // A pipe holds 64 KiB: pipe(7).
  auto pipe = make_descriptors();
  auto out = co_await stdio::open(pipe.write.fd());
  const std::string whole = pattern::first(3'000'000);
  std::string got;
  std::thread reader([&] {
    char buffer[5000];
    for (;;) {
      const ssize_t n = ::read(pipe.read.fd(), buffer, sizeof buffer);
      if (n <= 0) break;
      got.append(buffer, static_cast<std::size_t>(n));
      if (got.size() == whole.size()) break;
    }
  });
  co_await out.send(std::string_view(whole).substr(0, 10), std::string_view(whole).substr(10));
  reader.join();
  EXPECT_TRUE(got == whole);
}

BIGHT_TEST(stdio, a_blocked_write_can_be_cancelled_and_reports_the_bytes_written) {
  auto pipe = make_descriptors();
  auto out = co_await stdio::open(pipe.write.fd());
  const std::string whole = pattern::first(1'000'000);
  auto late = co_await attempt(within(20ms, out.send(whole)));
  EXPECT_TRUE(fails(late, errc::timed_out));
  pipe.write.close();
  std::string got;
  char buffer[5000];
  for (ssize_t n; (n = ::read(pipe.read.fd(), buffer, sizeof buffer)) > 0;)
    got.append(buffer, static_cast<std::size_t>(n));
  EXPECT_EQ(got.size(), late.error().transferred());
  EXPECT_TRUE(pattern::matches(0, got));
}

BIGHT_TEST(stdio, a_pipe_that_nobody_reads_is_closed) {
  std::signal(SIGPIPE, SIG_IGN);  // as run() does
  auto pipe = make_descriptors();
  auto out = co_await stdio::open(pipe.write.fd());
  pipe.read.close();
  auto outcome = co_await attempt(out.send("anybody?"));
  EXPECT_TRUE(fails(outcome, errc::closed));
}

BIGHT_TEST(stdio, a_write_that_waits_ends_when_the_reader_of_the_pipe_closes) {
  std::signal(SIGPIPE, SIG_IGN);
  auto pipe = make_descriptors();
  auto out = co_await stdio::open(pipe.write.fd());
  const std::string whole(1'000'000, 'x');
  auto write = [](stdio& to, const std::string& bytes) -> task<> {
    auto outcome = co_await attempt(to.send(bytes));
    EXPECT_TRUE(fails(outcome, errc::closed));
  };
  auto leave = [](raw::socket& reader) -> task<> {
    co_await some_turns();
    reader.close();
  };
  co_await all(write(out, whole), leave(pipe.read));
}

BIGHT_TEST(stdio, the_descriptor_stays_open_and_as_it_was) {
  auto pipe = make_descriptors();
  {
    auto in = co_await stdio::open(pipe.read.fd());
    write_all(pipe.write.fd(), "x");
    EXPECT_EQ(co_await in.recv(), "x");
  }
  EXPECT_GE(fcntl(pipe.read.fd(), F_GETFD), 0);
  EXPECT_EQ(fcntl(pipe.read.fd(), F_GETFL) & O_NONBLOCK, 0);
  auto again = co_await stdio::open(pipe.read.fd());  // may be opened again
  write_all(pipe.write.fd(), "y");
  EXPECT_EQ(co_await again.recv(), "y");
}

BIGHT_TEST(stdio, a_socket_pair_goes_both_ways_at_once) {
  int fds[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  const raw::socket ours(fds[0]);
  const raw::socket theirs(fds[1]);
  auto both = co_await stdio::open(ours.fd());
  auto read = [](stdio& s) -> task<> { EXPECT_EQ(co_await s.recv(), "question"); };
  auto write = [](stdio& s, const raw::socket& peer) -> task<> {
    co_await s.send("answer");
    co_await some_turns();
    peer.send("question");
  };
  co_await all(read(both), write(both, theirs));
  EXPECT_EQ(theirs.recv(), "answer");
}

BIGHT_TEST(stdio, a_file_and_dev_null_are_read_and_written_without_waiting) {
  char name[] = "/tmp/bight-contract-XXXXXX";
  const raw::socket file(mkostemp(name, O_CLOEXEC));
  ::unlink(name);
  {
    auto out = co_await stdio::open(file.fd());
    co_await out.send("in a", " file");
  }
  EXPECT_EQ(lseek(file.fd(), 0, SEEK_SET), 0);
  auto in = co_await stdio::open(file.fd());
  EXPECT_EQ(co_await in.recv(4), "in a");
  EXPECT_EQ(co_await in.recv(), " file");
  EXPECT_TRUE((co_await in.recv()).empty());
  const raw::socket null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  auto nothing = co_await stdio::open(null.fd());
  EXPECT_TRUE((co_await nothing.recv()).empty());
  co_await nothing.send("gone");
}

BIGHT_TEST(stdio, a_number_that_is_not_a_descriptor_is_an_error) {
  auto outcome = co_await attempt(stdio::open(19'999));
  EXPECT_TRUE(fails(outcome, errc::closed));
}

// ── next_signal ─────────────────────────────────────────────────────────────────────────────────

static task<> expect_signal(int expected, int& told) {
  EXPECT_EQ(co_await next_signal(), expected);
  ++told;
}

static task<> raise_later(int number) {
  co_await some_turns();
  ::raise(number);
}

BIGHT_TEST(signals, every_waiter_gets_the_signal) {
  int told = 0;
  co_await all(expect_signal(SIGTERM, told), expect_signal(SIGTERM, told),
               expect_signal(SIGTERM, told), raise_later(SIGTERM));
  EXPECT_EQ(told, 3);
}

BIGHT_TEST(signals, signals_are_delivered_one_after_the_other) {
  int told = 0;
  for (const int number : {SIGINT, SIGTERM, SIGINT, SIGINT}) {
    co_await all(expect_signal(number, told), raise_later(number));
  }
  EXPECT_EQ(told, 4);
}

BIGHT_TEST(signals, a_waiter_can_be_cancelled) {
  auto late = co_await attempt(within(2ms, next_signal()));
  EXPECT_TRUE(fails(late, errc::timed_out));
}

BIGHT_TEST(signals, a_process_that_waits_for_none_gets_its_own_handlers_back) {
  static volatile std::sig_atomic_t mine = 0;
  mine = 0;  // the test may be repeated
  const auto before = std::signal(SIGTERM, [](int) { mine = mine + 1; });
  int told = 0;
  co_await all(expect_signal(SIGTERM, told), raise_later(SIGTERM));
  EXPECT_EQ(mine, 0);
  co_await sleep(400ms);  // longer than ours stays for whoever waits next
  ::raise(SIGTERM);
  EXPECT_EQ(mine, 1);
  std::signal(SIGTERM, before);
}

}  // namespace contract
