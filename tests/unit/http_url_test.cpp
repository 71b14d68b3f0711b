// SPDX-License-Identifier: MIT
#include <bight/url.hpp>

#include <bight/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace bight::http {
namespace {

// Why `text` is refused; "" when it is not.
std::string refusal(std::string_view text) {
  try {
    const url u(text);
    return {};
  } catch (const error& e) {
    EXPECT_TRUE(e.is(bight::errc::bad_address)) << e.what();
    EXPECT_EQ(e.transferred(), 0u) << e.what();
    return e.what();
  }
}

TEST(http_url, is_split_into_its_parts) {
  const url u("https://Example.org:8443/a/b?c=d#e");
  EXPECT_TRUE(u.secure());
  EXPECT_EQ(u.host(), "example.org");
  EXPECT_EQ(u.at().port(), 8443);
  EXPECT_EQ(u.target(), "/a/b?c=d");
  EXPECT_EQ(u.authority(), "example.org:8443");
  EXPECT_EQ(u.origin(), "https://example.org:8443");
  EXPECT_EQ(u.str(), "https://example.org:8443/a/b?c=d");
  EXPECT_EQ(url(u.str()), u);
}

TEST(http_url, the_schemes_own_port_is_not_shown) {
  EXPECT_EQ(url("http://h:80/").str(), "http://h/");
  EXPECT_EQ(url("https://h:443").str(), "https://h/");
  EXPECT_EQ(url("http://h:443").authority(), "h:443");
  EXPECT_EQ(url("http://h:/").at().port(), 80);
  EXPECT_EQ(url("HTTPS://h").at().port(), 443);
}

TEST(http_url, addresses_are_hosts) {
  EXPECT_EQ(url("http://[2001:DB8::1]:81/x").str(), "http://[2001:db8::1]:81/x");
  EXPECT_EQ(url("http://[::1]").host(), "::1");
  EXPECT_EQ(url("http://127.0.0.1/").at().kind(), address_kind::ip4);
}

TEST(http_url, a_target_is_never_empty) {
  EXPECT_EQ(url("http://h").target(), "/");
  EXPECT_EQ(url("http://h?q").target(), "/?q");
  EXPECT_EQ(url("http://h#f").target(), "/");
}

TEST(http_url, dots_are_removed_from_the_path) {
  EXPECT_EQ(url("http://h/a/./b/../c").target(), "/a/c");
  EXPECT_EQ(url("http://h/../../etc/passwd").target(), "/etc/passwd");
  EXPECT_EQ(url("http://h/%2e%2E/x").target(), "/x");
  EXPECT_EQ(url("http://h/a/.%2e/x").target(), "/x");
  EXPECT_EQ(url("http://h/a/..").target(), "/");
  EXPECT_EQ(url("http://h/a/b/.").target(), "/a/b/");
  EXPECT_EQ(url("http://h/a//../b").target(), "/a/b");
  EXPECT_EQ(url("http://h/..a/.../x?../y").target(), "/..a/.../x?../y");
}

TEST(http_url, percent_encoded_text_is_not_encoded_again) {
  EXPECT_EQ(url("http://h/a%2fb%2FC%41%7e?%5b").target(), "/a%2fb%2FC%41%7e?%5b");
  EXPECT_EQ(url("http://h/100%?%&%2&%zz").target(), "/100%?%&%2&%zz");
}

TEST(http_url, path_and_query_are_encoded_as_browsers_do) {
  EXPECT_EQ(url("http://h/a b/c?d e").target(), "/a%20b/c?d%20e");
  EXPECT_EQ(url("http://h/\xC3\xBC?\xE2\x82\xAC").target(), "/%C3%BC?%E2%82%AC");
  EXPECT_EQ(url("http://h/\xFC").target(), "/%FC");  // not UTF-8: byte by byte
  EXPECT_EQ(url("http://h/[x]|'~!*()").target(), "/[x]|'~!*()");
  EXPECT_EQ(url("http://h/{x}^`<>\"").target(), "/%7Bx%7D%5E%60%3C%3E%22");
  EXPECT_EQ(url("http://h/?[x]|{y}^`'<>\"").target(), "/?[x]|{y}^`'%3C%3E%22");
  EXPECT_EQ(url("http://h/?a?b/../c").target(), "/?a?b/../c");
  EXPECT_EQ(url("http://h/a\\b?c\\d").target(), "/a%5Cb?c%5Cd");
  EXPECT_EQ(url("http://h/a\tb").target(), "/a%09b");
  EXPECT_EQ(url("http://h/a#b c\xFF").target(), "/a");
}

TEST(http_url, blanks_around_a_url_are_ignored) {
  EXPECT_EQ(url(" \t\r\n http://h/x \r\n").str(), "http://h/x");
  EXPECT_EQ(url("http://a/b").resolve(" /x y ").str(), "http://a/x%20y");
}

TEST(http_url, an_encoded_url_is_never_longer_than_the_limit) {
  EXPECT_NE(refusal("http://h/" + std::string(url::size_max / 3, ' ') + "x"), "");
  const url base("http://h/" + std::string(url::size_max - 20, 'x') + "/");
  EXPECT_THROW(static_cast<void>(base.resolve(std::string(20, 'y'))), error);
}

TEST(http_url, h09_a_line_break_cannot_smuggle_a_second_request_in) {
  for (const char* text : {"http://h/\r\nX: y", "http://h\r\n/", "http://h/a\nb", "http://h/\x7F",
                           "http://h/?\rx", "http://h/#\nx", "ht\ntp://h/", "http://a\rb@h/"})
    EXPECT_NE(refusal(text).find("not allowed in a URL"), std::string::npos) << text;
  EXPECT_NE(refusal(std::string_view("http://h/\0x", 11)), "");
}

TEST(http_url, one_to_three_slashes_begin_a_host) {
  EXPECT_EQ(url("http:/h/x").str(), "http://h/x");
  EXPECT_EQ(url("HTTP:///h/x").str(), "http://h/x");
  const url base("https://a/b/c");
  EXPECT_EQ(base.resolve("http:///h/x").str(), "http://h/x");
  EXPECT_EQ(base.resolve("///h/x").str(), "https://h/x");
}

// Differences from WHATWG, which browsers follow: it takes "\" for "/", drops tabs and line breaks
// within a URL, and reads 0x7f.1 as 127.0.0.1.
TEST(http_url, h21_oddities_are_refused) {
  for (const char* text : {"",
                           "http",
                           "http:",
                           "http:/",
                           "http://",
                           "http:///",
                           "http:////h/",
                           "http:h",
                           "//h/",
                           "/path",
                           "h",
                           "h:80",
                           "ftp://h/",
                           "javascript:alert(1)",
                           "http://h@/",
                           "http://:80/",
                           "http://u:p@:80/",
                           "http://a@b@c/",
                           "http://a:b:c@d@e/",
                           "http://a%3Ab:c@h/",
                           "http://h\\x/",
                           "http://\\h/",
                           "http:\\\\h/",
                           "http:/\\h/",
                           "http://a\\@b/",
                           "http:/a\\@b/",
                           "http://h%00/",
                           "http://h%2fx/",
                           "http://h%40x/",
                           "http://h%/",
                           "http://%5B::1%5D/",
                           "http://unix/",
                           "http://h:65536/",
                           "http://h:0/",
                           "http://h:-1/",
                           "http://h:+1/",
                           "http://h:8 0/",
                           "http://h:0x50/",
                           "http://h:99999999999/",
                           "http://h:port/",
                           "http://h:80:80/",
                           "http://[::1",
                           "http://::1/",
                           "http://[::1]x/",
                           "http://[v1.x]/",
                           "http://[fe80::1%25]eth0]/",
                           "http://[fe80::1%]/",
                           "http://[::g]/",
                           "http://1.2.3/",
                           "http://1.2.3.256/",
                           "http://0x7f.1/",
                           "http://127.1/",
                           "http://127.0.0.1./",
                           "http://%31%32%37.1/",
                           "http://2130706433/",
                           "http://017700000001/",
                           "http://h..x/",
                           "http://-h/",
                           "http://h-/",
                           "http://h!/",
                           "http://a,b/",
                           "http://a b/",
                           "http://a\tb/"})
    EXPECT_NE(refusal(text), "") << text;
}

TEST(http_url, a_host_may_be_percent_encoded) {
  EXPECT_EQ(url("http://%65xample.org/").str(), "http://example.org/");
  EXPECT_EQ(url("http://b%C3%BCcher.example/").host(), "xn--bcher-kva.example");
  EXPECT_EQ(url("http://127%2e0.0.1/").at(), address("127.0.0.1:80"));
}

TEST(http_url, names_that_are_not_ascii_become_punycode) {
  EXPECT_EQ(url("http://b\u00FCcher.example:81/\u00FC").str(),
            "http://xn--bcher-kva.example:81/%C3%BC");
  EXPECT_EQ(url("http://B\u00DCCHER.example/").host(), "xn--bcher-kva.example");
  EXPECT_EQ(url("http://fa\u00DF.de/").host(), "xn--fa-hia.de");
  EXPECT_EQ(url("http://\u65E5\u672C\u8A9E\u3002\uFF2A\uFF30/").host(), "xn--wgv71a119e.jp");
  EXPECT_EQ(url("http://i\u2764.ws/").host(), "xn--i-7iq.ws");
  EXPECT_EQ(url("http://xn--bcher-kva.example/").host(), "xn--bcher-kva.example");
  EXPECT_EQ(ascii_host("b\u00FCcher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(ascii_host("Example.org"), "Example.org");
}

// What the mapping makes is checked as if it had been written so.
TEST(http_url, h21_a_mapped_host_is_checked_again) {
  EXPECT_EQ(url("http://\uFF11\uFF12\uFF17.\uFF10.\uFF10.\uFF11/").at(), address("127.0.0.1:80"));
  for (const char* text :
       {"http://\uFF10x7f.1/", "http://ex\uFF0Fample/", "http://a\uFF20b/", "http://a\uFF1A1/",
        "http://\u00AD/", "http://\uFF3B::1\uFF3D/", "http://a\uFF05\uFF12\uFF10/",
        "http://b\xFC"
        "cher/",
        "http://\xED\xA0\x80/", "http://a\u200Db/", "http://-\u00FC/", "http://xn--\u00FC/",
        "http://h\uFF0E\uFF0Ex/", "http://\u2488/"})
    EXPECT_NE(refusal(text), "") << text;
  EXPECT_NE(refusal("http://" + std::string(4000, '\xC3') + "/"), "");
}

TEST(http_url, a_zone_is_used_to_connect_and_never_sent) {
  for (const char* text : {"http://[fe80::1%25v0]:81/x", "http://[fe80::1%v0]:81/x"}) {
    const url u(text);
    EXPECT_EQ(u.at().str(), "[fe80::1%v0]:81");
    EXPECT_EQ(u.host(), "fe80::1");
    EXPECT_EQ(u.authority(), "[fe80::1]:81");
    EXPECT_EQ(u.str(), "http://[fe80::1%25v0]:81/x");
    EXPECT_EQ(url(u.str()), u);
  }
  EXPECT_EQ(url("http://[fe80::1%25V0]/").at().text(), "V0");  // names of interfaces have a case
  EXPECT_EQ(url("http://[fe80::1%255]/").at().scope(), 5u);
  EXPECT_EQ(url("http://[fe80::1%25]/").at().scope(), 25u);
  EXPECT_EQ(url(url("http://[fe80::1%25]/").str()), url("http://[fe80::1%2525]/"));
  EXPECT_EQ(url("http://[fe80::1%25a%40b]/").str(), "http://[fe80::1%25a%40b]/");
  EXPECT_NE(url("http://[fe80::1%v0]/").origin(), url("http://[fe80::1%v1]/").origin());
}

TEST(http_url, user_and_password_are_kept_apart) {
  const url u("https://me%40x:p%3Aa:s%20s%zz@h:81/a?b");
  EXPECT_EQ(u.user(), "me@x");
  EXPECT_EQ(u.password(), "p:a:s s%zz");
  EXPECT_EQ(u.str(), "https://h:81/a?b");
  EXPECT_EQ(u.authority(), "h:81");
  EXPECT_EQ(u, url("https://h:81/a?b"));
  EXPECT_EQ(url("http://me@h/").user(), "me");
  EXPECT_EQ(url("http://:pw@h/").password(), "pw");
  EXPECT_EQ(url("http://@h/").str(), "http://h/");
}

TEST(http_url, user_and_password_are_kept_within_the_origin) {
  const url base("http://me:pw@h/a");
  for (const char* reference : {"b", "/b", "?b", "", "//h/b", "http://h:80/b", "http://@h/b"})
    EXPECT_EQ(base.resolve(reference).user() + base.resolve(reference).password(), "mepw")
        << reference;
  for (const char* reference : {"//x/b", "https://h/b", "http://h:81/", "http://h./"})
    EXPECT_EQ(base.resolve(reference).user() + base.resolve(reference).password(), "") << reference;
  EXPECT_EQ(base.resolve("http://you@h/").user(), "you");
  EXPECT_EQ(base.resolve("http://you@h/").password(), "");
  EXPECT_EQ(base.resolve("//a:b@x/").password(), "b");
}

TEST(http_url, h21_a_trailing_dot_is_another_host) {
  EXPECT_EQ(url("http://h./").authority(), "h.");
  EXPECT_NE(url("http://h./").origin(), url("http://h/").origin());
}

TEST(http_url, f09_a_host_or_url_that_is_too_long_is_refused_and_never_truncated) {
  std::string host;
  for (int i = 0; i < 64; ++i) host += "abc.";
  EXPECT_NE(refusal("http://" + host + "org/"), "");  // 259 bytes
  EXPECT_NE(refusal("http://h/" + std::string(url::size_max, 'x')), "");
  EXPECT_EQ(refusal("http://h/" + std::string(url::size_max - 9, 'x')), "");
}

TEST(http_url, a_password_is_not_repeated_in_the_message) {
  for (const char* text :
       {"ftp://me:s3cret@h/", "http://a@s3cret@h/", "http://s3cret@h:x/", "//s3cret@h", "s3cret@h",
        "http://me:s3cret@[h/", "http://me:s3cret@", "http://me:s3c/s3cret@h/",
        "http://me:s3cret#@h/", "http://me:s3cret?@h/", "http:/me:s3cret/x@h/",
        "http://me:s3cret\n@h/", "http://me:s3cret@b\xFC/"}) {
    EXPECT_NE(refusal(text), "") << text;
    EXPECT_EQ(refusal(text).find("s3c"), std::string::npos) << refusal(text);
  }
}

// RFC 3986 §5.4.
TEST(http_url, references_resolve_as_the_rfc_says) {
  const url base("http://a/b/c/d;p?q");
  const std::pair<const char*, const char*> table[] = {{"g", "http://a/b/c/g"},
                                                       {"./g", "http://a/b/c/g"},
                                                       {"g/", "http://a/b/c/g/"},
                                                       {"/g", "http://a/g"},
                                                       {"//g", "http://g/"},
                                                       {"?y", "http://a/b/c/d;p?y"},
                                                       {"g?y", "http://a/b/c/g?y"},
                                                       {"#s", "http://a/b/c/d;p?q"},
                                                       {"g#s", "http://a/b/c/g"},
                                                       {";x", "http://a/b/c/;x"},
                                                       {"", "http://a/b/c/d;p?q"},
                                                       {".", "http://a/b/c/"},
                                                       {"..", "http://a/b/"},
                                                       {"../g", "http://a/b/g"},
                                                       {"../..", "http://a/"},
                                                       {"../../../g", "http://a/g"},
                                                       {"/../g", "http://a/g"},
                                                       {"https://x:1/y", "https://x:1/y"},
                                                       {"//[::1]:8/z", "http://[::1]:8/z"},
                                                       {"m o/\xFC", "http://a/b/c/m%20o/%FC"},
                                                       {"?y z#u v", "http://a/b/c/d;p?y%20z"},
                                                       {"12:30", "http://a/b/c/12:30"},
                                                       {"./a:b", "http://a/b/c/a:b"}};
  for (const auto& [reference, expected] : table)
    EXPECT_EQ(base.resolve(reference).str(), expected) << reference;
}

TEST(http_url, references_are_parsed_as_strictly) {
  const url base("http://a/b");
  for (const char* reference :
       {"javascript:x", "/x\r\ny", "file:///etc/passwd", "//h:99999/", "\\\\h\\x", "/\\h/", "\\x",
        "http:g", "http:/x", "////h/x", "//a\\@h/", "//0x7f.1/", "http:////x"})
    EXPECT_THROW(static_cast<void>(base.resolve(reference)), error) << reference;
}

}  // namespace
}  // namespace bight::http
