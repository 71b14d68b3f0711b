// SPDX-License-Identifier: MIT
// The splitter beside a naive reference: at every fragment size, and with random splits.
#include <bight/reader.hpp>

#include "base/names.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace bight {
namespace {

using namespace std::string_literals;

// What a series of take()s gave: messages, then how it ended.
struct split_outcome {
  std::vector<std::string> messages;
  std::string end;
  friend bool operator==(const split_outcome&, const split_outcome&) = default;
  friend std::ostream& operator<<(std::ostream& out, const split_outcome& o) {
    for (const auto& m : o.messages) out << '[' << m << "] ";
    return out << o.end;
  }
};

// Feeds `pieces`, then the end of the stream, and takes messages as early as they can be had.
split_outcome split(const std::vector<std::string>& pieces, const framing& f) {
  splitter s;
  split_outcome result;
  std::size_t next = 0;
  for (;;) {
    while (!s.settled(f)) {
      if (next < pieces.size())
        s.feed(lease::copy_of(pieces[next++]));
      else
        s.feed(lease());
    }
    auto r = s.take(f);
    if (!r) {
      result.end = r.error().is(errc::too_long)    ? "too_long"
                   : r.error().is(errc::cut_short) ? "cut_short"
                                                   : r.error().what();
      return result;
    }
    if (!*r) {
      result.end = "end";
      return result;
    }
    result.messages.push_back((*r)->str());
    if (f.what == framing::kind::exactly && f.max == 0) return result;
  }
}

// The same, written as plainly as can be, on the whole text.
split_outcome reference(const std::string& text, const framing& f) {
  split_outcome result;
  std::size_t at = 0;
  for (;;) {
    const std::string rest = text.substr(at);
    if (f.what == framing::kind::exactly) {
      if (rest.size() < f.max) return result.end = "cut_short", result;
      result.messages.push_back(rest.substr(0, f.max));
      at += f.max;
    } else if (f.what == framing::kind::until) {
      const std::size_t found = rest.find(f.delimiter);
      if (found == std::string::npos) {
        // Too long, unless a delimiter could still begin within the limit.
        bool open = rest.size() <= f.max;
        for (std::size_t i = 0; i <= f.max && i < rest.size(); ++i)
          open = open || f.delimiter.starts_with(rest.substr(i));
        return result.end = open ? "cut_short" : "too_long", result;
      }
      if (found > f.max) return result.end = "too_long", result;
      result.messages.push_back(rest.substr(0, found));
      at += found + f.delimiter.size();
    } else if (f.what == framing::kind::line) {
      if (rest.empty()) return result.end = "end", result;
      const std::size_t found = rest.find('\n');
      std::string line = rest.substr(0, found);
      at += found == std::string::npos ? line.size() : line.size() + 1;
      if (found != std::string::npos && line.ends_with('\r')) line.pop_back();
      if (line.size() > f.max) return result.end = "too_long", result;
      if (found == std::string::npos && f.last == last_line::whole)
        return result.end = "cut_short", result;
      result.messages.push_back(line);
    } else {
      if (rest.empty()) return result.end = "end", result;
      if (rest.size() < f.prefix) return result.end = "cut_short", result;
      std::uint64_t n = 0;
      for (std::size_t i = 0; i < f.prefix; ++i) n = n * 256 + static_cast<unsigned char>(rest[i]);
      if (n > f.max) return result.end = "too_long", result;
      if (rest.size() - f.prefix < n) return result.end = "cut_short", result;
      result.messages.push_back(rest.substr(f.prefix, n));
      at += f.prefix + n;
    }
  }
}

std::vector<std::string> pieces_of(const std::string& text, std::size_t size) {
  std::vector<std::string> pieces;
  for (std::size_t i = 0; i < text.size(); i += size) pieces.push_back(text.substr(i, size));
  return pieces;
}

void check_every_fragment_size(const std::string& text, const framing& f) {
  const split_outcome expected = reference(text, f);
  for (std::size_t size = 1; size <= text.size() + 1; ++size)
    EXPECT_EQ(split(pieces_of(text, size), f), expected)
        << f.tried() << " max " << f.max << " in pieces of " << size;
}

TEST(splitter, lines_do_not_depend_on_the_fragment_size) {
  const std::string text = "one\ntwo\r\n\n\r\nthr\ree\r\r\nlast";
  for (const std::size_t max : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 100u}) {
    check_every_fragment_size(text, framing::line(max));
    check_every_fragment_size(text, framing::line(max, last_line::as_it_is));
  }
  check_every_fragment_size("\n", framing::line(0));
  check_every_fragment_size("\r\n", framing::line(0));
  check_every_fragment_size("abc\r", framing::line(3));
  check_every_fragment_size("abc\r", framing::line(4));
  check_every_fragment_size("", framing::line(3));
}

TEST(splitter, delimited_messages_do_not_depend_on_the_fragment_size) {
  const std::string text = "GET / HTTP/1.1\r\nHost: x\r\n\r\nbody\r\n\r\r\n\r\nrest\r\n\r";
  for (const std::size_t max : {0u, 3u, 4u, 5u, 6u, 7u, 22u, 23u, 24u, 100u})
    check_every_fragment_size(text, framing::until("\r\n\r\n", max));
  for (const char* delimiter : {"\n", "aa", "aab", "abab", "b"})
    for (std::size_t max = 0; max < 9; ++max)
      check_every_fragment_size("aaabaabababaaabb", framing::until(delimiter, max));
}

TEST(splitter, counted_messages_do_not_depend_on_the_fragment_size) {
  for (const std::size_t n : {1u, 2u, 3u, 7u, 10u, 11u})
    check_every_fragment_size("0123456789", framing::exactly(n));
}

TEST(splitter, prefixed_messages_do_not_depend_on_the_fragment_size) {
  for (const std::size_t prefix : {1u, 2u, 4u, 8u}) {
    std::string text;
    for (const std::string m : {"hello", "", "a", "a longer message than the others"})
      text += length_prefix(m.size(), prefix) + m;
    for (const std::size_t max : {4u, 5u, 31u, 32u, 1000u})
      for (const std::string& tail : {""s, "\0"s, length_prefix(3, prefix) + "ab"})
        check_every_fragment_size(text + tail, framing::prefixed(max, prefix));
  }
}

TEST(splitter, agrees_with_a_naive_reference_on_random_texts_and_splits) {
  std::mt19937 random(4);
  const auto pick = [&](std::size_t n) { return random() % n; };
  for (int i = 0; i < 30'000; ++i) {
    constexpr std::string_view alphabet = "ab\r\n\0\1\2\3";
    std::string text;
    for (std::size_t n = pick(40); n > 0; --n) text += alphabet[pick(1 + pick(8))];
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t n = 1 + pick(1 + pick(20));
      pieces.push_back(text.substr(at, n));
      at += n;
    }
    const std::size_t max = pick(20);
    const char* const delimiters[] = {"\n", "\r\n", "aa", "aba", "abab", "\r\n\r\n"};
    const std::size_t prefixes[] = {1, 2, 4, 8};
    const framing f = pick(4) == 0   ? framing::line(max)
                      : pick(3) == 0 ? framing::exactly(1 + max)
                      : pick(2) == 0 ? framing::until(delimiters[pick(6)], max)
                                     : framing::prefixed(max * 10, prefixes[pick(4)]);
    ASSERT_EQ(split(pieces, f), reference(text, f)) << f.tried() << " max " << max;
  }
}

}  // namespace
}  // namespace bight
