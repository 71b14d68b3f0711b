// SPDX-License-Identifier: MIT
#pragma once

/// A value or an error: what `attempt(…)` returns.

#include <bight/error.hpp>

#include <utility>
#include <variant>

namespace bight {

/// Holds a T or an `error`. `if (r)` checks for a value; `*r` and `r->` access it.
///
/// value()  returns the value, or throws the error.
/// error()  returns the error. Throws std::bad_variant_access if there is none.
template <class T = void>
class [[nodiscard]] result {
 public:
  using value_type = T;

  result(const T& value) : state_(std::in_place_index<0>, value) {}
  result(T&& value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(bight::error e) : state_(std::in_place_index<1>, std::move(e)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & {
    if (!has_value()) throw *std::get_if<1>(&state_);
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    if (!has_value()) throw *std::get_if<1>(&state_);
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && { return std::move(value()); }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(value()); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

  [[nodiscard]] const bight::error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, bight::error> state_;
};

template <>
class [[nodiscard]] result<void> {
 public:
  using value_type = void;

  result() noexcept = default;
  result(bight::error e) : state_(std::in_place_index<1>, std::move(e)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  void value() const {
    if (!has_value()) throw *std::get_if<1>(&state_);
  }

  [[nodiscard]] const bight::error& error() const { return std::get<1>(state_); }

 private:
  std::variant<std::monostate, bight::error> state_;
};

}  // namespace bight
