// SPDX-License-Identifier: MIT
#include "engine/posix/slots.hpp"

namespace bight::posix {

handle slot_table::enter(int fd, socket_kind kind, int family) {
  const auto index = static_cast<std::uint32_t>(fd);
  slot& s = table_.at(index);
  s.in_use = true;
  s.kind = kind;
  s.family = static_cast<std::uint8_t>(family);
  s.unlink_path = false;
  s.joins = false;
  s.remote_length = 0;
  return {index, s.generation};
}

void slot_table::leave(handle h) noexcept {
  slot* s = find(h);
  if (s == nullptr) return;
  s->in_use = false;
  ++s->generation;
}

}  // namespace bight::posix
