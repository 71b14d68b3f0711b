// SPDX-License-Identifier: MIT
#pragma once

/// The memory that OpenSSL reads and writes instead of a socket.

#include "base/buffers.hpp"
#include "tls/openssl.hpp"

#include <vector>

namespace bight::tls {

/// Incoming and outgoing ciphertext. OpenSSL reads input directly from the lease of the stream
/// below, and its output goes into the loop's buffers. So an idle connection holds no buffers.
struct wire {
  explicit wire(buffer_pool& p) noexcept : pool(p) {}

  lease incoming;               ///< not yet read by OpenSSL
  bool ended = false;           ///< end of stream follows `incoming`
  std::vector<lease> outgoing;  ///< to be sent
  buffer_pool& pool;

  /// Makes one BIO for both directions of SSL_set_bio. It borrows the wire.
  [[nodiscard]] bio_ptr make_bio();
};

}  // namespace bight::tls
