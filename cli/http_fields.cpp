// SPDX-License-Identifier: MIT
#include "http_fields.hpp"

#include "exit_codes.hpp"
#include "text.hpp"

#include <bight/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
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
    throw usage_error(fmt::format("{}: write Name: value", whose));
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

// Whether a URL as typed has a scheme. "host:80/" and "host/?to=http://x" have none; "http:/host"
// has one, as for curl.
bool has_scheme(std::string_view text) {
  const std::size_t colon = text.find_first_of(":/?#");
  if (colon == std::string_view::npos || text[colon] != ':') return false;
  const std::string_view name = text.substr(0, colon);
  const std::string_view rest = text.substr(colon + 1);
  const bool ours = http::same_name(name, "http") || http::same_name(name, "https");
  return rest.starts_with("//") || (ours && rest.starts_with("/"));
}

const char* variable(const char* name, const char* other) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') value = other != nullptr ? std::getenv(other) : nullptr;
  return value != nullptr && *value != '\0' ? value : nullptr;
}

http::proxy parse_proxy(const char* name, const char* value) {
  try {
    return http::proxy(value);
  } catch (const bight::error& e) {
    throw usage_error(fmt::format("the environment's {}: {}", name, e.what()));
  }
}

}  // namespace

http::url parse_page(std::string_view text) {
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

std::vector<http::field> parse_fields(const std::vector<std::string>& flags) {
  std::vector<http::field> fields;
  for (const std::string& flag : flags) {
    if (!flag.starts_with('@')) {
      fields.push_back(parse_field(flag, fmt::format("-H \"{}\"", shown(flag))));
      continue;
    }
    std::ifstream file(flag.substr(1));
    if (!file) throw usage_error(fmt::format("-H {}: {}", shown(flag), std::strerror(errno)));
    // What comes from a file may be a secret: it is never shown.
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

proxies proxies::from_environment() {
  proxies p;
  if (const char* all = variable("all_proxy", "ALL_PROXY"))
    p.plain_ = p.secure_ = parse_proxy("all_proxy", all);
  if (const char* plain = variable("http_proxy", nullptr))
    p.plain_ = parse_proxy("http_proxy", plain);
  if (const char* secure = variable("https_proxy", "HTTPS_PROXY"))
    p.secure_ = parse_proxy("https_proxy", secure);
  const char* none = variable("no_proxy", "NO_PROXY");
  std::string_view rest = none != nullptr ? none : "";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    std::string item(trimmed(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (item.starts_with('.')) item.erase(0, 1);
    std::transform(item.begin(), item.end(), item.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    if (!item.empty()) p.direct_.push_back(std::move(item));
  }
  return p;
}

http::proxy proxies::operator()(const http::url& to) const {
  const std::string host = to.host();
  for (const std::string& d : direct_) {
    const bool within = to.at().is_name() && host.size() > d.size() && host.ends_with(d) &&
                        host[host.size() - d.size() - 1] == '.';
    if (d == "*" || d == host || d == to.authority() || within) return {};
  }
  return to.secure() ? secure_ : plain_;
}

}  // namespace tool
