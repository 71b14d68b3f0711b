// SPDX-License-Identifier: MIT
#include "loop/choose.hpp"
#include "sim/universe.hpp"

// A world with one host, for BIGHT_ENGINE=sim. It lives as long as the engine, whose wait() drives
// it.
bight::machinery::engine* bight_simulated_engine() {
  using namespace bight::sim;
  auto all = std::make_unique<universe>(world_options());
  machine& m = all->add("localhost", host_options());
  program& p = all->add_outside(m);
  auto made = std::make_unique<sim_engine>(*all, m, p);
  p.eng = made.get();
  made->keep(std::move(all));
  return made.release();
}
