// SPDX-License-Identifier: MIT
// expect: destroyed at the end of the full-expression
// compiler: clang

// A member coroutine borrows its object, which is a temporary here.

#include <bight/task.hpp>

using namespace bight;

struct session {
  task<> run() {
    ++rounds;
    co_return;
  }
  int rounds = 0;
};

#ifdef FIXED
task<> caller() {
  session s;
  auto later = s.run();
  co_await std::move(later);
}
#else
task<> caller() {
  auto later = session().run();
  co_await std::move(later);
}
#endif
