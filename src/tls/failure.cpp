// SPDX-License-Identifier: MIT
#include "tls/failure.hpp"

#include <bight/address.hpp>

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace bight::tls {

namespace {

constexpr int alerts_from = SSL_AD_REASON_OFFSET;  // an alert's reason code is this plus the alert
constexpr std::size_t names_max = 5;               // names listed in a message
constexpr std::size_t quoted_max = 48;             // bytes

// RFC 8446 §6.2, for the alerts that a user can act on.
const char* advice_for_alert(int alert) noexcept {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN: return "it does not accept our certificate";
    case SSL_AD_UNKNOWN_CA: return "it does not trust our certificate; it needs the CA, or a pin";
    case SSL_AD_CERTIFICATE_REQUIRED: return "it requires a client certificate";
    case SSL_AD_HANDSHAKE_FAILURE: return "no cipher or certificate type in common";
    case SSL_AD_PROTOCOL_VERSION: return "no TLS version in common; 1.2 is the minimum here";
    case SSL_AD_UNRECOGNIZED_NAME: return "it does not serve that name";
    case SSL_AD_NO_APPLICATION_PROTOCOL: return "it supports none of the offered protocols";
    default: return "";
  }
}

class openssl_errors final : public std::error_category {
 public:
  const char* name() const noexcept override { return "openssl"; }

  std::string message(int value) const override {
    const auto code = static_cast<unsigned>(value);
    if (const int alert = alert_of({value, *this}); alert >= 0) {
      const std::string_view advice = advice_for_alert(alert);
      return fmt::format("the peer sent alert {}, {}{}{}{}", alert,
                         SSL_alert_desc_string_long(alert), advice.empty() ? "" : " (", advice,
                         advice.empty() ? "" : ")");
    }
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : fmt::format("OpenSSL's error {:#x}", code);
  }

  std::error_condition default_error_condition(int value) const noexcept override {
    const auto code = static_cast<unsigned>(value);
    const int alert = alert_of({value, *this});
    if (alert == SSL_AD_PROTOCOL_VERSION) return make_error_condition(errc::tls_old_protocol);
    if (alert >= 0) return make_error_condition(errc::tls_alert);
    if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
      return make_error_condition(errc::no_resources);
    if (ERR_GET_LIB(code) != ERR_LIB_SSL) return make_error_condition(errc::tls_failed);
    switch (ERR_GET_REASON(code)) {
      case SSL_R_UNSUPPORTED_PROTOCOL:
      case SSL_R_VERSION_TOO_LOW:
      case SSL_R_WRONG_SSL_VERSION: return make_error_condition(errc::tls_old_protocol);
      case SSL_R_UNEXPECTED_EOF_WHILE_READING: return make_error_condition(errc::tls_truncated);
      case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return make_error_condition(errc::certificate_unusable);
      default: return make_error_condition(errc::tls_failed);
    }
  }
};

errc condition_of_certificate(int outcome) noexcept {
  switch (outcome) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return errc::certificate_self_signed;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED: return errc::certificate_unknown_authority;
    case X509_V_ERR_CERT_HAS_EXPIRED: return errc::certificate_expired;
    case X509_V_ERR_CERT_NOT_YET_VALID: return errc::certificate_not_yet_valid;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return errc::certificate_wrong_host;
    case X509_V_ERR_APPLICATION_VERIFICATION: return errc::certificate_not_pinned;
    case X509_V_ERR_OUT_OF_MEM: return errc::no_resources;
    default: return errc::certificate_unusable;
  }
}

class certificate_errors final : public std::error_category {
 public:
  const char* name() const noexcept override { return "openssl certificate"; }
  std::string message(int value) const override { return X509_verify_cert_error_string(value); }
  std::error_condition default_error_condition(int value) const noexcept override {
    return make_error_condition(condition_of_certificate(value));
  }
};

std::string contents(BIO* memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  return printable({bytes, size > 0 ? static_cast<std::size_t>(size) : 0});
}

std::string text_of(const ASN1_TIME* moment) {
  const bio_ptr memory(BIO_new(BIO_s_mem()));
  if (memory == nullptr) throw std::bad_alloc();
  ASN1_TIME_print(memory.get(), moment);
  return contents(memory.get());
}

std::string text_of_ip(const ASN1_OCTET_STRING* ip) {
  const unsigned char* bytes = ASN1_STRING_get0_data(ip);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(ip));
  if (size == 4) {
    std::array<std::uint8_t, 4> four{};
    std::memcpy(four.data(), bytes, size);
    return address::ip4(four, 0).host();
  }
  std::array<std::uint8_t, 16> sixteen{};
  if (size == sixteen.size()) std::memcpy(sixteen.data(), bytes, size);
  return address::ip6(sixteen, 0).host();
}

// The advice from the condition's standard text, with its leading space: " (…)".
std::string advice_for(errc condition) {
  const error plain(condition, "");
  const std::string_view whole = plain.what();
  return std::string(whole.substr(std::min(whole.find(" ("), whole.size())));
}

}  // namespace

const std::error_category& openssl_category() noexcept {
  static const openssl_errors the_category;
  return the_category;
}

const std::error_category& certificate_category() noexcept {
  static const certificate_errors the_category;
  return the_category;
}

std::error_code take_error() noexcept {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return make_error_code(errc::tls_failed);
  if (ERR_SYSTEM_ERROR(code)) return {ERR_GET_REASON(code), std::system_category()};
  return {static_cast<int>(code), openssl_category()};
}

int alert_of(const std::error_code& code) noexcept {
  if (code.category() != openssl_category()) return -1;
  const auto packed = static_cast<unsigned>(code.value());
  const int alert = ERR_GET_REASON(packed) - alerts_from;
  return ERR_GET_LIB(packed) == ERR_LIB_SSL && alert >= 0 && alert < 256 ? alert : -1;
}

failure refused_certificate(long outcome, const X509* peer, std::string_view name) {
  const int code = static_cast<int>(outcome);
  failure f{{code, certificate_category()}, {}};
  const errc condition = condition_of_certificate(code);
  const std::string advice = advice_for(condition);
  const std::string usual = f.code.message();
  if (peer == nullptr) {
    f.reason = usual + advice;
    return f;
  }
  const std::string subject = text_of(X509_get_subject_name(peer));
  const std::string issuer = text_of(X509_get_issuer_name(peer));
  switch (condition) {
    case errc::certificate_self_signed:
      f.reason = fmt::format("the certificate of {} is self-signed", subject);
      break;
    case errc::certificate_unknown_authority:
      f.reason = fmt::format("the certificate of {} is issued by {}, which is not trusted", subject,
                             issuer);
      break;
    case errc::certificate_expired:
      f.reason = fmt::format("a certificate has expired: {} was valid until {}", subject,
                             text_of(X509_get0_notAfter(peer)));
      break;
    case errc::certificate_not_yet_valid:
      f.reason = fmt::format("a certificate is not valid yet: {} is valid from {}", subject,
                             text_of(X509_get0_notBefore(peer)));
      break;
    case errc::certificate_wrong_host: {
      const std::string names = names_of(peer);
      f.reason = fmt::format("the certificate is not for {}; it is for {}", printable(name),
                             names.empty() ? "no host at all (" + subject + ")" : names);
      break;
    }
    case errc::certificate_not_pinned:
      f.reason = fmt::format("the key of {} does not match any pin", subject);
      break;
    default: f.reason = fmt::format("the certificate of {} was refused: {}", subject, usual);
  }
  f.reason += advice;
  return f;
}

failure not_spoken(std::string_view bytes, bool by_server) {
  const std::string_view line = bytes.substr(0, std::min(bytes.find_first_of("\r\n"), quoted_max));
  return {make_error_code(errc::tls_not_spoken),
          fmt::format("the {0} does not speak TLS; it sent \"{1}\" ({2})",
                      by_server ? "server" : "client", printable(line),
                      by_server ? "connect without TLS, or check the address"
                                : "it must use TLS: https:// instead of http://")};
}

std::string text_of(const X509_NAME* name) {
  const bio_ptr memory(BIO_new(BIO_s_mem()));
  if (memory == nullptr) throw std::bad_alloc();
  X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  const std::string text = contents(memory.get());
  return text.empty() ? "(no name)" : text;
}

std::string names_of(const X509* certificate) {
  using names_ptr = std::unique_ptr<GENERAL_NAMES, freed_by<GENERAL_NAMES_free>>;
  const names_ptr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string all;
  std::size_t told = 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* n = sk_GENERAL_NAME_value(names.get(), i);
    std::string one;
    if (n->type == GEN_DNS) {
      const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(n->d.dNSName));
      one = printable({text, static_cast<std::size_t>(ASN1_STRING_length(n->d.dNSName))});
    } else if (n->type == GEN_IPADD) {
      one = text_of_ip(n->d.iPAddress);
    }
    if (one.empty()) continue;
    if (told++ == names_max) return all + ", …";
    if (!all.empty()) all += ", ";
    all += one;
  }
  return all;
}

}  // namespace bight::tls
