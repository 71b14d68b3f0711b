// SPDX-License-Identifier: MIT
#include "cli/text.hpp"

#include <gtest/gtest.h>

namespace tool {
namespace {

using namespace std::string_literals;

// The text of `bytes` in pieces of that size.
std::string in_pieces(std::string_view bytes, std::size_t size) {
  terminal_text screen;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += size) text += screen.take(bytes.substr(i, size));
  return text + screen.finish();
}

TEST(terminal_text, does_not_depend_on_how_the_bytes_are_cut) {
  const std::pair<std::string, std::string> cases[] = {
      {"plain\n\ttext\r\n", "plain\n\ttext\r\n"},
      {"\x1B[31mred\x1B"s, "\\x1b[31mred\\x1b"},
      {"\xC2\x9B"
       "2J",
       "\\xc2\\x9b2J"},
      {"\xC2\x80\xC2\x9F\xC2\xA0", "\\xc2\\x80\\xc2\\x9f\xC2\xA0"},
      {"h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x9F", "h\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x9F"},
      {"\xC2\xC2\x9B", "\xC2\\xc2\\x9b"},      // a character that is none, and one behind it
      {"\xE2\x82\x1B[m", "\xE2\\x82\\x1b[m"},  // one that is cut off by a control character
      {"\xE0\x82\x9B", "\xE0\\x82\\x9b"},      // C1 in three bytes: not UTF-8
      {"\x9B"
       "2J \x84",
       "\\x9b2J \\x84"},                         // C1 in one byte
      {"caf\xE9 \xB0\xA1", "caf\xE9 \xB0\xA1"},  // Latin-1, GBK
      {"end\xC2\n", "end\xC2\n"},
      {"end\xC2", "end\xC2"},
      {"end\xF0\x9F\x90", "end\xF0\\x9f\\x90"},
      {"a\0b\x7F"s, "a\\x00b\\x7f"},
  };
  for (const auto& [bytes, text] : cases)
    for (std::size_t size = 1; size <= bytes.size(); ++size)
      EXPECT_EQ(in_pieces(bytes, size), text) << "in pieces of " << size;
}

TEST(terminal_text, holds_back_no_more_than_the_beginning_of_a_character) {
  terminal_text screen;
  EXPECT_EQ(screen.take("abc"), "abc");
  EXPECT_EQ(screen.take("d\xE2\x82"), "d");
  EXPECT_EQ(screen.take("\xAC"), "\xE2\x82\xAC");
  EXPECT_EQ(screen.finish(), "");
}

TEST(shown, escapes_what_would_change_the_line_around_it) {
  EXPECT_EQ(shown("a\nb\rc\td"), "a\\x0ab\\x0dc\\x09d");
  EXPECT_EQ(shown("\xC2\x9B\xFF\xE2\x82"), "\\xc2\\x9b\\xff\\xe2\\x82");
  EXPECT_EQ(shown("a\xE2\x80\xAE"
                  "b"),
            "a\\xe2\\x80\\xaeb")
      << "right-to-left override";
  EXPECT_EQ(shown("\xE2\x81\xA6\xE2\x80\xA8"), "\\xe2\\x81\\xa6\\xe2\\x80\\xa8");
  EXPECT_EQ(shown("\xE2\x80\x8D\xD7\xA9"), "\xE2\x80\x8D\xD7\xA9") << "letters and their joiners";
}

TEST(shown, is_cut_between_characters) {
  EXPECT_EQ(shown("abcdef", 6), "abcdef");
  EXPECT_EQ(shown("abcdefg", 6), "abcdef…");
  EXPECT_EQ(shown("ab\xE2\x82\xAC", 4), "ab…");
}

TEST(shown_lines, keeps_newlines_and_nothing_else) {
  EXPECT_EQ(shown_lines("one\n  two\r\n\x1B"), "one\n  two\\x0d\n\\x1b");
  EXPECT_EQ(shown_lines(""), "");
}

}  // namespace
}  // namespace tool
