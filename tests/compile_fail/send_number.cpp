// SPDX-License-Identifier: MIT
// expect: no matching (member )?function

// Only bytes can be sent: text, leases and spans of bytes. A number has no single form.

#include <bight/stream.hpp>

#include <string>

using namespace bight;

#ifdef FIXED
task<> caller(stream peer) { co_await peer.send("count: ", std::to_string(42)); }
#else
task<> caller(stream peer) { co_await peer.send("count: ", 42); }
#endif
