// SPDX-License-Identifier: MIT
#include <bight/line_sink.hpp>

#include "contract/contract.hpp"

#include <algorithm>
#include <csignal>

#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace contract {

namespace {

struct two {
  raw::socket read;
  raw::socket write;
};

two make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  return {raw::socket(fds[0]), raw::socket(fds[1])};
}

two make_socket_pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    throw std::runtime_error("socketpair");
  return {raw::socket(fds[0]), raw::socket(fds[1])};
}

// Where a child says that it has written its lines, and its parent waits for that: only then the
// parent reads, as a reader that is late.
two written = {};

void tell_written() { EXPECT_EQ(::write(written.write.fd(), "x", 1), 1); }

void wait_until_written() {
  char told = 0;
  EXPECT_EQ(::read(written.read.fd(), &told, 1), 1);
}

// A program whose standard error is `to`. It has half a minute.
pid_t in_child(const raw::socket& to, void (*body)()) {
  written = make_pipe();
  const pid_t child = fork();
  if (child != 0) return child;
  alarm(30);
  signal(SIGPIPE, SIG_IGN);
  dup2(to.fd(), 2);
  body();
  std::exit(testing::Test::HasFailure() ? 1 : 0);
}

int status_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

std::string read_all(const raw::socket& from) {
  std::string all;
  char piece[65536];
  for (ssize_t n = 0; (n = ::read(from.fd(), piece, sizeof piece)) > 0;)
    all.append(piece, static_cast<std::size_t>(n));
  return all;
}

constexpr int many = 30000;
const std::string line_of_100(99, 'x');

void write_many() {
  for (int i = 0; i < many; ++i) line_sink::standard_error().line(line_of_100);
}

// The lines that came, and those that a report says were dropped.
std::pair<std::size_t, std::size_t> counted(const std::string& all) {
  std::size_t came = 0;
  std::size_t dropped = 0;
  std::size_t at = 0;
  for (std::size_t end = 0; (end = all.find('\n', at)) != all.npos; at = end + 1) {
    const std::string one = all.substr(at, end - at);
    if (one == line_of_100)
      ++came;
    else if (one.starts_with("bight: dropped "))
      dropped += std::stoul(one.substr(15));
    else if (!one.starts_with("=="))  // what a sanitizer says
      ADD_FAILURE() << one.substr(0, 200);
  }
  EXPECT_EQ(at, all.size()) << "the last line is whole";
  return {came, dropped};
}

void expect_all_counted_after(two ends) {
  const pid_t child = in_child(ends.write, [] {
    write_many();  // returns although nobody reads
    EXPECT_GT(line_sink::standard_error().dropped(), 0u);
    tell_written();
    EXPECT_TRUE(line_sink::standard_error().flush(20s));
  });
  ends.write.close();
  wait_until_written();
  const auto [came, dropped] = counted(read_all(ends.read));
  EXPECT_EQ(status_of(child), 0);
  EXPECT_EQ(came + dropped, static_cast<std::size_t>(many));
  EXPECT_GE(came * 100, line_sink::limit);
}

}  // namespace

TEST(line_sink, a_line_is_written_at_once) {
  auto pipe = make_pipe();
  const pid_t child = in_child(pipe.write, [] {
    line_sink::standard_error().line("first");
    line_sink::standard_error().write("second\n");
    _exit(0);
  });
  EXPECT_EQ(status_of(child), 0);
  pipe.write.close();
  EXPECT_EQ(read_all(pipe.read), "first\nsecond\n");
}

TEST(line_sink, a_late_reader_of_a_pipe_gets_whole_lines_and_the_count_of_the_dropped) {
  expect_all_counted_after(make_pipe());
}

TEST(line_sink, a_late_reader_of_a_socket_gets_whole_lines_and_the_count_of_the_dropped) {
  expect_all_counted_after(make_socket_pair());
}

TEST(line_sink, a_program_whose_lines_nobody_reads_ends_nevertheless) {
  auto pipe = make_pipe();
  const pid_t child = in_child(pipe.write, write_many);
  EXPECT_EQ(status_of(child), 0);
}

TEST(line_sink, a_stopped_terminal_blocks_nothing) {
  int screen = -1;
  int terminal = -1;
  ASSERT_EQ(openpty(&screen, &terminal, nullptr, nullptr, nullptr), 0);
  const raw::socket both[] = {raw::socket(screen), raw::socket(terminal)};
  ASSERT_EQ(tcflow(terminal, TCOOFF), 0);  // as Ctrl-S does
  const pid_t child = in_child(both[1], write_many);
  EXPECT_EQ(status_of(child), 0);
}

TEST(line_sink, a_reader_that_has_gone_is_not_an_error) {
  auto pipe = make_pipe();
  pipe.read.close();
  const pid_t child = in_child(pipe.write, write_many);
  EXPECT_EQ(status_of(child), 0);
}

TEST(line_sink, a_child_does_not_repeat_what_its_parent_has_to_write) {
  auto pipe = make_pipe();
  const pid_t child = in_child(pipe.write, [] {
    for (int i = 0; i < 1000; ++i) line_sink::standard_error().line(line_of_100);
    const pid_t inner = fork();
    if (inner == 0) {
      line_sink::standard_error().line("bight: dropped 7");
      std::exit(0);
    }
    EXPECT_EQ(status_of(inner), 0);
    tell_written();
    EXPECT_TRUE(line_sink::standard_error().flush(20s));
  });
  pipe.write.close();
  wait_until_written();
  const auto [came, dropped] = counted(read_all(pipe.read));
  EXPECT_EQ(status_of(child), 0);
  EXPECT_EQ(came, 1000u);
  EXPECT_LE(dropped, 7u);
}

// A server with the default report of errors, one for each session, that nobody reads.
TEST(line_sink, a_server_whose_errors_nobody_reads_continues) {
  auto pipe = make_pipe();
  const pid_t child = in_child(pipe.write, [] {
    const auto body = []() -> task<> {
      event listening;
      event drain;
      address where;
      serve_options options;
      options.signals = false;
      options.drain = &drain;
      options.on_listening = [&](const address& at) {
        where = at;
        listening.set();
      };
      const auto fail = [](stream) -> task<> {
        throw std::runtime_error(std::string(3000, 'x'));
        co_return;
      };
      const auto clients = [](event& ready, address& at, event& over) -> task<> {
        co_await ready.wait();
        for (int i = 0; i < 1000; ++i) {
          print("a line for standard output, {}", std::string(3000, 'y'));
          auto peer = co_await tcp::connect(at);
          auto end = co_await attempt(peer.recv());
          EXPECT_TRUE(fails(end, errc::reset));
        }
        over.set();
      };
      co_await all(tcp::serve("127.0.0.1:0", fail, options), clients(listening, where, drain));
    };
    dup2(2, 1);
    runner r;
    r.run(body());
  });
  EXPECT_EQ(status_of(child), 0);
}

// Resets are no line, and what repeats is one line and a number.
TEST(line_sink, a_server_without_on_error_summarises_repeated_errors) {
  auto pipe = make_pipe();
  const pid_t child = in_child(pipe.write, [] {
    const auto body = []() -> task<> {
      served s;
      serve_options options = s.options();
      options.on_error = {};
      const auto fail_or_wait = [](stream peer) -> task<> {
        if (co_await peer.recv() == "fail") throw std::runtime_error("as asked");
        co_await peer.recv();
      };
      const auto clients = [](served& server) -> task<> {
        for (int i = 0; i < 20; ++i) {
          auto peer = co_await tcp::connect(server.at.front());
          co_await peer.send("wait");
          co_await some_turns(20);
          peer.abort();
        }
        for (int i = 0; i < 20; ++i) {
          auto peer = co_await tcp::connect(server.at.front());
          co_await peer.send("fail");
          static_cast<void>(co_await attempt(peer.recv()));
        }
      };
      co_await serve_for(s, tcp::serve("127.0.0.1:0", fail_or_wait, options), clients(s));
    };
    runner r;
    r.run(body());
  });
  pipe.write.close();
  const std::string text = read_all(pipe.read);
  EXPECT_EQ(status_of(child), 0);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
  EXPECT_NE(text.find(": session: as asked\nbight: 19 more errors in "), text.npos) << text;
}

}  // namespace contract
