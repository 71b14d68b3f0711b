// SPDX-License-Identifier: MIT
#include "sockets.hpp"

#include "ring.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace load {

namespace {

constexpr std::size_t source_count = 8;

int socket_of(int kind) {
  const int fd = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket", errno);
  return fd;
}

sockaddr_in loopback(std::uint32_t offset, std::uint16_t port) {
  sockaddr_in a = {};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK + offset);
  return a;
}

void connect_to(int fd, std::uint16_t port) {
  const sockaddr_in to = loopback(0, port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect", errno);
}

}  // namespace

int connect_stream(std::uint16_t port, std::size_t index) {
  const int fd = socket_of(SOCK_STREAM);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // Without it bind() would take a port that no other connection could use (ip(7)).
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const sockaddr_in from = loopback(static_cast<std::uint32_t>(index % source_count), 0);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) fail("bind", errno);
  connect_to(fd, port);
  return fd;
}

int connect_datagrams(std::uint16_t port) {
  const int fd = socket_of(SOCK_DGRAM);
  connect_to(fd, port);
  return fd;
}

void echo_once(int fd, const char* bytes, std::size_t n) {
  if (send(fd, bytes, n, MSG_NOSIGNAL) != static_cast<ssize_t>(n)) fail("send", errno);
  std::string back(n, '\0');
  if (recv(fd, back.data(), n, MSG_WAITALL) != static_cast<ssize_t>(n)) fail("recv", errno);
  if (std::memcmp(back.data(), bytes, n) != 0) fail("the reply differs", EBADMSG);
}

}  // namespace load
