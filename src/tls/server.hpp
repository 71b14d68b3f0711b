// SPDX-License-Identifier: MIT
#pragma once

/// The certificates of a TLS server, which can be replaced while it runs.

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

/// One loaded set of certificates. Each connection keeps its set alive.
struct loaded_identities {
  std::vector<context_ptr> contexts;  // the first is the default
  std::string protocols;              // encoded for ALPN
  std::string pin;                    // of the first certificate
};

/// Holds serve_options and the certificates loaded from them.
///
/// threads  each accepting loop calls current(); one of them may call reload().
class server_identity {
 public:
  /// errors  the file errors of tls::serve.
  explicit server_identity(serve_options options);

  /// The certificates for new connections.
  [[nodiscard]] std::shared_ptr<const loaded_identities> current() const;
  void reload();
  [[nodiscard]] const serve_options& options() const noexcept { return options_; }
  /// Whether the certificate is generated at startup.
  [[nodiscard]] bool self_signed() const noexcept;

 private:
  [[nodiscard]] std::shared_ptr<const loaded_identities> load() const;

  serve_options options_;
  mutable std::mutex door_;
  std::shared_ptr<const loaded_identities> current_;
};

/// Returns a server-side TLS stream over `over` whose handshake has not begun.
[[nodiscard]] stream begin_as_server(stream over, const server_identity& identity, loop& here);

/// Generates a key (ECDSA, P-256) and a certificate for localhost, for development.
void use_self_signed(SSL_CTX& context);

}  // namespace bight::tls
