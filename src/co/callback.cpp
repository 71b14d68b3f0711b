// SPDX-License-Identifier: MIT
#include <bight/machinery/callback.hpp>

#include "base/names.hpp"

#include <atomic>

namespace bight::machinery {

callback_target::~callback_target() = default;

void callback_target::retain() noexcept {
  std::atomic_ref(owners_).fetch_add(1, std::memory_order_relaxed);
}

void callback_target::release() noexcept {
  // The last owner sees what the others did with the callable.
  if (std::atomic_ref(owners_).fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

}  // namespace bight::machinery
