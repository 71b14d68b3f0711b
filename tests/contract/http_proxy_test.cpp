// SPDX-License-Identifier: MIT
#include <bight/http.hpp>

#include "contract/contract.hpp"
#include "contract/site.hpp"
#include "http/connect.hpp"

#include <sys/socket.h>

namespace contract {
namespace {

http::options by_proxy(std::string text) {
  http::options how;
  how.proxy_for = [text](const http::url&) { return http::proxy(text); };
  return how;
}

// ── HTTP ────────────────────────────────────────────────────────────────────────────────────────

task<bool> say_request(site&, stream& peer, std::string asked) {
  co_await peer.send(page(asked));
  co_return true;
}

BIGHT_SITE_TEST(http_proxy, is_asked_for_the_whole_url, say_request) {
  const http::options how = by_proxy("http://me:pw@" + s.at().str());
  auto asked = co_await fetched("http://example.invalid/x", how);
  EXPECT_TRUE(asked->starts_with("GET http://example.invalid/x HTTP/1.1\r\nHost: example.invalid"))
      << *asked;
  EXPECT_EQ(field_of(*asked, "Proxy-Authorization"), "Basic bWU6cHc=");
}

task<bool> tunnel(site&, stream& peer, std::string asked) {
  const std::string to = path_of(asked);
  if (to.starts_with("plain"))
    co_await peer.send("HTTP/1.1 200 Connected\r\n\r\n");
  else if (to.starts_with("length"))
    co_await peer.send("HTTP/1.1 200 Connected\r\nContent-Length: 3\r\n\r\n");
  else if (to.starts_with("chunked"))
    co_await peer.send("HTTP/1.1 100 Go\r\n\r\nHTTP/1.0 200 C\r\n\r\n");
  else if (to.starts_with("early"))
    co_await peer.send("HTTP/1.1 200 Connected\r\nContent-Length: 3\r\n\r\nabc");
  else if (to.starts_with("denied"))
    co_await peer.send("HTTP/1.1 407 Who\r\nContent-Length: 4\r\n\r\nno!\n");
  else
    co_await peer.send("SSH-2.0\r\n\r\n");
  co_await sleep(50ms);
  co_return false;
}

task<result<>> connect_by(site& s, std::string host) {
  stream wire = co_await tcp::connect(s.at());
  auto asking = attempt(
      http::ask_http_proxy(wire, host + ":443", http::proxy("http://me:pw@" + s.at().str()), {}));
  co_return co_await std::move(asking);
}

BIGHT_SITE_TEST(http_proxy, h17_connect_ends_with_the_header_whatever_it_says, tunnel) {
  for (const char* host : {"plain", "length", "chunked"}) {
    auto outcome = co_await connect_by(s, host);
    EXPECT_TRUE(outcome) << host << outcome.error().what();
  }
  EXPECT_TRUE(s.requests.at(0).starts_with("CONNECT plain:443 HTTP/1.1\r\nHost: plain:443\r\n"));
  EXPECT_EQ(field_of(s.requests.at(0), "Proxy-Authorization"), "Basic bWU6cHc=");
}

BIGHT_SITE_TEST(http_proxy, does_not_learn_the_zone_of_an_address, tunnel) {
  static_cast<void>(co_await connect_by(s, "[fe80::1%v0]"));
  EXPECT_TRUE(
      s.requests.at(0).starts_with("CONNECT [fe80::1]:443 HTTP/1.1\r\nHost: [fe80::1]:443\r\n"))
      << s.requests.at(0);
}

BIGHT_SITE_TEST(http_proxy, h17_bytes_behind_its_header_are_not_the_servers, tunnel) {
  EXPECT_TRUE(fails(co_await connect_by(s, "early"), errc::invalid));
}

BIGHT_SITE_TEST(http_proxy, h17_a_refusal_and_nonsense_are_told_apart, tunnel) {
  auto denied = co_await connect_by(s, "denied");
  EXPECT_EQ(denied.error().code(), http::errc::proxy_refused);
  EXPECT_NE(std::string_view(denied.error().what()).find("407"), std::string_view::npos);
  auto nonsense = co_await connect_by(s, "ssh");
  EXPECT_EQ(nonsense.error().code(), http::errc::malformed);
}

// ── SOCKS5 ──────────────────────────────────────────────────────────────────────────────────────

// A proxy whose answers come byte by byte (curl's CVE-2023-38545 showed only when they were slow).
struct socks {
  std::string method = std::string("\5\0", 2);
  std::string login = {};  ///< its answer to a name and password; empty: it does not ask
  std::string answer = std::string("\5\0\0\1\1\2\3\4\0\5", 10);
  std::string heard = {};
  std::string page_sent = page("by socks");
  std::size_t address_size = 0;  ///< of the numeric address that it is asked for; 0: a name
  tcp::listener listener = {};
};

task<> say_slowly(stream& peer, std::string text) {
  for (const char& c : text) {
    co_await peer.send(std::string_view(&c, 1));
    co_await sleep(0s);
  }
}

task<> serve_socks(socks& s) {
  stream peer = co_await s.listener.accept();
  reader in(peer);
  const auto hear = [](reader<stream>& from, std::string& into, std::size_t n) -> task<> {
    auto bytes = co_await from.read_exactly(n);
    into += bytes.view();
  };
  co_await hear(in, s.heard, s.login.empty() ? 3 : 4);
  co_await say_slowly(peer, s.method);
  if (!s.login.empty()) {
    co_await hear(in, s.heard, 3 + 2 + 2);  // version, lengths, "me", "pw"
    co_await say_slowly(peer, s.login);
  }
  co_await hear(in, s.heard, 5);
  // The fifth byte is the length of a name, or the first of an address.
  const std::size_t length = static_cast<unsigned char>(s.heard.back());
  const std::size_t rest = (s.address_size == 0 ? length : s.address_size - 1) + 2;
  co_await hear(in, s.heard, rest);
  co_await say_slowly(peer, s.answer);
  if (s.answer.size() < 10) co_return;  // it goes in the middle of that
  auto asked = co_await attempt(in.read_until("\r\n\r\n"));
  if (asked) co_await peer.send(s.page_sent);
}

// Fetches `url` by the proxy `s`.
task<result<std::string>> fetched_by(socks& s, std::string user,
                                     std::string url = "http://name.invalid/") {
  s.listener = co_await tcp::listen("127.0.0.1:0");
  const http::options how = by_proxy("socks5://" + user + s.listener.local().str());
  std::optional<result<std::string>> outcome;
  auto both = [&](scope& children) -> task<> {
    auto quietly = [](socks& proxy) -> task<> {
      static_cast<void>(co_await attempt(serve_socks(proxy)));
    };
    children.spawn(quietly(s));
    outcome.emplace(co_await fetched(url, how));
    children.stop();
  };
  co_await in_scope(both);
  co_return *std::move(outcome);
}

const std::string asked_for =
    std::string("\5\1\0\3\x0c", 5) + "name.invalid" + std::string("\0P", 2);

BIGHT_TEST(http_proxy, socks_gets_the_name_and_the_page_arrives) {
  for (const std::string& answer :
       {std::string("\5\0\0\1\1\2\3\4\0\5", 10), std::string("\5\0\0\4", 4) + std::string(18, '\1'),
        std::string("\5\0\0\3\3abc\0\5", 10)}) {
    socks s;
    s.answer = answer;
    auto page = co_await fetched_by(s, "");
    EXPECT_EQ(page ? *page : page.error().what(), "by socks");
    EXPECT_EQ(s.heard, std::string("\5\1\0", 3) + asked_for);
  }
}

// RFC 1928 §5: 1 is IPv4, 3 a name, 4 IPv6.
BIGHT_TEST(http_proxy, socks_gets_a_numeric_address_by_its_type_and_bytes) {
  socks four;
  four.address_size = 4;
  auto page = co_await fetched_by(four, "", "http://192.0.2.7:8081/");
  EXPECT_EQ(page ? *page : page.error().what(), "by socks");
  EXPECT_EQ(four.heard, std::string("\5\1\0\5\1\0\1\xC0\0\2\7\x1F\x91", 13));
  socks six;
  six.address_size = 16;
  page = co_await fetched_by(six, "", "http://[2001:db8::102]/");
  EXPECT_EQ(page ? *page : page.error().what(), "by socks");
  EXPECT_EQ(six.heard, std::string("\5\1\0\5\1\0\4", 7) +
                           std::string("\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\1\2", 16) +
                           std::string("\0P", 2));
}

BIGHT_TEST(http_proxy, socks_gets_the_credentials) {
  socks s;
  s.method = "\5\2";
  s.login = std::string("\1\0", 2);
  auto page = co_await fetched_by(s, "me:pw@");
  EXPECT_EQ(page ? *page : page.error().what(), "by socks");
  EXPECT_EQ(s.heard, std::string("\5\2\0\2", 4) + "\1\2me\2pw" + asked_for);
  socks refusing;
  refusing.method = "\5\2";
  refusing.login = "\1\1";
  auto refused = co_await fetched_by(refusing, "me:pw@");
  EXPECT_EQ(refused.error().code(), http::errc::proxy_refused);
}

BIGHT_TEST(http_proxy, h17_a_refusal_by_socks_differs_from_a_malformed_reply) {
  for (char code = 1; code < 10; ++code) {
    socks s;
    s.answer[1] = code;
    auto page = co_await fetched_by(s, "");
    EXPECT_EQ(page.error().code(), http::errc::proxy_refused) << static_cast<int>(code);
  }
  socks s;
  s.method = "\5\xFF";
  EXPECT_EQ((co_await fetched_by(s, "")).error().code(), http::errc::proxy_refused);
  s.method = "HT";
  EXPECT_EQ((co_await fetched_by(s, "")).error().code(), http::errc::malformed);
  s.method = std::string("\5\0", 2);
  s.answer[3] = 9;
  EXPECT_EQ((co_await fetched_by(s, "")).error().code(), http::errc::malformed);
  s.answer = "\5";
  EXPECT_TRUE(fails(co_await fetched_by(s, ""), errc::cut_short));
}

BIGHT_TEST(http_proxy, a_proxy_that_is_not_running_is_an_error) {
  raw::nobody nobody(SOCK_STREAM);
  auto page = co_await fetched("http://name.invalid/", by_proxy("socks5://" + nobody.at().str()));
  EXPECT_TRUE(fails(page, errc::refused));
}

}  // namespace
}  // namespace contract
