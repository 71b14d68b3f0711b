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
  check(!in_, "the decoder was fed before it asked for more");
  came_ += bytes.size();
  in_ = std::move(bytes);
}

lease decoder::next() {
  if (!in_ && !more_inside_) return {};
  std::byte* room = nullptr;
  lease out = lease::to_fill(piece_size, room);
  std::size_t size = 0;
  do {
    std::string_view rest = in_.view();
    size = codec_->run(rest, {room, piece_size});
    const std::size_t used = in_.size() - rest.size();
    // What is neither used nor gives anything would be asked for ever.
    if (size == 0 && used == 0 && in_)
      throw fault(errc::bad_encoding, "the content goes on behind its end");
    static_cast<void>(in_.take_front(used));
  } while (size == 0 && in_);
  more_inside_ = size == piece_size;
  gave_ += size;
  if (gave_ > max_.decoded_bytes)
    throw fault(errc::over_limit, fmt::format("the answer passes a limit: a decoded body of more "
                                              "than {} bytes",
                                              max_.decoded_bytes));
  if (max_.decoded_ratio > 0 && gave_ > max_.decoded_free_bytes &&
      gave_ / max_.decoded_ratio > came_)
    throw fault(errc::over_limit,
                fmt::format("the answer passes a limit: {} bytes became more than {} times as many",
                            came_, max_.decoded_ratio));
  if (size == 0) return {};
  return out.take_front(size);
}

void decoder::end() const {
  if (!codec_->complete())
    throw error(bight::errc::cut_short, "", 0, "the compressed content ends in the middle");
}

}  // namespace bight::http
