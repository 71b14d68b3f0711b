// SPDX-License-Identifier: MIT
// The texts of errors, word for word: they are what a user sees.
#include <bight/error.hpp>
#include <bight/http.hpp>

#include "base/names.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bight {
namespace {

struct row {
  errc condition;
  const char* reason;
  const char* advice;
};

constexpr row rows[] = {
    {errc::cancelled, "cancelled", ""},
    {errc::timed_out, "timed out", ""},
    {errc::refused, "connection refused", "is the server running?"},
    {errc::reset, "connection reset by the peer", ""},
    {errc::closed, "the connection is closed", ""},
    {errc::cut_short, "the peer closed before all data arrived", ""},
    {errc::too_long, "longer than the limit", ""},
    {errc::unreachable, "no route to that network or host", "check the address and the network"},
    {errc::address_in_use, "address in use",
     "another program is listening there; choose another port"},
    {errc::address_not_available, "this machine has no such address", ""},
    {errc::denied, "permission denied", "ports below 1024 and some files require privileges"},
    {errc::bad_address, "invalid address", ""},
    {errc::name_not_found, "no such host", "check the spelling"},
    {errc::name_unavailable, "the name servers did not answer",
     "try again, or check /etc/resolv.conf"},
    {errc::too_many_files, "too many open files", "raise the limit: ulimit -n"},
    {errc::no_resources, "the kernel is out of buffers", "try again"},
    {errc::message_too_large, "the datagram is too large", "send fewer bytes at a time"},
    {errc::busy, "another operation of this kind is in flight", "await it first"},
    {errc::not_supported, "not supported here", ""},
    {errc::tls_truncated, "the connection ended without TLS close_notify", "data may be missing"},
    {errc::tls_not_spoken, "the peer does not speak TLS",
     "connect without TLS, or check the address"},
    {errc::tls_old_protocol, "the peer supports no TLS version that is allowed here",
     "versions before 1.2 are insecure (RFC 8996); update the peer"},
    {errc::tls_alert, "the peer refused the TLS connection", ""},
    {errc::tls_failed, "the peer sent invalid TLS data", ""},
    {errc::certificate_self_signed, "the certificate is self-signed",
     "if it is the right one, trust its key with a pin, or its file as a CA"},
    {errc::certificate_unknown_authority, "the certificate is signed by an unknown authority",
     "trust the file of its CA, or install the package ca-certificates"},
    {errc::certificate_expired, "the certificate has expired",
     "renew it, or check the clock of this machine"},
    {errc::certificate_not_yet_valid, "the certificate is not valid yet",
     "check the clock of this machine"},
    {errc::certificate_wrong_host, "the certificate is for another host",
     "connect to a name listed in it"},
    {errc::certificate_not_pinned, "the key does not match any pin",
     "if the peer has a new key, ask its owner for the new pin"},
    {errc::certificate_unusable, "the certificate is not valid for this use",
     "use another certificate"},
    {errc::invalid, "invalid value", ""},
    {errc::connection_timed_out, "connection timed out", "the peer did not respond"},
};

TEST(error_words, of_every_condition_are_these) {
  for (const row& r : rows) {
    EXPECT_EQ(make_error_code(r.condition).message(), r.reason);
    const std::string advice = *r.advice != '\0' ? " (" + std::string(r.advice) + ")" : "";
    EXPECT_EQ(error(r.condition, "try").what(), "try: " + std::string(r.reason) + advice);
  }
  EXPECT_EQ(std::size(rows), static_cast<std::size_t>(errc::connection_timed_out))
      << "a condition is missing here";
  EXPECT_STREQ(category().name(), "bight");
}

TEST(error_words, of_http_are_these) {
  struct {
    http::errc code;
    const char* text;
    errc condition;
  } const codes[] = {
      {http::errc::malformed, "malformed HTTP response", errc::invalid},
      {http::errc::over_limit, "the response exceeds a limit", errc::too_long},
      {http::errc::empty_reply,
       "the server closed the connection without sending data (empty reply)", errc::cut_short},
      {http::errc::bad_encoding, "the content does not match its Content-Encoding", errc::invalid},
      {http::errc::too_many_redirects, "too many redirects", errc::too_long},
      {http::errc::redirect_refused, "redirect refused", errc::denied},
      {http::errc::proxy_refused, "the proxy refused the connection", errc::denied},
      {http::errc::too_slow, "the transfer is too slow", errc::timed_out},
  };
  for (const auto& c : codes) {
    EXPECT_EQ(http::make_error_code(c.code).message(), c.text);
    EXPECT_EQ(http::make_error_code(c.code), make_error_condition(c.condition)) << c.text;
  }
  EXPECT_EQ(http::category().message(9999), "unknown error");
  EXPECT_STREQ(http::category().name(), "http");
}

}  // namespace
}  // namespace bight
