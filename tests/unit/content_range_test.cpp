// SPDX-License-Identifier: MIT
#include "cli/resume.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

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

TEST(content_range, that_is_malformed_is_ignored) {
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

TEST(content_range, that_is_missing_or_there_twice_is_ignored) {
  bight::http::response_head h;
  EXPECT_FALSE(content_range::of(h));
  h.fields.push_back({"Content-Range", "bytes 0-4/5"});
  EXPECT_TRUE(content_range::of(h));
  h.fields.push_back({"content-range", "bytes 0-4/5"});
  EXPECT_FALSE(content_range::of(h));
}

TEST(contribution, of_a_206_without_its_range_is_useless) {
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

namespace {

// A response with these fields, to a request that goes on after 5 bytes of `from`.
contribution judged(int status, std::vector<bight::http::field> fields, const resume_point* from,
                    std::optional<std::uint64_t> length = {}) {
  bight::http::response_head h;
  h.status = status;
  h.fields = std::move(fields);
  wanted w;
  w.from = from;
  w.had = 5;
  return judge(h, length, w);
}

}  // namespace

TEST(contribution, that_is_useless_has_its_reason) {
  const resume_point sized{"http://h/", "\"v\"", "", 10};
  const resume_point unsized{"http://h/", "\"v\"", "", {}};
  const resume_point dated{"http://h/", "Sun, 06 Nov 1994 08:49:37 GMT", "", 10};
  const bight::http::field tag{"ETag", "\"v\""};
  const bight::http::field range{"Content-Range", "bytes 5-9/10"};
  struct {
    int status;
    std::vector<bight::http::field> fields;
    const resume_point* from;
    const char* reason;
    std::optional<std::uint64_t> length = {};
  } const cases[] = {
      {206, {tag, range}, &sized, ""},
      {206, {tag, range}, &sized, "", 5},
      {206, {tag, {"Content-Range", "bytes 5-9/*"}}, &sized, ""},
      {206, {tag, range}, &unsized, ""},
      {206, {{"Last-Modified", dated.validator}, range}, &dated, ""},
      {206, {{"Content-Range", "bytes 0-9/10"}}, nullptr, ""},
      {200, {}, &sized, ""},
      {416, {}, nullptr, ""},
      {204, {}, nullptr, ""},
      {206, {tag}, &sized, "the server sent part of the file without saying which"},
      {206,
       {tag, range, {"Content-Type", "Multipart/Byteranges; boundary=x"}},
       &sized,
       "the server sent part of the file without saying which"},
      {206, {tag, range}, &sized, "the server's Content-Range contradicts its Content-Length", 6},
      {206,
       {{"Content-Range", "bytes 5-9/10"}},
       nullptr,
       "the server sent part of the file, but the whole file was requested"},
      {206,
       {{"Content-Range", "bytes 0-9/*"}},
       nullptr,
       "the server sent part of the file, but the whole file was requested"},
      {206,
       {{"Content-Range", "bytes 0-9/10"}, {"Content-Encoding", "gzip"}},
       nullptr,
       "the server sent part of the file, but the whole file was requested"},
      {206,
       {tag, {"Content-Range", "bytes 4-9/10"}},
       &sized,
       "the server sent a different part than requested"},
      {206, {range}, &sized, "the server did not confirm that the file is unchanged"},
      {206, {tag, tag, range}, &sized, "the server did not confirm that the file is unchanged"},
      {206, {tag, range}, &dated, "the server did not confirm that the file is unchanged"},
      {206,
       {tag, {"Last-Modified", dated.validator}, range},
       &dated,
       "the server did not confirm that the file is unchanged"},
      {206,
       {tag, range, {"Content-Encoding", "gzip"}},
       &sized,
       "the server used a different Content-Encoding"},
      {206,
       {tag, {"Content-Range", "bytes 5-9/11"}},
       &sized,
       "the size of the file has changed on the server"},
      {206,
       {tag, {"Content-Range", "bytes 5-9/*"}},
       &unsized,
       "the server did not send the size of the file"},
      {304, {}, nullptr, "the server answered 304 without a body"},
      {304, {}, &sized, "the server answered 304 without a body"},
      {204, {}, &sized, "the server answered 204 without a body"},
      {205, {}, &sized, "the server answered 205 without a body"},
      {416, {}, &sized, "the server has no more data than was already downloaded"},
  };
  for (const auto& c : cases) {
    const contribution made = judged(c.status, c.fields, c.from, c.length);
    EXPECT_EQ(made.reason, c.reason);
    EXPECT_EQ(made.is == contribution::kind::useless, *c.reason != '\0') << c.reason;
  }
}

}  // namespace
}  // namespace tool
