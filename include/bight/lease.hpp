// SPDX-License-Identifier: MIT
#pragma once

/// Received bytes: a view that returns its buffer when it is destroyed.
///
/// A receive does not fill a buffer of the caller. It returns a lease on part of a buffer that the
/// engine owns. An idle connection therefore holds no read buffer.

#include <bight/machinery/attributes.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace bight {

namespace machinery {

template <class T>
concept char_array =
    std::is_bounded_array_v<T> && std::is_same_v<std::remove_cv_t<std::remove_extent_t<T>>, char>;

/// Returns the text in an array. A constant array is treated as a string literal: its text is the
/// whole array, including inner NULs, without the final NUL. Any other array is a buffer: its text
/// ends at the first NUL or at the end of the buffer.
template <char_array A>
[[nodiscard]] constexpr std::string_view text_of(A& array) noexcept {
  const std::string_view all(array, std::extent_v<A>);
  if constexpr (!std::is_const_v<std::remove_extent_t<A>>) return all.substr(0, all.find('\0'));
  return all.back() == '\0' ? all.substr(0, all.size() - 1) : all;
}

/// A reference-counted buffer for leases. Created by engines, not by programs.
struct lease_block {
  std::uint32_t refs = 0;
  void (*release)(lease_block&) noexcept = nullptr;  // called when the last lease is gone
};

}  // namespace machinery

/// A piece of received bytes. Empty, and false as a bool, at the end of a stream.
///
/// It converts to std::string_view and std::span<const std::byte>, and compares with text.
/// Copies share the buffer. The engine cannot reuse the buffer while a lease exists, so use `str()`
/// to keep bytes for long.
///
/// threads  the thread of its loop only; a string made by str() may go to any thread.
class lease {
 public:
  lease() noexcept = default;

  /// Makes a lease on the `size` bytes at `data` inside `block`, and shares ownership of `block`.
  lease(machinery::lease_block& block, const std::byte* data, std::size_t size) noexcept
      : data_(data), size_(size), block_(&block) {
    ++block.refs;
  }

  /// Returns a lease on a copy of `bytes` in memory that belongs to no engine.
  [[nodiscard]] static lease copy_of(std::string_view bytes);
  template <machinery::char_array A>
  [[nodiscard]] static lease copy_of(A& text) {
    return copy_of(machinery::text_of(text));
  }
  /// Like copy_of(), but returns an empty lease if there is no memory for the copy.
  [[nodiscard]] static lease copy_if_possible(std::string_view bytes) noexcept;
  /// Returns a lease on `size` uninitialised bytes, at least 1. The caller fills them through
  /// `room`, which is set to their address.
  [[nodiscard]] static lease to_fill(std::size_t size, std::byte*& room);

  lease(const lease& other) noexcept
      : data_(other.data_), size_(other.size_), block_(other.block_) {
    if (block_ != nullptr) ++block_->refs;
  }
  lease(lease&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        block_(std::exchange(other.block_, nullptr)) {}
  lease& operator=(lease other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(block_, other.block_);
    return *this;
  }
  ~lease() { reset(); }

  [[nodiscard]] const std::byte* data() const noexcept BIGHT_BORROWS { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  explicit operator bool() const noexcept { return size_ != 0; }

  [[nodiscard]] std::string_view view() const noexcept BIGHT_BORROWS {
    return {reinterpret_cast<const char*>(data_), size_};
  }
  operator std::string_view() const noexcept BIGHT_BORROWS { return view(); }
  operator std::span<const std::byte>() const noexcept BIGHT_BORROWS { return {data_, size_}; }
  [[nodiscard]] std::string str() const { return std::string(view()); }

  /// Removes the first `n` bytes and returns them. Both parts share the buffer.
  [[nodiscard]] lease take_front(std::size_t n) noexcept {
    if (n >= size_) return std::move(*this);
    lease front;
    if (n > 0) front = lease(*block_, data_, n);  // an empty lease needs no buffer
    data_ += n;
    size_ -= n;
    return front;
  }
  /// Removes the first `n` bytes.
  void drop_front(std::size_t n) noexcept {
    if (n >= size_) return reset();
    data_ += n;
    size_ -= n;
  }

  /// Releases the buffer now.
  void reset() noexcept {
    if (block_ != nullptr && --block_->refs == 0) block_->release(*block_);
    block_ = nullptr;
    data_ = nullptr;
    size_ = 0;
  }

  friend bool operator==(const lease& a, std::string_view b) noexcept { return a.view() == b; }
  template <machinery::char_array A>
  friend bool operator==(const lease& a, A& text) noexcept {
    return a.view() == machinery::text_of(text);
  }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  machinery::lease_block* block_ = nullptr;
};

}  // namespace bight
