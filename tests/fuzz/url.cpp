// SPDX-License-Identifier: MIT
//
// Any text as a URL, and as a reference on a page: refused, or one that reads back to itself and
// can go into a request.
#include <bight/error.hpp>
#include <bight/url.hpp>

#include "base/check.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

using namespace bight;

namespace {

void look_at(const http::url& u) {
  check(http::url(u.str()) == u, "a URL does not read back to itself");
  check(u.target().starts_with('/'), "a target without its /");
  for (const std::string& text : {u.target(), u.authority()})
    for (const char c : text)
      check(c > ' ' && c < '\x7f' && c != '\\', "a byte that has no place in a request");
  check(u.authority().find('@') == std::string::npos, "a user in the authority");
  check(u.at().port() != 0, "port 0");
  const std::string path = u.target().substr(0, u.target().find('?'));
  check((path + "/").find("/../") == std::string::npos, "a path that leads up");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    look_at(http::url(text));
  } catch (const error& e) {
    check(e.is(errc::bad_address), "another error than bad_address");
  }
  try {
    static const http::url base("https://example.org/a/b;c?d");
    look_at(base.resolve(text));
  } catch (const error& e) {
    check(e.is(errc::bad_address), "another error than bad_address");
  }
  return 0;
}
