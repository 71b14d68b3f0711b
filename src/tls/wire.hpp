// SPDX-License-Identifier: MIT
#pragma once

/// What OpenSSL reads from and writes to, in the place of a socket: memory.

#include "base/buffers.hpp"
#include "tls/openssl.hpp"

#include <vector>

namespace bight::tls {

/// Ciphertext on its way in and out. OpenSSL takes what has come out of the very lease that the
/// stream below gave, and what it gives goes into buffers of the loop's, so a connection that is
/// still holds none.
struct wire {
  explicit wire(buffer_pool& p) noexcept : pool(p) {}

  lease incoming;               ///< not read by OpenSSL yet
  bool ended = false;           ///< nothing comes after `incoming`
  std::vector<lease> outgoing;  ///< to be sent
  buffer_pool& pool;

  /// The two ends that SSL_set_bio wants, as one. Borrows the wire.
  [[nodiscard]] bio_ptr make_bio();
};

}  // namespace bight::tls
