// SPDX-License-Identifier: MIT
#pragma once

/// The future events of a world, earliest first.

#include <bight/time.hpp>

#include "base/names.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bight::sim {

enum class event_kind : std::uint8_t {
  wake,         ///< a program: a timer is due, or it has more work
  arrive,       ///< a stream: its first parcel in flight reaches the peer
  room,         ///< a stream: its peer has announced new room
  go_on,        ///< a send in parts continues; joined datagrams are due
  ask,          ///< a stream: its connection request reaches the listener
  ask_again,    ///< a stream: its connection request has timed out
  unheard,      ///< a stream: its acknowledgements have timed out
  refused,      ///< a stream: a reset arrives
  probe,        ///< a stream: a keep-alive probe is due
  datagram,     ///< a datagram arrives
  unreachable,  ///< a datagram socket: no socket has the target port
  departed,     ///< a datagram socket: one of its datagrams has left its buffer
  answer,       ///< the answer to a lookup
  call,         ///< a function of the scenario
  strike,       ///< a family of faults strikes
  heal,         ///< a fault ends
};

/// An event. It is small, because the heap moves it. `life` shows whether its subject still exists
/// when it happens.
struct event {
  duration at;
  std::uint64_t order;
  std::uint32_t subject;
  std::uint32_t life : 24;
  std::uint32_t kind : 8;
};
inline constexpr std::uint32_t life_mask = (1u << 24) - 1;

/// A heap with four children per node. Of two events at the same time, the one with the smaller
/// order comes first: the one pushed first, unless `shuffle` bits change that.
class event_queue {
 public:
  void push(duration at, event_kind kind, std::uint32_t subject, std::uint32_t life,
            std::uint64_t shuffle = 0);
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
  /// The queue must not be empty.
  [[nodiscard]] const event& top() const noexcept { return heap_.front(); }
  event pop() noexcept;

 private:
  [[nodiscard]] static bool before(const event& a, const event& b) noexcept {
    return a.at != b.at ? a.at < b.at : a.order < b.order;
  }

  std::vector<event> heap_;
  std::uint64_t pushed_ = 0;
};

}  // namespace bight::sim
