// SPDX-License-Identifier: MIT
#pragma once

/// The proxies that the environment names, and what is reached without one.

#include <bight/http.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// An item of no_proxy: "*", "example.org" (and what is below it; a dot or "*." in front changes
/// nothing), "192.0.2.1", "10.0.0.0/8", "fd00::/8", "[::1]", each but a network also with ":port".
///
/// Networks are compared with addresses in URLs alone: no name is looked up for them.
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

/// http_proxy (in lower case alone, because a web server sets HTTP_PROXY for its CGI programs from
/// what a stranger sends), https_proxy, all_proxy and no_proxy, the last three also in capitals. A
/// value is read when a URL needs it: a proxy that cannot be used for another scheme is no error.
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
