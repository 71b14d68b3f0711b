// SPDX-License-Identifier: MIT
#include "part.hpp"

#include "terminal.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>

namespace tool {

namespace fs = std::filesystem;
namespace http = bight::http;

namespace {

std::string beside(const std::string& part) { return part + ".from"; }

// A file's name may have 255 bytes (NAME_MAX); ".part.from" comes behind.
constexpr std::size_t name_max = 200;

}  // namespace

std::optional<part_origin> part_origin::of(const http::url& asked, const http::response& page) {
  const http::response_head& h = page.head();
  // The bytes of an encoded page are not those of the file (RFC 9110 §14.2).
  if (page.encoded() || !page.length() || http::same_name(h.get("Accept-Ranges"), "none"))
    return std::nullopt;
  const std::string_view tag = h.get("ETag");
  if (tag.size() > 2 && tag.starts_with('"')) return part_origin{asked.str(), std::string(tag)};
  // A page may change twice in the second of its date; a date well before now cannot be meant.
  const std::string_view date = h.get("Last-Modified");
  if (date.empty() || date == h.get("Date")) return std::nullopt;
  return part_origin{asked.str(), std::string(date)};
}

std::optional<part_origin> part_origin::read(const std::string& part) {
  std::ifstream file(beside(part), std::ios::binary);
  part_origin o;
  if (!std::getline(file, o.url) || !std::getline(file, o.validator)) return std::nullopt;
  if (o.url.size() > http::url::size_max || o.validator.empty() || o.validator.size() > 1000)
    return std::nullopt;
  return o;
}

void part_origin::write(const std::string& part) const {
  const file_pointer file = create_anew(beside(part));
  if (file == nullptr) return;
  const std::string text = url + "\n" + validator + "\n";
  std::fwrite(text.data(), 1, text.size(), file.get());
}

void part_origin::remove(const std::string& part) noexcept {
  std::error_code ignored;
  fs::remove(beside(part), ignored);
}

std::optional<std::uint64_t> range_start(const http::response_head& h) {
  std::string_view text = h.get("Content-Range");
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  std::uint64_t first = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), first);
  if (failed != std::errc() || end == text.data() + text.size() || *end != '-') return std::nullopt;
  return first;
}

std::string file_name_of(const http::url& u) {
  const std::string path = u.target().substr(0, u.target().find('?'));
  std::string name;
  for (const char c : path.substr(path.rfind('/') + 1)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_' || c == '+' || c == '=' || c == ',';
    name += plain ? c : '_';
  }
  if (name.empty()) return "index.html";
  if (name[0] == '.' || name[0] == '-') name[0] = '_';
  return name.substr(0, name_max);
}

}  // namespace tool
