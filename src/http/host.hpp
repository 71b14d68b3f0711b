// SPDX-License-Identifier: MIT
#pragma once

/// The host of a URL as an address.

#include <bight/address.hpp>

#include "base/names.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace bight::http {

/// `text` with each %XX as its byte. A % without two hexadecimal digits stays.
[[nodiscard]] std::string percent_decoded(std::string_view text);

/// A host and a port, "host:81", or a host alone, for which the port is `port`.
///
/// errors  as host_address.
[[nodiscard]] address host_and_port(std::string_view place, std::uint16_t port);

/// A host as a URL has it, without port: percent-encoded, not in ASCII, in brackets, with a zone as
/// "%25eth0" or "%eth0". The result is checked last, after all decoding.
///
/// errors  bad_address, whose text is the reason alone: what was tried is the caller's to add.
[[nodiscard]] address host_address(std::string_view host, std::uint16_t port);

}  // namespace bight::http
