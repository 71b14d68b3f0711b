// SPDX-License-Identifier: MIT
//
// Proxy URLs, and how a proxy is asked for a tunnel. Each reply of the proxy is read to its last
// byte and no further: the next bytes are the server's.
#include <bight/deadline.hpp>
#include <bight/reader.hpp>

#include "base/text.hpp"
#include "http/connect.hpp"
#include "http/fields.hpp"
#include "http/host.hpp"
#include "http/parser.hpp"

#include <fmt/format.h>

namespace bight::http {

namespace {

constexpr std::uint16_t http_proxy_port = 3128;
constexpr std::uint16_t socks_proxy_port = 1080;

[[noreturn]] void refuse(std::string_view reason) {
  // The text is not shown, because it may contain a password.
  throw error(bight::errc::bad_address, "proxy", 0, reason);
}

// The zone of an IPv6 address names an interface of this machine, so a proxy must not get it.
std::string without_zone(const address& to) {
  if (to.kind() == address_kind::ip6) return address::ip6(to.bytes(), to.port()).str();
  return to.str();
}

const char* socks_reason(unsigned char code) {
  constexpr const char* reasons[] = {"",  // RFC 1928 §6
                                     "general failure",
                                     "not allowed by its rules",
                                     "network unreachable",
                                     "host unreachable",
                                     "connection refused by the server",
                                     "connection timed out",
                                     "command not supported",
                                     "address type not supported"};
  return code < std::size(reasons) ? reasons[code] : "unknown reason";
}

}  // namespace

proxy::proxy(std::string_view text) {
  text = trimmed(text);
  const std::size_t end = text.find("://");
  const std::string_view scheme = end == std::string_view::npos ? "http" : text.substr(0, end);
  if (same_name(scheme, "http"))
    what = kind::http;
  else if (same_name(scheme, "socks5") || same_name(scheme, "socks5h"))
    what = kind::socks5;
  else
    refuse(fmt::format("{}:// proxies are not supported; use one of http:// or socks5://",
                       printable(scheme)));
  std::string_view rest = end == std::string_view::npos ? text : text.substr(end + 3);
  if (const std::size_t sign = rest.rfind('@'); sign != std::string_view::npos) {
    const std::string_view who = rest.substr(0, sign);
    const std::size_t colon = who.find(':');
    user = percent_decoded(who.substr(0, colon));
    if (colon != std::string_view::npos) password = percent_decoded(who.substr(colon + 1));
    rest.remove_prefix(sign + 1);
    if (user.size() > 255 || password.size() > 255 || user.find(':') != std::string::npos)
      refuse(
          "a name or password of more than 255 bytes, or a name with \":\" (RFC 1929, RFC 7617)");
  }
  rest = rest.substr(0, rest.find_first_of("/?#"));  // a path means nothing to a proxy
  if (rest.empty() || rest.starts_with(':')) refuse("the host is missing");
  try {
    at = host_and_port(rest, what == kind::http ? http_proxy_port : socks_proxy_port);
  } catch (const error& e) {
    refuse(e.what());
  }
}

task<> ask_http_proxy(stream& wire, address to, proxy by, limits max) {
  const std::string where = without_zone(to);
  std::string text = "CONNECT " + where + " HTTP/1.1\r\nHost: " + where + "\r\n";
  if (!by.user.empty())
    text += "Proxy-Authorization: " + basic_credentials(by.user, by.password) + "\r\n";
  text += "\r\n";
  co_await wire.send(text);
  // A successful response to CONNECT has no body, whatever its header says (RFC 9110 §9.3.6). The
  // body of a failed one is not used.
  response_parser parser(max, true);
  while (parser.next() != response_parser::step::head) {
    lease bytes = co_await wire.recv();
    parser.feed(std::move(bytes));
  }
  const response_head& head = parser.head();
  if (head.status < 200 || head.status > 299)
    throw fault(errc::proxy_refused,
                fmt::format("the proxy answered {} {}{}", head.status, printable(head.reason),
                            head.status == 407 ? " (it requires a user name and password)" : ""));
  // The server sends nothing first: in TLS the client begins.
  if (!parser.used_all()) throw fault(errc::malformed, "the proxy sent data before a request");
}

task<> ask_socks_proxy(stream& wire, address to, proxy by) {
  const auto refused = [](std::string_view why) {
    return fault(errc::proxy_refused, fmt::format("the proxy refused: {}", why));
  };
  const auto check_version = [](char version, char expected) {
    if (version != expected) throw fault(errc::malformed, "the reply is not SOCKS5");
  };
  const auto exactly = [](stream& from, std::size_t n) -> task<std::string> {
    std::string all;
    while (all.size() < n) {
      const lease bytes = co_await from.recv(n - all.size());
      if (!bytes)
        throw error(bight::errc::cut_short, "", 0, "the proxy closed before the end of its reply");
      all += bytes.view();
    }
    co_return all;
  };
  const bool named = !by.user.empty();
  const std::string_view methods =
      named ? std::string_view("\5\2\0\2", 4) : std::string_view("\5\1\0", 3);
  co_await wire.send(methods);
  const std::string method = co_await exactly(wire, 2);
  check_version(method[0], 5);
  if (method[1] == 2 && named) {
    if (by.user.size() > 255 || by.password.size() > 255)
      throw error(bight::errc::invalid, "", 0,
                  "a proxy's user name and password have at most 255 bytes each (RFC 1929)");
    std::string who("\1");
    who += static_cast<char>(by.user.size());
    who += by.user;
    who += static_cast<char>(by.password.size());
    who += by.password;
    co_await wire.send(who);
    const std::string answer = co_await exactly(wire, 2);
    check_version(answer[0], 1);
    if (answer[1] != 0) throw refused("wrong user name or password");
  } else if (method[1] != 0) {
    throw refused("it requires a user name and password");
  }

  std::string ask("\5\1\0", 3);
  if (to.is_ip()) {
    const bool ip4 = to.kind() == address_kind::ip4;
    ask += ip4 ? '\1' : '\4';
    for (std::size_t i = 0; i < (ip4 ? 4u : 16u); ++i) ask += static_cast<char>(to.bytes()[i]);
  } else {
    const std::string name = to.host();  // 253 bytes at most
    ask += '\3';
    ask += static_cast<char>(name.size());
    ask += name;
  }
  ask += static_cast<char>(to.port() >> 8);
  ask += static_cast<char>(to.port() & 0xFF);
  co_await wire.send(ask);
  const std::string answer = co_await exactly(wire, 5);  // the fifth byte may be a length
  check_version(answer[0], 5);
  if (answer[1] != 0) throw refused(socks_reason(static_cast<unsigned char>(answer[1])));
  // The address that the proxy connected from. We do not use it, but must read it.
  std::size_t rest = 2;
  switch (answer[3]) {
    case 1: rest += 3; break;
    case 4: rest += 15; break;
    case 3: rest += static_cast<unsigned char>(answer[4]); break;
    default: throw fault(errc::malformed, "the reply is not SOCKS5");
  }
  const std::string ignored = co_await exactly(wire, rest);
}

}  // namespace bight::http
