// SPDX-License-Identifier: MIT
#pragma once

/// What clang is told about lifetimes, so that it warns of dangling ones; other compilers see
/// nothing. docs/LIFETIMES.md shows what that finds.

#if defined(__clang__) && __has_cpp_attribute(clang::coro_return_type)
#define BIGHT_CORO [[clang::coro_return_type, clang::coro_lifetimebound]]  // a class: a task
#define BIGHT_CORO_WRAPPER [[clang::coro_wrapper]]  // a function that hands a task on
#define BIGHT_BORROWS [[clang::lifetimebound]]      // what is returned refers to this parameter
#else
#define BIGHT_CORO
#define BIGHT_CORO_WRAPPER
#define BIGHT_BORROWS
#endif
