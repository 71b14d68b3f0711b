// SPDX-License-Identifier: MIT
//
// Any text as an address: refused, or one that reads back to itself.
#include <bight/address.hpp>
#include <bight/error.hpp>

#include "base/check.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

using namespace bight;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const address a(text);
    check(address(a.str()) == a, "an address does not read back to itself");
    check(a.host().size() <= 254 || a.is_unix(), "a host that is too long");
  } catch (const error& e) {
    check(e.is(errc::bad_address), "another error than bad_address");
  }
  return 0;
}
