// SPDX-License-Identifier: MIT
// expect: destroyed at the end of the full-expression
// compiler: clang

// The string dies at the semicolon; the task would read it when it is awaited.

#include <bight/task.hpp>

#include <string>

using namespace bight;

std::string name();
task<> greet(const std::string& who) {
  (void)who;
  co_return;
}

#ifdef FIXED
task<> caller() { co_await greet(name()); }
#else
task<> caller() {
  auto later = greet(name());
  co_await std::move(later);
}
#endif
