// SPDX-License-Identifier: MIT
#pragma once

/// Arrivals on a socket that wait for a receive or an accept.

#include "base/names.hpp"
#include "engine/arrival.hpp"

#include <bight/machinery/op.hpp>

namespace bight::posix {

/// A queue of arrivals. A receive that was cancelled after it had taken something puts it back in
/// front for the next receive.
class inbox {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == items_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t count() const noexcept { return items_.size() - first_; }

  void push_back(arrival&& a) {
    const std::size_t size = a.data.size();
    items_.push_back(std::move(a));
    bytes_ += size;
  }

  /// Moves up to `most` arrivals into `into`, which must be empty.
  void take(arrivals& into, std::size_t most);

  /// Calls `change` with each arrival, oldest first. It must not change their sizes.
  template <class F>
  void each(F change) {
    for (std::size_t i = first_; i < items_.size(); ++i) change(items_[i]);
  }

  /// Accepted connections of a listener, oldest first.
  std::vector<int> accepted;

  [[nodiscard]] int take_accepted() {
    const int fd = accepted.front();
    accepted.erase(accepted.begin());  // few: see uring::socket::accepted_max
    return fd;
  }

  /// Puts back what the completed receive `o` has taken. May throw std::bad_alloc; then `o` is
  /// unchanged or has lost its bytes.
  void requeue(op& o) {
    arrival a;
    if (o.what == verb::recv_into)
      a.data = lease::copy_of(
          {reinterpret_cast<const char*>(o.buffer), static_cast<std::size_t>(o.count)});
    else
      a.data = std::move(*o.got);
    if (o.peer != nullptr) a.from = *o.peer;
    a.truncated = o.truncated;
    a.segment = o.segment;
    const std::size_t size = a.data.size();
    if (first_ > 0)
      items_[--first_] = std::move(a);
    else
      items_.insert(items_.begin(), std::move(a));
    bytes_ += size;
  }

  /// Moves the first arrival to the receive `o`: as many bytes of a stream as it requests, or a
  /// whole datagram, or all joined datagrams if it takes many. The inbox must not be empty.
  void give(op& o, bool datagrams);

  /// The same for an arrival that is not queued. Returns false if a part of it remains in `a`.
  static bool hand_over(op& o, arrival& a, bool datagrams);

 private:
  void drop_first();

  arrivals items_;  // a queue from first_ on, which keeps its memory
  std::size_t first_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace bight::posix
