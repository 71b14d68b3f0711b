// SPDX-License-Identifier: MIT
#include <bight/writer.hpp>

#include "base/check.hpp"
#include "base/names.hpp"

#include <exception>
#include <utility>

namespace bight {

namespace {
constexpr std::size_t kept_max = 16384;  // larger buffers are freed when empty
}

any_writer::~any_writer() {
  check(buffered() == 0 || given_up_ || std::uncaught_exceptions() > 0,
        "a writer was destroyed with unsent bytes: call flush() or discard()");
}

void any_writer::discard() noexcept {
  check(!sending_, "discard() while a flush is in progress");
  held_.clear();
  leaving_.clear();
}

void any_writer::keep(const piece* parts, std::size_t count, const scheduler& loop) {
  loop_ = &loop;
  stops_ = loop.stops();
  const std::size_t before = held_.size();
  try {
    for (std::size_t i = 0; i < count; ++i)
      held_.append(static_cast<const char*>(parts[i].data), parts[i].size);
  } catch (...) {
    held_.resize(before);  // all or nothing if memory runs out
    throw;
  }
}

bool any_writer::leave() noexcept {
  if (std::exchange(sending_, true)) return false;
  if (leaving_.empty()) leaving_.swap(held_);
  return true;
}

void any_writer::has_left(std::size_t count) noexcept {
  sending_ = false;
  given_up_ = count < leaving_.size();
  leaving_.erase(0, count);
  if (leaving_.empty() && leaving_.capacity() > kept_max) std::string().swap(leaving_);
}

}  // namespace bight
