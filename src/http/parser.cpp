// SPDX-License-Identifier: MIT
#include "http/parser.hpp"

#include "base/check.hpp"
#include "http/fields.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace bight::http {

namespace beast = boost::beast::http;

namespace {

using text_view = boost::beast::string_view;
using beast_code = boost::beast::error_code;

std::string copied(text_view s) { return {s.data(), s.size()}; }

error malformed(std::string_view what) {
  return fault(errc::malformed,
               fmt::format("the answer is not HTTP/1.x as it should be: {}", what));
}

error over_limit(std::string_view what) {
  return fault(errc::over_limit, fmt::format("the answer passes a limit: {}", what));
}

// Beast's words are enumerators ("bad chunk extension"); the ones that people meet say more.
error explained(const beast_code& f) {
  if (f == beast::error::bad_version)
    return malformed("it does not begin with HTTP/1.0 or HTTP/1.1");
  if (f == beast::error::bad_content_length)
    return malformed("its Content-Length is no number, or contradicts another field");
  if (f == beast::error::bad_transfer_encoding)
    return malformed(
        "its Transfer-Encoding is not chunked alone, in HTTP/1.1, without Content-Length");
  if (f == beast::error::body_limit) return over_limit("a body that is too long");
  return malformed(f.message());
}

}  // namespace

// What Beast finds. It accepts a little more than this client does: folded lines, other transfer
// codings than chunked, chunked in HTTP/1.0.
class response_parser::grammar final : public beast::basic_parser<false> {
 public:
  explicit grammar(std::size_t fields_max) : fields_max_(fields_max) {}

  response_head head;
  std::string_view piece;  // of the body, in what was put
  bool too_many_fields = false;

  // Looks at what was used of a header: a line that begins with a blank continues the one before
  // (RFC 9112 §5.2: deprecated, and read differently by different programs).
  [[nodiscard]] bool folds(std::string_view used) noexcept {
    for (const char c : used) {
      if (last_ == '\n' && (c == ' ' || c == '\t')) return true;
      last_ = c;
    }
    return false;
  }

 private:
  void on_request_impl(beast::verb, text_view, text_view, int, beast_code&) override {}

  void on_response_impl(int status, text_view reason, int version, beast_code& f) override {
    if (version != 10 && version != 11) f = beast::error::bad_version;
    if (status < 100 || status > 599) f = beast::error::bad_status;
    head.status = status;
    head.reason = copied(reason);
    head.version = version;
  }

  void on_field_impl(beast::field id, text_view name, text_view value, beast_code& f) override {
    if (++fields_ > fields_max_) {
      too_many_fields = true;
      f = beast::error::header_limit;
      return;
    }
    if (is_header_done()) return;  // of the trailer: it may add nothing to what has been said
    head.fields.push_back({copied(name), copied(value)});
    if (id != beast::field::transfer_encoding) return;
    const bool chunked = same_name(head.fields.back().value, "chunked") && head.version == 11;
    if (!chunked) f = beast::error::bad_transfer_encoding;
  }

  void on_header_impl(beast_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast_code&) override {}
  std::size_t on_body_impl(text_view bytes, beast_code&) override {
    piece = {bytes.data(), bytes.size()};
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, text_view, beast_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text_view bytes, beast_code&) override {
    piece = {bytes.data(), bytes.size()};
    return bytes.size();
  }
  void on_finish_impl(beast_code&) override {}

  std::size_t fields_max_;
  std::size_t fields_ = 0;
  char last_ = 0;
};

response_parser::response_parser(const limits& max, bool to_head) : max_(max), to_head_(to_head) {
  begin();
}
response_parser::~response_parser() = default;

void response_parser::begin() {
  grammar_ = std::make_unique<grammar>(max_.header_fields);
  // Beast's own limit would count each field anew; next() counts all of them.
  grammar_->header_limit(static_cast<std::uint32_t>(
      std::min<std::size_t>(max_.header_bytes, std::numeric_limits<std::uint32_t>::max() - 8)));
  // Not boost::none: Beast of 1.74 takes that for 0.
  grammar_->body_limit(max_.body_bytes);
  grammar_->eager(false);
  grammar_->skip(to_head_);
  header_bytes_ = 0;
}

const response_head& response_parser::head() const noexcept { return grammar_->head; }

bool response_parser::keeps_connection() const noexcept {
  return grammar_->is_done() && !ended_ && has_no_more() && grammar_->keep_alive();
}

void response_parser::feed(lease bytes) {
  check(!current_, "the parser was fed before it asked for more");
  if (!bytes) {
    ended_ = true;
    return;
  }
  got_some_ = true;
  if (held_.empty())
    current_ = std::move(bytes);
  else
    held_ += bytes.view();
}

response_parser::step response_parser::next() {
  for (;;) {
    if (grammar_->is_header_done() && !told_head_) {
      const int status = head().status;
      if (status >= 200) {
        told_head_ = true;
        // "No length" and "no body" are two things: a body of unknown length is to come.
        if (grammar_->is_done())
          length_ = 0;
        else if (const auto length = grammar_->content_length())
          length_ = *length;
        return step::head;
      }
      // RFC 9110 §15.2: any number may come; ours has a limit. 101 answers an Upgrade, which is
      // never asked for.
      if (status == 101) throw malformed("101 Switching Protocols, unasked for");
      if (++interims_ > max_.interim_responses)
        throw over_limit(fmt::format("more than {} interim responses", max_.interim_responses));
      begin();
    }
    if (grammar_->is_done()) return step::done;
    if (has_no_more()) return ended_ ? end() : step::more;
    const bool held = !held_.empty();
    // The end of a body in chunks is "0\r\n\r\n" at least, and Beast counts on so much once it has
    // asked for more.
    constexpr std::size_t last_chunk_min = 5;
    if (held && grammar_->is_header_done() && held_.size() < last_chunk_min)
      return ended_ ? end() : step::more;
    const step s = parse(held ? std::string_view(held_) : current_.view());
    if (s == step::body) return s;
    if (s == step::more) {
      if (ended_) return end();
      if (!held) {
        held_ = current_.view();
        current_.reset();
      }
      return s;
    }
  }
}

// One step of Beast's; `done` only means that there may be another.
response_parser::step response_parser::parse(std::string_view bytes) {
  const bool in_header = !grammar_->is_header_done();
  grammar_->piece = {};
  beast_code f;
  const std::size_t used = grammar_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), f);
  const std::string_view piece = grammar_->piece;
  if (in_header) {
    header_bytes_ += used;
    const bool partial = f == beast::error::need_more;
    if (header_bytes_ + (partial ? bytes.size() - used : 0) > max_.header_bytes ||
        f == beast::error::header_limit)
      throw over_limit(fmt::format("a header of more than {} bytes or {} fields", max_.header_bytes,
                                   max_.header_fields));
    if (grammar_->folds(bytes.substr(0, used)))
      throw malformed("a field goes on in a second line (obs-fold)");
  } else if (piece.empty() && (f ? bytes.size() : used) > max_.chunk_line_bytes) {
    throw over_limit(
        fmt::format("a chunk's line or a trailer of more than {} bytes", max_.chunk_line_bytes));
  }
  if (grammar_->too_many_fields)
    throw over_limit(fmt::format("more than {} fields", max_.header_fields));
  if (f && f != beast::error::need_more) throw explained(f);

  received_ += piece.size();
  if (received_ > max_.body_bytes)
    throw over_limit(fmt::format("a body of more than {} bytes", max_.body_bytes));
  if (!piece.empty()) {
    if (held_.empty()) {  // then the piece is all that was used, and lies at the front
      body_ = current_.take_front(used);
      return step::body;
    }
    body_ = lease::copy_of(piece);
  }
  consume(used);
  if (!piece.empty()) return step::body;
  return f == beast::error::need_more ? step::more : step::done;
}

// Lets go of what has been parsed; the rest of what was held is one lease again.
void response_parser::consume(std::size_t count) {
  if (held_.empty()) {
    static_cast<void>(current_.take_front(count));
    return;
  }
  held_.erase(0, count);
  if (count == 0 || !grammar_->is_header_done() || held_.empty()) return;
  current_ = lease::copy_of(held_);
  held_.clear();
}

response_parser::step response_parser::end() {
  if (!got_some_) throw fault(errc::empty_reply, make_error_code(errc::empty_reply).message());
  beast_code f;
  if (grammar_->got_some())
    grammar_->put_eof(f);
  else
    f = beast::error::partial_message;
  if (!f && grammar_->is_done()) return step::done;
  throw error(bight::errc::cut_short, "", 0,
              told_head_ ? "the connection ended in the middle of the body"
                         : "the connection ended in the middle of the header");
}

}  // namespace bight::http
