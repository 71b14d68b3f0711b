// SPDX-License-Identifier: MIT
#include "engine/posix/slots.hpp"

namespace bight::posix {

handle slot::enter(int number, socket_kind k, int of_family) noexcept {
  fd = number;
  if (!in_use()) ++generation;
  kind = k;
  family = static_cast<std::uint8_t>(of_family);
  has_file = joins = tells_target = end_sent = end_taken = send_waited = false;
  attended = attention::none;
  return {static_cast<std::uint32_t>(number), generation};
}

void slot::leave() noexcept {
  if (in_use()) ++generation;
}

}  // namespace bight::posix
