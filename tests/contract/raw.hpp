// SPDX-License-Identifier: MIT
#pragma once

/// Plain sockets for scripted peers: what a test must provoke in the kernel, call by call.
///
/// Everything blocks, for some seconds at most. On loopback what has been sent is there at once, so
/// a test may drive these from the thread of its loop.

#include <bight/address.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace contract::raw {

class socket {
 public:
  socket() noexcept = default;
  explicit socket(int fd) noexcept : fd_(fd) {}
  socket(socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  socket& operator=(socket&& other) noexcept {
    socket taken(std::move(other));
    std::swap(fd_, taken.fd_);
    return *this;
  }
  ~socket() { close(); }

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] bight::address local() const;

  /// Every byte; the errno that stopped it, or 0.
  int send(std::string_view bytes) const;
  /// One byte out of band: tcp(7), MSG_OOB.
  void send_urgent(char byte) const;
  void send_to(const bight::address& to, std::string_view bytes) const;
  /// What one call gives; empty at the end. `errno_of_recv` tells why it failed, if it did.
  [[nodiscard]] std::string recv(std::size_t max = 65536) const;
  /// Everything up to the end or an error.
  [[nodiscard]] std::string recv_all() const;
  /// The errno of one receive; 0 when it gave something or the end.
  [[nodiscard]] int recv_error() const;

  /// Whether a receive would not wait: for bytes, an end or an error.
  [[nodiscard]] bool readable() const;

  void shutdown_send() const;
  /// Closes so that the peer sees a reset: SO_LINGER of 0, socket(7).
  void reset();
  void close();

 private:
  int fd_ = -1;
};

/// A connection to a TCP or unix listener; a receive buffer of 0 bytes is the system's default.
[[nodiscard]] socket connect(const bight::address& to, int receive_buffer = 0);
/// The same without waiting for it: for listeners whose queue is full.
[[nodiscard]] socket connect_later(const bight::address& to);
[[nodiscard]] socket listen(const bight::address& at, int backlog = 128);
[[nodiscard]] socket accept(const socket& listener);
/// A UDP socket bound to `at`.
[[nodiscard]] socket datagram(const bight::address& at);
/// A port of 127.0.0.1 on which nobody listens, at this moment.
[[nodiscard]] bight::address closed_port(int type);
/// The same, and while it lives nobody else gets that port. Connecting to it is refused: a TCP
/// socket that is bound does not listen, and a UDP socket that is connected hears its peer alone.
class nobody {
 public:
  explicit nobody(int type);
  [[nodiscard]] bight::address at() const { return holder_.local(); }
  /// Lets the port go, for somebody who comes.
  void leave() { holder_.close(); }

 private:
  socket peer_;
  socket holder_;
};

/// A listener whose queue is full: who connects to it gets no answer at all.
struct black_hole {
  black_hole();
  socket listener;
  socket queued[2];
};

}  // namespace contract::raw
