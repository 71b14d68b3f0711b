// SPDX-License-Identifier: MIT
#pragma once

/// Data to send: text, leases, ranges of bytes.

#include <bight/lease.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace bight {

namespace machinery {

template <class T>
concept byte_like = std::is_same_v<T, char> || std::is_same_v<T, signed char> ||
                    std::is_same_v<T, unsigned char> || std::is_same_v<T, std::byte>;

/// A contiguous range of any byte type: std::vector<char>,
/// std::array<unsigned char, N>, std::span<const std::uint8_t>, unsigned char[N].
template <class R>
concept byte_range = !char_array<R> && requires(const R& r) {
  requires byte_like<std::remove_cvref_t<decltype(*std::data(r))>>;
  { std::size(r) } -> std::convertible_to<std::size_t>;
};

}  // namespace machinery

/// One buffer of a gathered send, with the layout of POSIX's iovec. Borrows the bytes.
///
/// A string literal, or any constant array of char, is sent whole: "ab\0cd" has 5 bytes. A
/// non-constant array of char is sent up to its first NUL, or whole if it has none. A `const char*`
/// is sent up to its first NUL. A contiguous range of bytes (std::string, std::vector<char>,
/// std::array<unsigned char, N>, std::span<const std::byte>, …) is sent whole.
struct piece {
  const void* data = nullptr;
  std::size_t size = 0;

  piece() noexcept = default;
  piece(std::string_view text) noexcept : data(text.data()), size(text.size()) {}
  template <machinery::char_array A>
  piece(A& text) noexcept : piece(machinery::text_of(text)) {}
  // A template, because arrays would prefer a plain constructor.
  template <class P>
    requires(std::is_pointer_v<P> && std::is_convertible_v<P, const char*>)
  piece(const P& text) noexcept : piece(std::string_view(text)) {}
  piece(std::nullptr_t) = delete;
  piece(const std::string& text) noexcept : piece(std::string_view(text)) {}
  piece(const lease& l) noexcept : data(l.data()), size(l.size()) {}
  piece(std::span<const std::byte> bytes) noexcept : data(bytes.data()), size(bytes.size()) {}
  template <machinery::byte_range R>
  piece(const R& bytes) noexcept : data(std::data(bytes)), size(std::size(bytes)) {}
};

}  // namespace bight
