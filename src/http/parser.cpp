// SPDX-License-Identifier: MIT
#include "http/parser.hpp"

#include "base/check.hpp"
#include "http/fields.hpp"
#include "http/grammar.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bight::http {

response_parser::response_parser(const limits& max, bool to_head)
    : max_(max), to_head_(to_head), lines_(max.header_bytes, max.header_fields) {}

bool response_parser::keeps_connection() const noexcept {
  return done_ && keep_alive_ && !ended_ && used_all();
}

void response_parser::feed(lease bytes) {
  check(!current_, "the parser was fed before it asked for more");
  has_received_ = has_received_ || bytes;
  ended_ = !bytes;
  current_ = std::move(bytes);
}

response_parser::step response_parser::next() {
  while (!head_came_ && !used_all())
    if (read_header()) return step::head;
  if (head_came_) {
    switch (body_.take(current_, ended_)) {
      case message_body::step::piece:
        if (received() > max_.body_bytes) throw_body_over_limit();
        return step::body;
      case message_body::step::done: done_ = true; return step::done;
      case message_body::step::more: break;
    }
  }
  if (ended_) fail_at_end();
  return step::more;
}

// Returns whether the header is complete. Interim responses (1xx) are skipped.
bool response_parser::read_header() {
  const bool complete = lines_.take(current_);
  check_first_line();
  if (!complete) return false;
  parsed_header found = parse_header(lines_.text(), to_head_);
  head_ = std::move(found.head);
  if (head_.status < 200) {
    // RFC 9110 §15.2 allows any number of interim responses; we have a limit. We never send
    // Upgrade, so 101 is an error.
    if (head_.status == 101) throw malformed("unexpected 101 Switching Protocols");
    if (++interims_ > max_.interim_responses)
      throw over_limit(fmt::format("more than {} interim responses", max_.interim_responses));
    lines_.clear();
    return false;
  }
  head_came_ = true;
  keep_alive_ = found.keep_alive;
  if (!found.has_body) {
    length_ = 0;
    done_ = true;
  } else if (found.chunked) {
    body_.is_chunked(chunk_reader(max_.chunk_line_bytes, max_.header_fields, head_.fields.size()));
  } else if (found.length) {
    length_ = found.length;
    body_.has_length(*length_);
    if (*length_ > max_.body_bytes) throw_body_over_limit();
  } else {
    body_.ends_with_connection();
  }
  return true;
}

// Recognises another protocol by its first bytes. The end of its line may never arrive.
void response_parser::check_first_line() const {
  constexpr std::string_view begin = "HTTP/1.";
  const std::string_view first = lines_.first_bytes(begin.size());
  constexpr char tls_alert = 21;  // RFC 8446 §5.1
  if (first.starts_with(tls_alert)) throw malformed("the server sent TLS");
  if (first != begin.substr(0, first.size()))
    throw malformed("it does not begin with HTTP/1.0 or HTTP/1.1");
}

void response_parser::throw_body_over_limit() const {
  throw over_limit(fmt::format("the body is larger than {} bytes", max_.body_bytes));
}

void response_parser::fail_at_end() const {
  if (!has_received_) throw fault(errc::empty_reply, make_error_code(errc::empty_reply).message());
  throw error(bight::errc::cut_short, "", 0,
              !head_came_ ? "the connection ended within the header"
                          : "the connection ended within the body");
}

}  // namespace bight::http
