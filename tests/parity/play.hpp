// SPDX-License-Identifier: MIT
#pragma once

/// Plays a script through the public API, and writes down what a program can see of it.

#include <bight/bight.hpp>

#include "parity/script.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace parity {

/// How a step came out.
struct outcome {
  enum class kind : std::uint8_t { nothing, done, ended, failed };
  kind what = kind::nothing;
  std::size_t after = 0;    ///< it was over after this step had settled
  std::uint64_t count = 0;  ///< bytes that it sent or received, when it failed too
  std::string failure;      ///< the condition's words
};

/// What one direction of the connection has seen at the end.
struct flow {
  std::uint64_t sent = 0;      ///< the sender was told that so many went
  std::uint64_t received = 0;  ///< the receiver was given so many
  std::string end;             ///< what a last receive said: "end" or a condition; "" when closed
};

struct record {
  std::vector<outcome> steps;      ///< one a step
  std::array<flow, 2> flows;       ///< [p]: what peer p sent, to the other
  std::vector<std::string> wrong;  ///< what no engine may do: bytes lost, exchanged, made up
};

/// Plays `s` on a connection of its own. `pace`: how long each step is given to settle.
[[nodiscard]] bight::task<record> play(script s, bight::duration pace);

/// Plays all of them on one loop of that engine, many at a time.
[[nodiscard]] std::vector<record> play_all(const std::vector<script>& scripts,
                                           bight::engine_choice engine, bight::duration pace,
                                           std::size_t at_a_time);

[[nodiscard]] std::string text(const script& s, const record& r);

}  // namespace parity
