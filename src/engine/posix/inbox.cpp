// SPDX-License-Identifier: MIT
#include "engine/posix/inbox.hpp"

#include <cstring>

namespace bight::posix {

void inbox::give(op& o, bool datagrams) {
  arrival& first = items_.front();
  bytes_ -= first.data.size();
  hand_over(o, first, datagrams);
  if (datagrams || first.data.empty())
    items_.pop_front();
  else
    bytes_ += first.data.size();
}

void inbox::hand_over(op& o, arrival& a, bool datagrams) {
  if (datagrams) {
    o.truncated = a.truncated || a.data.size() > o.size;
    if (o.peer != nullptr) *o.peer = std::move(a.from);
  }
  lease taken = a.data.take_front(o.size);
  o.count = static_cast<std::int64_t>(taken.size());
  if (o.what == verb::recv_into)
    std::memcpy(o.buffer, taken.data(), taken.size());
  else
    o.got = std::move(taken);
}

}  // namespace bight::posix
