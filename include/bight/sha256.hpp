// SPDX-License-Identifier: MIT
#pragma once

/// SHA-256, of bytes as they come.

#include <memory>
#include <string>
#include <string_view>

namespace bight {

/// A running digest (FIPS 180-4).
class sha256 {
 public:
  sha256();
  sha256(sha256&&) noexcept;
  sha256& operator=(sha256&&) noexcept;
  ~sha256();

  void update(std::string_view bytes);
  /// The digest of all that came, in 64 lower-case hexadecimal digits. Ends it.
  [[nodiscard]] std::string finish();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace bight
