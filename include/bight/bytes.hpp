// SPDX-License-Identifier: MIT
#pragma once

/// What bytes come from and go to.

#include <bight/awaitable.hpp>
#include <bight/lease.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>

namespace bight {

/// Anything that bytes can be received from: a stream, standard input, a TLS session.
template <class S>
concept byte_source = requires(S& s, std::size_t max) {
  { s.recv(max).take() } -> std::same_as<result<lease>>;
};

/// Anything that bytes can be sent to: a stream, standard output, a TLS session.
template <class S>
concept byte_sink = requires(S& s, std::string_view bytes) {
  { s.send(bytes).take() } -> std::same_as<result<void>>;
};

}  // namespace bight
