// SPDX-License-Identifier: MIT
#pragma once

/// Where a page is: a URL of http or https, as people and servers write it.

#include <bight/address.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace bight::http {

/// A URL with the scheme http or https:
///
///     "http://example.org/"   "https://[::1]:8443/a b?c=d"   "http://bücher.example/é"
///
/// Takes what curl and browsers take, and gives what may stand in a request. Bytes of the path and
/// the query that a browser percent-encodes are percent-encoded; blanks around the text are
/// dropped; a fragment is dropped. "." and ".." are removed from the path. The host is in lower
/// case, a name that is not ASCII as punycode (UTS 46). "user:password@" is kept apart: str(), and
/// therefore every message, is without it.
///
/// Strict where two readers could see two hosts: control characters, "\" before the path, a second
/// "@", and numeric hosts that are not four decimal numbers (0x7f.1) are refused. The host is
/// checked after decoding and mapping. A URL is a value, and never empty.
///
/// errors  error(errc::bad_address), whose text says what was wrong and how to write it.
/// source  RFC 3986; WHATWG URL; RFC 6874 for "[fe80::1%25eth0]".
class url {
 public:
  /// Of the text, and of the encoded URL. RFC 9110 §4.1 asks for 8000 at least; curl takes 8
  /// million.
  static constexpr std::size_t size_max = 16384;

  url(std::string_view text);
  url(const char* text) : url(std::string_view(text)) {}
  url(const std::string& text) : url(std::string_view(text)) {}

  /// Whether it is https.
  [[nodiscard]] bool secure() const noexcept { return secure_; }
  /// Host, zone and port to connect to; the scheme's own port when the URL has none.
  [[nodiscard]] const address& at() const noexcept { return at_; }
  /// The host as TLS and the Host field name it: "example.org", "::1". Without the zone of an IPv6
  /// address, which has a meaning on this machine only.
  [[nodiscard]] std::string host() const;
  /// Path and query; "/" at least.
  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  /// The value of the Host field: host, and the port unless it is the scheme's own.
  [[nodiscard]] std::string authority() const;
  /// Scheme, host with its zone, and port, "https://example.org": what two pages that trust each
  /// other have in common (RFC 6454).
  [[nodiscard]] std::string origin() const;
  /// The whole URL without user and password. It parses back to an equal URL.
  [[nodiscard]] std::string str() const { return origin() + target_; }

  /// The user name and the password of "user:password@", decoded; "" when there are none.
  [[nodiscard]] const std::string& user() const noexcept { return user_; }
  [[nodiscard]] const std::string& password() const noexcept { return password_; }

  /// What `reference` means on this page (RFC 3986 §5): a whole URL, "//host/", "/path", "../up",
  /// "?query". User and password go along within the origin, unless the reference has its own.
  ///
  /// errors  as the constructor.
  [[nodiscard]] url resolve(std::string_view reference) const;

  /// Whether both name the same page; user and password do not count.
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

/// A host name as DNS, TLS and HTTP write it: "bücher.example" is "xn--bcher-kva.example". An ASCII
/// name is returned as it is.
///
/// errors  error(errc::bad_address) for what is not UTF-8, or has a character that no name may
/// have. source  RFC 5891, UTS 46 without transitional processing, as browsers do.
[[nodiscard]] std::string ascii_host(std::string_view name);

}  // namespace bight::http
