// SPDX-License-Identifier: MIT
// The bytes of a capture. The expected ones are computed by another program.
#include "sim/capture.hpp"

#include <bight/error.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bight::sim {
namespace {

using namespace std::chrono_literals;

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

class file {
 public:
  file() : path_(testing::TempDir() + "bight_capture.pcap") {}
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  ~file() { std::remove(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string contents() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::string path_;
};

// From the machine's own order.
std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

TEST(capture, has_each_packet_with_its_headers) {
  constexpr packet_end a{4, 1000, {10, 0, 0, 1}};
  constexpr packet_end b{4, 80, {10, 0, 0, 2}};
  packet_end c{6, 53, {0xfd}};
  packet_end d{6, 54, {0xfd}};
  c.ip[15] = 1;
  d.ip[15] = 2;
  constexpr std::byte abc[] = {std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
  constexpr std::byte hello[] = {std::byte{'h'}, std::byte{'e'}, std::byte{'l'}, std::byte{'l'},
                                 std::byte{'o'}};
  struct {
    happening what;
    packet_end from, to;
    std::uint64_t sequence, acknowledged;
    std::span<const std::byte> bytes;
    const char* packet;
  } const events[] = {
      {happening::syn,
       a,
       b,
       0,
       0,
       {},
       "4500002800014000400626cd0a0000010a00000203e8005000000000000000005002ffff97a80000"},
      {happening::syn_ack,
       b,
       a,
       0,
       0,
       {},
       "4500002800024000400626cc0a0000020a000001005003e800000000000000015012ffff97970000"},
      {happening::data, a, b, 5, 7, abc,
       "4500002b00034000400626c80a0000010a00000203e8005000000006000000085018ffffd31e0000616263"},
      {happening::fin,
       a,
       b,
       5,
       7,
       {},
       "4500002800044000400626ca0a0000010a00000203e8005000000006000000085011ffff978b0000"},
      {happening::reset,
       a,
       b,
       5,
       7,
       {},
       "4500002800054000400626c90a0000010a00000203e8005000000006000000085014ffff97880000"},
      {happening::datagram, c, d, 0, 0, hello,
       "60000000000d1140fd000000000000000000000000000001fd000000000000000000000000000002"
       "00350036000dc19268656c6c6f"},
      {happening::lost, a, b, 0, 0, {}, ""},
      {happening::no_port, a, b, 0, 0, {}, ""},
      {happening::local, {}, {}, 0, 0, abc, ""},
      {happening::data, {}, {}, 0, 0, abc, ""},
  };
  const file written;
  capture to(written.path());
  std::string all = written.contents();
  ASSERT_EQ(all.size(), 24u);
  EXPECT_EQ(number_at(all, 0), 0xA1B23C4Du);
  EXPECT_EQ(number_at(all, 16), 65535u);
  EXPECT_EQ(number_at(all, 20), 101u);
  trace_event e;
  for (const auto& one : events) {
    ++e.number;
    e.at = 2s + std::chrono::nanoseconds(e.number);
    e.what = one.what;
    e.from = one.from;
    e.to = one.to;
    e.sequence = one.sequence;
    e.acknowledged = one.acknowledged;
    e.bytes = one.bytes;
    to.write(e);
    const std::string before = std::exchange(all, written.contents());
    const std::string record = all.substr(before.size());
    if (*one.packet == '\0') {
      EXPECT_EQ(record, "") << e.number;
      continue;
    }
    ASSERT_GT(record.size(), 16u);
    EXPECT_EQ(number_at(record, 0), 2u);
    EXPECT_EQ(number_at(record, 4), e.number);
    EXPECT_EQ(number_at(record, 8), record.size() - 16);
    EXPECT_EQ(number_at(record, 12), record.size() - 16);
    EXPECT_EQ(hexadecimal(record.substr(16)), one.packet);
  }
}

TEST(capture, that_cannot_be_written_is_named) {
  try {
    const capture nowhere("/nonexistent/file");
    ADD_FAILURE() << "it was written";
  } catch (const error& e) {
    EXPECT_TRUE(e.is(errc::denied));
    EXPECT_EQ(e.tried(), "write /nonexistent/file");
  }
}

TEST(capture, cuts_a_packet_at_the_most_that_one_holds) {
  const std::vector<std::byte> much(70'000);
  trace_event e;
  e.what = happening::data;
  e.from = {4, 1, {10, 0, 0, 1}};
  e.to = {4, 2, {10, 0, 0, 2}};
  e.bytes = much;
  const file written;
  capture to(written.path());
  to.write(e);
  EXPECT_EQ(number_at(written.contents(), 24 + 8), 65535u);
}

}  // namespace
}  // namespace bight::sim
