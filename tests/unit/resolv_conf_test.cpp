// SPDX-License-Identifier: MIT
#include "engine/posix/resolv_conf.hpp"

#include <gmock/gmock.h>

namespace bight::posix {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_literals;

resolv_conf parse(std::string_view text, const resolver_environment& env = {}) {
  return parse_resolv_conf(text, env);
}

std::vector<std::string> names(std::string_view text, std::string_view name) {
  return candidates(parse(text), name);
}

TEST(resolv_conf, an_empty_file_leaves_the_defaults) {
  const resolv_conf c = parse("");
  EXPECT_THAT(c.servers, IsEmpty());
  EXPECT_THAT(c.search, IsEmpty());
  EXPECT_EQ(c.ndots, 1u);
  EXPECT_EQ(c.timeout, 2s);
  EXPECT_EQ(c.attempts, 3);
}

TEST(resolv_conf, servers_may_be_ip6_scoped_and_have_ports) {
  const resolv_conf c = parse(
      "nameserver 192.0.2.1\nnameserver 2001:db8::1 # comment\nnameserver\tfe80::1%eth0\r\n"
      "nameserver ::ffff:192.0.2.2\nnameserver 192.0.2.3:5353\nnameserver [::1]:54\n"
      "nameserver\nnameserver example.org\nnameserver 192.0.2\n#nameserver 192.0.2.9\n"
      "; nameserver 192.0.2.9\nnameservers 192.0.2.9");
  EXPECT_THAT(c.servers, ElementsAre(address("192.0.2.1:53"), address("[2001:db8::1]:53"),
                                     address("[fe80::1%eth0]:53"), address("192.0.2.2:53"),
                                     address("192.0.2.3:5353"), address("[::1]:54")));
}

TEST(resolv_conf, a_comment_takes_a_whole_line_as_in_glibc) {
  const resolv_conf c = parse(
      "#search x.test\n;options rotate\nsearch a.test # b.test\noptions ndots:2 # edns0 ; "
      "rotate\n");
  EXPECT_THAT(c.search, ElementsAre("a.test", "#", "b.test"));
  EXPECT_EQ(c.ndots, 2u);
  EXPECT_TRUE(c.edns && c.rotate);
}

TEST(resolv_conf, options_have_the_limits_of_glibc) {
  resolv_conf c = parse("options ndots:99 timeout:0 attempts:1000 rotate use-vc edns0\n");
  EXPECT_EQ(c.ndots, 15u);
  EXPECT_EQ(c.timeout, 1s);
  EXPECT_EQ(c.attempts, 5);
  EXPECT_TRUE(c.rotate && c.use_tcp && c.edns);
  c = parse(
      "options ndots: timeout:x attempts:-1 unknown:7\noptions ndots:99999999999 timeout:4s\n");
  EXPECT_EQ(c.ndots, 15u);
  EXPECT_EQ(c.timeout, 4s);
  EXPECT_EQ(c.attempts, 3);
}

TEST(resolv_conf, the_environment_wins_over_the_file) {
  resolver_environment env;
  env.host_name = "box.home.test";
  EXPECT_THAT(parse("", env).search, ElementsAre("home.test"));
  EXPECT_THAT(parse("search a.test", env).search, ElementsAre("a.test"));
  env.localdomain = "x.test y.test.";
  env.options = "ndots:3";
  const resolv_conf c = parse("search a.test\noptions ndots:2", env);
  EXPECT_THAT(c.search, ElementsAre("x.test", "y.test"));
  EXPECT_EQ(c.ndots, 3u);
}

TEST(resolv_conf, any_bytes_parse_to_something) {
  for (const auto& text :
       {"\0\0\n"s, "search\nsearch \0"s, "\n\n\n"s, "options"s, "nameserver [::1"s, "nameserver :"s,
        "domain . x"s, "search ........ ."s}) {
    const resolv_conf c = parse(text);
    EXPECT_FALSE(candidates(c, "a").empty());
  }
}

TEST(resolv_conf, candidates_come_in_the_order_of_glibc) {
  EXPECT_THAT(names("", "a"), ElementsAre("a"));
  EXPECT_THAT(names("search x.test y.test", "a"), ElementsAre("a.x.test", "a.y.test", "a"));
  EXPECT_THAT(names("search x.test", "a.b"), ElementsAre("a.b", "a.b.x.test"));
  EXPECT_THAT(names("search x.test\noptions ndots:2", "a.b"), ElementsAre("a.b.x.test", "a.b"));
  EXPECT_THAT(names("search x.test\noptions ndots:0", "a"), ElementsAre("a", "a.x.test"));
  EXPECT_THAT(names("search x.test\noptions no-tld-query", "a"), ElementsAre("a.x.test"));
  EXPECT_THAT(names("options no-tld-query", "a"), ElementsAre("a"));
  EXPECT_THAT(names("search x.test x.test.", "a"), ElementsAre("a.x.test", "a"));
}

TEST(resolv_conf, the_root_in_the_list_is_the_name_itself) {
  EXPECT_THAT(names("search .", "a"), ElementsAre("a"));
  EXPECT_THAT(names("search . x.test", "a"), ElementsAre("a", "a.x.test"));
  EXPECT_THAT(names("search x.test .\noptions no-tld-query", "a"), ElementsAre("a.x.test", "a"));
}

TEST(resolv_conf, a_last_dot_leaves_one_candidate) {
  EXPECT_THAT(names("search x.test\noptions ndots:5", "a."), ElementsAre("a"));
  EXPECT_THAT(names("search x.test", "a.b."), ElementsAre("a.b"));
}

TEST(resolv_conf, a_domain_that_makes_the_name_too_long_is_left_out) {
  const std::string domain(250, 'x');
  EXPECT_THAT(names("search " + domain + " y.test", "ab"),
              ElementsAre("ab." + domain, "ab.y.test", "ab"));
  EXPECT_THAT(names("search " + domain + " y.test", "abc"), ElementsAre("abc.y.test", "abc"));
}

}  // namespace
}  // namespace bight::posix
