// SPDX-License-Identifier: MIT
#pragma once

/// Small programs that use each part of the library once. They run with something failing: each
/// must succeed with the right bytes, or end with an exception.

#include <bight/bight.hpp>
#include <bight/sim.hpp>
#include <bight/stream_layer.hpp>

#include <span>
#include <stdexcept>
#include <string>

namespace torture {

/// Bytes that are not those that were sent: what no failure may lead to.
struct wrong_bytes : std::logic_error {
  using std::logic_error::logic_error;
};

struct session {
  const char* name;
  void (*run)();
};

[[nodiscard]] std::span<const session> sessions() noexcept;

/// The servers' errors in the last session.
[[nodiscard]] const std::string& told() noexcept;

// How a process that plays a session ends.
inline constexpr int succeeded = 0;
inline constexpr int failed = 3;       ///< with an exception
inline constexpr int is_wrong = 4;     ///< other bytes
inline constexpr int leaves_open = 5;  ///< a descriptor

/// Plays it. What went wrong is written to standard error, with the servers' errors.
[[nodiscard]] int outcome_of(const session& s);

}  // namespace torture
