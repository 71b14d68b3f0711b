// SPDX-License-Identifier: MIT
// expect: deleted

// One connection has one owner.

#include <bight/stream.hpp>

using namespace bight;

task<> talk(stream peer);

#ifdef FIXED
task<> caller(stream peer) { co_await talk(std::move(peer)); }
#else
task<> caller(stream peer) { co_await talk(peer); }
#endif
