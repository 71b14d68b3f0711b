// SPDX-License-Identifier: MIT
// expect: no matching (member )?function for call

// What a scope spawns is a coroutine; a plain function would have run to its end already.

#include <bight/scope.hpp>

using namespace bight;

#ifdef FIXED
void caller(scope& s, int n) {
  s.spawn([n]() -> task<> { co_return static_cast<void>(n); });
}
#else
void caller(scope& s, int n) {
  s.spawn([n] { return n; });
}
#endif
