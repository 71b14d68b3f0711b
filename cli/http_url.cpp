// SPDX-License-Identifier: MIT
#include "http_url.hpp"

#include "exit_codes.hpp"
#include "target.hpp"
#include "text.hpp"

#include <fmt/core.h>

namespace tool {

namespace {

constexpr std::uint16_t http_port = 80;
/// RFC 9110 §4.1 asks for 8000 at least; a longer one is no URL that was typed.
constexpr std::size_t url_max = 8192;

[[noreturn]] void refuse(std::string_view url, std::string_view reason) {
  throw usage_error(fmt::format("URL \"{}\": {}", shown(url), reason));
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// RFC 3986 §3.3, §3.4: pchar, "/" and "?".
bool may_stand(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("-._~!$&'()*+,;=:@/?").find(c) != std::string_view::npos;
}

void check_target(std::string_view url, std::string_view target) {
  for (std::size_t i = 0; i < target.size(); ++i) {
    const char c = target[i];
    if (c == '%') {
      if (i + 2 >= target.size() || !is_hex(target[i + 1]) || !is_hex(target[i + 2]))
        refuse(url, "% is not followed by two hexadecimal digits; write %25 for the sign itself");
    } else if (!may_stand(c)) {
      refuse(url, fmt::format("\"{}\" must be written as %{:02X}", shown({&c, 1}),
                              static_cast<unsigned char>(c)));
    }
  }
}

}  // namespace

http_url parse_http_url(std::string_view text) {
  if (text.size() > url_max) refuse(text, fmt::format("longer than {} bytes", url_max));
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == '\x7F')
      refuse(text, "control characters and blanks have no place in a URL; a blank is %20");
    if (c == '\\') refuse(text, "\"\\\" has no place in a URL; write / or %5C");
  }
  const schemed parts = split_scheme(text);
  if (parts.scheme == "https") refuse(text, "TLS is not in this build; only http:// can be had");
  if (!parts.scheme.empty() && parts.scheme != "http")
    refuse(text, fmt::format("{}:// is not for get; write http://host/path or tcp://host:port",
                             parts.scheme));
  std::string_view rest = parts.rest.substr(0, parts.rest.find('#'));
  const std::size_t end = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, end);
  const std::string_view target =
      end == std::string_view::npos ? std::string_view() : rest.substr(end);
  if (authority.find('@') != std::string_view::npos)
    refuse("…",
           "a name or password has no place in a URL, where everybody can read it; put the "
           "field into a file and give -H @FILE");
  if (authority.empty()) refuse(text, "the host is missing; write http://host/path");
  check_target(text, target);

  http_url url;
  url.at = parse_host_port(authority, http_port);
  if (url.at.port() == 0) refuse(text, "nobody listens on port 0");
  std::string host = url.at.host();
  if (url.at.what() == bight::address::kind::any) host = "localhost";
  // The zone of a link-local address means nothing to the server (RFC 6874 §4).
  if (url.at.what() == bight::address::kind::ip6) host = "[" + host.substr(0, host.find('%')) + "]";
  url.host = url.at.port() == http_port ? host : fmt::format("{}:{}", host, url.at.port());
  url.target = target;
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

}  // namespace tool
