// SPDX-License-Identifier: MIT
#pragma once

/// The non-network environment of a simulated program.

#include <cstddef>
#include <cstdint>
#include <span>

namespace bight {

/// Randomness and wall-clock time of a simulated world. For libraries that read both from the
/// machine and have no access to a loop, such as OpenSSL. Code with a loop uses its engine instead.
class surroundings {
 public:
  /// Random bytes for keys and nonces. They derive from the world's seed, so nothing made from them
  /// is secret.
  virtual void secrets(std::span<std::byte> into) noexcept = 0;
  /// Seconds since 1970, UTC.
  [[nodiscard]] virtual std::int64_t date() const noexcept = 0;

  /// The surroundings of the simulated program that runs on this thread; null outside of one.
  [[nodiscard]] static surroundings* simulated() noexcept;

  /// Sets the surroundings of this thread for its lifetime; null: the machine's own.
  class turn {
   public:
    explicit turn(surroundings* here) noexcept;
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn();

   private:
    surroundings* before_;
  };

 protected:
  ~surroundings() = default;
};

/// Seconds since 1970, UTC: of the world in a simulated program, else of the machine.
[[nodiscard]] std::int64_t date_now() noexcept;

}  // namespace bight
