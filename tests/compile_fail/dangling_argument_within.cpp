// SPDX-License-Identifier: MIT
// expect: destroyed at the end of the full-expression
// compiler: clang

// A wrapper does not make a loan last longer.

#include <bight/deadline.hpp>

#include <string>

using namespace bight;

std::string name();
task<> greet(const std::string& who) {
  (void)who;
  co_return;
}

#ifdef FIXED
task<> caller() { co_await within(1s, greet(name())); }
#else
task<> caller() {
  auto later = within(1s, greet(name()));
  co_await std::move(later);
}
#endif
