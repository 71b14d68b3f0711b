// SPDX-License-Identifier: MIT
// expect: no matching function|no viable conversion|could not convert|no match

// A handler of connections is a coroutine: it returns a task.

#include <bight/tcp.hpp>

using namespace bight;

#ifdef FIXED
task<> caller() {
  co_await tcp::serve(":0", [](tcp::stream) -> task<> { co_return; });
}
#else
task<> caller() {
  co_await tcp::serve(":0", [](tcp::stream) {});
}
#endif
