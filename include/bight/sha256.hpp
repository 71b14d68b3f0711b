// SPDX-License-Identifier: MIT
#pragma once

/// Incremental SHA-256.

#include <bight/machinery/owned.hpp>

#include <string>
#include <string_view>

namespace bight {

/// Computes a SHA-256 digest (FIPS 180-4).
class sha256 {
 public:
  sha256();
  sha256(sha256&&) noexcept;
  sha256& operator=(sha256&&) noexcept;
  ~sha256();

  void update(std::string_view bytes);
  /// Returns the digest of all bytes as 64 lower-case hexadecimal digits. The object must not be
  /// used afterwards.
  [[nodiscard]] std::string finish();

 private:
  struct state;
  machinery::owned<state> state_;
};

}  // namespace bight
