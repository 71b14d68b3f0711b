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
    EXPECT_TRUE(e.is(errc::bad_address)) << e.what();
    return e.what();
  }
}

TEST(http_url, takes_its_parts) {
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
  EXPECT_EQ(url("http://127.0.0.1/").at().what(), address::kind::ip4);
}

TEST(http_url, a_target_is_never_empty) {
  EXPECT_EQ(url("http://h").target(), "/");
  EXPECT_EQ(url("http://h?q").target(), "/?q");
  EXPECT_EQ(url("http://h#f").target(), "/");
}

TEST(http_url, dots_are_taken_out_of_the_path) {
  EXPECT_EQ(url("http://h/a/./b/../c").target(), "/a/c");
  EXPECT_EQ(url("http://h/../../etc/passwd").target(), "/etc/passwd");
  EXPECT_EQ(url("http://h/%2e%2E/x").target(), "/x");
  EXPECT_EQ(url("http://h/a%2fb").target(), "/a%2Fb");
}

TEST(http_url, h09_a_line_break_cannot_smuggle_a_second_request_in) {
  for (const char* text : {"http://h/\r\nX: y", "http://h\r\n/", "http://h/a b", "http://h/\tx",
                           "http://h/\x7F", " http://h/", "http://h/ "})
    EXPECT_NE(refusal(text).find("no place in a URL"), std::string::npos) << text;
  EXPECT_NE(refusal(std::string_view("http://h/\0x", 11)), "");
}

// Differences from WHATWG, which browsers follow: it takes "\" for "/", drops tabs and line breaks,
// encodes blanks, takes users, and reads 0x7f.1 as 127.0.0.1.
TEST(http_url, h21_oddities_are_refused) {
  for (const char* text : {"",
                           "http",
                           "http:",
                           "http:/",
                           "http://",
                           "http:///",
                           "http:///path",
                           "http:h",
                           "//h/",
                           "/path",
                           "h",
                           "h:80",
                           "ftp://h/",
                           "javascript:alert(1)",
                           "http://user@h/",
                           "http://user:pw@h/",
                           "http://@h/",
                           "http://h@/",
                           "http://h\\x/",
                           "http://\\h/",
                           "http://h%00/",
                           "http://h%2fx/",
                           "http://%68/",
                           "http://h:65536/",
                           "http://h:0/",
                           "http://h:-1/",
                           "http://h:+1/",
                           "http://h:8 0/",
                           "http://h:0x50/",
                           "http://h:000080/",
                           "http://h:99999999999/",
                           "http://h:port/",
                           "http://h/%",
                           "http://h/%2",
                           "http://h/%zz",
                           "http://h/<x>",
                           "http://h/\"",
                           "http://h/{x}",
                           "http://h/^",
                           "http://h/`",
                           "http://h/|",
                           "http://h/[x]",
                           "http://[::1",
                           "http://::1/",
                           "http://[::1]x/",
                           "http://[v1.x]/",
                           "http://[fe80::1%25eth0]/",
                           "http://[::g]/",
                           "http://1.2.3/",
                           "http://1.2.3.256/",
                           "http://0x7f.1/",
                           "http://127.1/",
                           "http://2130706433/",
                           "http://017700000001/",
                           "http://h..x/",
                           "http://-h/",
                           "http://h-/",
                           "http://h!/",
                           "http://a,b/",
                           "http://a b/",
                           "http://b\xC3\xBC"
                           "cher/",
                           "http://h/\xC3\xBC",
                           "http://\xE2\x93\x94/"})
    EXPECT_NE(refusal(text), "") << text;
}

TEST(http_url, h21_a_trailing_dot_is_another_host) {
  EXPECT_EQ(url("http://h./").authority(), "h.");
  EXPECT_NE(url("http://h./").origin(), url("http://h/").origin());
}

TEST(http_url, f09_a_host_or_url_that_is_too_long_is_refused_and_never_cut) {
  std::string host;
  for (int i = 0; i < 64; ++i) host += "abc.";
  EXPECT_NE(refusal("http://" + host + "org/"), "");  // 259 bytes
  EXPECT_NE(refusal("http://h/" + std::string(url::size_max, 'x')), "");
  EXPECT_EQ(refusal("http://h/" + std::string(url::size_max - 9, 'x')), "");
}

TEST(http_url, a_password_is_not_repeated_in_the_message) {
  for (const char* text :
       {"http://me:s3cret@h/", "http://a@s3cret@h/", "http://s3cret@h", "//s3cret@h", "s3cret@h",
        "http://me:s3cret@[h/", "http://me:s3cret@h/ "})
    EXPECT_EQ(refusal(text).find("s3cret"), std::string::npos) << text;
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
                                                       {"//[::1]:8/z", "http://[::1]:8/z"}};
  for (const auto& [reference, expected] : table)
    EXPECT_EQ(base.resolve(reference).str(), expected) << reference;
}

TEST(http_url, references_are_as_strict) {
  const url base("http://a/b");
  for (const char* reference : {"javascript:x", "//u:p@h/", "a b", "/x\r\ny", "file:///etc/passwd",
                                "//h:99999/", "\\\\h\\x", "http:g", "http:///x"})
    EXPECT_THROW(static_cast<void>(base.resolve(reference)), error) << reference;
}

}  // namespace
}  // namespace bight::http
