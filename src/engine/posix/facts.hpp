// SPDX-License-Identifier: MIT
#pragma once

/// Facts about routes and files from the kernel, to explain errors.

#include "engine/causes.hpp"

namespace bight::posix {

class kernel_facts final : public machine_facts {
 public:
  [[nodiscard]] int route(const address& to, bool broadcast) const override;
  [[nodiscard]] bool has_zone_of(const address& a) const override;
  [[nodiscard]] file file_at(const address& at) const override;
};

}  // namespace bight::posix
