// SPDX-License-Identifier: MIT
#pragma once

/// A peer that does with TLS what no honest one does: OpenSSL's own session, and its bytes by hand.

#include "contract/contract.hpp"

#include <memory>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace contract {

/// One side of a connection, over a stream of ours. What OpenSSL has written leaves with flush().
class tls_peer {
 public:
  enum class side { client, server };

  /// A server has the certificate of `files`. `least` to `most` are OpenSSL's numbers of versions.
  tls_peer(stream below, side s, const tls::identity& files = tls::identity(),
           int least = TLS1_2_VERSION, int most = TLS1_3_VERSION);

  /// Shakes hands, to the end or until the other side has gone away.
  [[nodiscard]] task<bool> shake();
  /// What OpenSSL has written, as bytes for the wire.
  [[nodiscard]] std::string written();
  [[nodiscard]] task<> flush();
  /// Takes in what comes next, and gives the text that it holds.
  [[nodiscard]] task<std::string> hear();
  /// Encrypts; nothing leaves yet.
  void say(std::string_view text);

  [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }
  [[nodiscard]] stream& below() noexcept { return below_; }

 private:
  struct frees {
    void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
    void operator()(SSL* s) const { SSL_free(s); }
  };

  stream below_;
  std::unique_ptr<SSL_CTX, frees> context_;
  std::unique_ptr<SSL, frees> ssl_;
};

}  // namespace contract
