// SPDX-License-Identifier: MIT
#include <bight/local.hpp>

#include "contract/contract.hpp"

#include <cstdlib>

#include <sys/stat.h>
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
  auto both = all(send_pattern(pair.here, 3'000'000), send_pattern(pair.there, 3'000'000),
                  expect_pattern(pair.here, 3'000'000), expect_pattern(pair.there, 3'000'000));
  co_await std::move(both);
}

BIGHT_TEST(local, listener_and_client_know_the_path_and_the_client_has_no_name) {
  const folder here;
  const std::string path = here.file("s");
  auto listening = co_await local::listen(path);
  EXPECT_EQ(listening.local(), address::local(path));
  auto client = co_await local::connect(path);
  auto accepted = co_await listening.accept();
  EXPECT_EQ(client.remote(), address("unix:" + path));
  EXPECT_EQ(accepted.local(), address::local(path));
  EXPECT_EQ(accepted.remote().what(), address::kind::none);
  EXPECT_EQ(client.local().what(), address::kind::none);
}

BIGHT_TEST(local, an_abstract_name_needs_no_file) {
  const std::string name = "@bight-contract-" + std::to_string(getpid());
  auto listening = co_await local::listen(name);
  EXPECT_EQ(listening.local(), address::local(name));
  auto client = co_await tcp::connect("unix:" + name);
  auto accepted = co_await listening.accept();
  EXPECT_EQ(client.remote(), address::local(name));
  co_await client.send("x");
  EXPECT_EQ(co_await accepted.recv(), "x");
  auto again = co_await attempt(local::listen(name));
  EXPECT_TRUE(fails(again, errc::address_in_use));
}

BIGHT_TEST(local, the_file_is_removed_at_the_close) {
  const folder here;
  const std::string path = here.file("s");
  auto listening = co_await local::listen(path);
  EXPECT_TRUE(exists(path));
  listening.close();
  EXPECT_FALSE(exists(path));
}

BIGHT_TEST(local, the_file_is_not_removed_by_a_connection_that_closes) {
  const folder here;
  const std::string path = here.file("s");
  auto listening = co_await local::listen(path);
  {
    auto client = co_await local::connect(path);
    auto accepted = co_await listening.accept();
  }
  EXPECT_TRUE(exists(path));
  auto client = co_await attempt(local::connect(path));
  EXPECT_TRUE(static_cast<bool>(client));
}

BIGHT_TEST(local, a_file_that_nobody_listens_on_is_replaced) {
  const folder here;
  const std::string path = here.file("s");
  raw::listen(address::local(path)).close();  // as after a crash
  EXPECT_TRUE(exists(path));
  auto listening = co_await local::listen(path);
  auto client = co_await attempt(local::connect(path));
  EXPECT_TRUE(static_cast<bool>(client));
  listening.close();
  EXPECT_FALSE(exists(path));
}

BIGHT_TEST(local, a_file_that_somebody_listens_on_is_in_use) {
  const folder here;
  const std::string path = here.file("s");
  auto listening = co_await local::listen(path);
  auto again = co_await attempt(local::listen(path));
  EXPECT_TRUE(fails(again, errc::address_in_use));
  EXPECT_TRUE(exists(path));
  auto client = co_await attempt(local::connect(path));
  EXPECT_TRUE(static_cast<bool>(client));
}

BIGHT_TEST(local, a_file_that_is_no_socket_is_left_alone) {
  const folder here;
  const std::string path = here.file("s");
  needs_kernel("makes a file");
  std::FILE* f = std::fopen(path.c_str(), "w");
  std::fputs("precious", f);
  std::fclose(f);
  auto outcome = co_await attempt(local::listen(path));
  EXPECT_TRUE(fails(outcome, errc::address_in_use));
  struct stat s{};
  EXPECT_EQ(stat(path.c_str(), &s), 0);
  EXPECT_EQ(s.st_size, 8);
}

BIGHT_TEST(local, connect_to_no_file_or_to_nobody_says_what_is_wrong) {
  const folder here;
  const std::string path = here.file("s");
  auto missing = co_await attempt(local::connect(path));
  EXPECT_TRUE(fails(missing, errc::bad_address));
  raw::listen(address::local(path)).close();
  auto nobody = co_await attempt(local::connect(path));
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
  auto missing = co_await attempt(local::connect(path));
  EXPECT_EQ(told(missing),
            "connect unix:" + path + ": there is no such socket file (is the server running?)");
  std::fclose(std::fopen(path.c_str(), "w"));
  auto file = co_await attempt(local::connect(path));
  EXPECT_EQ(told(file), "connect unix:" + path + ": that file is not a socket (check the path)");
  auto below = co_await attempt(local::connect(path + "/x"));
  EXPECT_EQ(told(below),
            "connect unix:" + path + "/x: a part of the path is not a folder (check the path)");
  auto listening = co_await attempt(local::listen(path));
  EXPECT_TRUE(fails(listening, errc::address_in_use));
  EXPECT_NE(std::string(listening.error().what()).find("not a socket"), std::string::npos);
}

BIGHT_TEST(local, connects_beyond_the_backlog_wait_and_get_in_when_it_empties) {
  const folder here;
  tcp::listen_options small;
  small.backlog = 1;
  auto listening = co_await local::listen(here.file("s"), small);
  constexpr int clients = 6;  // Linux holds backlog + 1
  const auto client = [](std::string path, int& connected) -> task<> {
    auto peer = co_await local::connect(std::move(path));
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
  auto joined = side.join();
  co_await std::move(joined);
  EXPECT_EQ(connected, clients);
}

BIGHT_TEST(local, a_connect_that_waits_for_room_ends_at_its_deadline) {
  const folder here;
  tcp::listen_options small;
  small.backlog = 1;
  auto listening = co_await local::listen(here.file("s"), small);
  std::vector<stream> queued;
  for (int i = 0; i < 2; ++i) queued.push_back(co_await local::connect(here.file("s")));
  auto waiting = within(100ms, local::connect(here.file("s")));
  auto outcome = co_await attempt(std::move(waiting));
  EXPECT_TRUE(fails(outcome, errc::timed_out));
}

BIGHT_TEST(local, a_peer_that_closes_without_reading_resets) {
  const folder here;
  auto listening = co_await local::listen(here.file("s"));
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

static task<> talk_to(served& s) {
  auto peer = co_await tcp::connect(s.at.front());
  co_await peer.send("hello");
  EXPECT_EQ(co_await recv_exactly(peer, 5), "hello");
}

BIGHT_TEST(local, serve_serves_a_path_and_removes_it) {
  const folder here;
  const std::string path = here.file("s");
  served s;
  co_await serve_for(s, local::serve(path, echo, s.options()), talk_to(s));
  EXPECT_EQ(s.at.front(), address::local(path));
  EXPECT_EQ(s.told(), "");
  EXPECT_FALSE(exists(path));
}

}  // namespace contract
