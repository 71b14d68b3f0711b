// SPDX-License-Identifier: MIT
// expect: byte_source

// A reader needs something that bytes can be received from.

#include <bight/reader.hpp>
#include <bight/stream.hpp>

#include <string>

using namespace bight;

#ifdef FIXED
task<> caller(stream peer) {
  reader in(peer);
  (void)co_await in.read_line();
}
#else
task<> caller(std::string text) {
  reader<std::string> in(text);
  (void)co_await in.read_line();
}
#endif
