// SPDX-License-Identifier: MIT
#include "cli/suggest.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tool {
namespace {

TEST(nearest, is_what_differs_in_a_third_of_the_letters_at_most) {
  const std::vector<std::string> known{"send", "serve", "connect", "--timeout"};
  const std::pair<const char*, const char*> cases[] = {{"send", "send"},
                                                       {"snd", "send"},
                                                       {"sendd", "send"},
                                                       {"sand", "send"},
                                                       {"sedn", "send"},
                                                       {"sdne", ""},
                                                       {"se", ""},
                                                       {"ser", "serve"},
                                                       {"--time", "--timeout"},
                                                       {"--tiemuot", "--timeout"},
                                                       {"--txmxxxt", ""},
                                                       {"conncet", "connect"},
                                                       {"xonnxct", "connect"},
                                                       {"xonnxcx", ""},
                                                       {"x", ""},
                                                       {"", ""}};
  for (const auto& [typed, wanted] : cases) EXPECT_EQ(nearest(typed, known), wanted) << typed;
}

TEST(nearest, is_the_first_of_those_that_differ_least) {
  EXPECT_EQ(nearest("abcd", {"abce", "abcf"}), "abce");
  EXPECT_EQ(nearest("abcdef", {"abcdxy", "abcdez"}), "abcdez");
}

TEST(nearest, of_an_unknown_word_is_none) {
  const std::string longest(40, 'a');
  EXPECT_EQ(nearest(longest, {longest}), longest);
  EXPECT_EQ(nearest(longest + "a", {longest}), "");
}

TEST(hint_for_foreign_flag, is_for_a_command_and_a_whole_name) {
  const std::string resume = " (run the same command again to resume)";
  for (const char* flag : {"-c", "-C", "--continue"})
    EXPECT_EQ(hint_for_foreign_flag("get", flag), resume);
  EXPECT_EQ(hint_for_foreign_flag("get", "-L"), hint_for_foreign_flag("get", "--location"));
  EXPECT_EQ(hint_for_foreign_flag("get", "-f"), hint_for_foreign_flag("get", "--fail"));
  EXPECT_EQ(hint_for_foreign_flag("get", "-s"), hint_for_foreign_flag("get", "--silent"));
  EXPECT_EQ(hint_for_foreign_flag("get", "-k"),
            hint_for_foreign_flag("get", "--no-check-certificate"));
  EXPECT_EQ(hint_for_foreign_flag("serve", "-b"), hint_for_foreign_flag("serve", "--host"));
  EXPECT_EQ(hint_for_foreign_flag("send", "-c"), "");
  EXPECT_EQ(hint_for_foreign_flag("get", "--cont"), "");
}

}  // namespace
}  // namespace tool
