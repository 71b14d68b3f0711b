// SPDX-License-Identifier: MIT
#include "http_request.hpp"

#include "text.hpp"

#include <fmt/core.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <charconv>
#include <limits>

namespace tool {

namespace http = bight::http;
namespace beast = boost::beast::http;

namespace {

using text_view = boost::beast::string_view;
using beast_code = boost::beast::error_code;

std::string copied(text_view s) { return {s.data(), s.size()}; }

class request_parser final : public beast::basic_parser<true> {
 public:
  http_request found;
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

// Percent-encodes the bytes of a target that Beast does not accept.
std::string with_encoded_bytes(std::string_view target) {
  std::string safe;
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    const bool odd = byte >= 0x80 || std::string_view("\"<>[\\]^`{|}").find(c) != std::string::npos;
    if (odd)
      safe += fmt::format("%{:02X}", byte);
    else
      safe += c;
  }
  return safe;
}

std::string decoded(std::string_view name) {
  std::string plain;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const int high = name[i] == '%' && i + 2 < name.size() ? hex_digit(name[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(name[i + 2]) : -1;
    plain += low >= 0 ? static_cast<char>(high * 16 + low) : name[i];
    i += low >= 0 ? 2 : 0;
  }
  return plain;
}

// Parses digits only. A number that is too large becomes the maximum (RFC 9110 §14.1.2).
std::optional<std::uint64_t> number(std::string_view s) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (s.empty() || failed == std::errc::invalid_argument || end != s.data() + s.size())
    return std::nullopt;
  return failed == std::errc() ? value : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace

bool http_request::has(std::string_view name) const noexcept {
  return std::any_of(fields.begin(), fields.end(),
                     [name](const http::field& f) { return http::same_name(f.name, name); });
}

std::string http_request::get(std::string_view name) const {
  std::string all;
  for (const http::field& f : fields)
    if (http::same_name(f.name, name)) all += (all.empty() ? "" : ", ") + f.value;
  return all;
}

std::optional<http_request> parse_request(std::string_view header) {
  if (header.find("\r\n ") != std::string_view::npos ||
      header.find("\r\n\t") != std::string_view::npos)
    return std::nullopt;
  // Browsers do not encode some bytes in a target that RFC 3986 and Beast require to be encoded.
  const std::size_t line = header.find("\r\n");
  const std::size_t begin = header.substr(0, line).find(' ') + 1;
  const std::size_t end = header.substr(0, line).rfind(' ');
  if (begin == 0 || end < begin) return std::nullopt;
  std::string text(header.substr(0, begin));
  (text += with_encoded_bytes(header.substr(begin, end - begin))) += header.substr(end);

  request_parser parser;
  parser.header_limit(static_cast<std::uint32_t>(text.size() + 1));
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  parser.eager(false);
  beast_code f;
  const std::size_t used = parser.put(boost::asio::const_buffer(text.data(), text.size()), f);
  if (f || used != text.size() || !parser.is_header_done()) return std::nullopt;
  http_request& found = parser.found;
  // The body of a request is not read, so a request after it could not be found.
  found.keep = parser.is_done() && parser.keep_alive();
  // Beast accepts any transfer coding.
  if (found.has("Transfer-Encoding") &&
      !(http::same_name(found.get("Transfer-Encoding"), "chunked") && parser.version == 11))
    return std::nullopt;
  // RFC 9112 §3.2.
  const auto hosts = std::count_if(found.fields.begin(), found.fields.end(), [](const auto& field) {
    return http::same_name(field.name, "Host");
  });
  if (hosts > 1 || (hosts == 0 && parser.version == 11)) return std::nullopt;
  if (found.get("Host").find_first_of(" \t,/?#@\\") != std::string::npos) return std::nullopt;
  return std::move(found);
}

std::optional<std::string> request_path(std::string_view target) {
  for (const char* scheme : {"http://", "https://"}) {
    const std::size_t size = std::string_view(scheme).size();
    if (!http::same_name(target.substr(0, size), scheme)) continue;
    target.remove_prefix(std::min(target.find_first_of("/?#", size), target.size()));
    if (!target.starts_with('/')) target = "/";
  }
  if (!target.starts_with('/')) return std::nullopt;
  target = target.substr(0, target.find_first_of("?#"));
  std::vector<std::string> names;
  bool is_folder = true;
  while (!target.empty()) {
    target.remove_prefix(1);  // the "/"
    const std::size_t size = std::min(target.find('/'), target.size());
    std::string name = decoded(target.substr(0, size));
    target.remove_prefix(size);
    if (name.find_first_of(std::string_view("/\0", 2)) != std::string::npos) return std::nullopt;
    is_folder = name.empty() || name == "." || name == "..";
    if (!is_folder)
      names.push_back(std::move(name));
    else if (name == ".." && !names.empty())
      names.pop_back();
  }
  std::string path;
  for (const std::string& name : names) (path += path.empty() ? "" : "/") += name;
  return is_folder && !path.empty() ? path + "/" : path;
}

range_kind parse_range(std::string_view text, std::uint64_t size, byte_range& into) {
  into = {0, size};
  constexpr std::string_view unit = "bytes=";
  if (!http::same_name(text.substr(0, unit.size()), unit)) return range_kind::whole;
  text.remove_prefix(unit.size());
  // A list may have whitespace and empty elements: RFC 9110 §5.6.1.
  constexpr std::string_view nothing = ", \t";
  text.remove_prefix(std::min(text.find_first_not_of(nothing), text.size()));
  text = text.substr(0, text.find_last_not_of(nothing) + 1);
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
