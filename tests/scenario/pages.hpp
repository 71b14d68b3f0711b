// SPDX-License-Identifier: MIT
#pragma once

/// A small server of pages whose bytes are known by their place, and a client that reads them.

#include "scenario/scenario.hpp"

#include <bight/http.hpp>

namespace scenario {

/// How a server says where a page ends.
enum class framing_of : std::uint8_t { length, chunked, close };

/// The path of a page of so many bytes: "/chunked/1234".
[[nodiscard]] std::string path_of(framing_of how, std::uint64_t bytes);

/// Answers paths as path_of() writes them; "/moved" before one redirects to the rest, and "?leave"
/// behind one ends the connection after the answer, without having said so.
[[nodiscard]] task<> serve_pages(tcp::stream peer);

/// Reads a page of so many bytes to its end: the bytes must be right, and all there.
[[nodiscard]] task<> read_page(http::client& web, std::string url, std::uint64_t bytes);

}  // namespace scenario
