// SPDX-License-Identifier: MIT
#pragma once

/// A URL of `bight get`, read strictly: RFC 3986, without user names, and with nothing guessed.

#include <bight/address.hpp>

#include <string>
#include <string_view>

namespace tool {

struct http_url {
  bight::address at;   ///< kind any for "http://:8080/": this machine
  std::string host;    ///< as the Host field wants it: the port only when it is not 80
  std::string target;  ///< path and query, at least "/"; the fragment stays here

  /// The URL as it would be typed.
  [[nodiscard]] std::string str() const { return "http://" + host + target; }
};

/// Reads `text`, which begins with http:// or with no scheme at all.
///
/// errors  a usage failure: another scheme, a user name, control bytes or blanks (a line break
///         could smuggle a second request in), characters that want %-encoding, a bad host or port.
[[nodiscard]] http_url parse_http_url(std::string_view text);

}  // namespace tool
