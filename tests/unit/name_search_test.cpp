// SPDX-License-Identifier: MIT
#include "engine/posix/name_search.hpp"

#include <gtest/gtest.h>

namespace bight::posix {
namespace {

using o = name_outcome;
using v = name_search::verdict;

// A search through "a" and "b", whose statuses are the outcomes' numbers.
struct trial : name_search {
  explicit trial(bool ip6 = true, bool ip4 = true) : name_search("x:1", ip6, ip4) {
    candidates = {"a", "b"};
  }
  v say(int family, o outcome) {
    learn(of(family), outcome, static_cast<int>(outcome));
    return judge();
  }
  int status(int family) { return of(family).status; }
};

TEST(name_search, the_first_name_with_an_address_of_either_family_is_used) {
  trial t;
  EXPECT_EQ(t.say(6, o::no_address), v::wait);
  EXPECT_EQ(t.say(4, o::found), v::decided);
  EXPECT_EQ(t.candidate(), "a");
  EXPECT_EQ(t.status(6), static_cast<int>(o::no_address));
}

TEST(name_search, an_address_decides_before_the_other_family_has_answered) {
  trial t;
  EXPECT_EQ(t.say(4, o::found), v::decided);
  EXPECT_EQ(t.say(6, o::server_fails), v::decided);
  EXPECT_EQ(t.candidate(), "a");
}

TEST(name_search, a_name_without_addresses_is_skipped) {
  for (const o six : {o::no_name, o::no_address, o::server_fails})
    for (const o four : {o::no_name, o::no_address, o::server_fails}) {
      trial t;
      EXPECT_EQ(t.say(6, six), v::wait);
      EXPECT_EQ(t.say(4, four), v::go_on);
      EXPECT_EQ(t.candidate(), "b");
      EXPECT_EQ(t.say(4, o::found), v::decided);
    }
}

TEST(name_search, silence_ends_it_unless_the_other_family_knows_of_no_such_name) {
  trial t;
  EXPECT_EQ(t.say(6, o::no_answer), v::wait);
  EXPECT_EQ(t.say(4, o::no_address), v::decided);
  EXPECT_EQ(t.status(6), static_cast<int>(o::no_answer));
  trial other;
  EXPECT_EQ(other.say(6, o::no_answer), v::wait);
  EXPECT_EQ(other.say(4, o::no_name), v::go_on);
}

TEST(name_search, at_the_end_each_family_reports_its_worst_error) {
  trial t;
  EXPECT_EQ(t.say(6, o::server_fails), v::wait);
  EXPECT_EQ(t.say(4, o::no_address), v::go_on);
  EXPECT_EQ(t.say(6, o::no_name), v::wait);
  EXPECT_EQ(t.say(4, o::no_name), v::decided);
  EXPECT_EQ(t.status(6), static_cast<int>(o::server_fails));
  EXPECT_EQ(t.status(4), static_cast<int>(o::no_address));
}

TEST(name_search, one_family_decides_alone_when_the_other_is_not_wanted) {
  trial t(false, true);
  EXPECT_EQ(t.say(4, o::no_name), v::go_on);
  EXPECT_EQ(t.say(4, o::found), v::decided);
  EXPECT_EQ(t.candidate(), "b");
}

}  // namespace
}  // namespace bight::posix
