// SPDX-License-Identifier: MIT
#include "tls/server.hpp"

#include "tls/connection.hpp"
#include "tls/failure.hpp"
#include "tls/world.hpp"

#include <cstring>

#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace bight::tls {

namespace {

constexpr std::string_view session_scope =
    "bight";  // for session tickets; each context has separate keys

bool is_for(SSL_CTX* context, const char* name) noexcept {
  X509* certificate = SSL_CTX_get0_certificate(context);
  return X509_check_host(certificate, name, std::strlen(name), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                         nullptr) == 1;
}

// SNI, RFC 6066 §3. If no certificate matches, use the first one and let the client decide.
int choose_certificate(SSL* ssl, int*, void* of) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const auto& all = *static_cast<const loaded_identities*>(of);
  for (const context_ptr& c : all.contexts) {
    if (!is_for(c.get(), name)) continue;
    if (SSL_get_SSL_CTX(ssl) != c.get()) SSL_set_SSL_CTX(ssl, c.get());
    return SSL_TLSEXT_ERR_OK;
  }
  ERR_clear_error();
  return SSL_TLSEXT_ERR_OK;
}

// ALPN. The server's order of preference decides. Without a common protocol the handshake fails:
// RFC 7301 §3.2.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void* of) {
  const auto& all = *static_cast<const loaded_identities*>(of);
  unsigned char* out = nullptr;
  const int outcome = SSL_select_next_proto(
      &out, size, reinterpret_cast<const unsigned char*>(all.protocols.data()),
      static_cast<unsigned>(all.protocols.size()), offered, offered_size);
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = out;
  return SSL_TLSEXT_ERR_OK;
}

void ask_for_certificates(SSL_CTX& context, const std::string& authorities) {
  trust_file(context, authorities);
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, keep_refused);
  // The CA names let a client with several certificates choose one.
  SSL_CTX_set_client_CA_list(&context, SSL_load_client_CA_file(authorities.c_str()));
}

}  // namespace

server_identity::server_identity(serve_options options)
    : options_(std::move(options)), current_(load()) {}

bool server_identity::self_signed() const noexcept {
  return options_.certificate.empty() && options_.key.empty() && options_.more.empty();
}

std::shared_ptr<const loaded_identities> server_identity::current() const {
  const std::lock_guard lock(door_);
  return current_;
}

void server_identity::reload() {
  if (self_signed()) return;  // the pin must not change
  auto fresh = load();
  const std::lock_guard lock(door_);
  current_ = std::move(fresh);
}

std::shared_ptr<const loaded_identities> server_identity::load() const {
  auto all = std::make_shared<loaded_identities>();
  all->protocols = alpn_list(options_.protocols);
  const auto add = [&](const identity* files) {
    context_ptr made = make_context(TLS_server_method(), options_.least);
    SSL_CTX* c = made.get();
    if (files != nullptr)
      use_identity(*c, *files);
    else
      use_self_signed(*c);
    if (!options_.client_authorities.empty()) ask_for_certificates(*c, options_.client_authorities);
    // Clients store the sessions, as session tickets; the server keeps no cache.
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    date_tickets(*c);
    SSL_CTX_set_session_id_context(c, reinterpret_cast<const unsigned char*>(session_scope.data()),
                                   static_cast<unsigned>(session_scope.size()));
    SSL_CTX_set_tlsext_servername_callback(c, choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(c, all.get());
    if (!all->protocols.empty()) SSL_CTX_set_alpn_select_cb(c, choose_protocol, all.get());
    all->contexts.push_back(std::move(made));
  };
  const identity first{options_.certificate, options_.key};
  if (self_signed())
    add(nullptr);
  else if (!first.certificate.empty() || !first.key.empty())
    add(&first);
  for (const identity& files : options_.more) add(&files);
  all->pin = pin_of(*SSL_CTX_get0_certificate(all->contexts.front().get()));
  return all;
}

// ── acceptor ────────────────────────────────────────────────────────────────────────────────────

struct acceptor::state {
  explicit state(serve_options options)
      : identity(std::make_shared<server_identity>(std::move(options))) {}

  std::shared_ptr<server_identity> identity;
};

acceptor::acceptor(serve_options options) : state_(own<state>(std::move(options))) {}
acceptor::~acceptor() = default;
acceptor::acceptor(acceptor&&) noexcept = default;
acceptor& acceptor::operator=(acceptor&&) noexcept = default;

void acceptor::reload() { state_->identity->reload(); }

std::string acceptor::pin() const { return state_->identity->current()->pin; }

task<stream> acceptor::accept(stream over) const {
  const auto identity = state_->identity;  // the acceptor may be destroyed before this ends
  loop& here = loop::of(co_await current_context());
  stream safe = begin_as_server(std::move(over), *identity, here);
  co_await handshake_operation(safe);
  co_return std::move(safe);
}

stream begin_as_server(stream over, const server_identity& identity, loop& here) {
  auto certificates = identity.current();
  ERR_clear_error();
  ssl_ptr ssl(SSL_new(certificates->contexts.front().get()));
  if (ssl == nullptr) throw_error("begin TLS");
  SSL_set_accept_state(ssl.get());
  return connection::attach(std::move(over), std::move(ssl), here, nullptr,
                            std::move(certificates));
}

}  // namespace bight::tls
