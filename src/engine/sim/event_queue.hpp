// SPDX-License-Identifier: MIT
#pragma once

/// What is going to happen in a world, the earliest first.

#include <bight/time.hpp>

#include "base/names.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bight::sim {

enum class event_kind : std::uint8_t {
  wake,         ///< a program: a timer is due, or it has more to do
  arrive,       ///< a stream: the first of what it has in flight reaches its peer
  room,         ///< a stream: its peer has told that there is room again
  go_on,        ///< a send that went in parts takes up the next; datagrams that came joined are due
  ask,          ///< a stream: its request for a connection reaches the listener
  ask_again,    ///< a stream: nobody has answered its request in time
  unheard,      ///< a stream: no acknowledgement has reached it in time
  refused,      ///< a stream: the peer's reset comes
  probe,        ///< a stream: time to see whether the peer still lives
  datagram,     ///< a letter arrives
  unreachable,  ///< a datagram socket: word that nobody has the port
  departed,     ///< a datagram socket: a letter of its own has left its buffer
  answer,       ///< a look-up
  call,         ///< a function of the scenario's
  strike,       ///< a family of faults
  heal,         ///< a fault that struck
};

/// Small, because the heap moves them about. Whoever an event is about may have gone meanwhile:
/// `life` tells whether it still is the one that was meant.
struct event {
  duration at;
  std::uint64_t order;
  std::uint32_t subject;
  std::uint32_t life : 24;
  std::uint32_t kind : 8;
};
inline constexpr std::uint32_t life_mask = (1u << 24) - 1;

/// A heap with four children a node. Of two events at one time, the one with the smaller order is
/// first: that which was pushed first, unless `shuffle` bits say otherwise.
class event_queue {
 public:
  void push(duration at, event_kind kind, std::uint32_t subject, std::uint32_t life,
            std::uint64_t shuffle = 0);
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
  /// There must be one.
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
