// SPDX-License-Identifier: MIT
// expect: address of stack memory
// compiler: clang

// A plain function cannot return a task that borrows its locals: they die before it begins.

#include <bight/task.hpp>

#include <string>

using namespace bight;

task<> greet(const std::string& who) {
  (void)who;
  co_return;
}

#ifdef FIXED
task<> caller(std::string who) { co_await greet(who); }
#else
BIGHT_CORO_WRAPPER task<> caller(std::string who) { return greet(who); }
#endif
