// SPDX-License-Identifier: MIT
#include "http/decoder.hpp"

#include <bight/error.hpp>

#include <brotli/encode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <string>

namespace bight::http {
namespace {

std::string deflated(std::string_view text, int window_bits) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string encoded(std::string_view coding, std::string_view text) {
  if (coding == "gzip") return deflated(text, MAX_WBITS + 16);
  if (coding == "deflate") return deflated(text, MAX_WBITS);
  if (coding == "br") {
    std::size_t size = BrotliEncoderMaxCompressedSize(text.size()) + 16;
    std::string out(size, '\0');
    EXPECT_TRUE(BrotliEncoderCompress(9, 22, BROTLI_MODE_TEXT, text.size(),
                                      reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                                      reinterpret_cast<std::uint8_t*>(out.data())));
    out.resize(size);
    return out;
  }
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 9));
  return out;
}

// What comes out when `bytes` goes in by pieces of `size`.
std::string decode(std::string_view coding, std::string_view bytes, std::size_t size,
                   const limits& max = {}) {
  decoder d(make_codec(coding), max);
  std::string text;
  while (!bytes.empty()) {
    d.feed(lease::copy_of(bytes.substr(0, size)));
    bytes.remove_prefix(std::min(size, bytes.size()));
    while (const lease out = d.next()) text += out.view();
  }
  d.end();
  return text;
}

std::error_code failure(std::string_view coding, std::string_view bytes, std::size_t size = 4096,
                        const limits& max = {}) {
  try {
    static_cast<void>(decode(coding, bytes, size, max));
    return {};
  } catch (const error& e) {
    return e.code();
  }
}

const std::array<std::string_view, 4> codings{"gzip", "deflate", "br", "zstd"};

std::string sample(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i)
    text += std::to_string(i * i) + " lines of text\n";
  return text;
}

TEST(http_decoder, every_coding_is_decoded_at_every_piece_size) {
  const std::string text = sample(3000);
  for (const std::string_view coding : codings) {
    const std::string body = encoded(coding, text);
    for (std::size_t size = 1; size < 100; ++size)
      ASSERT_EQ(decode(coding, body, size), text) << coding << " " << size;
  }
}

TEST(http_decoder, large_bodies_are_decoded_in_pieces_of_limited_size) {
  const std::string text = sample(300'000);  // several times the 64 KiB that are decoded at once
  for (const std::string_view coding : codings) {
    const std::string body = encoded(coding, text);
    for (const std::size_t size : {1000u, 65536u, 10'000'000u})
      ASSERT_EQ(decode(coding, body, size), text) << coding;
  }
}

TEST(http_decoder, raw_deflate_is_accepted_too) {
  for (std::size_t size = 1; size < 10; ++size)
    EXPECT_EQ(decode("deflate", deflated("hello hello hello", -MAX_WBITS), size),
              "hello hello hello");
}

TEST(http_decoder, members_and_frames_may_follow_one_another) {
  EXPECT_EQ(decode("gzip", encoded("gzip", "one ") + encoded("gzip", "two"), 1), "one two");
  EXPECT_EQ(decode("zstd", encoded("zstd", "one ") + encoded("zstd", "two"), 1), "one two");
}

TEST(http_decoder, an_encoded_body_that_ends_in_the_middle_is_cut_short) {
  for (const std::string_view coding : codings) {
    const std::string whole = encoded(coding, sample(500));
    for (const std::size_t left : {std::size_t{1}, whole.size() / 2, whole.size() - 1})
      EXPECT_EQ(failure(coding, whole.substr(0, left)),
                make_error_condition(bight::errc::cut_short))
          << coding << " " << left;
    EXPECT_EQ(failure(coding, ""), std::error_code()) << coding;
  }
}

TEST(http_decoder, damaged_and_trailing_data_are_errors) {
  for (const std::string_view coding : codings) {
    std::string whole = encoded(coding, sample(5000));
    EXPECT_EQ(failure(coding, whole + "x", 1), errc::bad_encoding) << coding;
    EXPECT_EQ(failure(coding, whole + "x"), errc::bad_encoding) << coding;
    EXPECT_EQ(failure(coding, "this is no such thing at all"), errc::bad_encoding) << coding;
  }
  std::string damaged = encoded("gzip", sample(500));
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  EXPECT_TRUE(failure("gzip", damaged));
}

TEST(http_decoder, an_error_names_the_coding_and_what_is_wrong) {
  const auto message = [](std::string_view coding, std::string_view bytes) -> std::string {
    try {
      static_cast<void>(decode(coding, bytes, 1));
    } catch (const error& e) {
      return e.what();
    }
    return "no error";
  };
  using testing::EndsWith;
  using testing::HasSubstr;
  for (const std::string_view coding : codings) {
    const std::string invalid = "invalid " + std::string(coding) + " data: ";
    const std::string after = message(coding, encoded(coding, "text") + "x");
    EXPECT_THAT(after, HasSubstr(invalid));
    // A frame of zstd may follow another one, so what follows is a damaged frame.
    if (coding != "zstd") {
      EXPECT_THAT(after, HasSubstr("data after the end"));
    }
    const std::string damaged = message(coding, "this is no such thing at all");
    EXPECT_THAT(damaged, HasSubstr(invalid));
    EXPECT_THAT(damaged, testing::Not(EndsWith(": ")));
  }
}

TEST(http_decoder, h18_a_bomb_exceeds_a_limit) {
  const std::string zeros(300'000, '\0');
  limits max;
  max.decoded_free_bytes = 100'000;
  for (const std::string_view coding : codings)
    EXPECT_EQ(failure(coding, encoded(coding, zeros), 4096, max), errc::over_limit) << coding;
  const std::string bomb = encoded("gzip", zeros);
  EXPECT_FALSE(failure("gzip", bomb));  // the default allows 16 MiB at any ratio
  max.decoded_ratio.reset();
  EXPECT_FALSE(failure("gzip", bomb, 4096, max));
  max.decoded_bytes = 299'999;
  EXPECT_EQ(failure("gzip", bomb, 4096, max), errc::over_limit);
}

TEST(http_decoder, the_default_limits_stop_a_bomb_of_20_megabytes) {
  EXPECT_EQ(failure("zstd", encoded("zstd", std::string(20'000'000, '\0'))), errc::over_limit);
}

response_head head_with(std::vector<field> fields) {
  response_head h;
  h.fields = std::move(fields);
  return h;
}

// What a response with these fields and that body becomes.
std::string undone(const response_head& h, std::string_view bytes, std::size_t size,
                   const limits& max = {}) {
  const std::unique_ptr<decoder> d = make_decoder(h, max);
  if (!d) return std::string(bytes);
  std::string text;
  while (!bytes.empty()) {
    d->feed(lease::copy_of(bytes.substr(0, size)));
    bytes.remove_prefix(std::min(size, bytes.size()));
    while (const lease out = d->next()) text += out.view();
  }
  d->end();
  return text;
}

TEST(http_decoder, several_codings_are_decoded_from_the_last_one) {
  const std::string text = sample(70'000);  // more than the 64 KiB that are decoded at once
  for (const std::string_view inner : codings) {
    const std::string once = encoded(inner, text);
    for (const std::string_view outer : codings) {
      const std::string body = encoded(outer, once);
      const std::string list = std::string(inner) + " , " + std::string(outer);
      for (const std::size_t size : {std::size_t{1}, std::size_t{1000}, body.size()})
        EXPECT_EQ(undone(head_with({{"Content-Encoding", list}}), body, size), text) << list;
      EXPECT_EQ(undone(head_with({{"Content-Encoding", std::string(inner)},
                                  {"X", "y"},
                                  {"content-encoding", std::string(outer)}}),
                       body, 1000),
                text)
          << list;
    }
  }
}

TEST(http_decoder, a_bomb_in_a_bomb_exceeds_a_common_limit) {
  const std::string once = encoded("gzip", std::string(1'000'000, '\0'));
  const std::string twice = encoded("gzip", once);
  limits max;
  max.decoded_free_bytes = 100'000;
  max.decoded_ratio = 2000;
  // Neither alone passes it.
  ASSERT_LT(1'000'000 / once.size(), *max.decoded_ratio);
  ASSERT_LT(once.size() / twice.size(), *max.decoded_ratio);
  ASSERT_GT(1'000'000 / twice.size(), *max.decoded_ratio);
  const response_head both = head_with({{"Content-Encoding", "gzip, gzip"}});
  EXPECT_EQ(undone(both, twice, 4096).size(), 1'000'000u);
  EXPECT_THROW(static_cast<void>(undone(both, twice, 4096, max)), error);
}

TEST(http_decoder, a_word_that_is_not_a_coding_is_ignored) {
  for (const char* word : {"none", "utf-8", "identity", "", " , ", "aws-chunked"})
    EXPECT_EQ(make_decoder(head_with({{"Content-Encoding", word}}), limits()), nullptr) << word;
  EXPECT_EQ(undone(head_with({{"Content-Encoding", "none, gzip, utf-8"}}), encoded("gzip", "x"), 9),
            "x");
}

TEST(http_decoder, a_registered_coding_that_was_not_requested_is_refused) {
  for (const char* coding : {"compress", "x-compress", "exi", "aes128gcm", "dcb", "dcz",
                             "pack200-gzip", "Compress", "gzip;q=1", "\"br\""}) {
    try {
      static_cast<void>(make_decoder(head_with({{"Content-Encoding", coding}}), limits()));
      ADD_FAILURE() << coding;
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::bad_encoding);
      EXPECT_THAT(e.what(), testing::HasSubstr("which was not requested")) << coding;
    }
  }
}

TEST(http_decoder, a_compressed_file_stays_compressed) {
  const auto left = [](const char* coding, const char* type) {
    return make_decoder(head_with({{"Content-Encoding", coding}, {"Content-Type", type}}),
                        limits()) == nullptr;
  };
  for (const char* type : {"application/gzip", "Application/X-GZIP; x=y", "application/x-gunzip",
                           "application/x-tgz", "application/x-compressed-tar"}) {
    EXPECT_TRUE(left("gzip", type)) << type;
    EXPECT_TRUE(left("x-gzip", type)) << type;
    EXPECT_FALSE(left("br", type)) << type;
    EXPECT_FALSE(left("gzip, gzip", type)) << type;
  }
  EXPECT_TRUE(left("zstd", "application/zstd"));
  EXPECT_FALSE(left("gzip", "application/zstd"));
  EXPECT_FALSE(left("gzip", "text/html"));
  EXPECT_TRUE(has_coded_name("/a/lib.tar.gz?x=.html"));
  for (const char* name : {"a.gz", "X.TGZ", "a.svgz", "a.br", "a.zst", "a.tzst"})
    EXPECT_TRUE(has_coded_name(name)) << name;
  EXPECT_FALSE(has_coded_name("/a.gz/index.html"));
  EXPECT_FALSE(has_coded_name("/gz"));
}

TEST(http_decoder, only_requested_codings_are_decoded) {
  EXPECT_EQ(make_codec(""), nullptr);
  EXPECT_EQ(make_codec("Identity"), nullptr);
  EXPECT_NE(make_codec(" GZIP "), nullptr);
  for (const char* coding : {"compress", "gzip, gzip", "aws-chunked", "x"})
    EXPECT_THROW(static_cast<void>(make_codec(coding)), error) << coding;
}

}  // namespace
}  // namespace bight::http
