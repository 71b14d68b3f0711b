// SPDX-License-Identifier: MIT
#include "cli/resume.hpp"

#include <gtest/gtest.h>

namespace tool {
namespace {

std::optional<content_range> range_of(const char* text) {
  bight::http::response_head h;
  h.fields.push_back({"Content-Range", text});
  return content_range::of(h);
}

TEST(content_range, of_rfc_9110_is_read) {
  const auto known = range_of("bytes 500-998/999");
  ASSERT_TRUE(known);
  EXPECT_EQ(known->first, 500u);
  EXPECT_EQ(known->size, 499u);
  EXPECT_EQ(known->total, 999u);
  const auto unknown = range_of("BYTES 0-0/*");
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->first, 0u);
  EXPECT_EQ(unknown->size, 1u);
  EXPECT_FALSE(unknown->total);
  EXPECT_TRUE(range_of("bytes 0-18446744073709551613/18446744073709551614"));
}

TEST(content_range, that_is_malformed_is_none) {
  for (const char* text : {"",
                           "bytes",
                           "bytes ",
                           "bytes=0-4/5",
                           "bytes:0-4/5",
                           "byte 0-4/5",
                           "chars 0-4/5",
                           "0-4/5",
                           "bytes 0-4",
                           "bytes 0-4/",
                           "bytes -4/5",
                           "bytes 0-/5",
                           "bytes 4-0/5",
                           "bytes 0-5/5",
                           "bytes 0-4/4",
                           "bytes 0-4/5x",
                           "bytes 0-4/**",
                           "bytes 0-4/* ",
                           "bytes 0 - 4/5",
                           "bytes 0-4 /5",
                           "bytes 0x0-4/5",
                           "bytes +0-4/5",
                           "bytes 0-4/-5",
                           "bytes 0_4/5",
                           "bytes 0-4:5",
                           "bytes */5",
                           "bytes 0-18446744073709551615/*",
                           "bytes 0-18446744073709551616/*",
                           "bytes 0-4/18446744073709551616",
                           "bytes 18446744073709551616-18446744073709551617/*"})
    EXPECT_FALSE(range_of(text)) << text;
}

TEST(content_range, that_is_there_twice_or_not_at_all_is_none) {
  bight::http::response_head h;
  EXPECT_FALSE(content_range::of(h));
  h.fields.push_back({"Content-Range", "bytes 0-4/5"});
  EXPECT_TRUE(content_range::of(h));
  h.fields.push_back({"content-range", "bytes 0-4/5"});
  EXPECT_FALSE(content_range::of(h));
}

TEST(contribution, of_a_206_that_does_not_say_which_part_is_useless) {
  bight::http::response_head h;
  h.status = 206;
  h.fields.push_back({"ETag", "\"v1\""});
  h.fields.push_back({"Content-Range", "bytes 5-9/10"});
  resume_point from{"http://h/", "\"v1\"", "", 10};
  wanted w;
  w.from = &from;
  w.had = 5;
  EXPECT_EQ(judge(h, 5, w).is, contribution::kind::range);
  EXPECT_EQ(judge(h, 5, w).size, 5u);
  for (const char* text : {"bytes 5-9", "bytes 5-9/9", "bytes 9-5/10", "octets 5-9/10", ""}) {
    h.fields[1].value = text;
    const contribution c = judge(h, 5, w);
    EXPECT_EQ(c.is, contribution::kind::useless) << text;
    EXPECT_EQ(c.reason, "the server sent part of the file without saying which") << text;
  }
}

}  // namespace
}  // namespace tool
