// SPDX-License-Identifier: MIT
#include "resume.hpp"

#include "text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <ctime>

namespace tool {

namespace http = bight::http;

namespace {

/// The name with ".part.2.from" must fit into the 255 bytes of NAME_MAX.
constexpr std::size_t name_max = 200;
/// A file may change twice within the second of its date, and clocks may differ. RFC 7232 §2.2.2
/// requires a minute.
constexpr std::time_t strong_date_age = 60;
constexpr std::string_view multipart = "multipart/byteranges";

std::size_t count_of(const http::response_head& h, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(h.fields.begin(), h.fields.end(),
                    [name](const http::field& f) { return http::same_name(f.name, name); }));
}

std::optional<std::time_t> parse_date(std::string_view text) {
  std::tm when{};
  const std::string copy(text);
  const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &when);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return timegm(&when);
}

// The strong validator, which allows parts to be combined (RFC 9110 §8.8.1, §13.1.5); "" for none.
std::string strong_validator(const http::response_head& h) {
  const std::string_view tag = h.get("ETag");
  const bool one = count_of(h, "ETag") == 1;
  if (one && tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') return std::string(tag);
  const std::string_view date = h.get("Last-Modified");
  const auto changed = parse_date(date);
  const auto sent = parse_date(h.get("Date"));
  const bool strong = changed && sent && *sent - *changed >= strong_date_age;
  return strong ? std::string(date) : std::string();
}

bool repeats(const http::response_head& h, const std::string& validator) {
  if (validator.starts_with('"')) return count_of(h, "ETag") == 1 && h.get("ETag") == validator;
  return h.get("Last-Modified") == validator && !h.get("ETag").starts_with('"');
}

// Parses and removes a number at the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t n = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return n;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::string misfit(const http::response_head& h, std::optional<std::uint64_t> length,
                   const wanted& w) {
  const auto range = content_range::of(h);
  const std::string_view type = h.get("Content-Type");
  const bool several = http::same_name(type.substr(0, multipart.size()), multipart);
  if (!range || several) return "the server sent part of the file without saying which";
  if (length && *length != range->size)
    return "the server's Content-Range contradicts its Content-Length";
  const std::string_view coding = h.get("Content-Encoding");
  if (w.from == nullptr) {
    const bool begins = range->first == 0 && range->total && coding.empty();
    return begins ? "" : "the server sent part of the file, but the whole file was requested";
  }
  if (range->first != w.had) return "the server sent a different part than requested";
  if (!repeats(h, w.from->validator))
    return "the server did not confirm that the file is unchanged";
  if (!coding.empty() && coding != w.from->coding)
    return "the server used a different Content-Encoding";
  if (range->total && w.from->total && *range->total != *w.from->total)
    return "the size of the file has changed on the server";
  if (!range->total && !w.from->total) return "the server did not send the size of the file";
  return "";
}

// Decodes percent-encoded characters beyond ASCII. Returns `name` unchanged if they are not UTF-8,
// or are control characters.
std::string with_characters(const std::string& name) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool coded = name[i] == '%' && i + 2 < name.size();
    const int high = coded ? hex_digit(name[i + 1]) : -1;
    const int low = coded ? hex_digit(name[i + 2]) : -1;
    if (high < 8 || low < 0) {
      text += name[i];
      continue;
    }
    text += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return shown(text, text.size()) == text ? text : name;
}

}  // namespace

resume_point resume_point::of(const std::string& url, const http::response& page) {
  const http::response_head& h = page.head();
  resume_point p{url, "", std::string(h.get("Content-Encoding")), page.length()};
  if (const auto range = content_range::of(h); range && h.status == 206) p.total = range->total;
  // A range counts bytes of the encoded file, not of the decoded one (RFC 9110 §14.2).
  const bool possible = !page.encoded() && !http::same_name(h.get("Accept-Ranges"), "none") &&
                        count_of(h, "Content-Encoding") <= 1;
  if (possible) p.validator = strong_validator(h);
  return p;
}

std::optional<content_range> content_range::of(const http::response_head& h) {
  std::string_view text = h.get("Content-Range");
  if (count_of(h, "Content-Range") != 1 || text.size() < 6 ||
      !http::same_name(text.substr(0, 6), "bytes "))
    return std::nullopt;
  text.remove_prefix(6);
  const auto first = take_number(text);
  if (!first || !take(text, '-')) return std::nullopt;
  const auto last = take_number(text);
  if (!last || *last < *first || *last == UINT64_MAX || !take(text, '/')) return std::nullopt;
  content_range r{*first, *last - *first + 1, std::nullopt};
  if (text == "*") return r;
  r.total = take_number(text);
  if (!r.total || !text.empty() || *r.total <= *last) return std::nullopt;
  return r;
}

contribution judge(const http::response_head& h, std::optional<std::uint64_t> length,
                   const wanted& w) {
  contribution c;
  const auto useless = [&c](std::string reason) {
    c.is = contribution::kind::useless;
    c.reason = std::move(reason);
    return c;
  };
  if (h.status == 304 && w.conditional) {
    c.is = contribution::kind::nothing;
    return c;
  }
  if (h.status == 304 || (w.from != nullptr && (h.status == 204 || h.status == 205)))
    return useless(fmt::format("the server answered {} without a body", h.status));
  if (h.status == 416 && w.from != nullptr)
    return useless("the server has no more data than was already downloaded");
  if (h.status == 206 && w.own_range) {
    const auto range = content_range::of(h);
    if (range && h.get("Content-Encoding").empty()) c.size = range->size;
    return c;
  }
  if (h.status != 206) return c;
  if (std::string why = misfit(h, length, w); !why.empty()) return useless(std::move(why));
  const auto range = content_range::of(h);
  c.is = contribution::kind::range;
  c.size = range->size;
  c.total = range->total ? range->total : w.from->total;
  return c;
}

std::string file_name_of(const http::url& u) {
  const std::string path = u.target().substr(0, u.target().find('?'));
  std::string name;
  for (const char c : with_characters(path.substr(path.rfind('/') + 1))) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_' || c == '+' || c == '=' || c == ',' ||
                       static_cast<unsigned char>(c) > 127;
    name += plain ? c : '_';
  }
  if (name.empty()) return "index.html";
  if (name[0] == '.' || name[0] == '-') name[0] = '_';
  // Do not cut within a character.
  std::size_t size = std::min(name_max, name.size());
  while (size < name.size() && (static_cast<unsigned char>(name[size]) & 0xC0) == 0x80) --size;
  return name.substr(0, size);
}

}  // namespace tool
