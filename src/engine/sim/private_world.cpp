// SPDX-License-Identifier: MIT
#include "engine/sim/private_world.hpp"

#include "engine/sim/universe.hpp"

namespace bight::sim {

std::unique_ptr<engine> make_private_world() {
  auto all = std::make_unique<universe>(world_options());
  machine& m = all->add("localhost", host_options());
  program& p = all->add_outside(m);
  auto made = std::make_unique<sim_engine>(*all, m, p);
  p.eng = made.get();
  made->keep(std::move(all));
  return made;
}

}  // namespace bight::sim
