// SPDX-License-Identifier: MIT
#pragma once

/// What has arrived on a socket and waits for a receive.

#include <bight/op.hpp>

#include <deque>

namespace bight::posix {

/// One arrival: bytes of a stream, or a datagram with its sender.
struct arrival {
  lease data;
  address from;
  bool truncated = false;
};

/// Arrivals in order. A receive that was cancelled after it had taken something puts it back in
/// front, so that the next receive gets it.
class inbox {
 public:
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t count() const noexcept { return items_.size(); }

  void push_back(arrival a) {
    bytes_ += a.data.size();
    items_.push_back(std::move(a));
  }

  /// Takes back what the completed receive `o` holds.
  void requeue(op& o) {
    arrival a;
    if (o.what == verb::recv_into)
      a.data = lease::copy_of(
          {reinterpret_cast<const char*>(o.buffer), static_cast<std::size_t>(o.count)});
    else
      a.data = std::move(o.got);
    if (o.peer != nullptr) a.from = *o.peer;
    a.truncated = o.truncated;
    bytes_ += a.data.size();
    items_.push_front(std::move(a));
  }

  /// Gives the front to the receive `o`: as much as it asked for of a stream, a whole datagram
  /// otherwise. There must be one.
  void give(op& o, bool datagrams);

  /// The same with an arrival that is not queued. What is left of it stays in `a`.
  static void hand_over(op& o, arrival& a, bool datagrams);

 private:
  std::deque<arrival> items_;
  std::size_t bytes_ = 0;
};

}  // namespace bight::posix
