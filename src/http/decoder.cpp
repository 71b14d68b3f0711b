// SPDX-License-Identifier: MIT
#include "http/decoder.hpp"

#include "base/check.hpp"
#include "http/fields.hpp"

#include <fmt/format.h>

#include <utility>

namespace bight::http {

namespace {

/// How many bytes are decoded at a time. Small enough to stay in the processor's cache.
constexpr std::size_t piece_size = 65536;

}  // namespace

void decoder::feed(lease bytes) {
  check(!stages_.front().in, "the decoder was fed before it asked for more");
  fed_ += bytes.size();
  stages_.front().in = std::move(bytes);
}

lease decoder::next() {
  // The last stage that has input runs first, so that no stage holds more than one piece.
  for (std::size_t i = stages_.size(); i > 0;) {
    lease out = run(stages_[i - 1]);
    if (!out) {
      --i;
      continue;
    }
    if (i == stages_.size()) return out;
    stages_[i].in = std::move(out);
    ++i;
  }
  return {};
}

// The next output of one coding; empty if it needs more input.
lease decoder::run(stage& s) {
  if (!s.in && !s.more_output) return {};
  std::byte* room = nullptr;
  lease out = lease::to_fill(piece_size, room);
  std::size_t size = 0;
  do {
    std::string_view rest = s.in.view();
    size = s.by->decode(rest, {room, piece_size});
    const std::size_t used = s.in.size() - rest.size();
    // Without progress, this would loop for ever.
    if (size == 0 && used == 0 && s.in)
      throw fault(errc::bad_encoding, "data after the end of the compressed content");
    static_cast<void>(s.in.take_front(used));
  } while (size == 0 && s.in);
  s.more_output = size == piece_size;
  s.produced += size;
  check_limits(s);
  if (size == 0) return {};
  return out.take_front(size);
}

void decoder::check_limits(const stage& s) const {
  if (s.produced > max_.decoded_bytes)
    throw over_limit(fmt::format("the decoded body is larger than {} bytes", max_.decoded_bytes));
  if (max_.decoded_ratio && s.produced > max_.decoded_free_bytes &&
      s.produced / *max_.decoded_ratio > fed_)
    throw over_limit(fmt::format("{} bytes decompressed to more than {} times their size", fed_,
                                 *max_.decoded_ratio));
}

void decoder::end() const {
  for (const stage& s : stages_)
    if (!s.by->complete())
      throw error(bight::errc::cut_short, "", 0, "the compressed content is incomplete");
}

}  // namespace bight::http
