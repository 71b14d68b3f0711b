// SPDX-License-Identifier: MIT
// What is in the certificate that a server makes for itself.
#include "tls/server.hpp"

#include "tls/context.hpp"
#include "tls/failure.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string>

namespace bight::tls {
namespace {

// Seconds from now; negative if it has passed.
int seconds_to(const ASN1_TIME* moment) {
  int days = 0;
  int seconds = 0;
  EXPECT_EQ(ASN1_TIME_diff(&days, &seconds, nullptr, moment), 1);
  return days * 86400 + seconds;
}

std::string extension(const X509& certificate, int id) {
  const int at = X509_get_ext_by_NID(&certificate, id, -1);
  if (at < 0) return "none";
  X509_EXTENSION* const found = X509_get_ext(&certificate, at);
  const bio_ptr memory(BIO_new(BIO_s_mem()));
  X509V3_EXT_print(memory.get(), found, 0, 0);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return (X509_EXTENSION_get_critical(found) == 1 ? "critical, " : "") +
         std::string(text, static_cast<std::size_t>(size));
}

TEST(self_signed, has_what_a_client_needs_to_trust_it_by_its_pin) {
  const context_ptr made = make_context(TLS_server_method(), version::tls12);
  use_self_signed(*made);
  const X509* const x = SSL_CTX_get0_certificate(made.get());
  ASSERT_NE(x, nullptr);
  EXPECT_EQ(X509_get_version(x), X509_VERSION_3);
  EXPECT_EQ(text_of(X509_get_subject_name(x)), "CN = a server in development");
  EXPECT_EQ(text_of(X509_get_issuer_name(x)), "CN = a server in development");
  EXPECT_EQ(names_of(x), "localhost, 127.0.0.1, ::1");
  EXPECT_EQ(extension(*x, NID_basic_constraints), "critical, CA:FALSE");
  EXPECT_EQ(extension(*x, NID_key_usage), "critical, Digital Signature");
  EXPECT_EQ(extension(*x, NID_ext_key_usage), "TLS Web Server Authentication");
  constexpr int tolerance = 120;  // of a slow machine
  EXPECT_NEAR(seconds_to(X509_get0_notBefore(x)), -3600, tolerance);
  EXPECT_NEAR(seconds_to(X509_get0_notAfter(x)), 30 * 86400, tolerance);
  EXPECT_EQ(X509_verify(const_cast<X509*>(x), X509_get0_pubkey(x)), 1);
  EXPECT_EQ(SSL_CTX_check_private_key(made.get()), 1);
}

TEST(self_signed, has_a_serial_number_of_its_own) {
  const context_ptr one = make_context(TLS_server_method(), version::tls12);
  const context_ptr other = make_context(TLS_server_method(), version::tls12);
  use_self_signed(*one);
  use_self_signed(*other);
  const ASN1_INTEGER* const first = X509_get0_serialNumber(SSL_CTX_get0_certificate(one.get()));
  const ASN1_INTEGER* const second = X509_get0_serialNumber(SSL_CTX_get0_certificate(other.get()));
  EXPECT_NE(ASN1_INTEGER_cmp(first, second), 0);
  EXPECT_GT(ASN1_STRING_length(first), 8);
  EXPECT_LE(ASN1_STRING_length(first), 16);
  EXPECT_EQ(ASN1_STRING_type(first), V_ASN1_INTEGER) << "negative";
}

}  // namespace
}  // namespace bight::tls
