// SPDX-License-Identifier: MIT
#include "http/request_parser.hpp"

#include <bight/error.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bight::http {
namespace {

// What a parser made of one request.
struct request_seen {
  std::string text;  // the header, normalised
  std::string body;
  std::string rest;
  bool done = false;
  bool keeps = false;
  std::error_code failed;
  std::string message;
};

std::string text_of(const request_header& h) {
  std::string text = fmt::format("{} {} {}\n", h.method, h.target, h.version);
  for (const field_view& f : h.fields) text += fmt::format("{}: {}\n", f.name, f.value);
  return text;
}

// Feeds `bytes` in pieces of `size`, then the end of the connection.
request_seen parse_request_in_pieces(std::string_view bytes, std::size_t size,
                                     const server_limits& most) {
  request_seen seen;
  request_parser parser(most);
  try {
    for (;;) {
      const auto step = parser.next();
      if (step == request_parser::step::head) {
        seen.text = text_of(parser.header());
        seen.keeps = parser.header().keep_alive;
      } else if (step == request_parser::step::body) {
        seen.body += parser.body().view();
      } else if (step == request_parser::step::done) {
        seen.done = true;
        seen.rest = parser.rest().str() + std::string(bytes);
        return seen;
      } else {
        parser.feed(bytes.empty() ? lease() : lease::copy_of(bytes.substr(0, size)));
        bytes.remove_prefix(std::min(size, bytes.size()));
      }
    }
  } catch (const error& e) {
    seen.failed = e.code();
    seen.message = e.what();
    return seen;
  }
}

request_seen parse_request_all_ways(const std::string& bytes, const server_limits& most = {}) {
  request_seen whole = parse_request_in_pieces(bytes, bytes.size() + 1, most);
  for (std::size_t size = 1; size <= bytes.size() && size < 2000; size += size < 80 ? 1 : 97) {
    const request_seen p = parse_request_in_pieces(bytes, size, most);
    EXPECT_EQ(p.failed, whole.failed)
        << bytes.substr(0, 200) << " in pieces of " << size << ": " << p.message << whole.message;
    EXPECT_EQ(p.done, whole.done) << size;
    if (!whole.failed) {
      EXPECT_EQ(p.text, whole.text) << size;
      EXPECT_EQ(p.body, whole.body) << size;
      EXPECT_EQ(p.rest, whole.rest) << size;
    }
    if (testing::Test::HasFailure()) break;
  }
  return whole;
}

const std::string host_line = "Host: x\r\n";
const std::string post_line = "POST / HTTP/1.1\r\nHost: x\r\n";

TEST(http_request_parser, a_request_ends_where_its_framing_says) {
  const std::string next = "GET /next HTTP/1.1\r\n";
  for (const auto& [request, body] : {
           std::pair{"GET /a HTTP/1.1\r\n" + host_line + "\r\n", std::string()},
           {post_line + "Content-Length: 5\r\n\r\nhello", "hello"},
           {post_line + "Content-Length: 0\r\n\r\n", ""},
           {post_line + "Content-Length: 005\r\n\r\nhello", "hello"},
           {post_line +
                "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=\"b\"\r\nlo\r\n0\r\n\r\n",
            "hello"},
           {post_line + "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\nT: v\r\nU: w\r\n\r\n",
            "hello"},
           {post_line + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
       }) {
    const request_seen seen = parse_request_all_ways(request + next);
    EXPECT_TRUE(seen.done) << request << seen.message;
    EXPECT_EQ(seen.body, body) << request;
    EXPECT_EQ(seen.rest, next) << request;
  }
}

TEST(http_request_parser, a_line_of_the_header_may_end_with_lf_and_empty_lines_come_before) {
  const request_seen seen =
      parse_request_all_ways("\r\n\n\r\nGET /a?b HTTP/1.1\nHost: x\nA:  b c \t\r\n\n");
  EXPECT_EQ(seen.text, "GET /a?b 11\nHost: x\nA: b c\n");
  EXPECT_TRUE(seen.done);
}

TEST(http_request_parser, a_target_may_hold_what_should_be_encoded) {
  EXPECT_EQ(parse_request_all_ways("GET /a[\"\xC3\xBC|^ HTTP/1.0\r\n\r\n").text,
            "GET /a%5B%22%C3%BC%7C%5E 10\n");
  EXPECT_EQ(parse_request_all_ways("GET http://x/a HTTP/1.1\r\nHost: y\r\n\r\n").text,
            "GET http://x/a 11\nHost: y\n");
  EXPECT_EQ(parse_request_all_ways("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n").text,
            "OPTIONS * 11\nHost: \n");
}

TEST(http_request_parser, the_client_says_whether_the_connection_is_kept) {
  EXPECT_TRUE(parse_request_all_ways("GET / HTTP/1.1\r\n" + host_line + "\r\n").keeps);
  EXPECT_FALSE(
      parse_request_all_ways("GET / HTTP/1.1\r\n" + host_line + "Connection: a, close\r\n\r\n")
          .keeps);
  EXPECT_FALSE(parse_request_all_ways("GET / HTTP/1.0\r\n\r\n").keeps);
  EXPECT_TRUE(parse_request_all_ways("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keeps);
}

TEST(http_request_parser, what_programs_read_in_different_ways_is_refused) {
  const std::string coded = post_line + "Transfer-Encoding: chunked\r\n";
  for (const std::string& request : std::vector<std::string>{
           // Framing.
           coded + "Content-Length: 5\r\n\r\n0\r\n\r\n",
           post_line + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
           post_line + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
           post_line + "Content-Length: 5, 5\r\n\r\nhello",
           post_line + "Content-Length: +5\r\n\r\nhello",
           post_line + "Content-Length: -1\r\n\r\n",
           post_line + "Content-Length: 0x5\r\n\r\nhello",
           post_line + "Content-Length: 99999999999999999999\r\n\r\n",
           post_line + "Content-Length:\r\n\r\n",
           coded + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           post_line + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           post_line + "Transfer-Encoding: identity\r\n\r\n",
           post_line + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
           post_line + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
           post_line + "Transfer-Encoding:\r\n\r\n",
           post_line + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
           post_line + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           // Lines.
           "GET / HTTP/1.1\r\n" + host_line + " y\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host_line + "A: b\r\n\tc\r\n\r\n",
           "GET / HTTP/1.1\r\n A: b\r\n" + host_line + "\r\n",
           "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
           std::string("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 35),
           "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
           // Hosts: RFC 9112 3.2.
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host_line + host_line + "\r\n",
           "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a@x\r\n\r\n",
           // Chunks.
           coded + "\r\n5 \r\nhello\r\n0\r\n\r\n",
           coded + "\r\n 5\r\nhello\r\n0\r\n\r\n",
           coded + "\r\n0x5\r\nhello\r\n0\r\n\r\n",
           coded + "\r\n5\nhello\r\n0\r\n\r\n",
           coded + "\r\n5\r\nhello\n0\r\n\r\n",
           coded + "\r\n5\r\nhello!\r\n0\r\n\r\n",
           coded + "\r\n-5\r\nhello\r\n0\r\n\r\n",
           coded + "\r\n\r\nhello\r\n0\r\n\r\n",
           coded + "\r\n10000000000000000\r\nhello\r\n0\r\n\r\n",
           coded + "\r\n5 5\r\nhello\r\n0\r\n\r\n",
           // Request lines.
           "GET / HTTP/2.0\r\n" + host_line + "\r\n",
           "GET / HTTP/1.2\r\n" + host_line + "\r\n",
           "GET /\r\n\r\n",
           "GET  / HTTP/1.1\r\n" + host_line + "\r\n",
           "GET /a b HTTP/1.1\r\n" + host_line + "\r\n",
           "GET /\x01 HTTP/1.1\r\n" + host_line + "\r\n",
           "G(T / HTTP/1.1\r\n" + host_line + "\r\n",
           "\x16\x03\x01\r\n\r\n",
       }) {
    const request_seen seen = parse_request_all_ways(request);
    EXPECT_EQ(seen.failed, errc::malformed) << request << ": " << seen.message;
  }
}

TEST(http_request_parser, limits_are_exact) {
  server_limits most;
  most.header_bytes = 60;
  most.header_fields = 3;
  const std::string request =
      "GET / HTTP/1.1\r\n" + host_line + "A: " + std::string(28, 'b') + "\r\n\r\n";
  ASSERT_EQ(request.size(), 60u);
  EXPECT_TRUE(parse_request_all_ways(request, most).done);
  EXPECT_EQ(parse_request_all_ways("\r\n" + request, most).failed, errc::over_limit);
  EXPECT_EQ(
      parse_request_all_ways("GET / HTTP/1.1\r\n" + host_line + "A:\r\nB:\r\nC:\r\n\r\n", most)
          .failed,
      errc::over_limit);
  most.chunk_line_bytes = 20;
  EXPECT_EQ(
      parse_request_all_ways(
          post_line + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(20, 'x') + "\r\n", most)
          .failed,
      errc::over_limit);
}

TEST(http_request_parser, extensions_may_not_be_much_longer_than_the_data) {
  const auto chunks = [](std::size_t count, std::size_t extension, std::size_t data) {
    std::string all = post_line + "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t i = 0; i < count; ++i)
      all += fmt::format("{:x};{}\r\n{}\r\n", data, std::string(extension, 'x'),
                         std::string(data, 'y'));
    return all + "0\r\n\r\n";
  };
  const server_limits most;
  EXPECT_TRUE(parse_request_in_pieces(chunks(10000, 1, 1), 1000, most).done);
  EXPECT_TRUE(parse_request_in_pieces(chunks(100, 100, 100), 1000, most).done);
  EXPECT_EQ(parse_request_in_pieces(chunks(100, 1000, 1), 1000, most).failed, errc::malformed);
}

TEST(http_request_parser, an_end_within_a_request_is_an_error) {
  for (const std::string& request :
       {post_line, post_line + "Content-Length: 5\r\n\r\nhell",
        post_line + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", std::string("G"),
        std::string()})
    EXPECT_EQ(parse_request_all_ways(request).failed, make_error_code(bight::errc::cut_short));
}

}  // namespace
}  // namespace bight::http
