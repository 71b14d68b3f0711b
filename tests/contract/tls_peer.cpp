// SPDX-License-Identifier: MIT
#include "contract/tls_peer.hpp"

#include <openssl/err.h>

namespace contract {

tls_peer::tls_peer(stream below, side s, const tls::identity& files, int least, int most)
    : below_(std::move(below)), context_(SSL_CTX_new(TLS_method())) {
  SSL_CTX_set_security_level(context_.get(), 0);  // what is too weak for others is what it is for
  SSL_CTX_set_cipher_list(context_.get(), "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context_.get(), least);
  SSL_CTX_set_max_proto_version(context_.get(), most);
  if (!files.certificate.empty()) {
    SSL_CTX_use_certificate_chain_file(context_.get(), files.certificate.c_str());
    SSL_CTX_use_PrivateKey_file(context_.get(), files.key.c_str(), SSL_FILETYPE_PEM);
  }
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  if (s == side::client)
    SSL_set_connect_state(ssl_.get());
  else
    SSL_set_accept_state(ssl_.get());
}

std::string tls_peer::written() {
  std::string all(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())), '\0');
  if (!all.empty()) BIO_read(SSL_get_wbio(ssl_.get()), all.data(), static_cast<int>(all.size()));
  return all;
}

task<> tls_peer::flush() {
  const std::string bytes = written();
  if (!bytes.empty()) co_await below_.send(bytes);
}

task<bool> tls_peer::shake() {
  for (;;) {
    ERR_clear_error();
    const int outcome = SSL_do_handshake(ssl_.get());
    const std::string bytes = written();
    if (!bytes.empty()) {
      static_cast<void>(co_await attempt(below_.send(bytes)));
    }
    if (outcome == 1) co_return true;
    if (SSL_get_error(ssl_.get(), outcome) != SSL_ERROR_WANT_READ) co_return false;
    auto came = co_await attempt(below_.recv());
    if (!came || came->empty()) co_return false;
    BIO_write(SSL_get_rbio(ssl_.get()), came->data(), static_cast<int>(came->size()));
  }
}

task<std::string> tls_peer::hear() {
  auto came = co_await below_.recv();
  if (came) BIO_write(SSL_get_rbio(ssl_.get()), came.data(), static_cast<int>(came.size()));
  std::string text;
  char part[20000];
  int n = 0;
  ERR_clear_error();
  while ((n = SSL_read(ssl_.get(), part, sizeof part)) > 0)
    text.append(part, static_cast<std::size_t>(n));
  co_return text;
}

void tls_peer::say(std::string_view text) {
  SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
}

}  // namespace contract
