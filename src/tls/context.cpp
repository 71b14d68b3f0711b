// SPDX-License-Identifier: MIT
#include "tls/context.hpp"

#include "tls/connection.hpp"
#include "tls/failure.hpp"
#include "tls/world.hpp"

#include <openssl/err.h>

namespace bight::tls {

namespace {

// At least 112 bits: no SHA-1 (RFC 9155), no RSA below 2,048 bits.
constexpr int security_level = 2;

// Counts the peer's key updates: RFC 8446 §4.6.3.
void on_message(int written, int, int type, const void* bytes, std::size_t size, SSL* ssl, void*) {
  if (written != 0 || type != SSL3_RT_HANDSHAKE || size == 0) return;
  if (*static_cast<const unsigned char*>(bytes) != SSL3_MT_KEY_UPDATE) return;
  if (auto* s = static_cast<connection*>(SSL_get_app_data(ssl))) s->on_key_update();
}

}  // namespace

void throw_error(std::string_view tried) { throw error(take_error(), tried); }

int keep_refused(int accepted, X509_STORE_CTX* verifying) noexcept {
  if (accepted == 1) return 1;
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(verifying, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* s = ssl != nullptr ? static_cast<connection*>(SSL_get_app_data(ssl)) : nullptr;
  X509* refused = X509_STORE_CTX_get_current_cert(verifying);
  if (refused == nullptr) refused = X509_STORE_CTX_get0_cert(verifying);
  if (s != nullptr && refused != nullptr && X509_up_ref(refused) == 1)
    s->on_refused(x509_ptr(refused));
  return 0;
}

context_ptr make_context(const SSL_METHOD* method, version least) {
  ERR_clear_error();
  draw_from_the_world();
  context_ptr made(SSL_CTX_new(method));
  if (made == nullptr) throw_error("make a TLS context");
  SSL_CTX* c = made.get();
  SSL_CTX_set_min_proto_version(c, least == version::tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_security_level(c, security_level);
  // Renegotiation and compression have had vulnerabilities; TLS 1.3 (RFC 8446) has neither.
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle connection keeps no OpenSSL buffers. A partial send may continue from a different
  // address.
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_msg_callback(c, on_message);
  return made;
}

std::string alpn_list(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& p : protocols) {
    if (p.empty() || p.size() > 255)
      throw error(errc::invalid, "TLS options", 0, "a protocol's name (ALPN) has 1 to 255 bytes");
    list += static_cast<char>(p.size());
    list += p;
  }
  return list;
}

}  // namespace bight::tls
