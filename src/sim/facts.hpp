// SPDX-License-Identifier: MIT
#pragma once

/// Facts about the routes and files of a simulated host, to explain errors.

#include "engine/causes.hpp"
#include "sim/universe.hpp"

namespace bight::sim {

class host_facts final : public machine_facts {
 public:
  host_facts(universe& all, machine& home) noexcept : all_(all), home_(home) {}
  [[nodiscard]] int route(const address& to, bool broadcast) const override;
  [[nodiscard]] bool has_zone_of(const address& a) const override;
  [[nodiscard]] file file_at(const address& at) const override;

 private:
  universe& all_;
  machine& home_;
};

}  // namespace bight::sim
