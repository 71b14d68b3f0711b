// SPDX-License-Identifier: MIT
#pragma once

/// Concepts for sources and sinks of bytes.

#include <bight/awaitable.hpp>
#include <bight/lease.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>

namespace bight {

/// A type from which bytes are received: a stream, standard input, a TLS session.
template <class S>
concept byte_source = requires(S& s, std::size_t max) {
  { s.recv(max).take() } -> std::same_as<result<lease>>;
};

/// A type to which bytes are sent: a stream, standard output, a TLS session.
template <class S>
concept byte_sink = requires(S& s, std::string_view bytes) {
  { s.send(bytes).take() } -> std::same_as<result<void>>;
};

}  // namespace bight
