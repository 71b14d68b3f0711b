// SPDX-License-Identifier: MIT
#include <bight/mutex.hpp>

#include "base/check.hpp"
#include "base/names.hpp"

namespace bight {

mutex::mutex() noexcept : line_(1, "a mutex is used on a thread or loop other than its own") {}

mutex::~mutex() {
  check(!line_.is_waited_for(), "a mutex is destroyed while a task waits for it");
  check(!is_locked(), "a mutex is destroyed while it is locked");
}

std::optional<mutex::guard> mutex::try_lock() noexcept {
  line_.check_thread();
  if (line_.is_waited_for() || is_locked()) return std::nullopt;
  line_.take(1);
  return guard(*this);
}

result<mutex::guard> mutex::lock_operation::take() {
  if (settle() == outcome::cancelled) return error(errc::cancelled, "lock");
  return guard(*of_);
}

}  // namespace bight
