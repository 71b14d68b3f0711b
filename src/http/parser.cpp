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
  return next_ == part::end && keep_alive_ && !ended_ && used_all();
}

void response_parser::feed(lease bytes) {
  check(!current_, "the parser was fed before it asked for more");
  has_received_ = has_received_ || bytes;
  ended_ = !bytes;
  current_ = std::move(bytes);
}

response_parser::step response_parser::next() {
  for (;;) {
    switch (next_) {
      case part::header:
        if (read_header()) return step::head;
        break;
      case part::length:
        if (received_ == *length_) next_ = part::end;
        if (take_body(*length_ - received_)) return step::body;
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
      case part::until_end:
        if (take_body(current_.size())) return step::body;
        if (ended_) next_ = part::end;
        break;
      case part::end: return step::done;
    }
    if (next_ == part::end || !used_all()) continue;
    if (ended_) fail_at_end();
    return step::more;
  }
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
  keep_alive_ = found.keep_alive;
  if (!found.has_body) {
    length_ = 0;
    next_ = part::end;
  } else if (found.chunked) {
    next_ = part::chunks;
    chunks_.emplace(max_.chunk_line_bytes, max_.header_fields, head_.fields.size());
  } else if (found.length) {
    next_ = part::length;
    length_ = found.length;
    if (*length_ > max_.body_bytes) throw_body_over_limit();
  } else {
    next_ = part::until_end;
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

// Returns whether body_ has the next piece.
bool response_parser::take_body(std::uint64_t at_most) {
  if (!current_ || at_most == 0) return false;
  body_ = current_.take_front(
      static_cast<std::size_t>(std::min<std::uint64_t>(at_most, current_.size())));
  received_ += body_.size();
  if (received_ > max_.body_bytes) throw_body_over_limit();
  return true;
}

void response_parser::throw_body_over_limit() const {
  throw over_limit(fmt::format("the body is larger than {} bytes", max_.body_bytes));
}

void response_parser::fail_at_end() const {
  if (!has_received_) throw fault(errc::empty_reply, make_error_code(errc::empty_reply).message());
  throw error(bight::errc::cut_short, "", 0,
              next_ == part::header ? "the connection ended within the header"
                                    : "the connection ended within the body");
}

}  // namespace bight::http
