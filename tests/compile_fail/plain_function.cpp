// SPDX-License-Identifier: MIT
// expect: coroutine wrapper
// compiler: clang

// A function that hands a task on keeps nothing alive for it; it must say that it is such a
// wrapper.

#include <bight/task.hpp>

using namespace bight;

task<> work(int n);

#ifdef FIXED
task<> caller() { co_await work(1); }
#else
task<> caller() { return work(1); }
#endif
