// SPDX-License-Identifier: MIT
#include "tls/client.hpp"

#include "tls/world.hpp"

#include <algorithm>
#include <new>

#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace bight::tls {

namespace {

// Replaces OpenSSL's own verification when there are pins.
int verify_pin(X509_STORE_CTX* verifying, void* of) {
  const auto& pins = *static_cast<const std::vector<std::string>*>(of);
  X509* shown = X509_STORE_CTX_get0_cert(verifying);
  try {
    if (shown != nullptr && std::find(pins.begin(), pins.end(), pin_of(*shown)) != pins.end()) {
      X509_STORE_CTX_set_error(verifying, X509_V_OK);
      return 1;
    }
  } catch (const std::bad_alloc&) {  // an exception must not pass through C
    X509_STORE_CTX_set_error(verifying, X509_V_ERR_OUT_OF_MEM);
    return 0;
  } catch (...) {  // the certificate has no usable key
    ERR_clear_error();
  }
  X509_STORE_CTX_set_error(verifying, X509_V_ERR_APPLICATION_VERIFICATION);
  keep_refused(0, verifying);
  return 0;
}

int take_ticket(SSL* ssl, SSL_SESSION* ticket) {
  auto* s = static_cast<connection*>(SSL_get_app_data(ssl));
  if (s == nullptr) return 0;
  date_ticket(*ticket);
  try {
    s->on_ticket(session_ptr(ticket));
  } catch (const std::bad_alloc&) {}  // an exception must not pass through C
  return 1;
}

std::shared_ptr<const client_context> make(const connect_options& options) {
  auto made = std::make_shared<client_context>();
  made->context = make_context(TLS_client_method(), options.least);
  made->pins = options.pins;
  SSL_CTX* c = made->context.get();
  if (!options.authorities.empty())
    trust_file(*c, options.authorities);
  else if (options.pins.empty() && !options.insecure && SSL_CTX_set_default_verify_paths(c) != 1)
    throw_error("the system's authorities");
  if (!options.certificate.certificate.empty() || !options.certificate.key.empty())
    use_identity(*c, options.certificate);
  SSL_CTX_set_verify(c, options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                     options.insecure ? nullptr : keep_refused);
  if (!options.pins.empty()) SSL_CTX_set_cert_verify_callback(c, verify_pin, &made->pins);
  // Match only the certificate's subject alternative names, and wildcards only as whole labels: RFC
  // 6125 §6.4.
  X509_VERIFY_PARAM_set_hostflags(SSL_CTX_get0_param(c), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                                             X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const std::string offered = alpn_list(options.protocols);
  if (!offered.empty() &&
      SSL_CTX_set_alpn_protos(c, reinterpret_cast<const unsigned char*>(offered.data()),
                              static_cast<unsigned>(offered.size())) != 0)
    throw_error("TLS options");
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(c, take_ticket);
  return made;
}

}  // namespace

std::string key_of(const connect_options& o) {
  // Each item is preceded by its length, so different lists give different keys.
  std::string key;
  const auto add = [&key](std::string_view text) {
    key += std::to_string(text.size()) + ":";
    key += text;
  };
  add(o.authorities);
  add(o.certificate.certificate);
  add(o.certificate.key);
  key += o.insecure ? "insecure," : "verified,";
  key += o.least == version::tls13 ? "1.3," : "1.2,";
  key += std::to_string(o.pins.size()) + " pins,";
  for (const std::string& p : o.pins) add(p);
  for (const std::string& p : o.protocols) add(p);
  return key;
}

std::shared_ptr<const client_context> client_shelf::context(const connect_options& options,
                                                            const std::string& key,
                                                            time_point now) {
  const auto old = [now](const entry& e) { return later(e.since, context_life) <= now; };
  std::erase_if(contexts_, old);
  for (const entry& e : contexts_)
    if (e.key == key) return e.made;
  if (contexts_.size() == contexts_max) contexts_.erase(contexts_.begin());
  return contexts_.emplace_back(key, make(options), now).made;
}

void ticket_shelf::put(const std::string& key, session_ptr ticket) {
  std::erase_if(entries_, [&key](const entry& e) { return e.key == key; });
  if (entries_.size() == tickets_max) entries_.erase(entries_.begin());
  entries_.push_back({key, std::move(ticket)});
}

session_ptr ticket_shelf::take(const std::string& key) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&key](const entry& e) { return e.key == key; });
  if (found == entries_.end()) return nullptr;
  session_ptr ticket = std::move(found->ticket);
  entries_.erase(found);
  return ticket;
}

}  // namespace bight::tls
