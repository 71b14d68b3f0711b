// SPDX-License-Identifier: MIT
#pragma once

/// The faults of a world: the strength of each family, when it strikes, and what it does.

#include "sim/universe.hpp"

#include <array>
#include <system_error>

namespace bight::sim {

class fault_driver {
 public:
  explicit fault_driver(universe& all);

  /// Starts the faults, for as long as the plan specifies.
  void begin();
  void on_strike(std::uint32_t subject);
  void on_heal(std::uint32_t index);
  /// Called for a path between two hosts when it is first used.
  void worsen(path& p, const machine& from, const machine& to);
  [[nodiscard]] std::uint64_t struck() const noexcept { return struck_; }
  [[nodiscard]] bool on(family f) const noexcept { return on_.has(f); }

  // ── Drawn where they matter. Without the family, the result means no fault. ──────────────────

  [[nodiscard]] bool refuses() { return on(family::refuse) && strikes(family::refuse, 2); }
  [[nodiscard]] bool hangs(socket& s);
  [[nodiscard]] std::errc accept_error(machine& m);
  [[nodiscard]] std::size_t shorter(std::size_t n);
  [[nodiscard]] std::size_t buffer(socket_kind k, std::size_t usual);
  [[nodiscard]] duration lateness();
  [[nodiscard]] std::uint64_t shuffle() {
    return on(family::schedule) ? draws(family::schedule).next() >> 48 : 0;
  }
  void answer_worse(name_options::answer& what, duration& latency);

 private:
  struct fault {
    family what;
    machine* a = nullptr;
    machine* b = nullptr;
    bool both_ways = false;
    bool healed = false;
  };

  [[nodiscard]] random_stream& draws(family f) noexcept {
    return draws_[static_cast<std::size_t>(f)];
  }
  [[nodiscard]] bool may_strike();
  [[nodiscard]] bool strikes(family f, int share);
  void tell(family f, std::string_view what, const machine* a, const machine* b);
  [[nodiscard]] machine& any_machine(family f);
  void next_strike(family f);
  void strike_between(fault& f);
  void strike_connection();
  void apply(fault& f);
  void undo(fault& f);
  void unclog(path& p);
  void end();

  universe& all_;
  families on_;
  std::array<random_stream, family_count> draws_;
  std::array<double, family_count> share_{};       // the probability of a drawn fault
  std::array<duration, family_count> interval_{};  // mean time between strikes
  path_options worse_;
  std::vector<fault> faults_;
  std::uint64_t struck_ = 0;
};

}  // namespace bight::sim
