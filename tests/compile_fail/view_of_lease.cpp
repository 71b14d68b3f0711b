// SPDX-License-Identifier: MIT
// expect: destroyed at the end of the full-expression
// compiler: clang

// The lease gives its buffer back at the semicolon; the view does not keep it.

#include <bight/stream.hpp>

#include <string>

using namespace bight;

#ifdef FIXED
task<> caller(stream& peer) {
  const lease bytes = co_await peer.recv();
  const std::string_view text = bytes;
  const std::string kept((co_await peer.recv()).view());
  (void)text;
}
#else
task<> caller(stream& peer) {
  const std::string_view text = co_await peer.recv();
  (void)text;
}
#endif
