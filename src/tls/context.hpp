// SPDX-License-Identifier: MIT
#pragma once

/// What clients and servers have in common: a context with our rules, and certificates from files.

#include <bight/tls.hpp>

#include "base/names.hpp"
#include "tls/openssl.hpp"

#include <string>
#include <vector>

namespace bight::tls {

/// A context of OpenSSL's with the rules that hold for everybody.
[[nodiscard]] context_ptr make_context(const SSL_METHOD* method, version least);

/// Protocols as ALPN writes them: each behind its length (RFC 7301 §3.1).
[[nodiscard]] std::string alpn_list(const std::vector<std::string>& protocols);

/// Gives `context` the certificate and the key of these files.
///
/// errors  the system's for a file that cannot be read; invalid for one that is no certificate, no
///         key, an encrypted key, or when the two do not belong together. Nothing of a file's
///         contents is in the text.
void use_identity(SSL_CTX& context, const identity& files);

/// Gives `context` the authorities of a file.
void trust_file(SSL_CTX& context, const std::string& file);

/// The first certificate of a file.
[[nodiscard]] x509_ptr read_certificate(const std::string& file);

/// "sha256//…": the SHA-256 of a certificate's public key (its SubjectPublicKeyInfo, RFC 7469
/// §2.4), which stays when the certificate is renewed with the same key.
[[nodiscard]] std::string pin_of(const X509& certificate);

/// Throws error(errc::invalid) unless `text` could be a pin.
void check_pin(const std::string& text);

/// The callback of SSL_CTX_set_verify: tells the session which certificate was refused.
int keep_refused(int accepted, X509_STORE_CTX* verifying) noexcept;

/// The error that OpenSSL's queue holds, for a call of its that cannot fail but for memory.
[[noreturn]] void throw_error(std::string_view tried);

}  // namespace bight::tls
