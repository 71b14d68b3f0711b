// SPDX-License-Identifier: MIT
#pragma once

/// A server of HTTP in the test's own loop, asked with raw bytes.

#include <bight/http_server.hpp>

#include "contract/contract.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace contract {

/// One answer, taken apart.
struct answer {
  int status = 0;
  std::string head;  ///< with its empty line
  std::string body;  ///< without its coding

  /// The value of a field; "" if there is none.
  [[nodiscard]] std::string field(std::string_view name) const;
};

/// Takes answers apart, none of which has no body in spite of its header. A part that is no answer
/// fails the test.
[[nodiscard]] std::vector<answer> all_of(std::string_view bytes);
[[nodiscard]] answer first_of(std::string_view bytes);
/// Their bodies, each with a "|" behind it.
[[nodiscard]] std::string bodies_of(const std::vector<answer>& answers);

/// An entry of the access log, kept.
struct logged {
  std::string peer;
  std::string request;  ///< "GET /a"
  int status = 0;
  bool complete = false;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  duration took{};
  http::refusal refused = http::refusal::none;
  std::string reason;
};

struct web {
  served of;
  http::serve_options how;
  http::handler handle;
  std::vector<logged> log;
  event first;   ///< for handlers that tell the test something
  event second;  ///< for handlers that wait for the test
  std::string scheme = "http";

  [[nodiscard]] address at() const { return of.at.front(); }
  [[nodiscard]] std::string url(std::string_view path = "/") const {
    return scheme + "://" + at().str() + std::string(path);
  }
  /// Sends `bytes` on a new connection, then the end, and receives up to the server's.
  [[nodiscard]] task<std::string> ask(std::string bytes) const;
  [[nodiscard]] task<std::string> ask_in_pieces(std::string bytes, std::size_t size) const;
  /// Runs the server and `client` beside it.
  [[nodiscard]] task<> run(task<> client);
};

/// The test's web, for handlers.
[[nodiscard]] web& current_web();

/// A test with a server `w` beside it, whose handler is `handle`. Set options in `adjust(web&)`.
#define BIGHT_WEB_TEST_WITH(suite, name, handler_, adjust) \
  static task<> suite##_##name##_body(web& w);             \
  BIGHT_TEST(suite, name) {                                \
    web w;                                                 \
    w.handle = http::handler(handler_);                    \
    adjust(w);                                             \
    auto serving = w.run(suite##_##name##_body(w));        \
    co_await std::move(serving);                           \
  }                                                        \
  static task<> suite##_##name##_body([[maybe_unused]] web& w)

inline void leave_options(web&) {}
#define BIGHT_WEB_TEST(suite, name, handler_) \
  BIGHT_WEB_TEST_WITH(suite, name, handler_, leave_options)

}  // namespace contract
