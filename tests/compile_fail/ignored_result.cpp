// SPDX-License-Identifier: MIT
// expect: nodiscard
// compiler: clang

// attempt() does not throw: a result that nobody looks at hides the error.

#include <bight/deadline.hpp>

using namespace bight;

#ifdef FIXED
task<> caller() {
  auto slept = co_await attempt(sleep(1s));
  slept.value();
}
#else
task<> caller() { co_await attempt(sleep(1s)); }
#endif
