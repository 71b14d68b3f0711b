// SPDX-License-Identifier: MIT
#include "http_arguments.hpp"

#include "exit_codes.hpp"
#include "text.hpp"

#include <bight/error.hpp>

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace tool {

namespace http = bight::http;

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && is_blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_blank(s.back())) s.remove_suffix(1);
  return s;
}

http::field parse_field(std::string_view text, std::string_view whose) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos)
    throw usage_error(fmt::format("{}: not a header field; write Name: value", whose));
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

// Whether a URL as typed has a scheme. "host:80/" and "host/?to=http://x" have none; "http:/host"
// has one, as in curl.
bool has_scheme(std::string_view text) {
  const std::size_t colon = text.find_first_of(":/?#");
  if (colon == std::string_view::npos || text[colon] != ':') return false;
  const std::string_view name = text.substr(0, colon);
  const std::string_view rest = text.substr(colon + 1);
  const bool ours = http::same_name(name, "http") || http::same_name(name, "https");
  return rest.starts_with("//") || (ours && rest.starts_with("/"));
}

}  // namespace

http::url parse_url(std::string_view text) {
  text = trimmed(text);
  std::string whole(text);
  if (text.starts_with(':'))
    whole = "http://localhost" + whole;
  else if (!has_scheme(text))
    whole = "http://" + whole;
  try {
    return {whole};
  } catch (const bight::error& e) {
    throw usage_error(e.what());
  }
}

std::vector<http::field> parse_header_fields(const std::vector<std::string>& flags) {
  std::vector<http::field> fields;
  for (const std::string& flag : flags) {
    if (!flag.starts_with('@')) {
      fields.push_back(parse_field(flag, fmt::format("-H \"{}\"", shown(flag))));
      continue;
    }
    std::ifstream file(flag.substr(1));
    if (!file) throw usage_error(fmt::format("-H {}: {}", shown(flag), std::strerror(errno)));
    // The file may contain secrets: its lines are never printed.
    for (std::string line; std::getline(file, line);)
      if (!trimmed(line).empty())
        fields.push_back(parse_field(trimmed(line), "-H: a line of the file"));
    if (file.bad()) throw usage_error(fmt::format("-H {}: cannot be read", shown(flag)));
  }
  try {
    http::check_fields(fields);
  } catch (const bight::error& e) {
    throw usage_error(fmt::format("-H: {}", e.what()));
  }
  return fields;
}

}  // namespace tool
