// SPDX-License-Identifier: MIT
#pragma once

/// What a program finds around it beside the network, when its world is a simulated one.

#include <cstddef>
#include <cstdint>
#include <span>

namespace bight {

/// Chance and date of a simulated world. For libraries that take both from the machine and have no
/// loop at hand to ask instead: OpenSSL, that is. What has a loop asks its engine.
class surroundings {
 public:
  /// For keys and nonces. Follows from the world's seed: nothing that comes of it is secret.
  virtual void secrets(std::span<std::byte> into) noexcept = 0;
  /// Seconds since 1970, UTC.
  [[nodiscard]] virtual std::int64_t date() const noexcept = 0;

  /// Those of the simulated program whose turn it is in this thread; null: the machine's own.
  [[nodiscard]] static surroundings* simulated() noexcept;

  /// A turn of a program in them; in the machine's own when null.
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

}  // namespace bight
