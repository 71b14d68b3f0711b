// SPDX-License-Identifier: MIT
#pragma once

/// A network of a test's own: a child process in new network and mount namespaces, with a loopback
/// interface and a name server on it that answers as the name asks it to.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bight_test {

/// A name server at 127.0.0.1:53. The name says what to answer: its first label for A, its second
/// for AAAA.
///
///     ok      127.0.0.1 or ::1              nx       no such host
///     two     127.0.0.2, 127.0.0.1          none     the host has no address of that family
///     many    1000 of them, 127.1.x.y       fail     SERVFAIL
///     refuse  REFUSED                       silent   nothing, ever
///     garble  an answer cut in the middle
class name_server {
 public:
  name_server() : udp_(open(SOCK_DGRAM)), tcp_(open(SOCK_STREAM)) {
    listen(tcp_, 16);
    thread_ = std::thread([this] { serve(); });
  }
  name_server(const name_server&) = delete;
  name_server& operator=(const name_server&) = delete;
  ~name_server() {
    stopping_ = true;
    thread_.join();
    close(udp_);
    close(tcp_);
  }

  [[nodiscard]] int questions() const { return questions_; }

 private:
  static int open(int type) {
    const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(53);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) std::perror("bind port 53");
    return fd;
  }

  void serve() {
    std::array<char, 65536> bytes;
    while (!stopping_) {
      pollfd ready[] = {{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
      if (poll(ready, 2, 20) <= 0) continue;
      if (ready[0].revents != 0) {
        sockaddr_in from{};
        socklen_t length = sizeof from;
        const auto n = recvfrom(udp_, bytes.data(), bytes.size(), 0,
                                reinterpret_cast<sockaddr*>(&from), &length);
        const std::string answer = reply({bytes.data(), static_cast<std::size_t>(n)}, 512);
        if (!answer.empty())
          sendto(udp_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
      }
      if (ready[1].revents != 0) {
        const int fd = accept(tcp_, nullptr, nullptr);
        const auto n = recv(fd, bytes.data(), bytes.size(), 0);
        if (n > 2) {
          std::string answer = reply({bytes.data() + 2, static_cast<std::size_t>(n) - 2}, 65535);
          answer.insert(0,
                        {static_cast<char>(answer.size() >> 8), static_cast<char>(answer.size())});
          send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
        }
        close(fd);
      }
    }
  }

  // The reply to a question, in at most `room` bytes; empty: none. RFC 1035 §4.1.
  std::string reply(std::string_view asked, std::size_t room) {
    ++questions_;
    std::vector<std::string> labels;
    std::size_t at = 12;
    while (asked[at] != 0) {
      labels.emplace_back(asked.substr(at + 1, static_cast<unsigned char>(asked[at])));
      at += 1 + labels.back().size();
    }
    const bool six = asked[at + 2] == 28;  // the type, AAAA
    const std::string question(asked.substr(12, at + 5 - 12));
    const std::string how = labels.at(six ? 1 : 0);
    if (how == "silent") return {};
    const int code = how == "nx" ? 3 : how == "fail" ? 2 : how == "refuse" ? 5 : 0;
    std::string records;
    unsigned count = 0;
    const auto add = [&](const std::string& bytes) {
      records += std::string("\xC0\x0C\x00", 3) + (six ? '\x1C' : '\x01');
      records += std::string("\x00\x01\x00\x00\x00\x00\x00", 7) + static_cast<char>(bytes.size());
      records += bytes;
      ++count;
    };
    const auto ip4 = [](int b, int c, int d) {
      return std::string{'\x7F', static_cast<char>(b), static_cast<char>(c), static_cast<char>(d)};
    };
    if (how == "two") add(ip4(0, 0, 2));
    if (how == "ok" || how == "two" || how == "garble")
      add(six ? std::string(15, '\0') + '\1' : ip4(0, 0, 1));
    if (how == "many")
      for (int i = 0; i < 1000; ++i) add(ip4(1, i / 250, 1 + i % 250));
    const bool cut = 12 + question.size() + records.size() > room;
    if (cut) records.clear(), count = 0;
    if (how == "garble") records.resize(records.size() - 2);
    std::string answer(asked.substr(0, 2));
    answer += static_cast<char>(cut ? 0x87 : 0x85);  // a reply, authoritative, perhaps cut
    answer += static_cast<char>(0x80 | code);
    answer += std::string("\x00\x01", 2) + static_cast<char>(count >> 8) + static_cast<char>(count);
    return answer + std::string(4, '\0') + question + records;
  }

  int udp_;
  int tcp_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> questions_{0};
  std::thread thread_;
};

/// Replaces /etc/`name` for this mount namespace.
inline bool replace_file(const std::string& name, const std::string& text) {
  char path[] = "/tmp/bight-test-XXXXXX";
  const int fd = mkstemp(path);
  if (fd < 0) return false;
  close(fd);
  std::ofstream(path) << text;
  const std::string target = "/etc/" + name;
  umount2(target.c_str(), MNT_DETACH);
  const bool done = mount(path, target.c_str(), nullptr, MS_BIND, nullptr) == 0;
  unlink(path);
  return done;
}

inline bool enter_own_network() {
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return false;
  mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  ifreq lo{};
  lo.ifr_name[0] = 'l';
  lo.ifr_name[1] = 'o';
  lo.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool up = ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
  close(fd);
  return up && replace_file("resolv.conf", "nameserver 127.0.0.1\n") &&
         replace_file("hosts", "127.0.0.5 only4.hosts\n");
}

/// How many bytes a packet on the loopback interface holds, in this network.
inline bool set_packet_size(int bytes) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  ifreq lo{};
  lo.ifr_name[0] = 'l';
  lo.ifr_name[1] = 'o';
  lo.ifr_mtu = bytes;
  const bool done = ioctl(fd, SIOCSIFMTU, &lo) == 0;
  close(fd);
  return done;
}

/// Runs `body` in a child process that has a network of its own, and fails when it does.
template <class Body>
void in_own_network(Body body) {
  constexpr int cannot = 77;
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    if (!enter_own_network()) _exit(cannot);
    body();
    std::exit(testing::Test::HasFailure() ? 1 : 0);  // not _exit: leaks are looked for
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == cannot)
    GTEST_SKIP() << "needs the right to make network and mount namespaces (root)";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

}  // namespace bight_test
