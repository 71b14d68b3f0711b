// SPDX-License-Identifier: MIT
// The example server on one thread and ten thousand clients at once, each with the session of the
// seed's client. The server has a process of its own, since one process may not have descriptors
// enough for both ends.

#include <bight/bight.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace bight;
using namespace bight::machinery;

namespace {

constexpr std::size_t clients_at_once = 10'000;
constexpr std::size_t connects_at_once = 500;  // well below the backlog of 4,096

// build/examples/tcp_server on a free port, its output in a file.
class example_server {
 public:
  explicit example_server(const char* engine) : port_(free_port()) {
    const char* build = std::getenv("BIGHT_BUILD");
    const std::string program =
        std::string(build != nullptr ? build : ".") + "/examples/tcp_server";
    const int output = mkostemp(file_, O_CLOEXEC);
    child_ = fork();
    if (child_ != 0) {
      ::close(output);
      return;
    }
    setenv("BIGHT_ENGINE", engine, 1);
    dup2(output, STDOUT_FILENO);
    execl(program.c_str(), program.c_str(), at().str().c_str(), nullptr);
    std::perror(program.c_str());
    _exit(127);
  }
  ~example_server() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    unlink(file_);
  }
  example_server(const example_server&) = delete;
  example_server& operator=(const example_server&) = delete;

  [[nodiscard]] address at() const { return address::ip4({127, 0, 0, 1}, port_); }

  /// Whether it is still there.
  [[nodiscard]] bool runs() { return child_ > 0 && waitpid(child_, nullptr, WNOHANG) == 0; }

  /// The most memory that it has had, in KiB: proc(5), VmHWM.
  [[nodiscard]] long peak_memory() const {
    std::ifstream status("/proc/" + std::to_string(child_) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + 6);
    return -1;
  }

  /// Drains it and gives its exit code.
  int stop() {
    kill(child_, SIGTERM);
    int status = 0;
    rusage used{};
    wait4(std::exchange(child_, -1), &status, 0, &used);
    cpu_seconds_ = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                   static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  /// Processor time of its whole life, once it has stopped.
  [[nodiscard]] double cpu_seconds() const { return cpu_seconds_; }

  /// How many sessions it has said that it closed.
  [[nodiscard]] std::size_t closed_sessions() const {
    std::ifstream output(file_);
    std::size_t count = 0;
    for (std::string line; std::getline(output, line);)
      if (line.starts_with("Connection from ") && line.ends_with(" closed.")) ++count;
    return count;
  }

 private:
  static std::uint16_t free_port() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof name;
    bind(fd, reinterpret_cast<sockaddr*>(&name), length);
    getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length);
    ::close(fd);
    return ntohs(name.sin_port);
  }

  char file_[32] = "/tmp/bight-ten-thousand-XXXXXX";
  std::uint16_t port_;
  pid_t child_ = -1;
  double cpu_seconds_ = 0;
};

// What ten thousand clients share.
struct crowd {
  explicit crowd(address where) : at(std::move(where)) {}
  address at;
  std::size_t connected = 0;
  std::size_t finished = 0;
  std::size_t connecting = 0;
  event room;   // to connect
  event start;  // everybody is there
};

task<> expect(stream& from, std::string_view expected) {
  std::string got;
  while (got.size() < expected.size()) {
    auto bytes = co_await from.recv(expected.size() - got.size());
    if (!bytes) break;
    got += bytes.view();
  }
  if (got != expected) throw error(errc::invalid, "client", 0, "it got \"" + got + '"');
}

task<> client(crowd& all) {
  tcp::connect_options patient;
  patient.timeout = 60s;
  auto server = co_await tcp::connect(all.at, patient);
  --all.connecting;
  all.room.set();
  co_await expect(server, "Welcome");
  if (++all.connected == clients_at_once) all.start.set();
  co_await all.start.wait();
  for (const std::string name : {"dbb", "lily"}) {
    co_await server.send(name);
    co_await expect(server, "Hello, " + name);
  }
  co_await server.send("exit");
  if (auto more = co_await server.recv()) throw error(errc::invalid, "client", 0, "more came");
  ++all.finished;
}

task<> everybody(crowd& all, scope& clients) {
  for (std::size_t i = 0; i < clients_at_once; ++i) {
    while (all.connecting == connects_at_once) {
      all.room.reset();
      co_await all.room.wait();
    }
    ++all.connecting;
    clients.spawn(client(all));
  }
}

task<> run_everybody(crowd& all, example_server& server) {
  for (;;) {  // until it listens
    auto first = co_await attempt(tcp::connect(server.at()));
    if (first) {
      co_await expect(*first, "Welcome");
      co_await first->send("exit");
      co_await first->recv();
      break;
    }
    if (!server.runs()) throw error(first.error());
    co_await sleep(10ms);
  }
  scope clients(co_await current_context());
  clients.spawn(everybody(all, clients));
  co_await clients.join();
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

class ten_thousand : public testing::TestWithParam<const char*> {};

TEST_P(ten_thousand, clients_at_once_get_every_byte_from_the_example_server_on_one_thread) {
  const std::string wanted = GetParam();
  const char* only = std::getenv("BIGHT_ENGINE");
  if (only != nullptr && *only != '\0' && only != wanted)
    GTEST_SKIP() << "BIGHT_ENGINE is " << only;
  const auto choice = wanted == "uring" ? engine_choice::uring : engine_choice::epoll;
  try {
    static_cast<void>(engine_chosen(choice));
  } catch (const error& e) {
    GTEST_SKIP() << e.what();
  }
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  setrlimit(RLIMIT_NOFILE, &descriptors);
  if (descriptors.rlim_max < clients_at_once + 100)
    GTEST_SKIP() << "only " << descriptors.rlim_max << " descriptors";

  example_server server(wanted.c_str());
  crowd all(server.at());
  const auto start = std::chrono::steady_clock::now();
  try {
    runner loop({.engine = choice});
    auto limited = within(100s, run_everybody(all, server));
    auto main = [](within_operation<task<>> operation) -> task<> { co_await std::move(operation); };
    loop.run(main(std::move(limited)));
  } catch (const std::exception& e) {
    ADD_FAILURE() << e.what() << " (" << all.connected << " connected)";
  }
  EXPECT_EQ(all.finished, clients_at_once);
  const double seconds = seconds_since(start);
  const long memory = server.peak_memory();
  EXPECT_EQ(server.stop(), 0);
  std::printf("%s: %zu clients in %.1f s, 3 s of which are the sessions' own; ", wanted.c_str(),
              all.finished, seconds);
  std::printf("server %ld KiB, %.2f s of processor time\n", memory, server.cpu_seconds());
  // Side by side in one run. Closing used to search all requests that wait, and cost io_uring five
  // times what epoll needed.
  static double first = 0;
  const double now = server.cpu_seconds();
  if (first > 0) {
    EXPECT_LT(std::max(first, now) / std::min(first, now), 3.5);
  }
  first = now;
  EXPECT_EQ(server.closed_sessions(), clients_at_once + 1);  // and the one that found it listening
}

INSTANTIATE_TEST_SUITE_P(engines, ten_thousand, testing::Values("uring", "epoll"),
                         [](const auto& engine) { return std::string(engine.param); });
