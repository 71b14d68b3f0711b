// SPDX-License-Identifier: MIT
#include "asked.hpp"

#include <bight/error.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <charconv>

namespace tool {

namespace http = bight::http;
namespace beast = boost::beast::http;

namespace {

using text_view = boost::beast::string_view;
using beast_code = boost::beast::error_code;

std::string copied(text_view s) { return {s.data(), s.size()}; }

class request_parser final : public beast::basic_parser<true> {
 public:
  asked found;
  int version = 0;

 private:
  void on_request_impl(beast::verb, text_view method, text_view target, int of,
                       beast_code& f) override {
    if (of != 10 && of != 11) f = beast::error::bad_version;
    version = of;
    found.method = copied(method);
    found.target = copied(target);
  }
  void on_response_impl(int, text_view, int, beast_code&) override {}
  void on_field_impl(beast::field, text_view name, text_view value, beast_code&) override {
    found.fields.push_back({copied(name), copied(value)});
  }
  void on_header_impl(beast_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast_code&) override {}
  std::size_t on_body_impl(text_view bytes, beast_code&) override { return bytes.size(); }
  void on_chunk_header_impl(std::uint64_t, text_view, beast_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text_view bytes, beast_code&) override {
    return bytes.size();
  }
  void on_finish_impl(beast_code&) override {}
};

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Digits alone, and the whole of `s`.
std::optional<std::uint64_t> number(std::string_view s) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (s.empty() || failed != std::errc() || end != s.data() + s.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string_view asked::get(std::string_view name) const noexcept {
  for (const http::field& f : fields)
    if (http::same_name(f.name, name)) return f.value;
  return {};
}

std::optional<asked> parse_asked(std::string_view header) {
  if (header.find("\r\n ") != std::string_view::npos ||
      header.find("\r\n\t") != std::string_view::npos)
    return std::nullopt;
  request_parser parser;
  parser.header_limit(static_cast<std::uint32_t>(header.size() + 1));
  beast_code f;
  const std::size_t used = parser.put(boost::asio::const_buffer(header.data(), header.size()), f);
  // Not done: a body was announced. GET and HEAD have none.
  if (f || used != header.size() || !parser.is_done()) return std::nullopt;
  parser.found.keep = parser.keep_alive();
  std::size_t hosts = 0;
  for (const http::field& field : parser.found.fields) {
    hosts += http::same_name(field.name, "Host") ? 1 : 0;
    if (http::same_name(field.name, "Transfer-Encoding")) return std::nullopt;
  }
  // RFC 9112 §3.2.
  if (hosts > 1 || (hosts == 0 && parser.version == 11)) return std::nullopt;
  return std::move(parser.found);
}

std::optional<std::string> path_asked(std::string_view target) {
  std::string text(target);
  if (target.starts_with('/')) text.insert(0, "http://this");
  std::string path;
  try {
    path = http::url(text).target();
  } catch (const bight::error&) {
    return std::nullopt;
  }
  path.resize(std::min(path.find('?'), path.size()));
  std::string plain;
  for (std::size_t i = 1; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%') {  // the URL has two digits behind it
      c = static_cast<char>(digit(path[i + 1]) * 16 + digit(path[i + 2]));
      i += 2;
      if (c == '/' || c == '\0') return std::nullopt;
    }
    plain += c;
  }
  return plain;
}

range_kind parse_range(std::string_view text, std::uint64_t size, byte_range& into) {
  into = {0, size};
  constexpr std::string_view unit = "bytes=";
  if (!text.starts_with(unit)) return range_kind::whole;
  text.remove_prefix(unit.size());
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return range_kind::whole;
  const std::string_view from = text.substr(0, dash);
  const std::string_view to = text.substr(dash + 1);
  const auto first = number(from);
  const auto last = number(to);
  if ((!from.empty() && !first) || (!to.empty() && !last) || (!first && !last))
    return range_kind::whole;
  if (!first) {  // "-500": the last 500
    if (*last == 0 || size == 0) return range_kind::outside;
    into.first = size - std::min(*last, size);
    return range_kind::part;
  }
  if (last && *last < *first) return range_kind::whole;
  if (*first >= size) return range_kind::outside;
  into.first = *first;
  if (last) into.last = std::min(*last, size - 1) + 1;
  return range_kind::part;
}

}  // namespace tool
