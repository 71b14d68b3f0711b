// SPDX-License-Identifier: MIT
//
// Any bytes as an encoded body, in pieces: it comes to an end, within the limits, and the same
// however it is cut. The first byte picks the coding, the second the size of a piece.
#include "base/check.hpp"
#include "http/decoder.hpp"

#include <bight/error.hpp>

#include <cstdint>
#include <string>

using namespace bight;

namespace {

constexpr std::uint64_t decoded_max = 1 << 20;

// The decoded text, and whether it was whole.
std::pair<std::string, bool> decode(std::string_view coding, std::string_view bytes,
                                    std::size_t piece) {
  http::limits max;
  max.decoded_bytes = decoded_max;
  std::string text;
  try {
    http::decoder d(http::make_codec(coding), max);
    while (!bytes.empty()) {
      d.feed(lease::copy_of(bytes.substr(0, piece)));
      bytes.remove_prefix(std::min(piece, bytes.size()));
      while (const lease out = d.next()) text += out.view();
    }
    d.end();
    return {text, true};
  } catch (const error&) {
    return {text, false};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  static constexpr std::string_view codings[] = {"gzip", "deflate", "br", "zstd"};
  const std::string_view coding = codings[data[0] % 4];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto whole = decode(coding, bytes, bytes.size());
  const auto cut = decode(coding, bytes, std::size_t{data[1]} + 1);
  check(whole.first.size() <= decoded_max, "more than the limit");
  check(whole.second == cut.second, "the verdict differs");
  if (whole.second) check(whole.first == cut.first, "the text differs");
  return 0;
}
