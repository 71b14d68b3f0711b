// SPDX-License-Identifier: MIT
#include "tls/failure.hpp"

#include "contract/certificates.hpp"
#include "tls/context.hpp"

#include <gmock/gmock.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string>
#include <utility>

namespace bight::tls {
namespace {

using contract::certificate_plan;
using contract::certificates;

std::error_code library_error(int library, int reason) {
  return {static_cast<int>(ERR_PACK(library, 0, reason)), openssl_category()};
}

std::error_code alert(int number) {
  return library_error(ERR_LIB_SSL, SSL_AD_REASON_OFFSET + number);
}

TEST(tls_alert, says_what_to_do) {
  const char* const refused = " (it does not accept our certificate)";
  const std::pair<int, const char*> alerts[] = {
      {SSL_AD_CLOSE_NOTIFY, ""},
      {SSL_AD_INTERNAL_ERROR, ""},
      {SSL_AD_BAD_CERTIFICATE, refused},
      {SSL_AD_UNSUPPORTED_CERTIFICATE, refused},
      {SSL_AD_CERTIFICATE_REVOKED, refused},
      {SSL_AD_CERTIFICATE_EXPIRED, refused},
      {SSL_AD_CERTIFICATE_UNKNOWN, refused},
      {SSL_AD_UNKNOWN_CA, " (it does not trust our certificate; it needs the CA, or a pin)"},
      {SSL_AD_CERTIFICATE_REQUIRED, " (it requires a client certificate)"},
      {SSL_AD_HANDSHAKE_FAILURE, " (no cipher or certificate type in common)"},
      {SSL_AD_PROTOCOL_VERSION, " (no TLS version in common; 1.2 is the minimum here)"},
      {SSL_AD_UNRECOGNIZED_NAME, " (it does not serve that name)"},
      {SSL_AD_NO_APPLICATION_PROTOCOL, " (it supports none of the offered protocols)"}};
  for (const auto& [number, advice] : alerts) {
    EXPECT_EQ(alert(number).message(), "the peer sent alert " + std::to_string(number) + ", " +
                                           SSL_alert_desc_string_long(number) + advice);
    EXPECT_EQ(alert_of(alert(number)), number);
    EXPECT_EQ(alert(number),
              number == SSL_AD_PROTOCOL_VERSION ? errc::tls_old_protocol : errc::tls_alert);
  }
  EXPECT_EQ(alert_of(alert(255)), 255);
  EXPECT_EQ(alert_of(alert(256)), -1);
  EXPECT_EQ(alert_of(library_error(ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL)), -1);
  EXPECT_EQ(alert_of(library_error(ERR_LIB_X509, SSL_AD_REASON_OFFSET)), -1);
  EXPECT_EQ(alert_of(make_error_code(errc::tls_alert)), -1);
}

TEST(tls_error, of_openssl_has_a_condition) {
  const std::pair<std::error_code, errc> errors[] = {
      {library_error(ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL), errc::tls_old_protocol},
      {library_error(ERR_LIB_SSL, SSL_R_VERSION_TOO_LOW), errc::tls_old_protocol},
      {library_error(ERR_LIB_SSL, SSL_R_WRONG_SSL_VERSION), errc::tls_old_protocol},
      {library_error(ERR_LIB_SSL, SSL_R_UNEXPECTED_EOF_WHILE_READING), errc::tls_truncated},
      {library_error(ERR_LIB_SSL, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE),
       errc::certificate_unusable},
      {library_error(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE), errc::no_resources},
      {library_error(ERR_LIB_SSL, SSL_R_BAD_SIGNATURE), errc::tls_failed},
      {library_error(ERR_LIB_X509, SSL_R_UNSUPPORTED_PROTOCOL), errc::tls_failed}};
  for (const auto& [code, condition] : errors) EXPECT_EQ(code, condition) << code.message();
  EXPECT_STREQ(openssl_category().name(), "openssl");
  EXPECT_EQ(std::error_code(static_cast<int>(ERR_PACK(99, 0, 1)), openssl_category()).message(),
            "OpenSSL's error 0x31800001");
}

TEST(tls_error, of_a_certificate_has_a_condition) {
  const std::pair<int, errc> outcomes[] = {
      {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, errc::certificate_self_signed},
      {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, errc::certificate_unknown_authority},
      {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, errc::certificate_unknown_authority},
      {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, errc::certificate_unknown_authority},
      {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, errc::certificate_unknown_authority},
      {X509_V_ERR_CERT_UNTRUSTED, errc::certificate_unknown_authority},
      {X509_V_ERR_CERT_HAS_EXPIRED, errc::certificate_expired},
      {X509_V_ERR_CERT_NOT_YET_VALID, errc::certificate_not_yet_valid},
      {X509_V_ERR_HOSTNAME_MISMATCH, errc::certificate_wrong_host},
      {X509_V_ERR_IP_ADDRESS_MISMATCH, errc::certificate_wrong_host},
      {X509_V_ERR_APPLICATION_VERIFICATION, errc::certificate_not_pinned},
      {X509_V_ERR_OUT_OF_MEM, errc::no_resources},
      {X509_V_ERR_CERT_REVOKED, errc::certificate_unusable}};
  for (const auto& [outcome, condition] : outcomes)
    EXPECT_EQ(std::error_code(outcome, certificate_category()), condition) << outcome;
  EXPECT_STREQ(certificate_category().name(), "openssl certificate");
}

TEST(tls_error, that_openssl_queued_is_taken_with_all_after_it) {
  ERR_clear_error();
  EXPECT_EQ(take_error(), make_error_code(errc::tls_failed)) << "when none is queued";
  ERR_raise(ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL);
  ERR_raise(ERR_LIB_SSL, SSL_R_BAD_SIGNATURE);
  EXPECT_EQ(take_error(), errc::tls_old_protocol);
  EXPECT_EQ(ERR_peek_error(), 0u);
  ERR_raise(ERR_LIB_SYS, ENOENT);
  EXPECT_EQ(take_error(), std::errc::no_such_file_or_directory);
}

TEST(tls_refusal, of_a_certificate_names_it_and_says_what_to_do) {
  certificates files;
  certificate_plan plan;
  plan.names = "DNS:a.example,IP:192.0.2.1,IP:2001:db8::1,email:x@a.example,DNS:b,DNS:c,DNS:d";
  const x509_ptr many = read_certificate(files.make(plan, files.authority("root")).certificate);
  plan.names.clear();
  plan.common_name = "lonely";
  const x509_ptr none = read_certificate(files.make(plan).certificate);
  const auto refused = [&](int outcome, const X509* by) {
    return refused_certificate(outcome, by, "h\n").reason;
  };
  const std::string of = "the certificate of CN = server ";
  EXPECT_EQ(refused(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, many.get()),
            of + "is self-signed (if it is the right one, trust its key with a pin, or its file "
                 "as a CA)");
  EXPECT_EQ(refused(X509_V_ERR_CERT_UNTRUSTED, many.get()),
            of + "is issued by CN = root, which is not trusted (trust the file of its CA, or "
                 "install the package ca-certificates)");
  EXPECT_THAT(refused(X509_V_ERR_CERT_HAS_EXPIRED, many.get()),
              testing::MatchesRegex("a certificate has expired: CN = server was valid until "
                                    "... .* GMT .renew it, or check the clock of this machine."));
  EXPECT_THAT(refused(X509_V_ERR_CERT_NOT_YET_VALID, many.get()),
              testing::MatchesRegex("a certificate is not valid yet: CN = server is valid from "
                                    "... .* GMT .check the clock of this machine."));
  EXPECT_EQ(refused(X509_V_ERR_HOSTNAME_MISMATCH, many.get()),
            "the certificate is not for h\\x0a; it is for a.example, 192.0.2.1, 2001:db8::1, b, "
            "c, … (connect to a name listed in it)");
  EXPECT_EQ(refused(X509_V_ERR_HOSTNAME_MISMATCH, none.get()),
            "the certificate is not for h\\x0a; it is for no host at all (CN = lonely) (connect "
            "to a name listed in it)");
  EXPECT_EQ(refused(X509_V_ERR_APPLICATION_VERIFICATION, many.get()),
            "the key of CN = server does not match any pin (if the peer has a new key, ask its "
            "owner for the new pin)");
  EXPECT_EQ(refused(X509_V_ERR_CERT_REVOKED, many.get()),
            of + "was refused: certificate revoked (use another certificate)");
  EXPECT_EQ(refused(X509_V_ERR_CERT_REVOKED, nullptr),
            "certificate revoked (use another certificate)");
  const x509_ptr empty(X509_new());
  EXPECT_EQ(text_of(X509_get_subject_name(empty.get())), "(no name)");
}

TEST(tls_refusal, of_a_peer_without_tls_quotes_its_first_line) {
  EXPECT_EQ(not_spoken("220 smtp\r\nmore", true).reason,
            "the server does not speak TLS; it sent \"220 smtp\" (connect without TLS, or check "
            "the address)");
  EXPECT_EQ(not_spoken("GET / HTTP/1.1\n", false).reason,
            "the client does not speak TLS; it sent \"GET / HTTP/1.1\" (it must use TLS: https:// "
            "instead of http://)");
  const std::string quoted = not_spoken(std::string(60, 'a'), true).reason;
  EXPECT_NE(quoted.find('"' + std::string(48, 'a') + '"'), std::string::npos) << quoted;
}

}  // namespace
}  // namespace bight::tls
