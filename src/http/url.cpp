// SPDX-License-Identifier: MIT
#include <bight/error.hpp>
#include <bight/url.hpp>

#include "base/text.hpp"
#include "http/fields.hpp"
#include "http/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace bight::http {

namespace {

constexpr auto npos = std::string_view::npos;

constexpr std::uint16_t port_of(bool secure) noexcept { return secure ? 443 : 80; }

// Browsers take "\" for "/", so they see another host than curl in "/\host/" and "http://a\@b/".
constexpr std::string_view no_backslash =
    "\"\\\" is not allowed before the path of a URL; write / or %5C";

// Returns `text` for a message, without a password: everything before the last "@" is left out,
// even if a "/" before it ends the authority.
std::string shown(std::string_view text) {
  const std::size_t sign = text.rfind('@');
  if (sign == npos) return fmt::format("URL \"{}\"", printable(text));
  return fmt::format("URL \"…{}\"", printable(text.substr(sign)));
}

[[noreturn]] void refuse(std::string_view text, std::string_view reason) {
  const std::size_t sign = text.rfind('@');
  const std::size_t authority = text.find_first_not_of('/', text.find(':') + 1);
  const std::size_t end = text.find_first_of("/?#", authority);
  if (sign != npos && sign > end)  // the reason could contain part of the password
    reason = "write / in a user name or password as %2F, ? as %3F and # as %23";
  throw error(bight::errc::bad_address, shown(text), 0, reason);
}

// WHATWG URL §4.4, step 1: control characters and blanks at both ends are removed.
std::string_view trimmed_url(std::string_view text) {
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// The parts of a URL or a reference (RFC 3986, appendix B). They refer to its text.
struct parts {
  std::string_view scheme;
  std::size_t slashes = 0;  // before the authority or the path
  std::string_view rest;    // after these slashes, up to the query
  std::string_view path;    // the same with these slashes
  std::optional<std::string_view> query;

  explicit parts(std::string_view text);
  // Two slashes begin an authority. curl and browsers accept three.
  [[nodiscard]] bool has_authority() const noexcept { return slashes == 2 || slashes == 3; }
  [[nodiscard]] std::string_view authority() const noexcept {
    return rest.substr(0, rest.find('/'));
  }
  [[nodiscard]] std::string_view path_after_authority() const noexcept {
    return rest.substr(authority().size());
  }
};

bool is_http(std::string_view scheme) noexcept {
  return same_name(scheme, "http") || same_name(scheme, "https");
}

bool is_scheme(std::string_view s) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !s.empty() && is_letter(s[0]) && std::all_of(s.begin(), s.end(), [is_letter](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

parts::parts(std::string_view text) {
  const std::string_view whole = text;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7F')
      refuse(whole, "control characters and line breaks are not allowed in a URL");
  text = text.substr(0, text.find('#'));
  if (const std::size_t mark = text.find('?'); mark != npos) {
    query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  if (const std::size_t colon = text.find(':'); colon != npos && is_scheme(text.substr(0, colon))) {
    scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  slashes = std::min(text.find_first_not_of('/'), text.size());
  path = text;
  rest = text.substr(slashes);
  if (rest.starts_with('\\')) refuse(whole, no_backslash);
}

// Whether browsers send that byte without encoding it (WHATWG URL §1.3, the path and the query
// percent-encode sets). A "\" is encoded, because some servers take it for "/".
bool needs_no_encoding(char c, bool in_query) noexcept {
  if (c <= ' ' || c == '\x7F' || static_cast<unsigned char>(c) > 127) return false;
  constexpr std::string_view never = "\"#<>\\";
  constexpr std::string_view in_queries_only = "^`{}";
  return never.find(c) == npos && (in_query || in_queries_only.find(c) == npos);
}

std::string percent_encoded(char c) {
  return fmt::format("%{:02X}", static_cast<unsigned char>(c));
}

std::string encoded(std::string_view text, bool in_query) {
  std::string made;
  for (const char c : text) {
    if (needs_no_encoding(c, in_query))
      made += c;
    else
      made += percent_encoded(c);
  }
  return made;
}

// Whether a segment is "." (`dots` 1) or ".." (`dots` 2). "%2e" counts as a dot.
bool is_dots(std::string_view segment, std::size_t dots) noexcept {
  for (; dots > 0; --dots) {
    const bool coded = segment.starts_with("%2e") || segment.starts_with("%2E");
    if (!coded && !segment.starts_with('.')) return false;
    segment.remove_prefix(coded ? 3 : 1);
  }
  return segment.empty();
}

// Removes "." and ".." from a path that begins with "/" (RFC 3986 §5.2.4).
std::string without_dots(std::string_view path) {
  std::string made;
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/', 1));
    path.remove_prefix(segment.size());
    const bool up = is_dots(segment.substr(1), 2);
    if (up) made.resize(std::min(made.rfind('/'), made.size()));
    if (!up && !is_dots(segment.substr(1), 1))
      made += segment;
    else if (path.empty())
      made += '/';
  }
  return made;
}

std::string target_of(std::string_view path, const std::optional<std::string_view>& query) {
  std::string made = path.starts_with('/') ? "" : "/";
  made = without_dots(made + encoded(path, false));
  if (query) made += "?" + encoded(*query, true);
  return made;
}

// Percent-encodes a zone (RFC 6874 §2).
std::string encoded_zone(std::string_view zone) {
  std::string made;
  for (const char c : zone) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    made += unreserved ? std::string(1, c) : percent_encoded(c);
  }
  return made;
}

std::string in_brackets(const address& at, const std::string& host) {
  return at.kind() == address_kind::ip6 ? "[" + host + "]" : host;
}

}  // namespace

url::url(std::string_view text) {
  if (text.size() > size_max) refuse(text, fmt::format("longer than {} bytes", size_max));
  const std::string_view inner = trimmed_url(text);
  const parts p(inner);
  secure_ = same_name(p.scheme, "https");
  if (!is_http(p.scheme))
    refuse(text, p.scheme.empty() ? "the scheme is missing; write http:// or https://"
                                  : "only http:// and https:// are supported");
  if (!p.has_authority() && p.slashes != 1) refuse(text, "write two slashes: http://host/path");
  read_authority(p.authority(), text);
  target_ = target_of(p.path_after_authority(), p.query);
  check_size();
}

// `whole` is [user[:password]@]host[:port]; `text` is for messages.
void url::read_authority(std::string_view whole, std::string_view text) {
  if (whole.find('\\') != npos) refuse(text, no_backslash);
  const std::size_t sign = whole.find('@');
  std::string_view place = whole;
  if (sign != npos) {
    const std::string_view who = whole.substr(0, sign);
    const std::size_t colon = who.find(':');
    user_ = percent_decoded(who.substr(0, colon));
    if (colon != npos) password_ = percent_decoded(who.substr(colon + 1));
    place.remove_prefix(sign + 1);
    // Browsers split at the last "@", curl at the first.
    if (place.find('@') != npos) refuse(text, "write @ in a user name or password as %40");
    if (user_.find(':') != std::string::npos)
      refuse(text, "a user name cannot contain \":\" (RFC 7617)");
  }
  try {
    at_ = host_and_port(place, port_of(secure_));
  } catch (const error& e) {
    refuse(text, e.what());
  }
}

void url::check_size() const {
  const std::string whole = str();
  if (whole.size() > size_max)
    refuse(whole, fmt::format("longer than {} bytes when it is percent-encoded", size_max));
}

std::string url::host() const {
  if (at_.kind() == address_kind::ip6) return address::ip6(at_.bytes(), 0).host();
  return at_.host();
}

std::string url::authority() const {
  const std::string name = in_brackets(at_, host());
  return at_.port() == port_of(secure_) ? name : fmt::format("{}:{}", name, at_.port());
}

std::string url::origin() const {
  std::string name = host();
  const std::string zoned = at_.host();
  if (zoned.size() > name.size()) name += "%25" + encoded_zone(zoned.substr(name.size() + 1));
  name = in_brackets(at_, name);
  if (at_.port() != port_of(secure_)) name += fmt::format(":{}", at_.port());
  return (secure_ ? "https://" : "http://") + name;
}

url url::resolve(std::string_view reference) const {
  if (reference.size() > size_max) refuse(reference, fmt::format("longer than {} bytes", size_max));
  const std::string_view inner = trimmed_url(reference);
  const parts p(inner);
  // In a reference, browsers take "http:/x" for a path, curl for a host.
  if (is_http(p.scheme) && !p.has_authority())
    refuse(reference, "write two slashes: http://host/path");
  if (!p.scheme.empty() || p.slashes > 1) {
    url whole =
        p.scheme.empty() ? url((secure_ ? "https:" : "http:") + std::string(inner)) : url(inner);
    if (whole.user_.empty() && whole.password_.empty() && whole.origin() == origin()) {
      whole.user_ = user_;
      whole.password_ = password_;
    }
    return whole;
  }
  url page = *this;
  const std::string_view mine(target_);
  const std::string_view path = mine.substr(0, mine.find('?'));
  if (p.path.starts_with('/')) {
    page.target_ = target_of(p.path, p.query);
  } else if (!p.path.empty()) {
    std::string merged(path.substr(0, path.rfind('/') + 1));
    page.target_ = target_of(merged.append(p.path), p.query);
  } else if (p.query) {
    page.target_ = target_of(path, p.query);
  }
  page.check_size();
  return page;
}

}  // namespace bight::http
