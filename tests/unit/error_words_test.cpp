// SPDX-License-Identifier: MIT
// The texts of errors, word for word: they are what a user sees.
#include <bight/error.hpp>
#include <bight/http.hpp>

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
    {errc::refused, "connection refused", "is the server running there?"},
    {errc::reset, "connection reset by the peer", ""},
    {errc::closed, "the connection is closed", ""},
    {errc::cut_short, "the peer closed in the middle", ""},
    {errc::too_long, "longer than the limit", ""},
    {errc::unreachable, "no route to that network or host", "check the address and the network"},
    {errc::address_in_use, "address in use", "another program listens there; choose another port"},
    {errc::address_not_here, "this machine does not have that address", ""},
    {errc::denied, "permission denied", "ports below 1024 and some files need more rights"},
    {errc::bad_address, "not a usable address", ""},
    {errc::name_not_found, "no such name", "check the spelling"},
    {errc::name_unavailable, "the name servers did not answer", "try again, or check resolv.conf"},
    {errc::too_many_files, "no file descriptors left", "raise the limit: ulimit -n"},
    {errc::no_resources, "the kernel has no buffers left", "try again"},
    {errc::message_too_large, "the datagram is too large", "send fewer bytes at a time"},
    {errc::busy, "another operation of this kind is in flight", "await it first"},
    {errc::not_supported, "not supported here", ""},
    {errc::tls_truncated, "the connection ended without the end of TLS (close_notify)",
     "bytes may be missing; do not trust what has come to be all"},
    {errc::tls_not_spoken, "the peer does not speak TLS",
     "connect without TLS, or check the address"},
    {errc::tls_old_protocol, "the peer speaks no version of TLS that is allowed here",
     "versions before 1.2 are not safe, RFC 8996: the peer must be updated"},
    {errc::tls_alert, "the peer refused", ""},
    {errc::tls_failed, "what came is not TLS as it should be", ""},
    {errc::certificate_self_signed, "the certificate is signed by nobody but itself",
     "if it is the right one, trust its key by a pin, or its file as an authority"},
    {errc::certificate_unknown_authority, "the certificate's authority is not trusted here",
     "if it should be, give its file; the system's come with the package ca-certificates"},
    {errc::certificate_expired, "the certificate has expired",
     "its owner must renew it; or is the clock of this machine wrong?"},
    {errc::certificate_not_yet_valid, "the certificate is not valid yet",
     "is the clock of this machine wrong?"},
    {errc::certificate_wrong_host, "the certificate is for another host",
     "connect to a name that it is for"},
    {errc::certificate_not_pinned, "the key is none of the pins",
     "if the peer has a new key, ask its owner for the new pin"},
    {errc::certificate_unusable, "the certificate cannot be used for this",
     "its owner needs another one"},
    {errc::invalid, "not a usable value", ""},
    {errc::connection_timed_out, "connection timed out", "the peer does not answer"},
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
      {http::errc::malformed, "the answer is not HTTP/1.x as it should be", errc::invalid},
      {http::errc::over_limit, "the answer passes a limit", errc::too_long},
      {http::errc::empty_reply, "the server closed without a word (empty reply)", errc::cut_short},
      {http::errc::bad_encoding, "the content is not encoded as its header says", errc::invalid},
      {http::errc::too_many_redirects, "too many redirects", errc::too_long},
      {http::errc::redirect_refused, "it leads to where it must not", errc::denied},
      {http::errc::proxy_refused, "the proxy does not connect us", errc::denied},
      {http::errc::too_slow, "too few bytes a second come", errc::timed_out},
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
