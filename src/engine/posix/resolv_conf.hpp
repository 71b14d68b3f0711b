// SPDX-License-Identifier: MIT
#pragma once

/// The resolver's configuration: resolv.conf(5), LOCALDOMAIN and RES_OPTIONS.
///
/// Bight reads it itself and passes the result to c-ares. Versions of c-ares differ in what they
/// support (1.18 has no "search .", no "options timeout:", no scoped server), and in how they use
/// the search list.

#include <bight/address.hpp>
#include <bight/time.hpp>

#include "base/names.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace bight::posix {

struct resolv_conf {
  std::vector<address> servers;     ///< empty: 127.0.0.1
  std::vector<std::string> search;  ///< domains without dots around them; "" is the root
  unsigned ndots = 1;               ///< a name with this many dots is first tried as it is
  /// Of the first attempt; c-ares doubles it for each further one. glibc uses 5 s and 2 attempts.
  duration timeout = 2s;
  int attempts = 3;
  bool rotate = false;
  bool use_tcp = false;
  bool edns = false;
  bool no_aaaa = false;         ///< query no IPv6 addresses
  bool no_tld_query = false;    ///< never try a name without dots as it is
  bool single_request = false;  ///< query one family after the other

  friend bool operator==(const resolv_conf&, const resolv_conf&) = default;
};

/// Other settings that affect the configuration.
struct resolver_environment {
  std::string_view host_name;    ///< its domain is the search list if nothing else sets one
  std::string_view localdomain;  ///< LOCALDOMAIN: replaces the search list
  std::string_view options;      ///< RES_OPTIONS: added to the options of the file
};

[[nodiscard]] resolv_conf parse_resolv_conf(std::string_view text, const resolver_environment& env);

/// Reads /etc/resolv.conf. Throws as read_file() does.
[[nodiscard]] resolv_conf read_resolv_conf();

/// The absolute names to query, in order, without trailing dots.
[[nodiscard]] std::vector<std::string> candidates(const resolv_conf& conf, std::string_view name);

}  // namespace bight::posix
