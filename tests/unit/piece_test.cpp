// SPDX-License-Identifier: MIT
#include <bight/piece.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bight {
namespace {

std::string text(const piece& p) { return {static_cast<const char*>(p.data), p.size}; }

using namespace std::string_literals;

TEST(piece, of_a_literal_has_the_NULs_inside_it) {
  EXPECT_EQ(text("ab\0cd"), "ab\0cd"s);
  EXPECT_EQ(text("\0\0\0\5hello"), "\0\0\0\5hello"s);
  EXPECT_EQ(text("\0"), "\0"s);
  EXPECT_EQ(text(""), "");
  EXPECT_EQ(text("plain"), "plain");
}

TEST(piece, of_a_constant_array_is_all_of_it) {
  static constexpr char named[] = "ab\0cd";
  EXPECT_EQ(text(named), "ab\0cd"s);
  const char unended[] = {'a', 'b', 'c'};
  EXPECT_EQ(text(unended), "abc");
}

TEST(piece, of_a_buffer_ends_at_its_first_NUL_or_with_it) {
  char room[100] = "abc";
  EXPECT_EQ(text(room), "abc");
  char full[3] = {'a', 'b', 'c'};
  EXPECT_EQ(text(full), "abc");
  char empty[4] = "";
  EXPECT_EQ(text(empty), "");
}

TEST(piece, of_a_pointer_ends_at_its_first_NUL) {
  const char* constant = "ab\0cd";
  EXPECT_EQ(text(constant), "ab");
  char room[] = "ab\0cd";
  char* pointer = room;
  EXPECT_EQ(text(pointer), "ab");
}

TEST(piece, of_text_and_bytes_with_a_length_is_all_of_them) {
  EXPECT_EQ(text("ab\0cd"s), "ab\0cd"s);
  EXPECT_EQ(text(std::string_view("ab\0cd", 5)), "ab\0cd"s);
  EXPECT_EQ(text(lease::copy_of("ab\0cd")), "ab\0cd"s);
  std::vector<std::byte> bytes(7);
  EXPECT_EQ(text(std::span<const std::byte>(bytes)), std::string(7, '\0'));
  std::byte array[4] = {};
  EXPECT_EQ(text(piece(array)), std::string(4, '\0'));
}

TEST(piece, of_a_range_of_bytes_is_all_of_it_whatever_a_byte_is_called) {
  EXPECT_EQ(text(std::vector<char>{'a', '\0', 'b'}), "a\0b"s);
  EXPECT_EQ(text(std::vector<unsigned char>{'a', 0, 'b'}), "a\0b"s);
  EXPECT_EQ(text(std::array<char, 3>{'a', '\0', 'b'}), "a\0b"s);
  EXPECT_EQ(text(std::array<std::uint8_t, 2>{0, 'b'}), "\0b"s);
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  EXPECT_EQ(text(std::span<const std::uint8_t>(bytes)), "\1\2\3"s);
  EXPECT_EQ(text(std::span(bytes).first(2)), "\1\2"s);
  const unsigned char array[] = {'a', 0, 'b'};
  EXPECT_EQ(text(array), "a\0b"s);
}

static_assert(!std::is_constructible_v<piece, std::vector<int>>);
static_assert(!std::is_constructible_v<piece, std::span<const wchar_t>>);
static_assert(!std::is_constructible_v<piece, std::nullptr_t>);
static_assert(!std::is_constructible_v<piece, int>);
static_assert(!std::is_constructible_v<piece, void*>);

}  // namespace
}  // namespace bight
