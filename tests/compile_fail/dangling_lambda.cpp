// SPDX-License-Identifier: MIT
// expect: destroyed at the end of the full-expression
// compiler: clang

// Captures live in the lambda object, which dies at the semicolon; the coroutine goes on.

#include <bight/deadline.hpp>

using namespace bight;

#ifdef FIXED
task<> caller(duration wait) {
  auto later = [](duration d) -> task<> { co_await sleep(d); }(wait);
  co_await std::move(later);
}
#else
task<> caller(duration wait) {
  auto later = [wait]() -> task<> { co_await sleep(wait); }();
  co_await std::move(later);
}
#endif
