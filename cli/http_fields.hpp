// SPDX-License-Identifier: MIT
#pragma once

/// What the command line and the environment say about a request.

#include <bight/http.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// A URL as typed: "host/path" means http://host/path, ":8080/path" this machine. "user:password@"
/// is kept in the URL, and never part of its str().
///
/// errors  a usage failure.
[[nodiscard]] bight::http::url parse_page(std::string_view text);

/// Reads the values of -H: "Name: value", or "@FILE" with one of these a line.
///
/// errors  a usage failure: no name, a byte that no field may have (a line break above all), or a
///         field that decides where the message ends, which is not the user's to say.
[[nodiscard]] std::vector<bight::http::field> parse_fields(const std::vector<std::string>& flags);

/// The proxies that the environment names: http_proxy (in lower case alone, because a web server
/// sets HTTP_PROXY for its CGI programs from what a stranger sends), https_proxy, all_proxy, and
/// no_proxy, which lists hosts, domains, or "*".
class proxies {
 public:
  /// errors  a usage failure that names the variable.
  [[nodiscard]] static proxies from_environment();

  [[nodiscard]] bight::http::proxy operator()(const bight::http::url& to) const;

 private:
  bight::http::proxy plain_;
  bight::http::proxy secure_;
  std::vector<std::string> direct_;
};

}  // namespace tool
