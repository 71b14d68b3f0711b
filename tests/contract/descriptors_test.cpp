// SPDX-License-Identifier: MIT
// A loop that has ended has closed every descriptor that it opened, also where a call failed.
#include <bight/resolve.hpp>
#include <bight/run.hpp>
#include <bight/stdio.hpp>
#include <bight/tcp.hpp>
#include <bight/udp.hpp>
#include <bight/unix_socket.hpp>

#include "contract/certificates.hpp"
#include "contract/contract.hpp"
#include "contract/tls_trial.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace contract {

namespace {

long open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

template <class T>
task<> expect_failure(task<T> call) {
  const auto outcome = co_await attempt(std::move(call));
  EXPECT_FALSE(outcome);
}

task<> use_tcp() {
  auto listening = co_await tcp::listen(":0");
  auto again = tcp::listen(address("127.0.0.1:1").with_port(listening.local().port()));
  co_await expect_failure(std::move(again));
  auto pair = co_await connected();
  co_await pair.here.send("unread");
  pair.there.abort();
  for (const char* nowhere : {"127.0.0.1:1", "255.255.255.255:1"}) {
    co_await expect_failure(tcp::connect(nowhere));
  }
  tcp::connect_options from;
  from.from = address("192.0.2.1:0");
  co_await expect_failure(tcp::connect("127.0.0.1:1", from));
  co_await sleep(50ms);  // with a timer of the system
}

task<> use_udp() {
  auto socket = co_await udp::bind(":0");
  co_await expect_failure(udp::bind("192.0.2.1:0"));
  auto aimed = co_await udp::connect(address("127.0.0.1:1").with_port(socket.local().port()));
  co_await aimed.send("unread");
}

task<> use_unix_sockets(std::string path) {
  raw::listen(address::unix_socket(path)).close();  // a leftover, which is replaced
  auto listening = co_await unix_socket::listen(path);
  co_await expect_failure(unix_socket::listen(path));
  auto client = co_await unix_socket::connect(path);
  auto server = co_await listening.accept();
  co_await expect_failure(unix_socket::connect(path + "-none"));
}

task<> use_names_and_tls(tls::serve_options server) {
  static_cast<void>(co_await resolve("localhost:1"));
  co_await expect_failure(resolve("no-such-name.invalid:1"));
  auto answered = co_await try_with(server, careless());
  EXPECT_TRUE(answered);
}

void use_a_loop() {
  certificates files;
  runner loop;
  loop.run(use_tcp());
  loop.run(use_udp());
  loop.run(use_unix_sockets(files.directory() / "socket"));
  loop.run(use_names_and_tls(with_files(files.make(good()))));
}

}  // namespace

TEST(descriptors, are_all_closed_with_the_loop) {
  if (on_sim()) GTEST_SKIP() << "opens no descriptors";
  use_a_loop();  // some are opened once, for the whole process
  const long before = open_descriptors();
  use_a_loop();
  // A ring is closed by a work queue of the kernel, but its descriptor is free at once.
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace contract
