// SPDX-License-Identifier: MIT
// expect: destroyed at the end of the full-expression
// compiler: clang

// The item dies at the semicolon; the push would move from it when there is room.

#include <bight/queue.hpp>

#include <string>

using namespace bight;

std::string item();

#ifdef FIXED
task<> push_soon(queue<std::string>& q) { co_await q.push(item()); }
#else
task<> push_soon(queue<std::string>& q) {
  auto later = q.push(item());
  co_await std::move(later);
}
#endif
