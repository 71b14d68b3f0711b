// SPDX-License-Identifier: MIT
#pragma once

/// What a TLS server has: certificates that can be exchanged while it serves.

#include "tls/context.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace bight {
namespace machinery {
class loop;
}
}  // namespace bight

namespace bight::tls {

/// Certificates as they were read once. Connections hold it for as long as they live.
struct loaded_identities {
  std::vector<context_ptr> contexts;  // the first is for everybody whom no other fits
  std::string protocols;              // as ALPN writes them
  std::string pin;                    // of the first
};

/// The server's side of serve_options.
///
/// threads  accepting loops take current(); one of them may reload().
class server_identity {
 public:
  /// errors  those of tls::serve about files.
  explicit server_identity(serve_options how);

  /// What connections that come now begin with.
  [[nodiscard]] std::shared_ptr<const loaded_identities> current() const;
  void reload();
  [[nodiscard]] const serve_options& how() const noexcept { return how_; }
  /// Whether the certificate was made on the spot.
  [[nodiscard]] bool self_signed() const noexcept;

 private:
  [[nodiscard]] std::shared_ptr<const loaded_identities> load() const;

  serve_options how_;
  mutable std::mutex door_;
  std::shared_ptr<const loaded_identities> current_;
};

/// A stream over `over` whose handshake, as the server, has not begun.
[[nodiscard]] stream begin_as_server(stream over, const server_identity& identity, loop& here);

/// A key (ECDSA, P-256) and a certificate for this machine's own names, for development.
void use_self_signed(SSL_CTX& context);

}  // namespace bight::tls
