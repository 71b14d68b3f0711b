// SPDX-License-Identifier: MIT
#pragma once

/// Common to clients and servers: contexts with our settings, and certificates from files.

#include <bight/tls.hpp>

#include "base/names.hpp"
#include "tls/openssl.hpp"

#include <string>
#include <vector>

namespace bight::tls {

/// Creates an OpenSSL context with the settings common to clients and servers.
[[nodiscard]] context_ptr make_context(const SSL_METHOD* method, version least);

/// Encodes protocols for ALPN, each preceded by its length (RFC 7301 §3.1).
[[nodiscard]] std::string alpn_list(const std::vector<std::string>& protocols);

/// Loads the certificate and the key of these files into `context`.
///
/// errors  the system's if a file cannot be read. invalid if a file holds no certificate or no key,
///         if the key is encrypted, or if the two do not match. The error text never contains file
///         contents.
void use_identity(SSL_CTX& context, const identity& files);

/// Adds the CA certificates of a file to `context`.
void trust_file(SSL_CTX& context, const std::string& file);

/// Reads the first certificate of a file.
[[nodiscard]] x509_ptr read_certificate(const std::string& file);

/// "sha256//…": the SHA-256 of a certificate's public key (its SubjectPublicKeyInfo, RFC 7469
/// §2.4). It does not change when the certificate is renewed with the same key.
[[nodiscard]] std::string pin_of(const X509& certificate);

/// Throws error(errc::invalid) unless `text` has the form of a pin.
void check_pin(const std::string& text);

/// Callback for SSL_CTX_set_verify. Passes a rejected certificate to the connection, for its
/// message.
int keep_refused(int accepted, X509_STORE_CTX* verifying) noexcept;

/// Throws the error in OpenSSL's queue. For calls that fail only when memory runs out.
[[noreturn]] void throw_error(std::string_view tried);

}  // namespace bight::tls
