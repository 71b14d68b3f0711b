// SPDX-License-Identifier: MIT
#pragma once

/// What has arrived on a socket and waits for a receive or an accept.

#include "base/names.hpp"
#include "engine/arrival.hpp"

#include <bight/machinery/op.hpp>

#include <new>

namespace bight::posix {

/// Arrivals in order. A receive that was cancelled after it had taken something puts it back in
/// front, so that the next receive gets it.
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

  /// The same; false, and nothing has changed, when there is no memory for it.
  [[nodiscard]] bool try_push_back(arrival&& a) noexcept {
    try {
      push_back(std::move(a));
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  /// Moves the first into `into`, which is empty: `most` of them, or all.
  void take(arrivals& into, std::size_t most);

  /// Calls `change` with each, the oldest first. Their sizes must stay.
  template <class F>
  void each(F change) {
    for (std::size_t i = first_; i < items_.size(); ++i) change(items_[i]);
  }

  /// Connections of a listener, the oldest in front.
  std::vector<int> accepted;

  [[nodiscard]] int take_accepted() {
    const int fd = accepted.front();
    accepted.erase(accepted.begin());  // few: a multishot is stopped before they are many
    return fd;
  }

  /// Takes back what the completed receive `o` holds. Throws std::bad_alloc; `o` is as it was then,
  /// or its bytes are gone.
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

  /// Gives the front to the receive `o`: as much as it asked for of a stream; otherwise a whole
  /// datagram, or all that came joined when it takes many. There must be one.
  void give(op& o, bool datagrams);

  /// The same with an arrival that is not queued. False: something of it is left, in `a`.
  static bool hand_over(op& o, arrival& a, bool datagrams);

 private:
  void drop_first();

  arrivals items_;  // from first_ on: a queue that keeps its memory
  std::size_t first_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace bight::posix
