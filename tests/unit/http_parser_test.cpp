// SPDX-License-Identifier: MIT
#include "http/parser.hpp"

#include "unit/http_wire.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bight::http {
namespace {

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";

// The parsed answer, which must be the same at every size of piece.
parsed parse_all_ways(const std::string& bytes, bool to_head = false, bool open = false,
                      const limits& max = {}) {
  const parsed whole = parse(bytes, bytes.size() + 1, to_head, open, max);
  for (std::size_t size = 1; size <= bytes.size() && size < 2000; size += size < 80 ? 1 : 97) {
    const parsed p = parse(bytes, size, to_head, open, max);
    EXPECT_EQ(static_cast<bool>(p.failed), static_cast<bool>(whole.failed))
        << bytes.substr(0, 200) << " in pieces of " << size << ": " << p.message << whole.message;
    EXPECT_EQ(p.done, whole.done) << size;
    if (!whole.failed) {
      EXPECT_EQ(p.body, whole.body) << size;
      EXPECT_EQ(p.head.text(), whole.head.text()) << size;
    }
    if (testing::Test::HasFailure()) break;
  }
  return whole;
}

void expect_body(const std::string& bytes, std::string_view body) {
  const parsed p = parse_all_ways(bytes);
  EXPECT_TRUE(p.done) << bytes << p.message;
  EXPECT_EQ(p.body, body) << bytes;
}

void expect_refused(const std::string& bytes, std::error_condition with, const limits& max = {}) {
  const parsed p = parse_all_ways(bytes, false, false, max);
  EXPECT_TRUE(p.failed) << bytes.substr(0, 200);
  EXPECT_EQ(p.failed, with) << bytes.substr(0, 200) << ": " << p.message;
}

const std::error_condition malformed = make_error_condition(bight::errc::invalid);
const std::error_condition cut_short = make_error_condition(bight::errc::cut_short);
const std::error_condition over_limit = make_error_condition(bight::errc::too_long);

TEST(http_parser, every_framing_gives_the_same_body) {
  expect_body(ok + "Content-Length: 6\r\n\r\nhello\n", "hello\n");
  expect_body(chunked + "3\r\nhel\r\n3;x=y;z=\"q\"\r\nlo\n\r\n0\r\nT: v\r\n\r\n", "hello\n");
  expect_body(chunked + "00000003\r\nhel\r\n0A\r\n0123456789\r\n0\r\n\r\n", "hel0123456789");
  expect_body(chunked + "A\r\n0123456789\r\nf\r\n0123456789abcde\r\n0\r\n\r\n",
              "01234567890123456789abcde");
  expect_body(ok + "\r\nhello\n", "hello\n");
  expect_body("HTTP/1.0 200 Fine\r\n\r\nhello\n", "hello\n");
  expect_body(ok + "Content-Length: 0\r\n\r\n", "");
  expect_body(chunked + "0\r\n\r\n", "");
  expect_body(ok + "\r\n", "");
}

TEST(http_parser, a_body_in_one_lease_is_not_copied) {
  const limits max;
  response_parser parser(max, false);
  lease all = lease::copy_of(ok + "Content-Length: 6\r\n\r\nhello\n");
  const std::byte* end = all.data() + all.size();
  parser.feed(std::move(all));
  EXPECT_EQ(parser.next(), response_parser::step::head);
  EXPECT_EQ(parser.next(), response_parser::step::body);
  const lease body = parser.body();
  EXPECT_EQ(body, "hello\n");
  EXPECT_EQ(body.data() + body.size(), end);
}

TEST(http_parser, h01_transfer_encoding_and_content_length_together_are_refused) {
  expect_refused(ok + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
                 malformed);
  expect_refused(ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 malformed);
  expect_refused(ok + "Content-Length: 3\r\nTransfer-Encoding: identity\r\n\r\nabc", malformed);
}

TEST(http_parser, h01_only_chunked_alone_is_a_transfer_encoding) {
  for (const char* value :
       {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identityx",
        "chunked, identity", "xchunked", "chunked;q=1", "\"chunked\"", ""})
    expect_refused(ok + "Transfer-Encoding: " + value + "\r\n\r\n0\r\n\r\n", malformed);
  expect_refused(ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 malformed);
  expect_refused("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", malformed);
  expect_body(ok + "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", "");
}

TEST(http_parser, h01_identity_is_not_a_transfer_encoding) {
  expect_body(ok + "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n", "0\r\n\r\n");
  expect_body(ok + "Transfer-Encoding: identity, identity\r\n\r\nabc", "abc");
  expect_body(ok + "Transfer-Encoding: identity, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "a");
}

TEST(http_parser, h02_a_content_length_that_is_not_a_number_is_refused) {
  for (const char* value : {"-1", "+1", "", "1,2", "1, 1, 2", "0x3", "3 3", "99999999999999999999",
                            "18446744073709551616", "abc", "3;", "3.0", "1e3", ",", "3,"})
    expect_refused(ok + "Content-Length: " + value + "\r\n\r\nabc", malformed);
  expect_refused(ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", malformed);
  expect_body(ok + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "abc");
  expect_body(ok + "Content-Length: 3, 3\r\n\r\nabc", "abc");
}

TEST(http_parser, h03_a_chunk_size_is_hexadecimal_digits_alone) {
  for (const char* size : {"-1", "-2", "+1", "g", "0x3", "", " ", "_3", "3_", "1 1", "\n", ";x",
                           " 3", "11111111111111111", "FFFFFFFFFFFFFFFFF", "3 x", "3\r", "3;a\rb"})
    expect_refused(chunked + size + "\r\nabc\r\n0\r\n\r\n", malformed);
  expect_refused(chunked + "3\r\nabcd\r\n0\r\n\r\n", malformed);
  expect_refused(chunked + "3\r\nabc\r0\r\n\r\n", malformed);
  expect_refused(chunked + std::string("3;\0\r\nabc\r\n0\r\n\r\n", 15), malformed);
  // Legal, and never to come: the connection ends first.
  expect_refused(chunked + "FFFFFFFFFFFFFFFF\r\nabc", cut_short);
}

TEST(http_parser, h03_blanks_may_follow_a_chunk_size) {
  expect_body(chunked + "3  \r\nabc\r\n0 \t\r\n\r\n", "abc");
  expect_body(chunked + "3 ;x=\"y z\"\r\nabc\r\n0\t;\r\n\r\n", "abc");
  expect_body(chunked + std::string(30, '0') + "3\r\nabc\r\n0\r\n\r\n", "abc");
}

TEST(http_parser, h03_a_wrong_chunk_is_refused_before_its_line_ends) {
  for (const char* begin : {"g", "\x16", "3\r\nabcd", "3\r\nabc\r\n<"})
    EXPECT_EQ(parse_all_ways(chunked + begin, false, true).failed, malformed) << begin;
}

TEST(http_parser, h03_a_huge_chunk_extension_exceeds_a_limit) {
  expect_refused(chunked + "3;" + std::string(20000, 'x') + "\r\nabc\r\n0\r\n\r\n", over_limit);
  expect_refused(chunked + "3;" + std::string(20000, 'x'), over_limit);
}

TEST(http_parser, h04_an_end_before_the_last_chunk_is_cut_short) {
  for (const char* end : {"", "5", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0",
                          "5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\nT: v\r\n"})
    expect_refused(chunked + end, cut_short);
}

TEST(http_parser, h05_a_body_shorter_than_its_length_is_cut_short) {
  expect_refused(ok + "Content-Length: 100\r\n\r\n", cut_short);
  expect_refused(ok + "Content-Length: 100\r\n\r\nhalf", cut_short);
  expect_refused(ok + "Content-Le", cut_short);
  EXPECT_EQ(parse("").failed, errc::empty_reply);
}

TEST(http_parser, h06_extra_bytes_mean_that_the_connection_is_not_kept) {
  const std::string answer = ok + "Content-Length: 6\r\n\r\nhello\n";
  EXPECT_TRUE(parse(answer, 4, false, true).keeps);
  EXPECT_FALSE(parse(answer + "x", 1000, false, true).keeps);
  EXPECT_FALSE(parse(ok + "\r\nhello").keeps);
  EXPECT_FALSE(parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 999, false, true).keeps);
  EXPECT_FALSE(
      parse(ok + "Connection: close\r\nContent-Length: 0\r\n\r\n", 999, false, true).keeps);
  EXPECT_TRUE(parse(chunked + "0\r\n\r\n", 3, false, true).keeps);
}

TEST(http_parser, h07_endless_headers_exceed_a_limit) {
  std::string many = ok;
  for (int i = 0; i < 300; ++i) many += "X: y\r\n";
  expect_refused(many + "\r\n", over_limit);
  expect_refused(many, over_limit);
  std::string large = ok;
  for (int i = 0; i < 100; ++i) large += "X: " + std::string(1000, 'y') + "\r\n";
  expect_refused(large + "\r\n", over_limit);
  expect_refused(ok + "X: " + std::string(70000, 'y'), over_limit);
  expect_refused("HTTP/1.1 200 " + std::string(70000, 'y'), over_limit);
}

TEST(http_parser, h07_an_endless_trailer_exceeds_a_limit) {
  expect_refused(chunked + "0\r\nX: " + std::string(20000, 'y'), over_limit);
  std::string many = chunked + "0\r\n";
  for (int i = 0; i < 300; ++i) many += "X: y\r\n";
  expect_refused(many + "\r\n", over_limit);
}

TEST(http_parser, h07_endless_interim_responses_exceed_a_limit) {
  std::string many;
  for (int i = 0; i < 17; ++i) many += "HTTP/1.1 100 Continue\r\n\r\n";
  expect_refused(many, over_limit);
}

TEST(http_parser, h07_a_body_over_the_limit_is_refused_in_every_framing) {
  limits max;
  max.body_bytes = 10;
  expect_refused(ok + "Content-Length: 11\r\n\r\nhello world", over_limit, max);
  expect_refused(ok + "\r\nhello world", over_limit, max);
  expect_refused(chunked + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", over_limit, max);
  EXPECT_FALSE(parse(ok + "Content-Length: 10\r\n\r\nhello worl", 3, false, false, max).failed);
}

TEST(http_parser, h07_a_response_at_a_limit_is_accepted) {
  limits max;
  max.header_fields = 3;
  max.chunk_line_bytes = 10;
  const std::string fields = "A: b\r\nTransfer-Encoding: chunked\r\n";
  const auto expect = [&max](const std::string& bytes, bool good) {
    const parsed p = parse_all_ways(bytes, false, false, max);
    EXPECT_EQ(p.done, good) << bytes << p.message;
    EXPECT_EQ(p.failed == over_limit, !good) << bytes << p.message;
  };
  expect(ok + fields + "C: d\r\n folded\r\n\r\n0\r\n\r\n", true);
  expect(ok + fields + "C: d\r\nE: f\r\n\r\n0\r\n\r\n", false);
  expect("HTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + ok + fields + "C: d\r\n\r\n0\r\n\r\n", true);
  expect(ok + fields + "\r\n1;345678\r\na\r\n0\r\n\r\n", true);
  expect(ok + fields + "\r\n1;3456789\r\na\r\n0\r\n\r\n", false);
  expect(ok + fields + "\r\n0\r\nA: bcd\r\n\r\n", true);
  expect(ok + fields + "\r\n0\r\nA: bcde\r\n\r\n", false);
  expect(ok + fields + "\r\n0\r\nA:b\r\nC:d\r\n\r\n", false);
  max.chunk_line_bytes = 100;
  expect(ok + fields + "\r\n0\r\nA:b\r\n\r\n", true);
  expect(ok + fields + "\r\n0\r\nA:b\r\nC:d\r\n\r\n", false);

  const std::string header = ok + "Content-Length: 3\r\n\r\n";
  for (const std::size_t size : {header.size(), header.size() - 1}) {
    max.header_bytes = size;
    expect(header + "abc", size == header.size());
    expect("HTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + header + "abc", size == header.size());
  }
  max = {};
  for (const std::uint64_t size : {3u, 2u}) {
    max.body_bytes = size;
    expect(header + "abc", size == 3);
    expect(ok + "\r\nabc", size == 3);
    expect(chunked + "3\r\nabc\r\n0\r\n\r\n", size == 3);
  }
  max = {};
  max.interim_responses = 2;
  const std::string interim = "HTTP/1.1 103 Hints\r\n\r\n";
  expect(interim + interim + header + "abc", true);
  expect(interim + interim + interim + header + "abc", false);
}

TEST(http_parser, h08_a_line_of_a_trailer_is_a_field) {
  expect_refused(chunked + "0\r\nno colon\r\n\r\n", malformed);
  expect_refused(chunked + "0\r\nA: b\rc\r\n\r\n", malformed);
  expect_body(chunked + "1\r\na\r\n0\r\nA: b\r\n folded\r\n\tagain\r\nC: d\r\n\r\n", "a");
  expect_refused(chunked + "0\r\n folded\r\n\r\n", malformed);
}

TEST(http_parser, h08_malformed_fields_are_refused) {
  for (const std::string bad : {"X : y", ": y", "X\0Y: z", "X: a\rb", "noname", "X: a\r\r\nY: b",
                                "\tX: y", " X: y", "X(: y", "X: a\x7F", "X: \x01", "X: a\r"})
    expect_refused(ok + bad + "\r\n\r\n", malformed);
  expect_refused(ok + std::string("X: a\0b", 6) + "\r\n\r\n", malformed);
  expect_refused("HTTP/1.1 200 a\x1b[31m\r\n\r\n", malformed);
}

void expect_field(const std::string& header, std::string_view name, std::string_view value) {
  const parsed p = parse_all_ways(header, true, true);
  EXPECT_TRUE(p.done) << header << p.message;
  EXPECT_EQ(p.head.get(name), value) << header;
}

TEST(http_parser, h08_a_line_may_end_with_lf_alone) {
  expect_body("HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", "abc");
  expect_body("HTTP/1.1 200 OK\r\nContent-Length: 3\n\r\nabc", "abc");
  expect_body("HTTP/1.1 200 OK\nContent-Length: 3\r\n\nabc", "abc");
  expect_body("HTTP/1.1 200 OK\n\n\nabc", "\nabc");
  expect_body("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n2;x\r\nde\r\n0\nT: v\n\n",
              "abcde");
  expect_field("HTTP/1.1 200 OK\nX: a\nY: b\n\n", "Y", "b");
  EXPECT_TRUE(parse("HTTP/1.1 200 OK\nContent-Length: 0\n\n", 1, false, true).keeps);
}

TEST(http_parser, h08_folded_lines_are_joined_by_a_blank) {
  expect_field(ok + "X: a\r\n b\r\n\r\n", "X", "a b");
  expect_field(ok + "X: a\r\n\t  b  \r\n c\r\nY: c\r\n\r\n", "X", "a b c");
  expect_field(ok + "X:\r\n a\r\n \r\nY: c\r\n\r\n", "X", "a");
  expect_field(ok + "X: a\n b\n\n", "X", "a b");
  expect_body(ok + "Content-Length:\r\n 3\r\n\r\nabc", "abc");
  expect_refused(ok + "Content-Length: 3\r\n 3\r\n\r\nabc", malformed);
  expect_refused(ok + "Transfer-Encoding: chunked\r\n x\r\n\r\n0\r\n\r\n", malformed);
  expect_refused("HTTP/1.1 200\r\n OK\r\n\r\n", malformed);
}

TEST(http_parser, h08_empty_lines_before_a_response_are_skipped) {
  expect_body("\r\n\nHTTP/1.1 200 OK\r\n\r\nabc", "abc");
  expect_body("HTTP/1.1 100 Continue\r\n\r\n\r\n" + ok + "\r\nabc", "abc");
  expect_refused(" \r\n" + ok + "\r\n", malformed);
}

TEST(http_parser, an_error_says_what_is_wrong) {
  limits max;
  max.header_fields = 1;
  max.header_bytes = 70;
  max.body_bytes = 5;
  max.interim_responses = 0;
  const std::string length = "Content-Length: ";
  const std::string coding = "Transfer-Encoding: ";
  const std::pair<std::string, std::string_view> cases[] = {
      {"SSH-2.0\r\n", "it does not begin with HTTP/1.0 or HTTP/1.1"},
      {"\x15\x03\x03", "the server sent TLS"},
      {"HTTP/1.2 200 OK\r\n\r\n", "it does not begin with HTTP/1.0 or HTTP/1.1"},
      {ok + length + "x\r\n\r\n", "its Content-Length is not a number"},
      {ok + coding + "gzip\r\n\r\n", "unsupported Transfer-Encoding"},
      {ok + " a: b\r\n\r\n", "a line before the first field begins with whitespace"},
      {ok + "a: b\r\nc: d\r\n\r\n", "more than 1 fields"},
      {ok + "a: " + std::string(70, 'x'), "the header is larger than 70 bytes"},
      {ok + length + "6\r\n\r\n", "the body is larger than 5 bytes"},
      {ok + "\r\n123456", "the body is larger than 5 bytes"},
      {"HTTP/1.1 103 X\r\n\r\n", "more than 0 interim responses"},
      {"HTTP/1.1 101 X\r\n\r\n", "unexpected 101 Switching Protocols"},
      {chunked + "x", "a chunk does not begin with its size in hexadecimal"},
      {chunked + "1 x\r\n", "the size of a chunk is not a hexadecimal number below 2^64"},
      {chunked + "1\r\nabc", "a chunk is longer than its size"},
      {chunked + "0\r\nx\r\n", "a line of the trailer is not a field"},
      {chunked + "0\r\na: b\r\nc: d\r\n", "more than 1 fields"},
      {chunked + "0;\rx\r\n", "a chunk header or trailer contains a CR or NUL"},
      {"HTTP/1.1 200", "the connection ended within the header"},
      {ok + length + "2\r\n\r\na", "the connection ended within the body"},
      {"", "the server closed the connection without sending data"}};
  for (const auto& [bytes, text] : cases)
    EXPECT_NE(parse(bytes, 3, false, false, max).message.find(text), std::string::npos)
        << bytes << ": " << parse(bytes, 3, false, false, max).message;
}

TEST(http_parser, h12_some_answers_have_no_body) {
  expect_body("HTTP/1.1 204 No Content\r\n\r\n", "");
  expect_body("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "");
  expect_body("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok +
                  "Content-Length: 2\r\n\r\nhi",
              "hi");
  const parsed p = parse_all_ways(ok + "Content-Length: 9\r\n\r\n", true, true);
  EXPECT_TRUE(p.done);
  EXPECT_TRUE(p.keeps);
  expect_refused("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", malformed);
}

TEST(http_parser, h13_what_is_not_http_1_is_refused) {
  for (const char* line :
       {"<html>hi</html>", "HTTP/0.9 200 OK", "HTTP/2.0 200 OK", "HTTP/1.2 200 OK",
        "HTTP/1.10 200 OK", "HTTP/01.1 200 OK", "HTTP/1 200 OK", "http/1.1 200 OK",
        "PRI * HTTP/2.0", "SSH-2.0-OpenSSH", "HTTP/1.1\t200 OK", "ICY 200 OK"})
    expect_refused(std::string(line) + "\r\n\r\n", malformed);
}

TEST(http_parser, h13_another_protocol_is_recognised_by_its_first_bytes) {
  for (const char* begin : {"S", "SSH-2.0", "\x15\x03", "<html>", "HTTP/2", "220 ftp"})
    EXPECT_EQ(parse_all_ways(begin, false, true).failed, malformed) << begin;
  EXPECT_FALSE(parse("HTTP/1", 1, false, true).failed);
}

TEST(http_parser, h14_a_status_has_three_digits_from_100) {
  for (const char* status :
       {"0", "99", "099", "20", "1000", "abc", "2x0", "-20", "+200", "", "20 "})
    expect_refused(std::string("HTTP/1.1 ") + status + " X\r\n\r\n", malformed);
  for (const int status : {200, 599, 600, 999})
    EXPECT_EQ(parse(fmt::format("HTTP/1.1 {} X\r\n\r\n", status)).head.status, status);
}

TEST(http_parser, h14_a_reason_may_be_missing) {
  for (const char* line : {"HTTP/1.1 404", "HTTP/1.1 404 ", "HTTP/1.0 404"}) {
    const parsed p = parse_all_ways(std::string(line) + "\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(p.head.status, 404) << line << p.message;
    EXPECT_EQ(p.head.reason, "");
  }
}

TEST(http_parser, h22_a_header_in_two_pieces_is_the_same_wherever_it_is_split) {
  const std::string answer = "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + chunked +
                             "3;a\r\nhel\r\n2\r\nlo\r\n0\r\nT: v\r\n\r\n";
  for (std::size_t at = 1; at < answer.size(); ++at) {
    const limits max;
    response_parser parser(max, false);
    std::string body;
    std::string_view rest = answer;
    for (;;) {
      const auto step = parser.next();
      if (step == response_parser::step::done) break;
      if (step == response_parser::step::body) body += parser.body().view();
      if (step != response_parser::step::more) continue;
      const std::size_t n = rest.size() == answer.size() ? at : rest.size();
      parser.feed(lease::copy_of(rest.substr(0, n)));
      rest.remove_prefix(n);
    }
    EXPECT_EQ(body, "hello") << at;
    EXPECT_TRUE(parser.keeps_connection()) << at;
  }
}

TEST(http_parser, h23_an_end_after_an_interim_response_is_cut_short) {
  expect_refused("HTTP/1.1 100 Continue\r\n\r\n", cut_short);
}

TEST(http_parser, the_trailer_adds_nothing_to_the_header) {
  const parsed p = parse(chunked + "0\r\nX-Late: v\r\n\r\n");
  EXPECT_TRUE(p.done);
  EXPECT_EQ(p.head.get("X-Late"), "");
}

}  // namespace
}  // namespace bight::http
