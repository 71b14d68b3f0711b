// SPDX-License-Identifier: MIT
#pragma once

/// What can be sent: text, leases, spans of bytes.

#include <bight/lease.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace bight {

/// One piece of a gathered send; laid out like POSIX's iovec.
struct piece {
  const void* data = nullptr;
  std::size_t size = 0;

  piece() noexcept = default;
  piece(std::string_view text) noexcept : data(text.data()), size(text.size()) {}
  piece(const char* text) noexcept : piece(std::string_view(text)) {}
  piece(const std::string& text) noexcept : piece(std::string_view(text)) {}
  piece(const lease& l) noexcept : data(l.data()), size(l.size()) {}
  piece(std::span<const std::byte> bytes) noexcept : data(bytes.data()), size(bytes.size()) {}
};

}  // namespace bight
