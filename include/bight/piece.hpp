// SPDX-License-Identifier: MIT
#pragma once

/// What can be sent: text, leases, spans of bytes.

#include <bight/lease.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace bight {

/// One piece of a gathered send; laid out like POSIX's iovec.
///
/// A string literal, and any constant array of char, is sent whole: "ab\0cd" has 5 bytes. A buffer
/// (an array of char that is not constant) and a `const char*` are sent up to their first NUL; of a
/// buffer never more than it holds. For other bytes use std::string_view or std::span.
struct piece {
  const void* data = nullptr;
  std::size_t size = 0;

  piece() noexcept = default;
  piece(std::string_view text) noexcept : data(text.data()), size(text.size()) {}
  template <detail::char_array A>
  piece(A& text) noexcept : piece(detail::text_of(text)) {}
  // A template, or arrays would prefer it.
  template <class P>
    requires(std::is_pointer_v<P> && std::is_convertible_v<P, const char*>)
  piece(const P& text) noexcept : piece(std::string_view(text)) {}
  piece(std::nullptr_t) = delete;
  piece(const std::string& text) noexcept : piece(std::string_view(text)) {}
  piece(const lease& l) noexcept : data(l.data()), size(l.size()) {}
  piece(std::span<const std::byte> bytes) noexcept : data(bytes.data()), size(bytes.size()) {}
};

}  // namespace bight
