// SPDX-License-Identifier: MIT
#pragma once

/// Streams whose bytes come back, with so many messages in flight on each.

#include "options.hpp"
#include "pattern.hpp"
#include "ring.hpp"
#include "window.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace load {

class echo {
 public:
  echo(const options& o, window& w, unsigned connections);
  ~echo();
  echo(const echo&) = delete;
  echo& operator=(const echo&) = delete;

  /// A long message there and back on each: the server has met them all, and what buffers it has
  /// for all connections together it has used from end to end.
  void greet();
  void run();

 private:
  struct connection {
    std::size_t send_place;
    std::size_t receive_place;
    std::uint64_t sent = 0;      // bytes, given to the kernel
    std::uint64_t received = 0;  // bytes, checked
    std::uint64_t stamped = 0;   // messages that have a time
    std::uint64_t answered = 0;  // messages
    bool sending = false;        // a send that will be told of is in flight
  };

  void happened(std::uint64_t mark, int result, const char* bytes, bool more);
  void receive(std::size_t index, const char* bytes, std::size_t n);
  void send(std::size_t index);

  window& window_;
  pattern pattern_;
  ring ring_;
  std::size_t message_;  // bytes on the wire
  unsigned depth_;
  bool spin_;
  // What is in flight fits into any socket's buffer, so sends cannot overtake each other and need
  // not be told of one by one.
  bool quiet_;
  std::uint64_t now_ = 0;
  std::vector<int> fds_;
  std::vector<connection> connections_;
  std::vector<std::uint64_t> stamps_;  // depth_ for each connection
};

}  // namespace load
