// SPDX-License-Identifier: MIT
// expect: deleted

// A task is one run of a coroutine: it moves, and is awaited once.

#include <bight/task.hpp>

using namespace bight;

task<> work();

#ifdef FIXED
task<> caller() {
  auto first = work();
  auto second = std::move(first);
  co_await std::move(second);
}
#else
task<> caller() {
  auto first = work();
  auto second = first;
  co_await std::move(second);
}
#endif
