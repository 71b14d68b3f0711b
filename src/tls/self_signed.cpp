// SPDX-License-Identifier: MIT
// A self-signed certificate for development. Clients trust it by its pin.
#include "tls/server.hpp"
#include "tls/world.hpp"

#include <array>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace bight::tls {

namespace {

constexpr long valid_before = 60L * 60;         // seconds, to allow for clock skew
constexpr long valid_for = 30L * 24 * 60 * 60;  // seconds
constexpr std::size_t serial_size = 16;         // bytes; RFC 5280 §4.1.2.2 allows 20
constexpr const char* names = "DNS:localhost,IP:127.0.0.1,IP:::1";

void need(bool worked) {
  if (!worked) throw_error("make a certificate");
}

void add_extension(X509& to, int what, const char* value) {
  using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
  const extension_ptr made(X509V3_EXT_conf_nid(nullptr, nullptr, what, value));
  need(made != nullptr && X509_add_ext(&to, made.get(), -1) == 1);
}

void add_serial(X509& to) {
  std::array<unsigned char, serial_size> bytes{};
  need(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  bytes.front() &= 0x7f;  // positive
  using number_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;
  const number_ptr number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  need(number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&to)));
}

}  // namespace

void use_self_signed(SSL_CTX& context) {
  const key_ptr key(EVP_EC_gen("P-256"));
  const x509_ptr made(X509_new());
  need(key != nullptr && made != nullptr);
  X509& x = *made;
  need(X509_set_version(&x, X509_VERSION_3) == 1);
  add_serial(x);
  const auto date = date_of_the_world();
  std::time_t in_the_world = date.value_or(0);
  std::time_t* const from = date ? &in_the_world : nullptr;  // null: the machine's clock
  need(X509_time_adj(X509_getm_notBefore(&x), -valid_before, from) != nullptr &&
       X509_time_adj(X509_getm_notAfter(&x), valid_for, from) != nullptr);
  X509_NAME* subject = X509_get_subject_name(&x);
  constexpr std::string_view called = "a server in development";
  need(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                  reinterpret_cast<const unsigned char*>(called.data()),
                                  static_cast<int>(called.size()), -1, 0) == 1 &&
       X509_set_issuer_name(&x, subject) == 1 && X509_set_pubkey(&x, key.get()) == 1);
  add_extension(x, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(x, NID_key_usage, "critical,digitalSignature");
  add_extension(x, NID_ext_key_usage, "serverAuth");
  add_extension(x, NID_subject_alt_name, names);
  need(X509_sign(&x, key.get(), EVP_sha256()) > 0);
  need(SSL_CTX_use_certificate(&context, &x) == 1 &&
       SSL_CTX_use_PrivateKey(&context, key.get()) == 1);
}

}  // namespace bight::tls
