// SPDX-License-Identifier: MIT
#include <bight/error.hpp>
#include <bight/url.hpp>

#include "base/text.hpp"

#include <fmt/format.h>
#include <uriparser/Uri.h>

#include <algorithm>

namespace bight::http {

namespace {

constexpr std::uint16_t port_of(bool secure) noexcept { return secure ? 443 : 80; }

[[noreturn]] void refuse(std::string_view text, std::string_view reason) {
  // What stands before "@" may be a password: it is not shown.
  const std::size_t end = std::min(text.find_first_of("/?#", text.find("//") + 2), text.size());
  if (text.substr(0, end).find('@') != std::string_view::npos)
    throw error(errc::bad_address, "URL", 0,
                "a name or password has no place in a URL, where everybody can read it; send a "
                "header field");
  throw error(errc::bad_address, fmt::format("URL \"{}\"", printable(text)), 0, reason);
}

// The parts of a URI, which point into its text.
class parts {
 public:
  parts() = default;
  explicit parts(std::string_view text) {
    const char* wrong = nullptr;
    const char* end = text.data() + text.size();
    const int outcome = uriParseSingleUriExA(&uri_, text.data(), end, &wrong);
    if (outcome == URI_ERROR_MALLOC) throw std::bad_alloc();
    if (outcome != URI_SUCCESS) refuse(text, reason(wrong, end));
  }
  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;
  ~parts() { uriFreeUriMembersA(&uri_); }

  [[nodiscard]] UriUriA& get() noexcept { return uri_; }
  [[nodiscard]] const UriUriA& get() const noexcept { return uri_; }

  [[nodiscard]] std::string str() const {
    int size = 0;
    if (uriToStringCharsRequiredA(&uri_, &size) != URI_SUCCESS) throw std::bad_alloc();
    std::string text(static_cast<std::size_t>(size) + 1, '\0');  // and its NUL
    if (uriToStringA(text.data(), &uri_, size + 1, nullptr) != URI_SUCCESS) throw std::bad_alloc();
    text.pop_back();
    return text;
  }

 private:
  static std::string reason(const char* wrong, const char* end) {
    if (wrong == nullptr || wrong >= end) return "it ends too early";
    return fmt::format("\"{}\" cannot stand there; write it as %{:02X}", printable({wrong, 1}),
                       static_cast<unsigned char>(*wrong));
  }

  UriUriA uri_{};
};

std::string_view view(const UriTextRangeA& r) {
  if (r.first == nullptr) return {};
  return {r.first, static_cast<std::size_t>(r.afterLast - r.first)};
}

std::string lower(std::string_view s) {
  std::string text(s);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

}  // namespace

url::url(std::string_view text) {
  if (text.size() > size_max) refuse(text, fmt::format("longer than {} bytes", size_max));
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7F)
      refuse(text, "control characters and blanks have no place in a URL; a blank is %20");
    if (byte > 0x7F) refuse(text, "write what is not ASCII as %XX, and a host as punycode");
    if (c == '\\') refuse(text, "\"\\\" has no place in a URL; write / or %5C");
  }
  parts p(text);
  UriUriA& uri = p.get();
  const std::string scheme = lower(view(uri.scheme));
  if (scheme != "http" && scheme != "https")
    refuse(text, scheme.empty() ? "the scheme is missing; write http:// or https://"
                                : "only http:// and https:// can be had");
  if (uri.userInfo.first != nullptr) refuse(text, "");
  secure_ = scheme == "https";
  const std::string host = lower(view(uri.hostText));
  if (host.empty()) refuse(text, "the host is missing; write http://host/path");
  if (uri.hostData.ipFuture.first != nullptr) refuse(text, "that kind of address is not known");
  const std::string_view port = view(uri.portText);
  if (port.size() > 5) refuse(text, "ports are 1 to 65535");  // no row of zeros either
  std::string where = uri.hostData.ip6 != nullptr ? "[" + host + "]" : host;
  where += port.empty() ? fmt::format(":{}", port_of(secure_)) : fmt::format(":{}", port);
  try {
    at_ = address(where);
  } catch (const error& e) {
    const std::string_view whole = e.what();
    refuse(text, whole.substr(std::min(e.tried().size() + 2, whole.size())));
  }
  if (at_.port() == 0) refuse(text, "nobody listens on port 0");

  if (uriNormalizeSyntaxExA(&uri, URI_NORMALIZE_PATH) != URI_SUCCESS) throw std::bad_alloc();
  std::string whole = p.str();
  whole.resize(std::min(whole.find('#'), whole.size()));
  const std::size_t end = whole.find_first_of("/?", whole.find("//") + 2);
  if (end != std::string::npos) target_ = whole.substr(end);
  if (!target_.starts_with('/')) target_.insert(0, "/");
}

std::string url::authority() const {
  const std::string host = at_.what() == address::kind::ip6 ? "[" + at_.host() + "]" : at_.host();
  return at_.port() == port_of(secure_) ? host : fmt::format("{}:{}", host, at_.port());
}

std::string url::origin() const { return (secure_ ? "https://" : "http://") + authority(); }

url url::resolve(std::string_view reference) const {
  if (reference.size() > size_max) refuse(reference, fmt::format("longer than {} bytes", size_max));
  const std::string mine = str();
  const parts base(mine);
  const parts relative(reference);
  parts whole;
  if (uriAddBaseUriExA(&whole.get(), &relative.get(), &base.get(), URI_RESOLVE_STRICTLY) !=
      URI_SUCCESS)
    refuse(reference, "it does not fit the page that it is on");
  return url(whole.str());
}

}  // namespace bight::http
