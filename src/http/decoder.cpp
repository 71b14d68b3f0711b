// SPDX-License-Identifier: MIT
#include "http/decoder.hpp"

#include "base/check.hpp"
#include "http/fields.hpp"

#include <fmt/format.h>

#include <utility>

namespace bight::http {

namespace {

/// What is decoded at a time. Small enough to stay in the cache of the processor.
constexpr std::size_t piece_size = 65536;

}  // namespace

void decoder::feed(lease bytes) {
  check(!stages_.front().in, "the decoder was fed before it asked for more");
  came_ += bytes.size();
  stages_.front().in = std::move(bytes);
}

lease decoder::next() {
  // The last stage that has something goes first, so that none holds more than a piece.
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

// What one coding gives next; empty when it wants more.
lease decoder::run(stage& s) {
  if (!s.in && !s.more_inside) return {};
  std::byte* room = nullptr;
  lease out = lease::to_fill(piece_size, room);
  std::size_t size = 0;
  do {
    std::string_view rest = s.in.view();
    size = s.by->run(rest, {room, piece_size});
    const std::size_t used = s.in.size() - rest.size();
    // What is neither used nor gives anything would be asked for ever.
    if (size == 0 && used == 0 && s.in)
      throw fault(errc::bad_encoding, "data after the end of the compressed content");
    static_cast<void>(s.in.take_front(used));
  } while (size == 0 && s.in);
  s.more_inside = size == piece_size;
  s.gave += size;
  check_limits(s);
  if (size == 0) return {};
  return out.take_front(size);
}

void decoder::check_limits(const stage& s) const {
  if (s.gave > max_.decoded_bytes)
    throw over_limit(fmt::format("the decoded body is larger than {} bytes", max_.decoded_bytes));
  if (max_.decoded_ratio && s.gave > max_.decoded_free_bytes &&
      s.gave / *max_.decoded_ratio > came_)
    throw over_limit(fmt::format("{} bytes decompressed to more than {} times their size", came_,
                                 *max_.decoded_ratio));
}

void decoder::end() const {
  for (const stage& s : stages_)
    if (!s.by->complete())
      throw error(bight::errc::cut_short, "", 0, "the compressed content is incomplete");
}

}  // namespace bight::http
