// SPDX-License-Identifier: MIT
// expect: deleted

// An operation borrows its arguments, so it is awaited where it is written, or moved on purpose.

#include <bight/deadline.hpp>

using namespace bight;

#ifdef FIXED
task<> rest() {
  auto op = sleep(1s);
  co_await std::move(op);
}
#else
task<> rest() {
  auto op = sleep(1s);
  co_await op;
}
#endif
