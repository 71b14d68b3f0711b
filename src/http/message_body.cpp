// SPDX-License-Identifier: MIT
#include "http/message_body.hpp"

#include <algorithm>

namespace bight::http {

message_body::step message_body::take(lease& bytes, bool ended) {
  switch (framing_) {
    case framing::none: break;
    case framing::length:
      if (received_ == length_) break;
      return take_up_to(length_ - received_, bytes);
    case framing::chunks:
      while (chunks_->left() == 0) {
        if (chunks_->done()) return step::done;
        if (!bytes) return step::more;
        static_cast<void>(bytes.take_front(chunks_->read(bytes.view())));
      }
      if (take_up_to(chunks_->left(), bytes) == step::more) return step::more;
      chunks_->took(piece_.size());
      return step::piece;
    case framing::until_end:
      if (bytes) return take_up_to(bytes.size(), bytes);
      return ended ? step::done : step::more;
  }
  return step::done;
}

message_body::step message_body::take_up_to(std::uint64_t most, lease& bytes) {
  if (!bytes) return step::more;
  piece_ = bytes.take_front(static_cast<std::size_t>(std::min<std::uint64_t>(most, bytes.size())));
  received_ += piece_.size();
  return step::piece;
}

}  // namespace bight::http
