// SPDX-License-Identifier: MIT
#include "http/grammar.hpp"

#include "http/fields.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace bight::http {

namespace beast = boost::beast::http;

namespace {

using text_view = boost::beast::string_view;
using beast_code = boost::beast::error_code;

std::string copied(text_view s) { return {s.data(), s.size()}; }

// Beast's messages are short ("bad chunk extension"). The most common ones get a better text.
error explained(const beast_code& f) {
  if (f == beast::error::bad_version)
    return malformed("it does not begin with HTTP/1.0 or HTTP/1.1");
  if (f == beast::error::bad_content_length)
    return malformed("its Content-Length is not a number, or contradicts another field");
  if (f == beast::error::bad_transfer_encoding)
    return malformed(
        "unsupported Transfer-Encoding (only chunked, in HTTP/1.1, without Content-Length)");
  return malformed(f.message());
}

class grammar final : public beast::basic_parser<false> {
 public:
  response_head head;

 private:
  void on_request_impl(beast::verb, text_view, text_view, int, beast_code&) override {}

  void on_response_impl(int status, text_view reason, int version, beast_code& f) override {
    if (version != 10 && version != 11) f = beast::error::bad_version;
    if (status < 100) f = beast::error::bad_status;
    head.status = status;
    head.reason = trimmed({reason.data(), reason.size()});
    head.version = version;
  }

  void on_field_impl(beast::field id, text_view name, text_view value, beast_code& f) override {
    head.fields.push_back({copied(name), copied(value)});
    if (id == beast::field::transfer_encoding && !accept_codings(head.fields.back().value))
      f = beast::error::bad_transfer_encoding;
  }

  // Whether the only coding is chunked, last and once. Beast accepts any coding. "identity" means
  // no coding: RFC 2616 defined it, and old servers still send it.
  bool accept_codings(std::string_view list) {
    if (list.empty()) return false;
    while (!list.empty()) {
      const std::size_t end = std::min(list.find(','), list.size());
      const std::string_view coding = trimmed(list.substr(0, end));
      list.remove_prefix(std::min(end + 1, list.size()));
      if (chunked_) return false;
      if (same_name(coding, "identity")) continue;
      // HTTP/1.0 has no chunks, so some programs would read the body as it is (RFC 9112 §6.1).
      if (!same_name(coding, "chunked") || head.version != 11) return false;
      chunked_ = true;
    }
    return true;
  }

  void on_header_impl(beast_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast_code&) override {}
  std::size_t on_body_impl(text_view, beast_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, text_view, beast_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text_view, beast_code&) override { return 0; }
  void on_finish_impl(beast_code&) override {}

  bool chunked_ = false;
};

// Beast requires the blank before the reason even if the reason is empty (RFC 9112 §4). Many
// servers leave it out.
void complete_status_line(std::string& lines) {
  constexpr std::size_t without_reason = std::string_view("HTTP/1.1 200").size();
  if (lines.find("\r\n") == without_reason) lines.insert(without_reason, 1, ' ');
}

}  // namespace

parsed_header parse_header(std::string lines, bool to_head) {
  complete_status_line(lines);
  grammar g;
  // The limits have been checked before. Not boost::none, which Beast 1.74 takes for 0.
  g.header_limit(std::numeric_limits<std::uint32_t>::max() - 8);
  g.body_limit(std::numeric_limits<std::uint64_t>::max());
  g.eager(false);
  g.skip(to_head);
  beast_code f;
  const std::size_t used = g.put(boost::asio::const_buffer(lines.data(), lines.size()), f);
  if (f) throw explained(f);
  // `lines` is exactly one header. If Beast sees less or more, the header is not valid.
  if (!g.is_header_done() || used != lines.size()) throw malformed("its header is incomplete");
  parsed_header found;
  found.head = std::move(g.head);
  found.has_body = !g.is_done();
  found.chunked = g.chunked();
  if (const auto length = g.content_length()) found.length = *length;
  found.keep_alive = g.keep_alive();
  return found;
}

}  // namespace bight::http
