// SPDX-License-Identifier: MIT
// expect: nodiscard

// Without co_await nothing is received.

#include <bight/deadline.hpp>
#include <bight/stream.hpp>

using namespace bight;

#ifdef FIXED
task<> caller(stream peer) { (void)co_await peer.recv(); }
#else
task<> caller(stream peer) {
  peer.recv();
  co_return;
}
#endif
