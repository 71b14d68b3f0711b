// SPDX-License-Identifier: MIT
#pragma once

/// What went wrong inside OpenSSL, as errors of ours.

#include <bight/error.hpp>

#include "base/names.hpp"
#include "tls/openssl.hpp"

#include <string>
#include <string_view>

namespace bight::tls {

/// OpenSSL's packed error codes (ERR_get_error(3)).
[[nodiscard]] const std::error_category& openssl_category() noexcept;
/// Outcomes of verifying a certificate (X509_STORE_CTX_get_error(3)).
[[nodiscard]] const std::error_category& certificate_category() noexcept;

/// A code, and the words for it when they say more than the usual ones.
struct failure {
  std::error_code code;
  std::string reason;
};

/// The first error in OpenSSL's queue of this thread, which is empty then.
[[nodiscard]] std::error_code take_error() noexcept;

/// Why `peer`'s certificate was refused, with what it says and what to do. `name` is whom it should
/// have been for.
[[nodiscard]] failure refused_certificate(long outcome, const X509* peer, std::string_view name);
/// The code of an alert that was received, or -1.
[[nodiscard]] int alert_of(const std::error_code& code) noexcept;
/// Bytes that are no TLS, quoted in part.
[[nodiscard]] failure not_spoken(std::string_view bytes, bool by_server);

/// "CN = example.org, O = …".
[[nodiscard]] std::string text_of(const X509_NAME* name);
/// The names that a certificate is for: "example.org, *.example.org, 192.0.2.1".
[[nodiscard]] std::string names_of(const X509* certificate);

}  // namespace bight::tls
