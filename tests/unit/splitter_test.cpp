// SPDX-License-Identifier: MIT
#include <bight/reader.hpp>

#include "base/names.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

namespace bight {
namespace {

using namespace std::string_literals;

// Framings change from call to call, as in a protocol with a header and a body; every byte comes
// out once and in order.
TEST(splitter, mixed_framings_lose_no_byte) {
  std::mt19937 random(5);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (std::size_t n = random() % 200; n > 0; --n) text += "ab\n"[random() % 3];
    splitter s;
    std::string out;
    std::size_t fed = 0;
    while (!s.ended() || s.buffered() > 0) {
      const framing framings[] = {framing::exactly(random() % 5), framing::until("ab", 4),
                                  framing::line(3), framing::some(1 + random() % 7)};
      const framing& f = framings[random() % 4];
      if (random() % 8 == 0) s.stash();
      if (!s.settled(f)) {
        ASSERT_FALSE(s.ended());
        const std::size_t n = 1 + random() % 9;
        s.feed(lease::copy_of(text.substr(fed, n)));
        fed = std::min(text.size(), fed + n);
        continue;
      }
      const std::size_t held = s.buffered();
      auto r = s.take(f);
      if (!r) {
        ASSERT_EQ(s.buffered(), held) << "an error uses up nothing";
        auto forced = s.take(framing::some(1));
        if (forced && *forced) out += (*forced)->view();
      } else if (*r) {
        out += (*r)->view();
        const std::size_t gone = held - s.buffered();
        if (f.what == framing::kind::until) out += "ab";
        if (f.what == framing::kind::line && gone > (*r)->size()) out += "\n";
      }
    }
    ASSERT_EQ(out, text);
  }
}

struct held_bytes : lease_block {
  std::string bytes;
  int released = 0;
  explicit held_bytes(std::string text) : bytes(std::move(text)) {
    release = [](lease_block& b) noexcept { ++static_cast<held_bytes&>(b).released; };
  }
  lease lend() { return {*this, reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}; }
  [[nodiscard]] bool holds(const lease& l) const {
    const auto* at = reinterpret_cast<const char*>(l.data());
    return std::less_equal<>()(bytes.data(), at) && std::less<>()(at, bytes.data() + bytes.size());
  }
};

lease take(splitter& s, const framing& f) {
  auto r = s.take(f);
  return **std::move(r);
}

TEST(splitter, a_message_in_one_lease_is_returned_without_a_copy) {
  held_bytes b("first\nsecond\r\n\0\3abcrest"s);
  splitter s;
  s.feed(b.lend());
  const lease first = take(s, framing::line(100));
  EXPECT_EQ(first, "first");
  EXPECT_TRUE(b.holds(first));
  EXPECT_TRUE(b.holds(take(s, framing::until("\r\n", 100))));
  const lease message = take(s, framing::prefixed(100, 2));
  EXPECT_EQ(message, "abc");
  EXPECT_TRUE(b.holds(message));
  EXPECT_TRUE(b.holds(take(s, framing::exactly(2))));
  EXPECT_TRUE(b.holds(take(s, framing::some(100))));
  EXPECT_EQ(s.buffered(), 0u);
  EXPECT_EQ(b.released, 0) << "the messages still use it";
}

TEST(splitter, a_message_over_several_leases_is_joined_and_the_leases_released) {
  held_bytes one("hel"), two("lo\nrest");
  splitter s;
  s.feed(one.lend());
  EXPECT_FALSE(s.settled(framing::line(100)));
  s.feed(two.lend());
  EXPECT_EQ(one.released, 1);
  const lease line = take(s, framing::line(100));
  EXPECT_EQ(line, "hello");
  EXPECT_FALSE(two.holds(line));
  const lease rest = take(s, framing::some(100));
  EXPECT_TRUE(two.holds(rest)) << "what follows is not copied";
}

TEST(splitter, stash_gives_the_buffer_back_and_keeps_the_bytes) {
  held_bytes b("partial");
  splitter s;
  s.feed(b.lend());
  s.stash();
  EXPECT_EQ(b.released, 1);
  EXPECT_EQ(s.buffered(), 7u);
  EXPECT_EQ(take(s, framing::exactly(7)), "partial");
}

TEST(splitter, an_empty_message_holds_no_buffer) {
  held_bytes b("\n\nx");
  splitter s;
  s.feed(b.lend());
  const lease first = take(s, framing::line(100));
  EXPECT_TRUE(first.empty());
  (void)take(s, framing::line(100));
  (void)take(s, framing::some(100));
  EXPECT_EQ(b.released, 1);
}

std::string failure(splitter& s, const framing& f) {
  EXPECT_TRUE(s.settled(f));
  auto r = s.take(f);
  return r ? "no error" : r.error().what();
}

TEST(splitter, errors_say_what_was_awaited_how_much_is_there_and_the_limit) {
  splitter s;
  s.feed(lease::copy_of("seventeen bytes.."));
  EXPECT_EQ(
      failure(s, framing::until("\r\n", 10)),
      "read_until \"\\r\\n\": it was not found within the limit of 10 bytes (17 bytes received)");
  EXPECT_EQ(failure(s, framing::line(10)),
            "read_line: the line is longer than the limit of 10 bytes (17 bytes received)");
  EXPECT_EQ(failure(s, framing::prefixed(1 << 20, 4)),
            "read_message: the message has 1936029285 bytes, but the limit is 1048576 (17 bytes "
            "received)");
  s.feed(lease());
  EXPECT_EQ(failure(s, framing::until("\r\n\r\n", 100)),
            "read_until \"\\r\\n\\r\\n\": the peer closed before it arrived (17 bytes received)");
  EXPECT_EQ(failure(s, framing::exactly(18)),
            "read_exactly 18: the peer closed before all bytes arrived (17 bytes received)");
  EXPECT_EQ(take(s, framing::exactly(16)), "seventeen bytes.");
  EXPECT_EQ(failure(s, framing::prefixed(100, 4)),
            "read_message: the peer closed before the whole message arrived (1 byte received)");
  EXPECT_EQ(take(s, framing::some(100)), ".") << "what is there can still be had";
}

TEST(splitter, an_error_is_the_same_when_asked_again) {
  splitter s;
  s.feed(lease::copy_of("abcdef"));
  const framing f = framing::line(3);
  const std::string first = failure(s, f);
  EXPECT_EQ(failure(s, f), first);
  EXPECT_EQ(s.buffered(), 6u);
}

TEST(splitter, an_exceeded_limit_is_reported_as_soon_as_possible) {
  splitter s;
  s.feed(lease::copy_of("abc"));
  EXPECT_FALSE(s.settled(framing::line(3)));
  EXPECT_FALSE(s.settled(framing::until("\r\n", 3)));
  s.feed(lease::copy_of("\r"));
  EXPECT_FALSE(s.settled(framing::line(3))) << "its newline may come";
  EXPECT_FALSE(s.settled(framing::until("\r\n", 3)));
  s.feed(lease::copy_of("x"));
  EXPECT_TRUE(s.settled(framing::line(3)));
  EXPECT_TRUE(s.settled(framing::until("\r\n", 3)));
}

// faults.md D11: no length, however large, is added to anything before it is compared.
TEST(splitter, the_largest_lengths_do_not_overflow) {
  constexpr auto most = static_cast<std::size_t>(-1);
  for (const std::size_t max : {std::size_t{100}, most - 1, most}) {
    splitter s;
    s.feed(lease::copy_of(length_prefix(most, 8) + "abc"));
    const framing f = framing::prefixed(max, 8);
    EXPECT_EQ(s.settled(f), max < most);
    s.feed(lease());
    EXPECT_TRUE(s.settled(f));
    EXPECT_FALSE(s.take(f));
    EXPECT_EQ(s.buffered(), 11u);
  }
  splitter s;
  s.feed(lease::copy_of("abc\n"));
  EXPECT_FALSE(s.settled(framing::exactly(most)));
  EXPECT_TRUE(s.settled(framing::line(most)));
  EXPECT_EQ(take(s, framing::until("\n", most)), "abc");
}

TEST(splitter, a_message_of_zero_bytes_is_available_at_once) {
  splitter s;
  EXPECT_TRUE(s.settled(framing::exactly(0)));
  EXPECT_TRUE(take(s, framing::exactly(0)).empty());
  s.feed(lease());
  EXPECT_TRUE(take(s, framing::exactly(0)).empty());
}

TEST(splitter, wrong_use_is_an_error_of_the_program) {
  EXPECT_DEATH((void)framing::until("", 1), "empty delimiter");
  EXPECT_DEATH((void)framing::prefixed(1, 3), "length prefix");
  EXPECT_DEATH((void)framing::some(0), "at most 0 bytes");
  EXPECT_DEATH((void)splitter().take(framing::line(1)), "not settled");
}

// A peer that sends one byte at a time, or a partial delimiter again and again, costs no more than
// linear time. A quadratic search of a quarter of a megabyte, three times, would run into the time
// limit of the tests.
TEST(splitter, searching_is_linear) {
  constexpr std::size_t size = 1 << 18;
  for (const std::string& unit : {"x"s, "\r"s, "\r\n\r"s}) {
    splitter s;
    const framing f = framing::until("\r\n\r\n", size);
    std::size_t fed = 0;
    while (fed + unit.size() < size) {
      s.feed(lease::copy_of(unit == "\r\n\r" ? "\r\n\rx" : unit));
      fed += unit.size() + (unit == "\r\n\r" ? 1 : 0);
      ASSERT_FALSE(s.settled(f));
    }
    s.feed(lease::copy_of("\r\n\r\n"));
    ASSERT_TRUE(s.settled(f));
    EXPECT_GE(take(s, f).size(), fed - 3);
  }
}

TEST(splitter, taking_byte_by_byte_out_of_much_is_linear) {
  constexpr std::size_t size = 1 << 18;
  splitter s;
  s.feed(lease::copy_of(std::string(size, 'x')));
  s.stash();
  for (std::size_t i = 0; i < size; ++i) {
    ASSERT_EQ(take(s, framing::some(1)).size(), 1u);
    if (i % 2 == 0) s.feed(lease::copy_of("y"));
  }
  EXPECT_EQ(s.buffered(), size / 2);
}

}  // namespace
}  // namespace bight
