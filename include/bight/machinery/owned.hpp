// SPDX-License-Identifier: MIT
#pragma once

/// An owning pointer for public headers. <memory> would make tcp.hpp a third longer to compile.

#include <utility>

namespace bight::machinery {

/// Owns a T, like std::unique_ptr. T may be incomplete where a class only declares its destructor
/// and its moves.
template <class T>
class owned {
 public:
  owned() noexcept = default;
  explicit owned(T* made) noexcept : made_(made) {}
  owned(owned&& other) noexcept : made_(std::exchange(other.made_, nullptr)) {}
  owned& operator=(owned&& other) noexcept {
    owned old(std::exchange(made_, std::exchange(other.made_, nullptr)));
    return *this;
  }
  ~owned() {
    static_assert(sizeof(T) > 0, "defined where it is destroyed");
    delete made_;
  }

  [[nodiscard]] T& operator*() const noexcept { return *made_; }
  [[nodiscard]] T* operator->() const noexcept { return made_; }
  [[nodiscard]] explicit operator bool() const noexcept { return made_ != nullptr; }

 private:
  T* made_ = nullptr;
};

/// Creates a T that an `owned` owns.
template <class T, class... A>
[[nodiscard]] owned<T> own(A&&... arguments) {
  return owned<T>(new T(std::forward<A>(arguments)...));
}

}  // namespace bight::machinery
