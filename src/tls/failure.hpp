// SPDX-License-Identifier: MIT
#pragma once

/// Converts OpenSSL's failures to this library's errors.

#include <bight/error.hpp>

#include "base/names.hpp"
#include "tls/openssl.hpp"

#include <string>
#include <string_view>

namespace bight::tls {

/// OpenSSL's packed error codes (ERR_get_error(3)).
[[nodiscard]] const std::error_category& openssl_category() noexcept;
/// Results of certificate verification (X509_STORE_CTX_get_error(3)).
[[nodiscard]] const std::error_category& certificate_category() noexcept;

/// A code, and a text if it is more specific than the code's own.
struct failure {
  std::error_code code;
  std::string reason;
};

/// Takes the first error from this thread's OpenSSL queue and clears the queue.
[[nodiscard]] std::error_code take_error() noexcept;

/// Why `peer`'s certificate was rejected: its details, and advice. `name` is the expected host.
[[nodiscard]] failure refused_certificate(long outcome, const X509* peer, std::string_view name);
/// The code of a received alert, or -1.
[[nodiscard]] int alert_of(const std::error_code& code) noexcept;
/// The failure for input that is not TLS; quotes its start.
[[nodiscard]] failure not_spoken(std::string_view bytes, bool by_server);

/// "CN = example.org, O = …".
[[nodiscard]] std::string text_of(const X509_NAME* name);
/// The names that a certificate is valid for: "example.org, *.example.org, 192.0.2.1".
[[nodiscard]] std::string names_of(const X509* certificate);

}  // namespace bight::tls
