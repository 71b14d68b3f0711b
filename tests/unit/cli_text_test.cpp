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

TEST(terminal_text, does_not_depend_on_how_the_bytes_are_split) {
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

TEST(shown, escapes_characters_that_would_change_the_line_around_them) {
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

TEST(looks_binary, is_true_for_a_nul_or_many_control_characters) {
  EXPECT_FALSE(looks_binary(""));
  EXPECT_FALSE(looks_binary("a\n\r\t\f\x1B[31m"));
  EXPECT_TRUE(looks_binary("a\0b"s));
  EXPECT_FALSE(looks_binary(std::string(15, 'a') + "\x01"));
  EXPECT_TRUE(looks_binary(std::string(14, 'a') + "\x01"));
  EXPECT_TRUE(looks_binary(std::string(1023, 'a') + '\0'));
  EXPECT_FALSE(looks_binary(std::string(1024, 'a') + '\0'));
}

TEST(hex, is_read_with_blanks_and_written_with_one_between_bytes) {
  EXPECT_EQ(from_hex("48 656c\t6C\r\n6f"), "Hello");
  EXPECT_EQ(from_hex("09aFFf"), "\x09\xAF\xFF");
  EXPECT_EQ(from_hex(" "), "");
  EXPECT_EQ(to_hex("\x0A\xFF "), "0a ff 20");
  EXPECT_EQ(to_hex(""), "");
  for (const char* text : {"4", "4 8", "g0", "0g", "/0", "0:", "@0", "0G", "`0", "0g"})
    EXPECT_ANY_THROW(static_cast<void>(from_hex(text))) << text;
}

TEST(lower, changes_the_letters_of_ascii) { EXPECT_EQ(lower("@AZ[`az{\xC4"), "@az[`az{\xC4"); }

TEST(shown_lines, keeps_newlines_and_nothing_else) {
  EXPECT_EQ(shown_lines("one\n  two\r\n\x1B"), "one\n  two\\x0d\n\\x1b");
  EXPECT_EQ(shown_lines(""), "");
}

}  // namespace
}  // namespace tool
