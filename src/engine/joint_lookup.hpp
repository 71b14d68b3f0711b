// SPDX-License-Identifier: MIT
#pragma once

/// What the look-ups of both address families of one name share.

#include <memory>

namespace bight::machinery {

/// Set by the engine. The look-ups with the same object select one name of the search list.
struct joint_lookup {
  std::shared_ptr<void> state;
};

}  // namespace bight::machinery
