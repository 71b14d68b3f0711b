// SPDX-License-Identifier: MIT
#pragma once

/// A copyable callable.

#include <bight/task.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace bight::machinery {

/// Owns a callable of this signature. Copyable; like std::function without the cost of its header.
template <class Signature>
class callback;

template <class R, class... A>
class callback<R(A...)> {
 public:
  callback() noexcept = default;
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, callback> && std::is_invocable_r_v<R, F&, A...>)
  callback(F f) : target_(std::make_shared<F>(std::move(f))), call_(&callback::call<F>) {}

  explicit operator bool() const noexcept { return call_ != nullptr; }
  BIGHT_CORO_WRAPPER R operator()(A... args) const {
    return call_(target_.get(), std::forward<A>(args)...);
  }

 private:
  template <class F>
  BIGHT_CORO_WRAPPER static R call(void* target, A&&... args) {
    if constexpr (std::is_void_v<R>)  // the callable's result is discarded
      static_cast<void>((*static_cast<F*>(target))(std::forward<A>(args)...));
    else
      return (*static_cast<F*>(target))(std::forward<A>(args)...);
  }

  std::shared_ptr<void> target_;
  R (*call_)(void*, A&&...) = nullptr;
};

}  // namespace bight::machinery
