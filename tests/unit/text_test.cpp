// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <gtest/gtest.h>

namespace bight {
namespace {

using namespace std::string_literals;

TEST(duration_text, uses_the_largest_unit_that_shows_the_value) {
  EXPECT_EQ(duration_text(5s), "5 s");
  EXPECT_EQ(duration_text(250ms), "250 ms");
  EXPECT_EQ(duration_text(1500ms), "1.5 s");
  EXPECT_EQ(duration_text(3min), "3 min");
  EXPECT_EQ(duration_text(90min), "1.5 h");
  EXPECT_EQ(duration_text(24h), "24 h");
  EXPECT_EQ(duration_text(1us), "1 us");
  EXPECT_EQ(duration_text(999ns), "999 ns");
}

TEST(duration_text, does_not_hide_a_part_of_the_value) {
  EXPECT_EQ(duration_text(61s), "61 s");
  EXPECT_EQ(duration_text(1250ms), "1250 ms");
  EXPECT_EQ(duration_text(1001us), "1001 us");
  EXPECT_EQ(duration_text(100min), "100 min");
}

TEST(duration_text, rounds_what_would_be_a_long_number) {
  EXPECT_EQ(duration_text(1'234'567'891ns), "1.2 s");
  EXPECT_EQ(duration_text(1'960'000'001ns), "2 s");
  EXPECT_EQ(duration_text(3601s), "3601 s");
  EXPECT_EQ(duration_text(36'001s), "10 h");
}

TEST(duration_text, zero_negative_and_extreme_values_have_texts_too) {
  EXPECT_EQ(duration_text(0s), "0 s");
  EXPECT_EQ(duration_text(-5s), "-5 s");
  EXPECT_EQ(duration_text(-1500ms), "-1.5 s");
  EXPECT_EQ(duration_text(duration::max()), "2562047.8 h");
  EXPECT_EQ(duration_text(duration::min()), "-2562047.8 h");
}

TEST(printable, leaves_text_as_it_is) {
  EXPECT_EQ(printable("GET / HTTP/1.1"), "GET / HTTP/1.1");
  EXPECT_EQ(printable("h\xC3\xA9llo \xE2\x82\xAC \xF0\x9F\x90\x9F"),
            "h\xC3\xA9llo \xE2\x82\xAC \xF0\x9F\x90\x9F");
  EXPECT_EQ(printable(""), "");
}

TEST(printable, shows_control_bytes_as_numbers) {
  EXPECT_EQ(printable("a\r\nb"), "a\\x0d\\x0ab");
  EXPECT_EQ(printable("\x1B[2J"), "\\x1b[2J");
  EXPECT_EQ(printable("\x7F"), "\\x7f");
  EXPECT_EQ(printable("a\0b"s), "a\\x00b");
  EXPECT_EQ(printable("\xC2\x9B"), "\\xc2\\x9b") << "CSI as one C1 character";
}

TEST(printable, shows_what_is_not_utf8_as_numbers) {
  EXPECT_EQ(printable("\xFF\xFE"), "\\xff\\xfe");
  EXPECT_EQ(printable("\xC0\xAF"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(printable("\xE0\x80\xAF"), "\\xe0\\x80\\xaf") << "overlong";
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80") << "surrogate";
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "above U+10FFFF";
  EXPECT_EQ(printable("\xE2\x82"), "\\xe2\\x82") << "cut short";
  EXPECT_EQ(printable("\x80"), "\\x80");
}

TEST(printable, knows_the_first_and_the_last_of_each_length) {
  for (const char* whole : {"\xC2\xA0", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                            "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(printable(whole), whole);
  for (const char* none : {"\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC2\x7F", "\xC2\xC0",
                           "\xE1\x80\xC0", "\xF1\x80\x80\xC0", "\xE1\x80", "\xF1\x80\x80"})
    EXPECT_EQ(printable(none).substr(0, 2), "\\x") << none;
}

TEST(printable, is_truncated_at_its_limit) {
  EXPECT_EQ(printable(std::string(100, 'a'), 10), std::string(10, 'a') + "...");
  EXPECT_EQ(printable(std::string(10, 'a'), 10), std::string(10, 'a'));
}

}  // namespace
}  // namespace bight
