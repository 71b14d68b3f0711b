// SPDX-License-Identifier: MIT
#pragma once

/// http and https URLs.

#include <bight/address.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace bight::http {

/// A URL with the scheme http or https:
///
///     "http://example.org/"   "https://[::1]:8443/a b?c=d"   "http://bücher.example/é"
///
/// Accepts what curl and browsers accept, and normalizes it for use in a request. Bytes of the path
/// and the query that browsers percent-encode are percent-encoded; surrounding whitespace and the
/// fragment are dropped; "." and ".." are removed from the path. The host is in lower case, and a
/// non-ASCII name is converted to punycode (UTS 46). "user:password@" is stored separately: str(),
/// and therefore every message, omits it.
///
/// Strict where two parsers could see different hosts: control characters, "\" before the path, a
/// second "@", and numeric hosts other than four decimal numbers (0x7f.1) are refused. The host is
/// checked after decoding and mapping. A url is a value and never empty.
///
/// errors  error(errc::bad_address); the text says what is wrong and how to write it.
/// source  RFC 3986; WHATWG URL; RFC 6874 for "[fe80::1%25eth0]".
class url {
 public:
  /// Maximum size in bytes of the text and of the encoded URL. RFC 9110 §4.1 recommends at least
  /// 8000; curl allows 8 million.
  static constexpr std::size_t size_max = 16384;

  url(std::string_view text);
  url(const char* text) : url(std::string_view(text)) {}
  url(const std::string& text) : url(std::string_view(text)) {}

  /// Whether the scheme is https.
  [[nodiscard]] bool secure() const noexcept { return secure_; }
  /// Host, zone and port to connect to; the scheme's default port if the URL has none.
  [[nodiscard]] const address& at() const noexcept { return at_; }
  /// The host for TLS and the Host field: "example.org", "::1". Omits the zone of an IPv6 address,
  /// which is meaningful only on this machine.
  [[nodiscard]] std::string host() const;
  /// Path and query; at least "/".
  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  /// The value of the Host field: the host, and the port unless it is the scheme's default.
  [[nodiscard]] std::string authority() const;
  /// Scheme, host with zone, and port, "https://example.org": the origin of RFC 6454.
  [[nodiscard]] std::string origin() const;
  /// The whole URL without user and password. Parsing it gives an equal URL.
  [[nodiscard]] std::string str() const { return origin() + target_; }

  /// User name and password of "user:password@", decoded; "" if there are none.
  [[nodiscard]] const std::string& user() const noexcept { return user_; }
  [[nodiscard]] const std::string& password() const noexcept { return password_; }

  /// Resolves `reference` relative to this URL (RFC 3986 §5): a whole URL, "//host/", "/path",
  /// "../up", "?query". User and password are kept within the same origin, unless the reference has
  /// its own.
  ///
  /// errors  as the constructor.
  [[nodiscard]] url resolve(std::string_view reference) const;

  /// Whether both are the same URL; user and password are ignored.
  friend bool operator==(const url& a, const url& b) noexcept {
    return a.secure_ == b.secure_ && a.at_ == b.at_ && a.target_ == b.target_;
  }

 private:
  url() = default;
  void read_authority(std::string_view whole, std::string_view text);
  void check_size() const;

  bool secure_ = false;
  address at_;
  std::string target_;
  std::string user_;
  std::string password_;
};

/// Converts a host name to the form that DNS, TLS and HTTP use: "bücher.example" becomes
/// "xn--bcher-kva.example". An ASCII name is returned unchanged.
///
/// errors  error(errc::bad_address) if `name` is not UTF-8 or has a character that no name may
///         have.
/// source  RFC 5891, UTS 46 without transitional processing, as browsers do.
[[nodiscard]] std::string ascii_host(std::string_view name);

}  // namespace bight::http
