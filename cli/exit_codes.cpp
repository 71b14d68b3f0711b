// SPDX-License-Identifier: MIT
#include "exit_codes.hpp"

#include <bight/http.hpp>

namespace tool {

using bight::errc;

namespace {

exit_code of_http(bight::http::errc e) noexcept {
  using bight::http::errc;
  switch (e) {
    case errc::empty_reply: return exit_code::empty_reply;
    case errc::too_many_redirects:
    case errc::redirect_refused: return exit_code::redirects;
    case errc::proxy_refused: return exit_code::refused;
    case errc::too_slow: return exit_code::timed_out;
    default: return exit_code::receive_failed;
  }
}

}  // namespace

exit_code exit_code_of(const bight::error& e) noexcept {
  if (e.code().category() == bight::http::category())
    return of_http(static_cast<bight::http::errc>(e.code().value()));
  // curl has one number for all failed handshakes.
  if (e.tried().starts_with("TLS with ") &&
      (e.is(errc::closed) || e.is(errc::reset) || e.is(errc::tls_truncated)))
    return exit_code::handshake;
  if (e.is(errc::name_not_found) || e.is(errc::name_unavailable)) return exit_code::name_not_found;
  if (e.is(errc::refused) || e.is(errc::unreachable) || e.is(errc::closed))
    return exit_code::refused;
  // A missing unix socket means that the server is not running; a missing certificate file does
  // not. Without a free local port, the connection fails as well.
  const bool connecting = e.tried().starts_with("connect ");
  if (connecting && (e.code() == std::errc::no_such_file_or_directory ||
                     e.code() == std::errc::not_a_directory || e.is(errc::address_not_available)))
    return exit_code::refused;
  for (const errc c :
       {errc::certificate_self_signed, errc::certificate_unknown_authority,
        errc::certificate_expired, errc::certificate_not_yet_valid, errc::certificate_wrong_host,
        errc::certificate_not_pinned, errc::certificate_unusable})
    if (e.is(c)) return exit_code::not_trusted;
  for (const errc c :
       {errc::tls_not_spoken, errc::tls_old_protocol, errc::tls_alert, errc::tls_failed})
    if (e.is(c)) return exit_code::handshake;
  if (e.is(errc::cut_short) || e.is(errc::tls_truncated)) return exit_code::cut_short;
  if (e.is(errc::timed_out)) return exit_code::timed_out;
  // A message that is too long means that the server uses another framing.
  if (e.is(errc::reset) || e.is(errc::too_long)) return exit_code::receive_failed;
  if (e.is(errc::address_in_use)) return exit_code::address_in_use;
  if (e.is(errc::bad_address)) return exit_code::usage;
  return exit_code::other;
}

}  // namespace tool
