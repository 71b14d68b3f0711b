// SPDX-License-Identifier: MIT
#include "http_request.hpp"

#include "exit_codes.hpp"
#include "text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace tool {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// RFC 9110 §5.6.2.
bool is_token(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r'))
    s.remove_suffix(1);
  return s;
}

http_field parse_field(std::string_view text, bool secret) {
  // What comes from a file may be a secret: it is never shown.
  const auto refuse = [&](std::string_view reason) {
    throw usage_error(secret ? fmt::format("-H: a line of the file: {}", reason)
                             : fmt::format("-H \"{}\": {}", shown(text), reason));
  };
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) refuse("write Name: value");
  const std::string_view name = text.substr(0, colon);
  const std::string_view value = secret ? trimmed(text.substr(colon + 1)) : text.substr(colon + 1);
  if (!is_token(name)) refuse("the name of a field is letters, digits and -, up to the colon");
  for (const char c : value)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7F')
      refuse("a line break or control character in a field could be a second request");
  for (const char* ours : {"Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "TE"})
    if (same_name(name, ours)) refuse("that field is for the tool to set");
  return {std::string(name), std::string(trimmed(value))};
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::vector<http_field> parse_fields(const std::vector<std::string>& flags) {
  std::vector<http_field> fields;
  for (const std::string& flag : flags) {
    if (!flag.starts_with('@')) {
      fields.push_back(parse_field(flag, false));
      continue;
    }
    std::ifstream file(flag.substr(1));
    if (!file) throw usage_error(fmt::format("-H {}: {}", shown(flag), std::strerror(errno)));
    for (std::string line; std::getline(file, line);)
      if (!trimmed(line).empty()) fields.push_back(parse_field(line, true));
  }
  return fields;
}

std::string http_request(std::string_view method, const http_url& url,
                         const std::vector<http_field>& fields) {
  const std::vector<http_field> ours{
      {"Host", url.host}, {"User-Agent", "bight/" BIGHT_VERSION}, {"Accept", "*/*"}};
  std::string text = fmt::format("{} {} HTTP/1.1\r\n", method, url.target);
  const auto add = [&text](const http_field& f) { text += f.name + ": " + f.value + "\r\n"; };
  for (const http_field& f : ours)
    if (std::none_of(fields.begin(), fields.end(),
                     [&f](const http_field& theirs) { return same_name(theirs.name, f.name); }))
      add(f);
  for (const http_field& f : fields) add(f);
  add({"Connection", "close"});
  return text + "\r\n";
}

}  // namespace tool
