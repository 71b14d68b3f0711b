// SPDX-License-Identifier: MIT
#include "http/request_parser.hpp"

#include "base/check.hpp"
#include "http/fields.hpp"

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
  if (!head_came_ && read_header()) return step::head;
  if (head_came_) {
    switch (body_.take(current_, ended_)) {
      case message_body::step::piece: return step::body;
      case message_body::step::done: done_ = true; return step::done;
      case message_body::step::more: break;
    }
  }
  if (ended_)
    throw error(bight::errc::cut_short, head_came_ ? "read a request's body" : "read a request");
  return step::more;
}

// Returns whether the header is complete.
bool request_parser::read_header() {
  const bool complete = lines_.take(current_);
  check_first_byte();
  if (!complete) return false;
  text_ = lines_.take_text();
  head_came_ = true;
  header_ = parse_request(text_);
  if (header_.chunked)
    body_.is_chunked(chunk_reader(max_.chunk_line_bytes, max_.header_fields, header_.fields.size(),
                                  chunk_syntax::strict));
  else
    body_.has_length(header_.length);
  done_ = !header_.has_body();
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

}  // namespace bight::http
