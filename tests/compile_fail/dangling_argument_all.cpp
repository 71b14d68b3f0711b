// SPDX-License-Identifier: MIT
// expect: destroyed at the end of the full-expression
// compiler: clang

// The tasks of `all` run after the semicolon.

#include <bight/scope.hpp>

#include <string>

using namespace bight;

std::string name();
task<> greet(const std::string& who) {
  (void)who;
  co_return;
}

#ifdef FIXED
task<> caller() {
  auto who = name();
  auto both = all(greet(who), greet(who));
  (void)co_await std::move(both);
}
#else
task<> caller() {
  auto both = all(greet(name()), greet(name()));
  (void)co_await std::move(both);
}
#endif
