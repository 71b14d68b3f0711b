// SPDX-License-Identifier: MIT
//
// Any bytes as a response, cut in any way: the same verdict, header and body as in one piece, and
// no more than the limits. The first byte seeds the cutting, the second picks limits and method.
#include "base/check.hpp"
#include "unit/http_wire.hpp"

#include <cstdint>

using namespace bight;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  http::limits max;
  if ((data[1] & 1) != 0) {
    max.header_bytes = 100;
    max.header_fields = 3;
    max.interim_responses = 2;
    max.chunk_line_bytes = 10;
    max.body_bytes = 20;
  }
  const bool to_head = (data[1] & 2) != 0;
  const bool open = (data[1] & 4) != 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const http::parsed whole = http::parse(bytes, bytes.size() + 1, to_head, open, max);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{data[0]} + 1}) {
    const http::parsed cut = http::parse(bytes, piece, to_head, open, max);
    // While a header is not complete its faults may not have been looked for yet.
    if (open && !cut.failed && !cut.done) continue;
    check(static_cast<bool>(cut.failed) == static_cast<bool>(whole.failed), "the verdict differs");
    check(cut.done == whole.done, "the end differs");
    if (whole.failed) continue;
    check(cut.body == whole.body, "the body differs");
    check(cut.head.text() == whole.head.text(), "the header differs");
  }
  check(whole.body.size() <= max.body_bytes || whole.failed, "a body past its limit");
  check(whole.head.fields.size() <= max.header_fields, "more fields than the limit");
  return 0;
}
