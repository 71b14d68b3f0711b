// SPDX-License-Identifier: MIT
#pragma once

/// The proxies in the environment, and the hosts that are reached directly.

#include <bight/http.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// An item of no_proxy: "*", "example.org" (with its subdomains; a leading dot or "*." is ignored),
/// "192.0.2.1", "10.0.0.0/8", "fd00::/8", "[::1]". All but networks may have a ":port".
///
/// Networks match only addresses in URLs; names are not looked up.
class no_proxy_item {
 public:
  explicit no_proxy_item(std::string_view text);

  [[nodiscard]] bool covers(const bight::http::url& to) const;

 private:
  void read_network(std::string_view text, std::size_t slash);

  bool all_ = false;
  std::string name_;
  bight::address ip_;       // of kind none for a name
  std::size_t bits_ = 0;    // of `ip_` that count
  std::uint16_t port_ = 0;  // 0: any
};

/// Reads http_proxy, https_proxy, all_proxy and no_proxy. The last three may be in capitals;
/// HTTP_PROXY is ignored, because a web server sets it for CGI programs from a request header. A
/// value is parsed when a URL needs it, so an invalid proxy for another scheme is not an error.
class proxies {
 public:
  [[nodiscard]] static proxies from_environment();

  /// errors  a usage failure that names the variable.
  [[nodiscard]] bight::http::proxy operator()(const bight::http::url& to) const;

 private:
  struct setting {
    std::string name;
    std::string value;  // "": no proxy
  };
  [[nodiscard]] static setting first_of(std::initializer_list<const char*> names);

  setting plain_;
  setting secure_;
  std::vector<no_proxy_item> direct_;
};

}  // namespace tool
