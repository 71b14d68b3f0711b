// SPDX-License-Identifier: MIT
#include <bight/unix_socket.hpp>

#include "contract/contract.hpp"

#include <atomic>
#include <barrier>
#include <cstdlib>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace contract {

namespace {

// A folder of the test's own, empty at first and removed at the end.
class folder {
 public:
  folder() {
    if (mkdtemp(path_) == nullptr) throw std::runtime_error("mkdtemp");
  }
  ~folder() {
    ::unlink(file("s").c_str());
    ::rmdir(path_);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return std::string(path_) + "/" + name; }

 private:
  char path_[32] = "/tmp/bight-contract-XXXXXX";
};

bool exists(const std::string& path) {
  needs_kernel("looks at files");
  struct stat s{};
  return stat(path.c_str(), &s) == 0;
}

}  // namespace

BIGHT_TEST(local, streams_go_both_ways_and_have_an_end) {
  const folder here;
  auto pair = co_await connected("unix:" + here.file("s"));
  co_await all(send_pattern(pair.here, 3'000'000), send_pattern(pair.there, 3'000'000),
               expect_pattern(pair.here, 3'000'000), expect_pattern(pair.there, 3'000'000));
}

BIGHT_TEST(local, listener_and_client_know_the_path_and_the_client_has_no_name) {
  const folder here;
  const std::string path = here.file("s");
  auto listening = co_await unix_socket::listen(path);
  EXPECT_EQ(listening.local(), address::unix_socket(path));
  auto client = co_await unix_socket::connect(path);
  auto accepted = co_await listening.accept();
  EXPECT_EQ(client.remote(), address("unix:" + path));
  EXPECT_EQ(accepted.local(), address::unix_socket(path));
  EXPECT_EQ(accepted.remote().kind(), address_kind::none);
  EXPECT_EQ(client.local().kind(), address_kind::none);
}

BIGHT_TEST(local, an_abstract_name_needs_no_file) {
  const std::string name = "@bight-contract-" + std::to_string(getpid());
  auto listening = co_await unix_socket::listen(name);
  EXPECT_EQ(listening.local(), address::unix_socket(name));
  auto client = co_await tcp::connect("unix:" + name);
  auto accepted = co_await listening.accept();
  EXPECT_EQ(client.remote(), address::unix_socket(name));
  co_await client.send("x");
  EXPECT_EQ(co_await accepted.recv(), "x");
  auto again = co_await attempt(unix_socket::listen(name));
  EXPECT_TRUE(fails(again, errc::address_in_use));
}

BIGHT_TEST(local, the_file_is_removed_at_the_close) {
  const folder here;
  const std::string path = here.file("s");
  auto listening = co_await unix_socket::listen(path);
  EXPECT_TRUE(exists(path));
  listening.close();
  EXPECT_FALSE(exists(path));
}

BIGHT_TEST(local, the_file_is_not_removed_by_a_connection_that_closes) {
  const folder here;
  const std::string path = here.file("s");
  auto listening = co_await unix_socket::listen(path);
  {
    auto client = co_await unix_socket::connect(path);
    auto accepted = co_await listening.accept();
  }
  EXPECT_TRUE(exists(path));
  auto client = co_await attempt(unix_socket::connect(path));
  EXPECT_TRUE(static_cast<bool>(client));
}

BIGHT_TEST(local, a_file_that_nobody_listens_on_is_replaced) {
  const folder here;
  const std::string path = here.file("s");
  raw::listen(address::unix_socket(path)).close();  // as after a crash
  EXPECT_TRUE(exists(path));
  auto listening = co_await unix_socket::listen(path);
  auto client = co_await attempt(unix_socket::connect(path));
  EXPECT_TRUE(static_cast<bool>(client));
  listening.close();
  EXPECT_FALSE(exists(path));
}

BIGHT_TEST(local, a_file_that_somebody_listens_on_is_in_use) {
  const folder here;
  const std::string path = here.file("s");
  auto listening = co_await unix_socket::listen(path);
  auto again = co_await attempt(unix_socket::listen(path));
  EXPECT_TRUE(fails(again, errc::address_in_use));
  EXPECT_TRUE(exists(path));
  auto client = co_await attempt(unix_socket::connect(path));
  EXPECT_TRUE(static_cast<bool>(client));
}

BIGHT_TEST(local, a_file_that_is_not_a_socket_is_kept) {
  const folder here;
  const std::string path = here.file("s");
  needs_kernel("makes a file");
  std::FILE* f = std::fopen(path.c_str(), "w");
  std::fputs("precious", f);
  std::fclose(f);
  auto outcome = co_await attempt(unix_socket::listen(path));
  EXPECT_TRUE(fails(outcome, errc::address_in_use));
  struct stat s{};
  EXPECT_EQ(stat(path.c_str(), &s), 0);
  EXPECT_EQ(s.st_size, 8);
}

BIGHT_TEST(local, connect_without_a_file_or_a_server_says_what_is_wrong) {
  const folder here;
  const std::string path = here.file("s");
  auto missing = co_await attempt(unix_socket::connect(path));
  EXPECT_TRUE(fails(missing, errc::bad_address));
  raw::listen(address::unix_socket(path)).close();
  auto nobody = co_await attempt(unix_socket::connect(path));
  EXPECT_TRUE(fails(nobody, errc::refused));
  EXPECT_NE(std::string(nobody.error().what()).find(path), std::string::npos);
}

BIGHT_TEST(local, connect_names_what_is_wrong_with_the_path) {
  needs_kernel("looks at files");
  const folder here;
  const std::string path = here.file("s");
  const auto told = [](const result<stream>& outcome) -> std::string {
    return outcome ? "connected" : outcome.error().what();
  };
  auto missing = co_await attempt(unix_socket::connect(path));
  EXPECT_EQ(told(missing),
            "connect unix:" + path + ": no such socket file (is the server running?)");
  std::fclose(std::fopen(path.c_str(), "w"));
  auto file = co_await attempt(unix_socket::connect(path));
  EXPECT_EQ(told(file), "connect unix:" + path + ": that file is not a socket (check the path)");
  auto below = co_await attempt(unix_socket::connect(path + "/x"));
  EXPECT_EQ(told(below),
            "connect unix:" + path + "/x: a part of the path is not a folder (check the path)");
  auto listening = co_await attempt(unix_socket::listen(path));
  EXPECT_TRUE(fails(listening, errc::address_in_use));
  EXPECT_NE(std::string(listening.error().what()).find("not a socket"), std::string::npos);
}

BIGHT_TEST(local, connects_beyond_the_backlog_wait_and_succeed_when_it_empties) {
  const folder here;
  tcp::listen_options small;
  small.backlog = 1;
  auto listening = co_await unix_socket::listen(here.file("s"), small);
  constexpr int clients = 6;  // Linux holds backlog + 1
  const auto client = [](std::string path, int& connected) -> task<> {
    auto peer = co_await unix_socket::connect(std::move(path));
    ++connected;
    EXPECT_EQ(co_await recv_exactly(peer, 2), "hi");
  };
  int connected = 0;
  scope side(co_await current_context());
  for (int i = 0; i < clients; ++i) side.spawn(client(here.file("s"), connected));
  co_await some_turns();
  EXPECT_LT(connected, clients);
  for (int i = 0; i < clients; ++i) {
    auto accepted = co_await listening.accept();
    co_await accepted.send("hi");
  }
  co_await side.join();
  EXPECT_EQ(connected, clients);
}

BIGHT_TEST(local, a_connect_that_waits_for_room_ends_at_its_deadline) {
  const folder here;
  tcp::listen_options small;
  small.backlog = 1;
  auto listening = co_await unix_socket::listen(here.file("s"), small);
  std::vector<stream> queued;
  for (int i = 0; i < 2; ++i) queued.push_back(co_await unix_socket::connect(here.file("s")));
  auto waiting = within(100ms, unix_socket::connect(here.file("s")));
  auto outcome = co_await attempt(std::move(waiting));
  EXPECT_TRUE(fails(outcome, errc::timed_out));
}

BIGHT_TEST(local, a_peer_that_closes_without_reading_resets) {
  const folder here;
  auto listening = co_await unix_socket::listen(here.file("s"));
  auto peer = raw::connect(listening.local());
  auto accepted = co_await listening.accept();
  co_await accepted.send("unread");
  peer.send("reply");
  peer.close();
  EXPECT_EQ(co_await recv_exactly(accepted, 5), "reply");
  auto after = co_await attempt(accepted.recv());
  EXPECT_TRUE(fails(after, errc::reset));
  auto sent = co_await attempt(accepted.send("x"));
  EXPECT_TRUE(fails(sent, errc::closed));
}

// ── Whose file it is ────────────────────────────────────────────────────────────────────────────

namespace {

// A socket of another program that has taken its place and does not listen yet.
raw::socket bound_only(const std::string& path, int type) {
  needs_kernel("binds a plain socket");
  raw::socket s(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  EXPECT_EQ(::bind(s.fd(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  return s;
}

// The current folder, until it dies.
class standing_in {
 public:
  explicit standing_in(const std::string& path) : was_(::open(".", O_RDONLY | O_CLOEXEC)) {
    EXPECT_EQ(::chdir(path.c_str()), 0);
  }
  ~standing_in() { EXPECT_EQ(::fchdir(was_.fd()), 0); }
  standing_in(const standing_in&) = delete;
  standing_in& operator=(const standing_in&) = delete;

 private:
  raw::socket was_;
};

}  // namespace

BIGHT_TEST(local, a_close_leaves_the_file_of_the_next_server) {
  const folder here;
  const std::string path = here.file("s");
  auto listening = co_await unix_socket::listen(path);
  needs_kernel("removes a file");
  EXPECT_EQ(::unlink(path.c_str()), 0);
  auto next = co_await unix_socket::listen(path);
  listening.close();
  EXPECT_TRUE(exists(path));
  auto client = co_await attempt(unix_socket::connect(path));
  EXPECT_TRUE(static_cast<bool>(client));
  next.close();
  EXPECT_FALSE(exists(path));
}

BIGHT_TEST(local, a_close_after_a_chdir_removes_the_socket_and_nothing_else) {
  const folder first;
  const folder second;
  needs_kernel("changes the folder");
  std::fclose(std::fopen(second.file("s").c_str(), "w"));
  std::optional<standing_in> there(std::in_place, first.file(""));
  auto listening = co_await unix_socket::listen("s");
  EXPECT_EQ(listening.local(), address::unix_socket("s"));
  there.emplace(second.file(""));
  listening.close();
  there.reset();
  EXPECT_FALSE(exists(first.file("s")));
  EXPECT_TRUE(exists(second.file("s")));
}

BIGHT_TEST(local, a_close_in_a_child_after_fork_removes_nothing) {
  const folder here;
  const std::string path = here.file("s");
  auto listening = co_await unix_socket::listen(path);
  needs_kernel("forks");
  if (engine_chosen().name == "uring") co_return;  // a child has no part in its parent's ring
  const pid_t child = fork();
  if (child == 0) {
    listening.close();
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(exists(path));
  listening.close();
  EXPECT_FALSE(exists(path));
}

BIGHT_TEST(local, a_server_that_has_bound_its_file_and_does_not_listen_yet_is_alive) {
  const folder here;
  const std::string path = here.file("s");
  for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
    auto other = bound_only(path, type);
    auto outcome = co_await attempt(unix_socket::listen(path));
    EXPECT_TRUE(fails(outcome, errc::address_in_use));
    if (type == SOCK_STREAM) {
      EXPECT_EQ(::listen(other.fd(), 1), 0);
      auto client = co_await attempt(unix_socket::connect(path));
      EXPECT_TRUE(static_cast<bool>(client));
    }
    other.close();
    auto listening = co_await unix_socket::listen(path);  // now it is a leftover
    listening.close();
  }
}

BIGHT_TEST(local, a_symbolic_link_is_not_replaced) {
  const folder here;
  const std::string path = here.file("s");
  const std::string target = here.file("t");
  raw::listen(address::unix_socket(target)).close();  // a leftover
  EXPECT_EQ(::symlink(target.c_str(), path.c_str()), 0);
  auto outcome = co_await attempt(unix_socket::listen(path));
  EXPECT_TRUE(fails(outcome, errc::address_in_use));
  struct stat s{};
  EXPECT_EQ(lstat(path.c_str(), &s), 0);
  EXPECT_TRUE(S_ISLNK(s.st_mode));
  EXPECT_TRUE(exists(target));
  ::unlink(target.c_str());
}

TEST(local, of_two_servers_that_start_at_once_on_a_leftover_one_has_it) {
  if (on_sim()) GTEST_SKIP() << "runs two loops in two threads";
  const folder here;
  const std::string path = here.file("s");
  for (int round = 0; round < 30; ++round) {
    raw::listen(address::unix_socket(path)).close();
    std::atomic<int> listening{0};
    std::barrier both(2);
    const auto start = [&listening, &both, &path] {
      auto body = [](std::string at, std::atomic<int>& count, std::barrier<>& meet) -> task<> {
        meet.arrive_and_wait();
        auto mine = co_await attempt(unix_socket::listen(at));
        if (mine) ++count;
        meet.arrive_and_wait();  // neither has closed by now
      };
      runner().run(body(path, listening, both));
    };
    std::thread other(start);
    start();
    other.join();
    EXPECT_EQ(listening, 1);
  }
}

BIGHT_TEST(local, datagrams_do_not_go_over_unix_sockets) {
  const folder here;
  auto bound = co_await attempt(udp::bind("unix:" + here.file("s")));
  EXPECT_TRUE(fails(bound, errc::bad_address));
  auto connected = co_await attempt(udp::connect("unix:" + here.file("s")));
  EXPECT_TRUE(fails(connected, errc::bad_address));
}

static task<> talk_to(served& s) {
  auto peer = co_await tcp::connect(s.at.front());
  co_await peer.send("hello");
  EXPECT_EQ(co_await recv_exactly(peer, 5), "hello");
}

BIGHT_TEST(local, serve_serves_a_path_and_removes_it) {
  const folder here;
  const std::string path = here.file("s");
  served s;
  co_await serve_for(s, unix_socket::serve(path, echo, s.options()), talk_to(s));
  EXPECT_EQ(s.at.front(), address::unix_socket(path));
  EXPECT_EQ(s.told(), "");
  EXPECT_FALSE(exists(path));
}

}  // namespace contract
