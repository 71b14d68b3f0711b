// SPDX-License-Identifier: MIT
#include "http/fields.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bight::http {

namespace {

constexpr std::string_view malformed_response = "malformed HTTP response: ";
constexpr std::string_view response_over_limit = "the response exceeds a limit: ";

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool has(const std::vector<field>& fields, std::string_view name) noexcept {
  return std::any_of(fields.begin(), fields.end(),
                     [name](const field& f) { return same_name(f.name, name); });
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t here = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < here ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= here ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

// Fields that reveal nothing about the user. A redirect to another origin keeps them.
bool is_harmless(std::string_view name) {
  std::string n(name);
  std::transform(n.begin(), n.end(), n.begin(), lower);
  return n == "user-agent" || n == "range" || n.starts_with("accept") || n.starts_with("if-");
}

}  // namespace

error fault(errc code, std::string_view reason, std::string_view tried) {
  return error(make_error_code(code), tried, 0, reason);
}

error malformed(std::string_view what) {
  return fault(errc::malformed, fmt::format("{}{}", malformed_response, what));
}

error over_limit(std::string_view what) {
  return fault(errc::over_limit, fmt::format("{}{}", response_over_limit, what));
}

error of_request(const error& e) {
  std::string_view text = e.what();
  if (text.starts_with(malformed_response)) {
    text.remove_prefix(malformed_response.size());
    return fault(errc::malformed, fmt::format("malformed HTTP request: {}", text));
  }
  if (text.starts_with(response_over_limit)) {
    text.remove_prefix(response_over_limit.size());
    return fault(errc::over_limit, fmt::format("the request exceeds a limit: {}", text));
  }
  return e;
}

error in_terms_of(std::string_view tried, const error& e) {
  const std::string_view whole = e.what();
  return error(
      e.code(), tried, e.transferred(),
      e.tried().empty() ? whole : whole.substr(std::min(e.tried().size() + 2, whole.size())));
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view response_head::get(std::string_view name) const noexcept {
  for (const field& f : fields)
    if (same_name(f.name, name)) return f.value;
  return {};
}

std::string response_head::text() const {
  std::string all = fmt::format("HTTP/{}.{} {} {}\n", version / 10, version % 10, status, reason);
  for (const field& f : fields) all += f.name + ": " + f.value + "\n";
  return all;
}

bool is_token(std::string_view s) noexcept {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view s) noexcept {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

void check_field(std::string_view name, std::string_view value) {
  // The value is not shown, because it may be a secret.
  const auto refuse = [name](std::string_view reason) {
    throw error(bight::errc::invalid, fmt::format("field \"{}\"", printable(name)), 0, reason);
  };
  if (!is_token(name)) refuse("a field name consists of letters, digits and - only");
  for (const char c : value)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7F')
      refuse("a field cannot contain a line break or control character");
  for (const char* ours : {"Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "TE",
                           "Trailer", "Expect", "Keep-Alive", "Proxy-Connection"})
    if (same_name(name, ours)) refuse("that field is set automatically and cannot be changed");
}

void check_fields(const std::vector<field>& fields) {
  for (const field& f : fields) check_field(f.name, f.value);
}

std::string basic_credentials(const std::string& user, const std::string& password) {
  return "Basic " + base64(user + ":" + password);
}

bool has_coded_name(std::string_view path) noexcept {
  path = path.substr(0, path.find('?'));
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view ending = path.substr(dot);
  for (const char* coded : {".gz", ".tgz", ".svgz", ".br", ".zst", ".tzst"})
    if (same_name(ending, coded)) return true;
  return false;
}

bool asks_for_codings(const request& what, const options& how) noexcept {
  // A range of an encoded body cannot be decoded (RFC 9110 §14.2).
  return how.decode && !has(what.fields, "Range") && !has_coded_name(what.to.target());
}

std::string request_text(const request& what, const options& how, const proxy* via) {
  std::string text = what.head ? "HEAD " : "GET ";
  // Not origin(), which includes the zone of an address: it has no meaning for a proxy (RFC 6874
  // §3).
  if (via != nullptr) text += (what.to.secure() ? "https://" : "http://") + what.to.authority();
  text += what.to.target();
  text += " HTTP/1.1\r\n";
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  const auto add_ours = [&](std::string_view name, std::string_view value) {
    if (!value.empty() && !has(what.fields, name)) add(name, value);
  };
  add_ours("Host", what.to.authority());
  add_ours("User-Agent", how.user_agent);
  add_ours("Accept", "*/*");
  add_ours("Accept-Encoding", asks_for_codings(what, how) ? "gzip, deflate, br, zstd" : "identity");
  if (via != nullptr && !via->user.empty() && !has(what.fields, "Proxy-Authorization"))
    add("Proxy-Authorization", basic_credentials(via->user, via->password));
  const bool has_user = !what.to.user().empty() || !what.to.password().empty();
  if (has_user && !has(what.fields, "Authorization"))
    add("Authorization", basic_credentials(what.to.user(), what.to.password()));
  for (const field& f : what.fields) add(f.name, trimmed(f.value));
  return text + "\r\n";
}

std::optional<request> redirected(const request& sent, const response_head& answer,
                                  const options& how, std::size_t followed) {
  const int s = answer.status;
  const std::string_view location = answer.get("Location");
  const bool redirects = s == 301 || s == 302 || s == 303 || s == 307 || s == 308;
  if (!redirects || location.empty() || how.redirects_max == 0) return std::nullopt;
  const std::string tried = (sent.head ? "HEAD " : "GET ") + sent.to.str();
  std::optional<request> next;
  try {
    next.emplace(sent.to.resolve(location));
  } catch (const error& e) {
    throw fault(errc::redirect_refused, fmt::format("invalid redirect: {}", e.what()), tried);
  }
  if (followed == how.redirects_max)
    throw fault(errc::too_many_redirects,
                fmt::format("more than {} redirects; the next is to {}", how.redirects_max,
                            printable(next->to.str(), 200)),
                tried);
  if (sent.to.secure() && !next->to.secure() && !how.downgrade)
    throw fault(errc::redirect_refused,
                fmt::format("redirected from https to {}, which is not encrypted",
                            printable(next->to.str(), 200)),
                tried);
  next->head = sent.head;
  const bool same_origin = next->to.origin() == sent.to.origin();
  for (const field& f : sent.fields)
    if ((same_origin && !same_name(f.name, "Host")) || is_harmless(f.name))
      next->fields.push_back(f);
  return next;
}

}  // namespace bight::http
