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

// Parses a header only.
template <bool is_request>
class header_grammar : public beast::basic_parser<is_request> {
 protected:
  void on_request_impl(beast::verb, text_view, text_view, int, beast_code&) override {}
  void on_response_impl(int, text_view, int, beast_code&) override {}
  void on_header_impl(beast_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast_code&) override {}
  std::size_t on_body_impl(text_view, beast_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, text_view, beast_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text_view, beast_code&) override { return 0; }
  void on_finish_impl(beast_code&) override {}
};

class grammar final : public header_grammar<false> {
 public:
  response_head head;

 private:
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

  bool chunked_ = false;
};

// Beast requires the blank before the reason even if the reason is empty (RFC 9112 §4). Many
// servers leave it out.
void complete_status_line(std::string& lines) {
  constexpr std::size_t without_reason = std::string_view("HTTP/1.1 200").size();
  if (lines.find("\r\n") == without_reason) lines.insert(without_reason, 1, ' ');
}

class request_grammar final : public header_grammar<true> {
 public:
  request_header found;

 private:
  static std::string_view view(text_view s) { return {s.data(), s.size()}; }

  void on_request_impl(beast::verb, text_view method, text_view target, int version,
                       beast_code& f) override {
    if (version != 10 && version != 11) f = beast::error::bad_version;
    found.version = version;
    found.method = view(method);
    found.target = view(target);
  }
  void on_field_impl(beast::field, text_view name, text_view value, beast_code&) override {
    found.fields.push_back({view(name), view(value)});
  }
};

constexpr std::string_view odd_in_target = "\"<>[\\]^`{|}";

bool is_odd_in_target(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || odd_in_target.find(c) != std::string_view::npos;
}

// Percent-encodes the bytes of the target that Beast does not accept.
void encode_target(std::string& lines) {
  const std::string_view line = std::string_view(lines).substr(0, lines.find("\r\n"));
  const std::size_t begin = line.find(' ') + 1;
  const std::size_t end = line.rfind(' ');
  if (begin == 0 || end < begin) throw malformed("it does not begin with a request line");
  const std::string_view target = line.substr(begin, end - begin);
  if (std::none_of(target.begin(), target.end(), is_odd_in_target)) return;
  std::string safe;
  for (const char c : target) {
    if (is_odd_in_target(c))
      safe += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      safe += c;
  }
  lines.replace(begin, target.size(), safe);
}

// RFC 9112 §6.3. Beast accepts some of what programs read in different ways.
void check_framing(const request_header& r, std::size_t lengths, std::string_view length,
                   std::size_t codings, std::string_view coding) {
  if (lengths > 0 && codings > 0)
    throw malformed("it has a Content-Length and a Transfer-Encoding");
  if (lengths > 1) throw malformed("it has several Content-Lengths");
  if (length.find_first_not_of("0123456789") != std::string_view::npos)
    throw malformed("its Content-Length is not a number");
  if (codings == 0) return;
  // HTTP/1.0 has no chunks, so some programs would read the body as it is (RFC 9112 §6.1).
  if (codings > 1 || !same_name(coding, "chunked") || r.version != 11)
    throw malformed("unsupported Transfer-Encoding (only chunked, in HTTP/1.1)");
}

// RFC 9112 §3.2.
void check_host(const request_header& r, std::size_t hosts, std::string_view host) {
  if (hosts > 1) throw malformed("it has several Host fields");
  if (hosts == 0 && r.version == 11) throw malformed("it has no Host field");
  if (host.find_first_of(" \t,/?#@\\") != std::string_view::npos)
    throw malformed("its Host is not a host");
}

void check_request(request_header& r) {
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  std::size_t codings = 0;
  std::string_view host;
  std::string_view length;
  std::string_view coding;
  for (const field_view& f : r.fields) {
    if (same_name(f.name, "Host")) {
      ++hosts;
      host = f.value;
    } else if (same_name(f.name, "Content-Length")) {
      ++lengths;
      length = f.value;
    } else if (same_name(f.name, "Transfer-Encoding")) {
      ++codings;
      coding = f.value;
    } else if (same_name(f.name, "Expect")) {
      r.expects_continue = r.version == 11 && same_name(f.value, "100-continue");
    }
  }
  check_host(r, hosts, host);
  check_framing(r, lengths, length, codings, coding);
}

}  // namespace

request_header parse_request(std::string& lines) {
  encode_target(lines);
  request_grammar g;
  // The limits have been checked before.
  g.header_limit(std::numeric_limits<std::uint32_t>::max() - 8);
  g.body_limit(std::numeric_limits<std::uint64_t>::max());
  g.eager(false);
  beast_code f;
  const std::size_t used = g.put(boost::asio::const_buffer(lines.data(), lines.size()), f);
  if (f) throw explained(f);
  if (!g.is_header_done() || used != lines.size()) throw malformed("its header is incomplete");
  request_header found = std::move(g.found);
  found.chunked = g.chunked();
  found.length = g.content_length().value_or(0);
  found.keep_alive = g.keep_alive();
  check_request(found);
  found.expects_continue = found.expects_continue && found.has_body();
  return found;
}

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
