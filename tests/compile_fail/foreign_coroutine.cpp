// SPDX-License-Identifier: MIT
// expect: has_context

// Bight's operations need a coroutine that knows its context, and so its loop.

#include <bight/deadline.hpp>

using namespace bight;

struct foreign {
  struct promise_type {
    foreign get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

#ifdef FIXED
task<> rest() { co_await sleep(1s); }
#else
foreign rest() { co_await sleep(1s); }
#endif
