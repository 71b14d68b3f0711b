// SPDX-License-Identifier: MIT
#pragma once

/// Converts the host of a URL to an address.

#include <bight/address.hpp>

#include "base/names.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace bight::http {

/// Replaces each %XX in `text` by its byte. A % without two hexadecimal digits is kept.
[[nodiscard]] std::string percent_decoded(std::string_view text);

/// Parses "host:81", or a host alone, which gets the port `port`.
///
/// errors  as host_address.
[[nodiscard]] address host_and_port(std::string_view place, std::uint16_t port);

/// Parses the host of a URL, without a port. It may be percent-encoded, an international name, or
/// an IPv6 address in brackets with a zone ("%25eth0" or "%eth0"). The result is checked after all
/// decoding.
///
/// errors  bad_address with the reason alone; the caller adds the operation.
[[nodiscard]] address host_address(std::string_view host, std::uint16_t port);

}  // namespace bight::http
