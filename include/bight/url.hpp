// SPDX-License-Identifier: MIT
#pragma once

/// Where a page is: a URL of http or https, read strictly.

#include <bight/address.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace bight::http {

/// A URL with the scheme http or https:
///
///     "http://example.org/"   "https://[::1]:8443/a/b?c=d"   "http://localhost:8080"
///
/// The grammar is RFC 3986's, and nothing is guessed: no blanks or control bytes (a line break
/// could smuggle a second request in), no "\", no byte above 127 (write names as punycode), no user
/// name or password (a URL is shown and logged), no empty host, no numeric host but four decimal
/// numbers or IPv6 in brackets, no zone. "." and ".." are taken out of the path, the host is in
/// lower case, a fragment is dropped. A URL is a value, and never empty.
///
/// errors  error(errc::bad_address), whose text says what was wrong and how to write it.
class url {
 public:
  /// RFC 9110 §4.1 asks for 8000 at least; curl takes 8 million.
  static constexpr std::size_t size_max = 16384;

  url(std::string_view text);
  url(const char* text) : url(std::string_view(text)) {}
  url(const std::string& text) : url(std::string_view(text)) {}

  /// Whether it is https.
  [[nodiscard]] bool secure() const noexcept { return secure_; }
  /// Host and port, the scheme's own port when the URL names none.
  [[nodiscard]] const address& at() const noexcept { return at_; }
  /// The host as TLS and messages want it: "example.org", "::1".
  [[nodiscard]] std::string host() const { return at_.host(); }
  /// Path and query; "/" at least.
  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  /// What the Host field says: the port only where it is not the scheme's own.
  [[nodiscard]] std::string authority() const;
  /// Scheme and authority, "https://example.org": what two pages share that trust each other (RFC
  /// 6454).
  [[nodiscard]] std::string origin() const;
  /// The whole, as one would type it: it parses back to an equal one.
  [[nodiscard]] std::string str() const { return origin() + target_; }

  /// What `reference` means on this page (RFC 3986 §5): a whole URL, "//host/", "/path", "../up",
  /// "?query".
  ///
  /// errors  as the constructor.
  [[nodiscard]] url resolve(std::string_view reference) const;

  friend bool operator==(const url&, const url&) noexcept = default;

 private:
  bool secure_ = false;
  address at_;
  std::string target_;
};

}  // namespace bight::http
