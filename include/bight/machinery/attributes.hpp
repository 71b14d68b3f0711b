// SPDX-License-Identifier: MIT
#pragma once

/// Clang attributes that enable warnings about dangling references; empty for other compilers. See
/// docs/LIFETIMES.md.

#if defined(__clang__) && __has_cpp_attribute(clang::coro_return_type)
#define BIGHT_CORO [[clang::coro_return_type, clang::coro_lifetimebound]]  // a task class
#define BIGHT_CORO_WRAPPER [[clang::coro_wrapper]]  // returns a task, is no coroutine
#define BIGHT_BORROWS [[clang::lifetimebound]]      // the result refers to this parameter
#else
#define BIGHT_CORO
#define BIGHT_CORO_WRAPPER
#define BIGHT_BORROWS
#endif
