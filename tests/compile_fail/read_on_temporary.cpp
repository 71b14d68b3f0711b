// SPDX-License-Identifier: MIT
// expect: temporary|rvalue|discards qualifiers|expects an lvalue

// What a reader has buffered would be lost with it.

#include <bight/reader.hpp>
#include <bight/stream.hpp>

using namespace bight;

#ifdef FIXED
task<> caller(stream peer) {
  reader in(peer);
  (void)co_await in.read_line();
}
#else
task<> caller(stream peer) { (void)co_await reader(peer).read_line(); }
#endif
