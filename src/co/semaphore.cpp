// SPDX-License-Identifier: MIT
#include <bight/semaphore.hpp>

#include "base/check.hpp"
#include "base/names.hpp"

namespace bight {

semaphore::semaphore(std::size_t permits) noexcept
    : line_(permits, "a semaphore is used on a thread or loop other than its own") {}

semaphore::~semaphore() {
  check(!line_.is_waited_for(), "a semaphore is destroyed while a task waits for it");
  check(held_ == 0, "a semaphore is destroyed before its permits");
}

std::optional<semaphore::permit> semaphore::try_acquire(std::size_t permits) noexcept {
  line_.check_thread();
  if (line_.is_waited_for() || line_.free() < permits) return std::nullopt;
  line_.take(permits);
  return permit(*this, permits);
}

result<semaphore::permit> semaphore::acquire_operation::take() {
  if (settle() == outcome::cancelled) return error(errc::cancelled, "acquire");
  return permit(*of_, units());
}

void semaphore::permit::release() noexcept {
  if (of_ == nullptr) return;
  semaphore& of = *of_;
  const std::size_t count = count_;
  detach();
  of.release(count);
}

void semaphore::permit::detach() noexcept {
  if (of_ == nullptr) return;
  of_->held_ -= count_;
  of_ = nullptr;
  count_ = 0;
}

}  // namespace bight
