// SPDX-License-Identifier: MIT
// Certificates and keys from files. Messages never contain a key's contents or a password.
#include "tls/context.hpp"
#include "tls/failure.hpp"

#include <array>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>

namespace bight::tls {

namespace {

// By default, OpenSSL would prompt for a password on the terminal; a server has nobody to prompt.
int no_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return 0;
}

bio_ptr open_file(const std::string& file, std::string_view what) {
  ERR_clear_error();
  bio_ptr opened(BIO_new_file(file.c_str(), "r"));
  if (opened == nullptr) {
    const std::error_code code = take_error();
    throw error(code, std::string(what) + " " + file, 0, code.message());
  }
  return opened;
}

[[noreturn]] void refuse(const std::string& file, std::string_view what, std::string_view why) {
  ERR_clear_error();
  throw error(errc::invalid, std::string(what) + " " + file, 0, why);
}

std::vector<x509_ptr> read_chain(const std::string& file) {
  const bio_ptr from = open_file(file, "certificate");
  std::vector<x509_ptr> chain;
  bool asked = false;
  while (X509* one = PEM_read_bio_X509(from.get(), nullptr, no_password, &asked))
    chain.emplace_back(one);
  // OpenSSL reports the end of the file as PEM_R_NO_START_LINE. Any other error means a damaged
  // file.
  const unsigned long last = ERR_peek_last_error();
  if (chain.empty())
    refuse(file, "certificate",
           "no certificate found; it must be a PEM file that begins "
           "with -----BEGIN CERTIFICATE-----");
  if (last != 0 && ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
    refuse(file, "certificate", "a certificate in the file is damaged");
  ERR_clear_error();
  return chain;
}

key_ptr read_key(const std::string& file) {
  const bio_ptr from = open_file(file, "key");
  bool asked = false;
  key_ptr key(PEM_read_bio_PrivateKey(from.get(), nullptr, no_password, &asked));
  if (key == nullptr && asked)
    refuse(file, "key",
           "the key is encrypted; decrypt it into a file that only the server can read: "
           "openssl pkey -in FILE");
  if (key == nullptr)
    refuse(file, "key",
           "no private key found; it must be a PEM file that begins with "
           "-----BEGIN PRIVATE KEY-----");
  return key;
}

}  // namespace

x509_ptr read_certificate(const std::string& file) { return std::move(read_chain(file).front()); }

void use_identity(SSL_CTX& context, const identity& files) {
  if (files.certificate.empty() || files.key.empty())
    throw error(errc::invalid, "TLS options", 0,
                files.key.empty()
                    ? "a certificate needs its key: set the file of the key too"
                    : "a key needs its certificate: set the file of the certificate too");
  const std::vector<x509_ptr> chain = read_chain(files.certificate);
  const key_ptr key = read_key(files.key);
  ERR_clear_error();
  if (X509_check_private_key(chain.front().get(), key.get()) != 1)
    refuse(files.key, "key", "the key does not match the certificate in " + files.certificate);
  if (SSL_CTX_use_certificate(&context, chain.front().get()) != 1)
    refuse(files.certificate, "certificate",
           "too weak: RSA keys need at least 2,048 bits, and SHA-1 signatures are refused");
  if (SSL_CTX_use_PrivateKey(&context, key.get()) != 1) throw_error("key " + files.key);
  for (std::size_t i = 1; i < chain.size(); ++i)
    if (SSL_CTX_add1_chain_cert(&context, chain[i].get()) != 1)
      refuse(files.certificate, "certificate", "a CA certificate in the file is too weak");
}

void trust_file(SSL_CTX& context, const std::string& file) {
  for (const x509_ptr& one : read_chain(file))
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(&context), one.get()) != 1)
      throw_error("authorities " + file);
}

// ── Pins ────────────────────────────────────────────────────────────────────────────────────────

namespace {

constexpr std::string_view pin_prefix = "sha256//";
constexpr std::size_t digest_size = 32;
constexpr std::size_t base64_size = 44;  // of 32 bytes

}  // namespace

std::string pin_of(const X509& certificate) {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &encoded);
  if (size < 0) throw_error("pin of a certificate");
  std::array<unsigned char, digest_size> digest{};
  const int hashed = EVP_Digest(encoded, static_cast<std::size_t>(size), digest.data(), nullptr,
                                EVP_sha256(), nullptr);
  OPENSSL_free(encoded);
  if (hashed != 1) throw_error("pin of a certificate");
  std::array<unsigned char, base64_size + 1> text{};
  EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return std::string(pin_prefix) + reinterpret_cast<const char*>(text.data());
}

void check_pin(const std::string& text) {
  std::array<unsigned char, base64_size> bytes{};
  const std::string_view given = text;
  const bool fits =
      given.starts_with(pin_prefix) && given.size() == pin_prefix.size() + base64_size &&
      given.find('=') == given.size() - 1 &&
      EVP_DecodeBlock(bytes.data(),
                      reinterpret_cast<const unsigned char*>(given.data() + pin_prefix.size()),
                      static_cast<int>(base64_size)) == 33;
  if (!fits)
    throw error(errc::invalid, "pin", 0,
                "a pin is sha256// and the 44 base64 characters of a key's SHA-256; the server "
                "prints it, or call bight::tls::pin() with its certificate");
}

std::string pin(const std::string& certificate_file) {
  return pin_of(*read_certificate(certificate_file));
}

}  // namespace bight::tls
