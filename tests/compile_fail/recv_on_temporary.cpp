// SPDX-License-Identifier: MIT
// expect: temporary|rvalue|discards qualifiers|expects an lvalue

// The stream would close before its bytes come.

#include <bight/stream.hpp>

using namespace bight;

task<stream> dial();

#ifdef FIXED
task<> caller() {
  auto peer = co_await dial();
  (void)co_await peer.recv();
}
#else
task<> caller() { (void)co_await (co_await dial()).recv(); }
#endif
