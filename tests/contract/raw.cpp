// SPDX-License-Identifier: MIT
#include "contract/raw.hpp"

#include "contract/contract.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace contract::raw {

namespace {

struct name {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

name name_of(const bight::address& a) {
  name n;
  if (a.is_unix()) {
    auto& un = reinterpret_cast<sockaddr_un&>(n.storage);
    const std::string path = a.host();
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path, path.data(), path.size());
    n.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    if (path[0] == '@') un.sun_path[0] = '\0';
  } else if (a.kind() == bight::address_kind::ip6) {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(n.storage);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(a.port());
    std::memcpy(&in6.sin6_addr, a.bytes().data(), 16);
    n.length = sizeof in6;
  } else {
    auto& in = reinterpret_cast<sockaddr_in&>(n.storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(a.port());
    std::memcpy(&in.sin_addr, a.bytes().data(), 4);
    n.length = sizeof in;
  }
  return n;
}

void must(int outcome, const char* what) {
  if (outcome < 0) throw std::system_error(errno, std::system_category(), what);
}

socket open(int family, int type) {
  needs_kernel("drives plain sockets");
  socket s(::socket(family, type | SOCK_CLOEXEC, 0));
  must(s.fd(), "socket");
  const timeval patience{20, 0};
  must(setsockopt(s.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "SO_RCVTIMEO");
  must(setsockopt(s.fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), "SO_SNDTIMEO");
  return s;
}

}  // namespace

bight::address socket::local() const {
  name n;
  must(getsockname(fd_, n.get(), &n.length), "getsockname");
  if (n.storage.ss_family == AF_INET6) {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(n.storage);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &in6.sin6_addr, 16);
    return bight::address::ip6(bytes, ntohs(in6.sin6_port));
  }
  const auto& in = reinterpret_cast<const sockaddr_in&>(n.storage);
  std::array<std::uint8_t, 4> bytes{};
  std::memcpy(bytes.data(), &in.sin_addr, 4);
  return bight::address::ip4(bytes, ntohs(in.sin_port));
}

int socket::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

void socket::send_urgent(char byte) const {
  must(static_cast<int>(::send(fd_, &byte, 1, MSG_OOB | MSG_NOSIGNAL)), "send MSG_OOB");
}

void socket::send_to(const bight::address& to, std::string_view bytes) const {
  name n = name_of(to);
  must(static_cast<int>(sendto(fd_, bytes.data(), bytes.size(), 0, n.get(), n.length)), "sendto");
}

std::string socket::recv(std::size_t max) const {
  std::string bytes(max, '\0');
  ssize_t n = 0;
  do n = ::recv(fd_, bytes.data(), bytes.size(), 0);
  while (n < 0 && errno == EINTR);  // io_uring interrupts its thread to complete a request
  bytes.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return bytes;
}

std::string socket::recv_all() const {
  std::string all;
  for (;;) {
    const std::string more = recv();
    if (more.empty()) return all;
    all += more;
  }
}

int socket::recv_error() const {
  char byte = 0;
  ssize_t n = 0;
  do n = ::recv(fd_, &byte, 1, 0);
  while (n < 0 && errno == EINTR);
  return n < 0 ? errno : 0;
}

bool socket::readable() const {
  pollfd one{fd_, POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

void socket::shutdown_send() const { must(::shutdown(fd_, SHUT_WR), "shutdown"); }

void socket::reset() {
  const linger none{1, 0};
  must(setsockopt(fd_, SOL_SOCKET, SO_LINGER, &none, sizeof none), "SO_LINGER");
  close();
}

void socket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

socket connect(const bight::address& to, int receive_buffer) {
  name n = name_of(to);
  socket s = open(n.storage.ss_family, SOCK_STREAM);
  if (receive_buffer > 0)
    must(setsockopt(s.fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer),
         "SO_RCVBUF");
  int outcome = ::connect(s.fd(), n.get(), n.length);
  if (outcome < 0 && errno == EINTR) {  // it goes on by itself: connect(2)
    pollfd writable{s.fd(), POLLOUT, 0};
    while (poll(&writable, 1, -1) < 0 && errno == EINTR) {}
    socklen_t length = sizeof errno;
    must(getsockopt(s.fd(), SOL_SOCKET, SO_ERROR, &errno, &length), "SO_ERROR");
    outcome = errno == 0 ? 0 : -1;
  }
  must(outcome, "connect");
  return s;
}

socket connect_later(const bight::address& to) {
  name n = name_of(to);
  socket s = open(n.storage.ss_family, SOCK_STREAM);
  must(fcntl(s.fd(), F_SETFL, O_NONBLOCK), "O_NONBLOCK");
  if (::connect(s.fd(), n.get(), n.length) < 0 && errno != EINPROGRESS) must(-1, "connect");
  must(fcntl(s.fd(), F_SETFL, 0), "blocking");
  return s;
}

socket listen(const bight::address& at, int backlog) {
  name n = name_of(at);
  socket s = open(n.storage.ss_family, SOCK_STREAM);
  must(::bind(s.fd(), n.get(), n.length), "bind");
  must(::listen(s.fd(), backlog), "listen");
  return s;
}

socket accept(const socket& listener) {
  socket s(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  must(s.fd(), "accept");
  return s;
}

socket datagram(const bight::address& at) {
  name n = name_of(at);
  socket s = open(n.storage.ss_family, SOCK_DGRAM);
  must(::bind(s.fd(), n.get(), n.length), "bind");
  return s;
}

bight::address closed_port(int type) {
  const socket taken = open(AF_INET, type);
  name n = name_of("127.0.0.1:0");
  must(::bind(taken.fd(), n.get(), n.length), "bind");
  return taken.local();
}

nobody::nobody(int type) : holder_(open(AF_INET, type)) {
  name any = name_of("127.0.0.1:0");
  must(::bind(holder_.fd(), any.get(), any.length), "bind");
  if (type != SOCK_DGRAM) return;
  peer_ = datagram("127.0.0.1:0");
  name to = name_of(peer_.local());
  must(::connect(holder_.fd(), to.get(), to.length), "connect");
}

black_hole::black_hole() : listener(listen("127.0.0.1:0", 0)) {
  queued[0] = connect(listener.local());  // a backlog of 0 holds one: faults.md §1
  queued[1] = connect_later(listener.local());
}

}  // namespace contract::raw
