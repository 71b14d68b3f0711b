// SPDX-License-Identifier: MIT
#include "loop/choose.hpp"

#include "base/text.hpp"
#include "engine/readiness/readiness.hpp"
#if BIGHT_URING
#include "engine/uring/uring.hpp"
#endif

#include <cstdlib>

#include <fmt/format.h>

// Null in a program that does not link the simulator.
extern "C" [[gnu::weak]] bight::machinery::engine* bight_simulated_engine();

namespace bight {

namespace {

std::unique_ptr<engine> try_uring(std::string& why_not) {
#if BIGHT_URING
  return uring::make_uring(why_not);
#else
  why_not = "this build has no io_uring (built without liburing)";
  return nullptr;
#endif
}

std::unique_ptr<engine> make_simulated(const char* by) {
  if (bight_simulated_engine == nullptr)
    throw error(errc::not_supported, fmt::format("engine sim ({})", by), 0,
                "the program does not link the simulator, bight::sim");
  return std::unique_ptr<engine>(bight_simulated_engine());
}

// The program's choice; if automatic, that of BIGHT_ENGINE.
engine_choice asked_for(engine_choice by_program) {
  const char* set = std::getenv("BIGHT_ENGINE");
  if (by_program != engine_choice::automatic || set == nullptr || *set == '\0') return by_program;
  const std::string_view name = set;
  if (name == "uring") return engine_choice::uring;
  if (name == "epoll") return engine_choice::epoll;
  if (name == "sim") return engine_choice::sim;
  if (name == "auto") return engine_choice::automatic;
  throw error(errc::invalid, fmt::format("BIGHT_ENGINE={}", printable(name)), 0,
              "no such engine; use uring, epoll, sim or auto");
}

}  // namespace

chosen_engine choose_engine(engine_choice choice) {
  const engine_choice wanted = asked_for(choice);
  const char* by = choice == wanted ? "requested by the program" : "requested by BIGHT_ENGINE";
  if (wanted == engine_choice::epoll) return {readiness::make_readiness(), by};
  if (wanted == engine_choice::sim) return {make_simulated(by), by};
  std::string why_not;
  auto ring = try_uring(why_not);
  if (ring != nullptr)
    return {std::move(ring), wanted == engine_choice::uring
                                 ? by
                                 : "io_uring works here (a test operation succeeded)"};
  if (wanted == engine_choice::uring)
    throw error(errc::not_supported, fmt::format("engine uring ({})", by), 0, why_not);
  return {readiness::make_readiness(), why_not + "; using epoll"};
}

}  // namespace bight
