// SPDX-License-Identifier: MIT
// expect: nodiscard

// A task that is not awaited does nothing, which nobody means.

#include <bight/task.hpp>

using namespace bight;

task<> work();

#ifdef FIXED
task<> caller() { co_await work(); }
#else
task<> caller() {
  work();
  co_return;
}
#endif
