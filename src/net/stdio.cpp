// SPDX-License-Identifier: MIT
#include <bight/stdio.hpp>

#include "loop/loop.hpp"

namespace bight {

task<stdio> stdio::open(int fd) {
  engine& e = loop::of(co_await current_context()).eng();
  auto adopted = e.adopt(fd);
  co_return stdio(e, adopted.value());
}

stdio::~stdio() {
  if (handle_) carrier_->close(handle_);
}

bool stdio::can_send() const noexcept { return handle_ && carrier_->can_send(handle_); }

result<int> signal_operation::take() {
  if (failed()) return failure();
  return static_cast<int>(count);
}

}  // namespace bight
