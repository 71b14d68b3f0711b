// SPDX-License-Identifier: MIT
//
// Any bytes as a request, split in any way: the same verdict, header, body and rest as in one
// piece, and no more than the limits. The first byte seeds the splitting, the second picks limits.
#include "base/check.hpp"
#include "http/request_parser.hpp"

#include <algorithm>
#include <string>
#include <string_view>

using namespace bight;

namespace {

struct outcome {
  bool failed = false;
  std::string header;
  std::size_t fields = 0;
  std::string body;
  std::string rest;
};

outcome parse(std::string_view bytes, std::size_t piece, const http::server_limits& max) {
  http::request_parser parser(max);
  outcome found;
  std::string& body = found.body;
  try {
    for (;;) {
      switch (parser.next()) {
        case http::request_parser::step::more: {
          const std::string_view front = bytes.substr(0, piece);
          bytes.remove_prefix(front.size());
          parser.feed(front.empty() ? lease() : lease::copy_of(front));
          break;
        }
        case http::request_parser::step::head:
          found.header.append(parser.header().method).append(" ").append(parser.header().target);
          found.fields = parser.header().fields.size();
          for (const http::field_view& f : parser.header().fields)
            found.header.append("\n").append(f.name).append(": ").append(f.value);
          break;
        case http::request_parser::step::body: body += parser.body().view(); break;
        case http::request_parser::step::done:
          check(body.size() == parser.received(), "the count of the body differs from its bytes");
          found.rest = parser.rest().str();
          found.rest += bytes;
          return found;
      }
    }
  } catch (const error&) {
    found.failed = true;
    return found;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  http::server_limits max;
  if ((data[1] & 1) != 0) {
    max.header_bytes = 100;
    max.header_fields = 3;
    max.chunk_line_bytes = 10;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const outcome whole = parse(bytes, bytes.size() + 1, max);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{data[0]} + 1}) {
    const outcome cut = parse(bytes, piece, max);
    check(cut.failed == whole.failed, "the verdict differs");
    check(cut.header == whole.header, "the header differs");
    check(whole.failed || cut.body == whole.body, "the body differs");
    check(cut.rest == whole.rest, "the rest differs");
  }
  check(whole.fields <= max.header_fields, "more fields than the limit");
  return 0;
}
