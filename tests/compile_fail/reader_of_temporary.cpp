// SPDX-License-Identifier: MIT
// expect: deleted

// A reader borrows its stream.

#include <bight/reader.hpp>
#include <bight/stream.hpp>

using namespace bight;

stream dial();

#ifdef FIXED
task<> caller() {
  auto peer = dial();
  reader in(peer);
  (void)co_await in.read_line();
}
#else
task<> caller() {
  reader in(dial());
  (void)co_await in.read_line();
}
#endif
