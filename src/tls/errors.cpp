// SPDX-License-Identifier: MIT
// Errors of a connection, and their messages.
#include "tls/connection.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

namespace bight::tls {

namespace {

// The name or IP address that the peer's certificate had to match.
std::string wanted_name(SSL* ssl) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  if (const char* host = X509_VERIFY_PARAM_get0_host(rules, 0)) return host;
  char* ip = X509_VERIFY_PARAM_get1_ip_asc(rules);
  std::string text = ip != nullptr ? ip : "";
  OPENSSL_free(ip);
  return text;
}

}  // namespace

// Why an OpenSSL call stopped. The error queue must have been empty before the call.
auto connection::why_stopped(int outcome) -> stopped {
  switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_ZERO_RETURN: return stopped::ended;
    // The wire accepts all output, so WANT_WRITE only means: call again.
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      if (!receive_failed_) return stopped::wants_input;
      if (established_) return stopped::wants_input;  // decrypt() reports it after the data
      break;
    default: break;
  }
  fail(failure_now());
  return stopped::failed;
}

void connection::fail(failure f) {
  broken_ = true;
  failure_ = std::move(f);
}

// Data being assembled is lost, in either direction, so nothing may follow it. The peer sees a
// reset.
void connection::run_out_of_memory() noexcept {
  broken_ = true;
  failure_ = {make_error_code(errc::no_resources), {}};
  under_.close(handle_, ending::reset);
  for (op** slot : {&connector_, &sender_, &receiver_})
    if (*slot != nullptr) finish(*slot, make_error_code(errc::tls_failed));
}

failure connection::failure_now() {
  if (receive_failed_) {
    ERR_clear_error();
    const error plain(receive_failed_, "");
    return {receive_failed_, fmt::format("{} {}", plain.what(), phase())};
  }
  const long verified = SSL_get_verify_result(ssl_.get());
  const std::error_code code = take_error();
  const bool about_certificate =
      code ==
      std::error_code(static_cast<int>(ERR_PACK(ERR_LIB_SSL, 0, SSL_R_CERTIFICATE_VERIFY_FAILED)),
                      openssl_category());
  if (about_certificate && verified != X509_V_OK)
    return refused_certificate(verified, refused_.get(), wanted_name(ssl_.get()));
  if (established_ && code == errc::tls_truncated)
    return {make_error_code(errc::tls_truncated), {}};  // OpenSSL's text is less specific
  if (established_) return {code, {}};
  if (code == errc::tls_truncated && send_failed_) {
    const error plain(send_failed_, "");
    return {send_failed_, fmt::format("{} {}", plain.what(), phase())};
  }
  const bool client = SSL_is_server(ssl_.get()) == 0;
  if (code == errc::tls_truncated)
    return {code, fmt::format("the peer closed the connection {}{}", phase(),
                              client && !heard_ ? " (does it speak TLS?)" : "")};
  if (client && opening_.size() == opening_max && opening_.front() == SSL3_RT_HANDSHAKE &&
      opening_.back() == SSL3_MT_CLIENT_HELLO)
    return {make_error_code(errc::tls_not_spoken),
            "the server does not speak TLS; it echoes what it receives (connect without TLS, or "
            "check the address)"};
  const error plain(code, "");
  return {code, fmt::format("{}, {}", plain.what(), phase())};
}

std::string connection::phase() const {
  if (established_) return "after the handshake";
  if (!heard_) return "before it answered the handshake";
  return fmt::format("in the handshake ({})", SSL_state_string_long(ssl_.get()));
}

error connection::explain(std::error_code code, std::string_view tried,
                          std::uint64_t transferred) const {
  if (broken_ && code == make_error_code(errc::tls_failed))
    return error(failure_.code, tried, transferred, failure_.reason);
  return error(code, tried, transferred);
}

result<void> handshake_operation::take() {
  if (!failed()) return {};
  if (peer != nullptr) return eng->explain(code, "TLS with " + peer->str(), 0);
  auto remote = eng->remote(on);
  return eng->explain(code, remote ? "TLS with " + remote->str() : "TLS", 0);
}

}  // namespace bight::tls
