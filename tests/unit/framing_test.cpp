// SPDX-License-Identifier: MIT
#include <bight/reader.hpp>

#include "base/names.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bight {
namespace {

using namespace std::string_literals;

TEST(framing, delimiters_are_shown_as_one_would_write_them) {
  EXPECT_EQ(framing::until("\r\n\t\"\\", 1).tried(), R"(read_until "\r\n\t\"\\")");
  EXPECT_EQ(framing::until("\0\x1B"s, 1).tried(), R"(read_until "\x00\x1b")");
  EXPECT_EQ(framing::until("--b\xC3\xB6undary", 1).tried(), "read_until \"--b\xC3\xB6undary\"");
  EXPECT_EQ(framing::until(std::string(100, 'x'), 1).tried(),
            "read_until \"" + std::string(40, 'x') + "...\"");
}

TEST(length_prefix, is_big_endian) {
  EXPECT_EQ(length_prefix(0x0102), "\0\0\1\2"s);
  EXPECT_EQ(length_prefix(5, 1), "\5"s);
  EXPECT_EQ(length_prefix(0x0102, 2), "\1\2"s);
  EXPECT_EQ(length_prefix(0x0102030405060708, 8), "\1\2\3\4\5\6\7\10"s);
}

TEST(length_prefix, refuses_a_length_that_does_not_fit) {
  EXPECT_EQ(length_prefix(255, 1), "\xFF"s);
  EXPECT_EQ(length_prefix(0xFFFFFFFF, 4), "\xFF\xFF\xFF\xFF"s);
  try {
    (void)length_prefix(256, 1);
    ADD_FAILURE();
  } catch (const error& e) {
    EXPECT_TRUE(e.is(errc::too_long));
    EXPECT_STREQ(e.what(), "length_prefix: 256 does not fit into 1 byte");
  }
  EXPECT_THROW((void)length_prefix(std::uint64_t{1} << 32, 4), error);
  EXPECT_THROW((void)length_prefix(65536, 2), error);
  EXPECT_NO_THROW((void)length_prefix(static_cast<std::uint64_t>(-1), 8));
}

}  // namespace
}  // namespace bight
