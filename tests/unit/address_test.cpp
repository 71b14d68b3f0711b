// SPDX-License-Identifier: MIT
#include <bight/address.hpp>
#include <bight/error.hpp>

#include <gtest/gtest.h>

#include <random>

namespace bight {
namespace {

using namespace std::string_literals;
using kind = address_kind;

// The reason why `text` is no address; empty when it is one.
std::string refusal(std::string_view text) {
  try {
    (void)address(text);
    return "";
  } catch (const error& e) {
    EXPECT_TRUE(e.is(errc::bad_address)) << e.what();
    EXPECT_EQ(e.transferred(), 0u) << e.what();
    return e.what();
  }
}

TEST(address, knows_the_kinds) {
  EXPECT_EQ(address().kind(), kind::none);
  EXPECT_EQ(address("127.0.0.1:9999").kind(), kind::ip4);
  EXPECT_EQ(address("[::1]:9999").kind(), kind::ip6);
  EXPECT_EQ(address("localhost:9999").kind(), kind::name);
  EXPECT_EQ(address(":9999").kind(), kind::any);
  EXPECT_EQ(address("unix:/run/x.sock").kind(), kind::unix_socket);
  EXPECT_TRUE(address("1.2.3.4:5").is_ip());
  EXPECT_TRUE(address("[::]:5").is_ip());
  EXPECT_FALSE(address(":5").is_ip());
}

TEST(address, has_host_and_port) {
  const address a = "192.0.2.7:8080";
  EXPECT_EQ(a.host(), "192.0.2.7");
  EXPECT_EQ(a.port(), 8080);
  EXPECT_EQ(a.bytes()[0], 192);
  EXPECT_EQ(a.bytes()[3], 7);
  EXPECT_EQ(address("example.com:0").host(), "example.com");
  EXPECT_EQ(address("example.com:65535").port(), 65535);
  EXPECT_EQ(address(":80").host(), "");
  EXPECT_EQ(address("unix:/run/x.sock").host(), "/run/x.sock");
  EXPECT_EQ(address("unix:/run/x.sock").port(), 0);
}

TEST(address, what_it_prints_parses_back_to_an_equal_one) {
  const char* const texts[] = {
      "127.0.0.1:9999", "0.0.0.0:0",         "255.255.255.255:65535", "[::]:1",
      "[::1]:9999",     "[2001:db8::1]:443", "[fe80::1%eth0]:9999",   "[fe80::1%3]:9999",
      ":9999",          "localhost:9999",    "a.b-c.example.:80",     "xn--bcher-kva.example:80",
      "unix:/run/x",    "unix:@abstract",    "unix:relative/path:9",  "unix:/with space",
      "_srv._tcp.x:1"};
  for (const char* text : texts) {
    const address a = text;
    EXPECT_EQ(a.str(), text);
    EXPECT_EQ(address(a.str()), a);
  }
}

TEST(address, made_of_bytes_prints_and_parses_back_too) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::array<std::uint8_t, 16> bytes{};
    for (auto& b : bytes) b = random() % 2 == 0 ? 0 : static_cast<std::uint8_t>(random());
    const auto port = static_cast<std::uint16_t>(random());
    const auto scope = random() % 4 == 0 ? static_cast<std::uint32_t>(random()) : 0;
    const address six = address::ip6(bytes, port, scope);
    EXPECT_EQ(address(six.str()), six) << six.str();
    const address four = address::ip4({bytes[0], bytes[1], bytes[2], bytes[3]}, port);
    EXPECT_EQ(address(four.str()), four) << four.str();
  }
}

TEST(address, reads_every_form_of_ip6) {
  const auto same = [](const char* written, const char* canonical) {
    EXPECT_EQ(address(written).str(), canonical) << written;
  };
  same("[0:0:0:0:0:0:0:0]:1", "[::]:1");
  same("[0000:0000:0000:0000:0000:0000:0000:0001]:1", "[::1]:1");
  same("[2001:DB8::A]:1", "[2001:db8::a]:1");
  same("[1:2:3:4:5:6:7:8]:1", "[1:2:3:4:5:6:7:8]:1");
  same("[1::]:1", "[1::]:1");
  same("[::8]:1", "[::8]:1");
  same("[1:2:3:4:5:6:7::]:1", "[1:2:3:4:5:6:7:0]:1");
  same("[::2:3:4:5:6:7:8]:1", "[0:2:3:4:5:6:7:8]:1");
  same("[1:2::7:8]:1", "[1:2::7:8]:1");
  same("[64:ff9b::192.0.2.33]:1", "[64:ff9b::c000:221]:1");
  same("[1:2:3:4:5:6:1.2.3.4]:1", "[1:2:3:4:5:6:102:304]:1");
  same("[::1.2.3.4]:1", "[::102:304]:1");
}

// RFC 5952 §4: lower case, no leading zeros, the longest run of zeros, the first of equals, and
// never a single zero group.
TEST(address, prints_ip6_as_rfc5952_says) {
  const auto prints = [](const char* written, const char* text) {
    EXPECT_EQ(address(written).host(), text) << written;
  };
  prints("[2001:0db8::0001]:1", "2001:db8::1");
  prints("[2001:db8:0:0:0:0:2:1]:1", "2001:db8::2:1");
  prints("[2001:db8:0:1:1:1:1:1]:1", "2001:db8:0:1:1:1:1:1");
  prints("[2001:0:0:1:0:0:0:1]:1", "2001:0:0:1::1");
  prints("[2001:db8:0:0:1:0:0:1]:1", "2001:db8::1:0:0:1");
  prints("[2001:DB8::ABCD]:1", "2001:db8::abcd");
  prints("[1:0:0:0:0:0:0:0]:1", "1::");
}

// faults.md F08, F10: what inet_aton and friends would have made of these reached other hosts than
// the ones that filters saw (CVE-2021-29923 and its like).
TEST(address, refuses_odd_literals) {
  const std::string no_ip4[] = {
      "127.1:80",        "127.0.1:80",     "2130706433:80", "0x7f.1:80",           "0x7f.0.0.1:80",
      "0x7f000001:80",   "0177.0.0.1:80",  "127.0.0.01:80", "127.0.0.256:80",      "127.0.0.1.:80",
      "1.2.3.4.5:80",    "127.0.0.-1:80",  "127.0.0.+1:80", "1.2.3.4294967297:80", "127..0.1:80",
      ".127.0.0.1:80",   " 127.0.0.1:80",  "127.0.0.1 :80", "127.0.0.1\t:80",      "host.0x1F:80",
      "127.0.0.1%lo:80", "127.0.0.0x1:80", "1e1.2.3.4:80",  "127.0.0.1/8:80"};
  for (const std::string& text : no_ip4) EXPECT_NE(refusal(text), "") << text;
  const std::string no_ip6[] = {"[]:80",
                                "[:]:80",
                                "[:::]:80",
                                "[1:2:3:4:5:6:7]:80",
                                "[1:2:3:4:5:6:7:8:9]:80",
                                "[1:2:3:4:5:6:7:8::]:80",
                                "[::1:2:3:4:5:6:7:8]:80",
                                "[1::2::3]:80",
                                "[12345::]:80",
                                "[g::]:80",
                                "[::1:]:80",
                                "[:1::]:80",
                                "[::-1]:80",
                                "[::+1]:80",
                                "[::0x1]:80",
                                "[::1.2.3]:80",
                                "[::1.2.3.256]:80",
                                "[1:2:3:4:5:6:7:1.2.3.4]:80",
                                "[::1.2.3.4:5]:80",
                                "[1.2.3.4]:80",
                                "[ ::1]:80",
                                "[::1 ]:80",
                                "[::1]x:80",
                                "x[::1]:80",
                                "[[::1]]:80",
                                "[::1:80",
                                "::1]:80",
                                "[::1]80",
                                "[::1]",
                                "[::1]:",
                                "[::01.2.3.4]:80",
                                "[localhost]:80",
                                "[" + std::string(300, '1') + "]:80",
                                "[" + std::string(300, ':') + "]:80"};
  for (const std::string& text : no_ip6) EXPECT_NE(refusal(text), "") << text;
}

TEST(address, accepts_an_interface_after_a_percent_sign_and_nothing_else) {
  EXPECT_EQ(address("[fe80::1%eth0]:1").host(), "fe80::1%eth0");
  EXPECT_EQ(address("[::1%lo]:1").str(), "[::1%lo]:1");
  EXPECT_EQ(address("[fe80::1%3]:1").scope(), 3u);
  EXPECT_EQ(address("[fe80::1%3]:1"), address::ip6(address("[fe80::1]:1").bytes(), 1, 3));
  EXPECT_NE(address("[fe80::1%eth0]:1"), address("[fe80::1%eth1]:1"));
  const std::string wrong[] = {"[fe80::1%]:1",
                               "[fe80::1%a b]:1",
                               "[fe80::1%a/b]:1",
                               "[fe80::1%a%b]:1",
                               "[fe80::1%a\nb]:1",
                               "[fe80::1%\x1B]:1",
                               "[fe80::1%sixteen_letters_]:1",
                               "[fe80::1%99999999999]:1",
                               "[%eth0]:1"};
  for (const std::string& text : wrong) EXPECT_NE(refusal(text), "") << text;
}

TEST(address, refuses_invalid_ports) {
  const std::string wrong[] = {"localhost:65536", "localhost:99999999999",
                               "localhost:-1",    "localhost:+1",
                               "localhost: 1",    "localhost:1 ",
                               "localhost:0x50",  "localhost:",
                               "localhost:http",  "localhost:1.0",
                               "localhost:8\0"s,  ":",
                               ":65536",          "[::1]:+1",
                               "localhost"};
  for (const std::string& text : wrong) EXPECT_NE(refusal(text), "") << text;
}

TEST(address, refuses_malformed_names) {
  const std::string wrong[] = {"-a:1",
                               "a-:1",
                               "a..b:1",
                               ".a:1",
                               "a b:1",
                               "b\xC3\xBC"
                               "cher.example:1",
                               "a/b:1",
                               "user@host:1",
                               "http://x:1",
                               "*:1",
                               "a\0b:1"s,
                               "xn--\x80:1",
                               "1.2.3.4:5:6",
                               "::1:80",
                               ".:1",
                               std::string(64, 'a') + ":1"};
  for (const std::string& text : wrong) EXPECT_NE(refusal(text), "") << text;
}

// faults.md F09: CVE-2024-24806 cut a name of 256 bytes to one that passed the checks.
TEST(address, refuses_long_names_and_never_cuts_them) {
  std::string name;
  while (name.size() < 253) name += "abcdefg.";
  name.resize(252);
  name += "h";
  ASSERT_EQ(name.size(), 253u);
  EXPECT_EQ(address(name + ":1").host(), name);
  EXPECT_NE(refusal(name + "i:1"), "");
  for (const std::size_t size : {254u, 255u, 256u, 257u, 300u, 512u, 65536u})
    EXPECT_NE(refusal(std::string(name).append(size - name.size(), 'x') + ":1"), "") << size;
}

TEST(address, an_empty_host_means_every_address_and_only_with_a_port) {
  EXPECT_EQ(address(":0").kind(), kind::any);
  EXPECT_NE(refusal(""), "");
  EXPECT_NE(refusal("[]:1"), "");
}

TEST(address, says_what_is_wrong_and_how_to_write_it) {
  EXPECT_EQ(refusal("localhost"),
            "address \"localhost\": the port is missing; write host:port, for example "
            "127.0.0.1:9999");
  EXPECT_EQ(refusal("localhost:70000"),
            "address \"localhost:70000\": \"70000\" is not a port; ports are 0 to 65535");
  EXPECT_EQ(refusal("::1:9999"),
            "address \"::1:9999\": an IPv6 address needs brackets: [::1]:9999");
  EXPECT_EQ(refusal("127.1:80"),
            "address \"127.1:80\": not an IPv4 address: write four decimal numbers, each 0 to 255");
  EXPECT_NE(refusal("a\x1B[2J:1").find("\\x1b"), std::string::npos) << "no escape sequences";
}

TEST(address, of_a_unix_socket_is_its_path) {
  const std::string longest = "/" + std::string(106, 'x');
  EXPECT_EQ(address("unix:" + longest).host(), longest);
  EXPECT_NE(refusal("unix:" + longest + "y"), "");
  EXPECT_NE(refusal("unix:"), "");
  EXPECT_NE(refusal("unix:/a\0b"s), "");
  EXPECT_THROW((void)address::unix_socket(""), error);
  EXPECT_TRUE(address("unix:x").is_unix());
  EXPECT_TRUE(address("unix:x").is_loopback());
}

// sun_path ends at the first NUL: the socket would be another file than the one that was named.
TEST(address, of_a_unix_file_contains_no_nul) {
  EXPECT_THROW((void)address::unix_socket("/run/a\0b"s), error);
  EXPECT_EQ(address::unix_socket("@a\0b"s).host(), "@a\0b"s) << "unix(7): abstract names are bytes";
}

TEST(address, knows_loopback) {
  for (const char* text : {"127.0.0.1:1", "127.255.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1",
                           "localhost:1", "LocalHost:1", "localhost.:1"})
    EXPECT_TRUE(address(text).is_loopback()) << text;
  for (const char* text : {"128.0.0.1:1", "[::2]:1", "[::]:1", "[::ffff:1.0.0.1]:1", ":1",
                           "localhost.example:1", "[1::1]:1"})
    EXPECT_FALSE(address(text).is_loopback()) << text;
}

// One that stayed IPv6 would get past a filter for IPv4 addresses and reach the host all the same.
TEST(address, v4_mapped_equals_the_ip4_address) {
  for (const char* text : {"[::ffff:1.2.3.4]:5", "[::FFFF:102:304]:5", "[0:0:0:0:0:ffff:1.2.3.4]:5",
                           "[::ffff:1.2.3.4%eth0]:5", "[::ffff:1.2.3.4%3]:5"}) {
    const address a = text;
    EXPECT_EQ(a, address("1.2.3.4:5")) << text;
    EXPECT_EQ(a.kind(), kind::ip4) << text;
    EXPECT_EQ(a.str(), "1.2.3.4:5") << text;
    EXPECT_EQ(a.scope(), 0u) << text;
  }
  EXPECT_EQ(address::ip6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4}, 5, 3),
            address("1.2.3.4:5"));
  for (const char* text : {"[::1.2.3.4]:5", "[::fffe:1.2.3.4]:5", "[::ffff:0:1.2.3.4]:5",
                           "[1::ffff:1.2.3.4]:5", "[64:ff9b::1.2.3.4]:5"})
    EXPECT_EQ(address(text).kind(), kind::ip6) << text;
}

TEST(address, with_another_port_keeps_everything_else) {
  EXPECT_EQ(address("[fe80::1%eth0]:1").with_port(2), address("[fe80::1%eth0]:2"));
  EXPECT_EQ(address("localhost:1").with_port(0), address("localhost:0"));
}

TEST(address, compares_by_value) {
  EXPECT_EQ(address("[::0]:1"), address("[::]:1"));
  EXPECT_NE(address("127.0.0.1:1"), address("127.0.0.1:2"));
  EXPECT_NE(address("[::]:1"), address(":1"));
  EXPECT_EQ(address(), address());
}

// No text, however it is broken, does anything but parse to something that prints back or throw.
TEST(address, keeps_the_source_of_what_is_sent_to_it_and_compares_without_it) {
  const address plain("127.0.0.1:9");
  EXPECT_FALSE(plain.has_source());
  EXPECT_EQ(plain.source().kind(), address_kind::none);
  const address from = plain.with_source("127.0.0.2:77");
  EXPECT_EQ(from.source(), address("127.0.0.2:0"));
  EXPECT_EQ(from, plain);
  EXPECT_EQ(from.str(), plain.str());
  EXPECT_EQ(from.with_port(7).source(), address("127.0.0.2:0"));
  const address six = address("[fe80::1]:9").with_source(address::ip6({0xfe, 0x80}, 1, 3));
  EXPECT_EQ(six.source(), address::ip6({0xfe, 0x80}, 0, 3));
}

TEST(address, parses_random_texts_without_a_crash) {
  constexpr std::string_view alphabet = "0123456789abfx:.[]%- @/unix\0\xFF";
  std::mt19937 random(2);
  int accepted = 0;
  for (int i = 0; i < 40'000; ++i) {
    std::string text;
    for (std::size_t n = random() % 14; n > 0; --n) text += alphabet[random() % alphabet.size()];
    if (random() % 2 == 0) text += ":8";
    try {
      const address a(text);
      EXPECT_EQ(address(a.str()), a) << text;
      ++accepted;
    } catch (const error& e) {
      EXPECT_TRUE(e.is(errc::bad_address));
    }
  }
  EXPECT_GT(accepted, 200);
}

}  // namespace
}  // namespace bight
