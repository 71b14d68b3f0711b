// SPDX-License-Identifier: MIT
// expect: consteval|constexpr|constant expression

// The format is checked against the arguments.

#include <bight/print.hpp>

using namespace bight;

#ifdef FIXED
void caller(const address& peer) { print("Received from {}.", peer); }
#else
void caller(const address& peer) { print("Received {} from {}.", peer); }
#endif
