// SPDX-License-Identifier: MIT
#include "http/request_parser.hpp"

#include "base/check.hpp"
#include "http/fields.hpp"

#include <algorithm>

namespace bight::http {

namespace {
constexpr char tls_handshake = 22;  // RFC 8446 §5.1
}

request_parser::request_parser(const server_limits& max)
    : max_(max), lines_(max.header_bytes, max.header_fields, folded::refused) {}

void request_parser::feed(lease bytes) {
  check(!current_, "the parser was fed before it asked for more");
  ended_ = !bytes;
  current_ = std::move(bytes);
}

request_parser::step request_parser::next() {
  for (;;) {
    switch (next_) {
      case part::header:
        if (read_header()) return step::head;
        break;
      case part::length:
        if (received_ == header_.length) next_ = part::end;
        if (take_body(header_.length - received_)) return step::body;
        break;
      case part::chunks:
        if (chunks_->left() == 0) {
          static_cast<void>(current_.take_front(chunks_->read(current_.view())));
          if (chunks_->done()) next_ = part::end;
        }
        if (chunks_->left() > 0 && take_body(chunks_->left())) {
          chunks_->took(body_.size());
          return step::body;
        }
        break;
      case part::end: return step::done;
    }
    if (next_ == part::end || current_) continue;
    if (ended_)
      throw error(bight::errc::cut_short, head_came_ ? "read a request's body" : "read a request");
    return step::more;
  }
}

// Returns whether the header is complete.
bool request_parser::read_header() {
  const bool complete = lines_.take(current_);
  check_first_byte();
  if (!complete) return false;
  text_ = lines_.take_text();
  head_came_ = true;
  header_ = parse_request(text_);
  if (header_.chunked) {
    next_ = part::chunks;
    chunks_.emplace(max_.chunk_line_bytes, max_.header_fields, header_.fields.size(),
                    chunk_syntax::strict);
  } else {
    next_ = header_.length > 0 ? part::length : part::end;
  }
  return true;
}

// Recognises another protocol by its first byte. The end of its line may never arrive: a TLS client
// sends its hello and then waits.
void request_parser::check_first_byte() const {
  const std::string_view first = lines_.first_bytes(1);
  if (first.empty()) return;
  if (begins_with_tls()) throw malformed("the client uses TLS, but this server does not");
  if (!is_token(first)) throw malformed("it does not begin with a method");
}

bool request_parser::begins_with_tls() const noexcept {
  return !head_came_ && lines_.first_bytes(1).starts_with(tls_handshake);
}

// Returns whether body_ has the next piece.
bool request_parser::take_body(std::uint64_t at_most) {
  if (!current_ || at_most == 0) return false;
  body_ = current_.take_front(
      static_cast<std::size_t>(std::min<std::uint64_t>(at_most, current_.size())));
  received_ += body_.size();
  return true;
}

}  // namespace bight::http
