// SPDX-License-Identifier: MIT
#include "http_response.hpp"

#include "exit_codes.hpp"
#include "text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <fmt/core.h>

#include <limits>
#include <utility>

namespace tool {

namespace http = boost::beast::http;

namespace {

using text_view = boost::beast::string_view;
using fault = boost::beast::error_code;

std::string copied(text_view s) { return {s.data(), s.size()}; }

failure malformed(std::string_view what) {
  return {exit_code::receive_failed,
          fmt::format("the answer is not HTTP/1.x as it should be: {}", what)};
}

failure too_much(std::string_view what) {
  return {exit_code::receive_failed, fmt::format("the answer passes a limit: {}", what)};
}

// Beast's words are enumerators ("bad chunk extension"); the ones that people meet say more.
failure explained(const fault& f) {
  if (f == http::error::header_limit || f == http::error::buffer_overflow)
    return too_much(fmt::format("a header of more than {} bytes or {} fields", http_header_max,
                                http_fields_max));
  if (f == http::error::bad_version)
    return malformed("it does not begin with HTTP/1.0 or HTTP/1.1");
  if (f == http::error::bad_content_length)
    return malformed("its Content-Length is no number, or contradicts another field");
  if (f == http::error::bad_transfer_encoding)
    return malformed("it has both Transfer-Encoding and Content-Length");
  return malformed(f.message());
}

}  // namespace

std::string_view http_head::get(std::string_view name) const noexcept {
  for (const http_field& f : fields)
    if (same_name(f.name, name)) return f.value;
  return {};
}

std::string http_head::text() const {
  std::string all = fmt::format("HTTP/{}.{} {} {}\n", version / 10, version % 10, status, reason);
  for (const http_field& f : fields) all += f.name + ": " + f.value + "\n";
  return all;
}

class http_response::parser final : public http::basic_parser<false> {
 public:
  std::optional<http_head> head;
  http_head incoming;
  std::string body;

 private:
  void on_request_impl(http::verb, text_view, text_view, int, fault&) override {}

  void on_response_impl(int status, text_view reason, int version, fault& f) override {
    if (version != 10 && version != 11) f = http::error::bad_version;
    if (status < 100 || status > 599) f = http::error::bad_status;
    incoming.status = status;
    incoming.reason = copied(reason);
    incoming.version = version;
  }

  void on_field_impl(http::field, text_view name, text_view value, fault& f) override {
    if (incoming.fields.size() >= http_fields_max) {
      f = http::error::header_limit;
      return;
    }
    incoming.fields.push_back({copied(name), copied(value)});
  }

  void on_header_impl(fault&) override {
    if (const auto length = content_length()) incoming.length = *length;
    incoming.has_body = !is_done();
    head = incoming;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, fault&) override {}
  std::size_t on_body_impl(text_view bytes, fault&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, text_view, fault&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text_view bytes, fault&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(fault&) override {}
};

http_response::http_response(bool to_head) : to_head_(to_head) { begin(); }
http_response::~http_response() = default;

void http_response::begin() {
  parser_ = std::make_unique<parser>();
  parser_->header_limit(http_header_max);
  // Whoever stores the body has the limit. Not boost::none: Beast of 1.74 takes that for 0.
  parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
  parser_->eager(true);
  parser_->skip(to_head_);
}

const std::optional<http_head>& http_response::head() const noexcept { return parser_->head; }
bool http_response::done() const noexcept { return parser_->is_done(); }
std::string http_response::take_body() noexcept { return std::exchange(parser_->body, {}); }

void http_response::feed(std::string_view bytes) {
  anything_ = anything_ || !bytes.empty();
  held_ += bytes;
  std::string_view rest = held_;
  while (!rest.empty() && !parser_->is_done()) {
    fault f;
    const std::size_t used = parser_->put(boost::asio::const_buffer(rest.data(), rest.size()), f);
    rest.remove_prefix(used);
    if (f && f != http::error::need_more) throw explained(f);
    if (parser_->is_done() && parser_->head && parser_->head->status < 200) {
      // RFC 9110 §15.2: any number may come; ours has a limit. 101 answers an Upgrade, which we
      // never ask for.
      if (parser_->head->status == 101) throw malformed("101 Switching Protocols, unasked for");
      if (++interims_ > http_interim_max)
        throw too_much(fmt::format("more than {} interim responses", http_interim_max));
      begin();
      continue;
    }
    if (f || used == 0) break;
  }
  held_.erase(0, held_.size() - rest.size());
  if (parser_->is_done()) held_.clear();
  // Chunk headers and trailers have no limit of Beast's.
  if (held_.size() > http_header_max)
    throw too_much(fmt::format("a header of more than {} bytes", http_header_max));
}

void http_response::end() {
  if (!anything_)
    throw failure(exit_code::empty_reply, "the server closed without a word (empty reply)");
  if (parser_->is_done()) return;
  fault f;
  if (parser_->got_some()) parser_->put_eof(f);
  if (f || !parser_->is_done())
    throw failure(exit_code::cut_short, parser_->head
                                            ? "the connection ended in the middle of the body"
                                            : "the connection ended in the middle of the header");
}

}  // namespace tool
