// SPDX-License-Identifier: MIT
#pragma once

/// The resolver's configuration: resolv.conf(5), LOCALDOMAIN and RES_OPTIONS.
///
/// Bight reads it itself and hands the result to c-ares. Versions of c-ares differ in what they
/// understand (1.18 knows no "search .", no "options timeout:", no scoped server), and in how they
/// go through the search list.

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
  unsigned ndots = 1;               ///< from so many dots on, a name is first tried as it is
  /// For the first attempt; c-ares doubles it for each further one. glibc takes 5 s and 2 attempts.
  duration timeout = 2s;
  int attempts = 3;
  bool rotate = false;
  bool use_tcp = false;
  bool edns = false;
  bool no_aaaa = false;         ///< ask for no IPv6 addresses
  bool no_tld_query = false;    ///< never try a name without dots as it is
  bool single_request = false;  ///< ask for one family after the other

  friend bool operator==(const resolv_conf&, const resolv_conf&) = default;
};

/// The surroundings that count beside the file.
struct resolver_environment {
  std::string_view host_name;    ///< its domain is searched when nothing else says what is
  std::string_view localdomain;  ///< LOCALDOMAIN: replaces the search list
  std::string_view options;      ///< RES_OPTIONS: added to the file's
};

[[nodiscard]] resolv_conf parse_resolv_conf(std::string_view text, const resolver_environment& env);

/// /etc/resolv.conf as it is now. Fails as read_file() does.
[[nodiscard]] resolv_conf read_resolv_conf();

/// The absolute names to ask for, in their order, each without its last dot.
[[nodiscard]] std::vector<std::string> candidates(const resolv_conf& conf, std::string_view name);

}  // namespace bight::posix
