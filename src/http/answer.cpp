// SPDX-License-Identifier: MIT
#include "http/answer.hpp"

#include "engine/surroundings.hpp"
#include "http/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace bight::http {

namespace {

struct known {
  int status;
  std::string_view reason;
};
constexpr known reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

// A date costs more to format than the rest of a header.
std::string_view date_of_today() {
  static thread_local std::int64_t of = -1;
  static thread_local std::string text;
  const std::int64_t now = date_now();
  if (now != of) text = date_text(now);
  of = now;
  return text;
}

bool has_field(const std::vector<field>& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [name](const field& f) { return same_name(f.name, name); });
}

}  // namespace

std::string_view reason_of(int status) noexcept {
  const auto* const found = std::find_if(std::begin(reasons), std::end(reasons),
                                         [status](const known& k) { return k.status == status; });
  return found != std::end(reasons) ? found->reason : "";
}

std::string head_text(const answer_head& h) {
  std::string text;
  text.reserve(256);
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  fmt::format_to(std::back_inserter(text), "HTTP/1.1 {} {}\r\n", h.status, reason_of(h.status));
  if (!has_field(h.fields, "Date")) add("Date", date_of_today());
  if (!h.server.empty() && !has_field(h.fields, "Server")) add("Server", h.server);
  for (const field& f : h.fields) add(f.name, f.value);
  if (!h.type.empty() && !has_field(h.fields, "Content-Type")) add("Content-Type", h.type);
  if (h.framing == framing_of_answer::length)
    fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n", h.length);
  if (h.framing == framing_of_answer::chunked) add("Transfer-Encoding", "chunked");
  for (const field& f : h.defaults)
    if (!has_field(h.fields, f.name)) add(f.name, f.value);
  add("Connection", h.keep ? "keep-alive" : "close");
  return text += "\r\n";
}

}  // namespace bight::http
