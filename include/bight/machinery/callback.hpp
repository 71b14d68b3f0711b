// SPDX-License-Identifier: MIT
#pragma once

/// A copyable callable.

#include <bight/task.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace bight::machinery {

/// A callable, shared by the copies of a callback. They may be in several threads.
class callback_target {
 public:
  callback_target(const callback_target&) = delete;
  callback_target& operator=(const callback_target&) = delete;
  void retain() noexcept;
  /// Destroys the target with its last owner.
  void release() noexcept;

 protected:
  callback_target() noexcept = default;
  virtual ~callback_target();

 private:
  std::uint32_t owners_ = 1;
};

/// Owns a callable of this signature. Copyable; like std::function without the cost of its header.
template <class Signature>
class callback;

template <class R, class... A>
class callback<R(A...)> {
 public:
  callback() noexcept = default;
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, callback> && std::is_invocable_r_v<R, F&, A...>)
  callback(F f) : target_(new holder<F>(std::move(f))), call_(&callback::call<F>) {}
  callback(const callback& other) noexcept : target_(other.target_), call_(other.call_) {
    if (target_ != nullptr) target_->retain();
  }
  callback(callback&& other) noexcept
      : target_(std::exchange(other.target_, nullptr)), call_(other.call_) {}
  callback& operator=(callback other) noexcept {
    std::swap(target_, other.target_);
    std::swap(call_, other.call_);
    return *this;
  }
  ~callback() {
    if (target_ != nullptr) target_->release();
  }

  explicit operator bool() const noexcept { return target_ != nullptr; }
  BIGHT_CORO_WRAPPER R operator()(A... args) const {
    return call_(*target_, std::forward<A>(args)...);
  }

 private:
  template <class F>
  struct holder final : callback_target {
    explicit holder(F&& f) : held(std::move(f)) {}
    F held;
  };

  template <class F>
  BIGHT_CORO_WRAPPER static R call(callback_target& target, A&&... args) {
    F& f = static_cast<holder<F>&>(target).held;
    if constexpr (std::is_void_v<R>)  // the callable's result is discarded
      static_cast<void>(f(std::forward<A>(args)...));
    else
      return f(std::forward<A>(args)...);
  }

  callback_target* target_ = nullptr;
  R (*call_)(callback_target&, A&&...) = nullptr;
};

}  // namespace bight::machinery
