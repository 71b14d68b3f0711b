// SPDX-License-Identifier: MIT
#include "http/fields.hpp"

#include "http/pool.hpp"

#include <gtest/gtest.h>

#include <set>

namespace bight::http {
namespace {

bool refused(std::string name, std::string value) {
  std::vector<field> fields;
  fields.push_back({std::move(name), std::move(value)});
  try {
    check_fields(fields);
    return false;
  } catch (const error& e) {
    EXPECT_TRUE(e.is(bight::errc::invalid));
    return true;
  }
}

TEST(http_fields, h09_a_field_cannot_smuggle_a_second_request_in) {
  EXPECT_FALSE(refused("X-Name", "value, with \t blanks; \xC3\xA4"));
  EXPECT_FALSE(refused("X", ""));
  for (const char* name : {"", " ", "X ", "X:", "X\r\nY", "X\nY", "\xC3\xA4", "(x)"})
    EXPECT_TRUE(refused(name, "v")) << name;
  for (const char* value : {"a\r\nX: y", "a\nb", "a\rb", "\x01", "a\x7F"})
    EXPECT_TRUE(refused("X", value)) << value;
  EXPECT_TRUE(refused("X", std::string("a\0b", 3)));
}

TEST(http_fields, the_fields_that_decide_where_a_message_ends_are_reserved) {
  for (const char* name : {"Content-Length", "transfer-encoding", "CONNECTION", "Upgrade", "TE",
                           "Expect", "Trailer", "Keep-Alive", "proxy-connection"})
    EXPECT_TRUE(refused(name, "1")) << name;
}

TEST(http_fields, a_name_may_have_each_character_of_a_token) {
  EXPECT_FALSE(refused("azAZ09!#$%&'*+-.^_`|~", "v"));
  for (const char c : std::string("\"(),/:;<=>?@[\\]{}"))
    EXPECT_TRUE(refused(std::string("X") + c, "v")) << c;
}

TEST(http_fields, a_refusal_names_the_field_and_the_reason) {
  const auto message = [](const char* name, const char* value) -> std::string {
    try {
      check_fields({{name, value}});
    } catch (const error& e) {
      EXPECT_EQ(e.transferred(), 0u);
      return e.what();
    }
    return "it is taken";
  };
  EXPECT_EQ(message("X Y", "v"),
            "field \"X Y\": a field name consists of letters, digits and - only");
  EXPECT_EQ(message("X", "a\nb"),
            "field \"X\": a field cannot contain a line break or control character");
  EXPECT_EQ(message("Upgrade", "v"),
            "field \"Upgrade\": that field is set automatically and cannot be changed");
}

TEST(http_fields, credentials_are_base64_of_any_length) {
  EXPECT_EQ(basic_credentials("", ""), "Basic Og==");
  EXPECT_EQ(basic_credentials("a", ""), "Basic YTo=");
  EXPECT_EQ(basic_credentials("a", "b"), "Basic YTpi");
  EXPECT_EQ(basic_credentials("a", "\xFB\xFF\xFE"), "Basic YTr7//4=");
}

TEST(http_fields, h09_the_secret_of_a_field_is_not_in_the_message) {
  std::vector<field> fields;
  fields.push_back({"Authorization", "s3cret\r\n"});
  try {
    check_fields(fields);
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(std::string_view(e.what()).find("s3cret"), std::string_view::npos) << e.what();
  }
}

TEST(http_fields, a_field_of_the_program_replaces_the_default) {
  request what("http://h/x?y");
  what.fields.push_back({"user-agent", "me"});
  what.fields.push_back({"X-A", " 1 "});
  const std::string text = request_text(what, options(), nullptr);
  EXPECT_TRUE(text.starts_with("GET /x?y HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n")) << text;
  EXPECT_EQ(text.find("User-Agent"), std::string::npos);
  EXPECT_TRUE(text.ends_with("user-agent: me\r\nX-A: 1\r\n\r\n")) << text;
}

TEST(http_fields, a_range_is_requested_without_coding) {
  request what("http://h/");
  EXPECT_NE(request_text(what, options(), nullptr).find("gzip, deflate, br, zstd"),
            std::string::npos);
  what.fields.push_back({"Range", "bytes=5-"});
  EXPECT_NE(request_text(what, options(), nullptr).find("Accept-Encoding: identity"),
            std::string::npos);
}

TEST(http_fields, a_proxy_for_http_gets_the_whole_url_and_the_credentials) {
  const proxy by("http://me:p%40ss@h:3128");
  const std::string text = request_text("http://[::1]:8080/x", options(), &by);
  EXPECT_TRUE(text.starts_with("GET http://[::1]:8080/x HTTP/1.1\r\nHost: [::1]:8080\r\n")) << text;
  EXPECT_NE(text.find("Proxy-Authorization: Basic bWU6cEBzcw==\r\n"), std::string::npos) << text;
}

TEST(http_fields, the_urls_user_is_sent_unless_the_request_has_a_field_of_its_own) {
  request what("http://me:p%3Aw@h/x");
  EXPECT_NE(request_text(what, options(), nullptr).find("\r\nAuthorization: Basic bWU6cDp3\r\n"),
            std::string::npos);
  const proxy by("http://p:1");
  EXPECT_TRUE(request_text(what, options(), &by).starts_with("GET http://h/x HTTP/1.1\r\n"));
  what.fields.push_back({"authorization", "mine"});
  const std::string text = request_text(what, options(), nullptr);
  EXPECT_EQ(text.find("Basic"), std::string::npos);
  EXPECT_NE(text.find("authorization: mine\r\n"), std::string::npos);
  EXPECT_EQ(request_text("http://@h/", options(), nullptr).find("Authorization"),
            std::string::npos);
}

TEST(http_fields, a_zone_is_never_sent) {
  const proxy by("http://p:1");
  const std::string text = request_text("http://[fe80::1%25v0]:81/x", options(), &by);
  EXPECT_TRUE(text.starts_with("GET http://[fe80::1]:81/x HTTP/1.1\r\nHost: [fe80::1]:81\r\n"));
}

TEST(http_fields, proxies_are_parsed_strictly) {
  EXPECT_EQ(proxy("h:1").what, proxy::kind::http);
  EXPECT_EQ(proxy("http://h").at.port(), 3128);
  EXPECT_EQ(proxy("socks5h://[::1]/").at.port(), 1080);
  EXPECT_EQ(proxy("SOCKS5://a:b@h:9").user, "a");
  EXPECT_EQ(proxy("http://u%zz%20@h").user, "u%zz ");
  EXPECT_EQ(proxy(" http://h:8/path?x ").at, address("h:8"));
  EXPECT_EQ(proxy("http://[fe80::1%25v0]").at, address("[fe80::1%v0]:3128"));
  EXPECT_EQ(proxy("http://b\u00FCcher.example").at.host(), "xn--bcher-kva.example");
  for (const char* text : {"", "https://h:1", "socks4://h", "http://", "http://:1", "http://h:0",
                           "http://h:99999", "http://0x7f.1", "ftp://h"})
    EXPECT_THROW(static_cast<void>(proxy(text)), error) << text;
  EXPECT_THROW(static_cast<void>(proxy("http://" + std::string(256, 'u') + "@h")), error);
}

// ── Redirects ───────────────────────────────────────────────────────────────────────────────────

response_head moved(int status, std::string to) {
  response_head h;
  h.status = status;
  h.fields.push_back({"Location", std::move(to)});
  return h;
}

std::error_code redirect_refusal(const char* from, const char* to, const options& how = {},
                                 std::size_t followed = 0) {
  try {
    static_cast<void>(redirected(from, moved(302, to), how, followed));
    return {};
  } catch (const error& e) {
    return e.code();
  }
}

TEST(http_redirect, five_statuses_redirect_and_no_other) {
  for (int status = 100; status < 600; ++status) {
    const bool expected =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    EXPECT_EQ(redirected("http://h/", moved(status, "/x"), options(), 0).has_value(), expected)
        << status;
  }
  EXPECT_FALSE(redirected("http://h/", response_head{302, "", 11, {}}, options(), 0));
}

TEST(http_redirect, h10_the_eleventh_is_refused) {
  EXPECT_FALSE(redirect_refusal("http://h/", "/x", {}, 9));
  EXPECT_EQ(redirect_refusal("http://h/", "/x", {}, 10), errc::too_many_redirects);
  options none;
  none.redirects_max = 0;
  EXPECT_FALSE(redirected("http://h/", moved(302, "/x"), none, 0));
}

TEST(http_redirect, h10_from_https_to_http_is_refused_unless_allowed) {
  EXPECT_EQ(redirect_refusal("https://h/", "http://h/"), errc::redirect_refused);
  EXPECT_FALSE(redirect_refusal("http://h/", "https://h/"));
  options lax;
  lax.downgrade = true;
  EXPECT_FALSE(redirect_refusal("https://h/", "http://h/", lax));
}

TEST(http_redirect, a_refusal_names_both_pages) {
  const auto message = [](request from, const char* to, std::size_t followed) -> std::string {
    try {
      static_cast<void>(redirected(from, moved(302, to), options(), followed));
    } catch (const error& e) {
      EXPECT_EQ(e.transferred(), 0u);
      return e.what();
    }
    return "it is followed";
  };
  request head("https://h/a");
  head.head = true;
  EXPECT_EQ(message("https://h/a", "/b", 10),
            "GET https://h/a: more than 10 redirects; the next is to https://h/b");
  EXPECT_EQ(message(head, "http://h/b", 0),
            "HEAD https://h/a: redirected from https to http://h/b, which is not encrypted");
  EXPECT_EQ(message("http://h/a", "ftp://h/", 0),
            "GET http://h/a: invalid redirect: URL \"ftp://h/\": only http:// and https:// are "
            "supported");
}

TEST(http_redirect, h10_other_schemes_and_invalid_urls_are_refused) {
  for (const char* to : {"file:///etc/passwd", "javascript:x", "ftp://h/", "http:/x", "http:///",
                         "/\\h/", "http://h:0/"})
    EXPECT_EQ(redirect_refusal("http://h/", to), errc::redirect_refused) << to;
}

TEST(http_redirect, h10_the_password_of_a_location_is_not_shown) {
  for (const char* to : {"http://me:s3cret@h:0/", "http://me:s3cret@x@h/", "//me:s3cret@h/"}) {
    try {
      static_cast<void>(redirected("http://h/", moved(302, to), options(), 10));
      ADD_FAILURE() << to;
    } catch (const error& e) {
      EXPECT_EQ(std::string_view(e.what()).find("s3cret"), std::string_view::npos) << e.what();
    }
  }
}

TEST(http_redirect, h10_secrets_are_not_sent_to_another_origin) {
  request asked("http://h/a");
  for (const char* name : {"Authorization", "Cookie", "X-Api-Key", "Host", "Proxy-Authorization",
                           "Referer", "Accept-Language", "User-Agent", "Range", "If-Range"})
    asked.fields.push_back({name, "v"});
  const auto names = [](const request& r) {
    std::set<std::string> all;
    for (const field& f : r.fields) all.insert(f.name);
    return all;
  };
  const std::set<std::string> harmless{"Accept-Language", "User-Agent", "Range", "If-Range"};
  for (const char* to : {"http://other/", "https://h/", "http://h:81/", "//h:81/", "http://h./"})
    EXPECT_EQ(names(*redirected(asked, moved(302, to), options(), 0)), harmless) << to;
  const auto same = names(*redirected(asked, moved(302, "/b"), options(), 0));
  EXPECT_EQ(same.size(), 9u);
  EXPECT_FALSE(same.contains("Host"));
}

// ── The key of the pool ─────────────────────────────────────────────────────────────────────────

TEST(http_pool, g11_no_two_keys_share_a_connection) {
  std::set<std::string> keys;
  std::size_t count = 0;
  for (const char* to : {"http://h/", "https://h/", "http://h:81/", "http://i/", "http://h./",
                         "http://127.0.0.1/", "http://[::1]/"})
    for (const char* by :
         {"", "http://p:1", "http://p:2", "http://q:1", "socks5://p:1", "socks5://u@p:1",
          "socks5://u:w@p:1", "socks5://u:w%201:x@p:1", "socks5://uw@p:1"}) {
      keys.insert(pool_key(to, *by == '\0' ? proxy() : proxy(by)));
      ++count;
    }
  EXPECT_EQ(keys.size(), count);
  EXPECT_EQ(pool_key("http://H:80/a", {}), pool_key("http://h/b?c", {}));
}

}  // namespace
}  // namespace bight::http
