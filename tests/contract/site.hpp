// SPDX-License-Identifier: MIT
#pragma once

/// A scripted web server in the test's own loop.

#include "contract/contract.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace contract {

class site {
 public:
  /// Answers one request; false ends the connection.
  using answerer = task<bool> (*)(site&, stream& peer, std::string request);

  explicit site(answerer a) : answer_(a) {}

  /// Runs `test` beside the server, which ends with it.
  [[nodiscard]] task<> serve(task<> test);
  /// Listens; to be awaited before url() is asked.
  [[nodiscard]] task<> open();

  [[nodiscard]] address at() const { return listener_.local(); }
  [[nodiscard]] std::string url(std::string_view path = "/") const {
    return "http://" + at().str() + std::string(path);
  }

  std::vector<std::string> requests;  ///< each with its empty line
  std::size_t connections = 0;
  event release;  ///< for scripts that wait until the test says so

 private:
  task<> accept_all(scope& sessions);
  task<> session(stream peer);

  answerer answer_;
  tcp::listener listener_;
};

/// The path of a request: "/x" of "GET /x HTTP/1.1".
[[nodiscard]] std::string path_of(std::string_view request);
/// The value of a field of a request, or "".
[[nodiscard]] std::string field_of(std::string_view request, std::string_view name);
/// A whole response with a Content-Length.
[[nodiscard]] std::string page(std::string_view body, std::string_view fields = {});

/// One page, as a result.
[[nodiscard]] task<result<std::string>> fetched(http::request what,
                                                http::options how = http::options());

/// A test with a server `s` beside it, that answers by `answer`.
#define BIGHT_SITE_TEST(suite, name, answer)          \
  static task<> suite##_##name##_body(site& s);       \
  BIGHT_TEST(suite, name) {                           \
    site s(answer);                                   \
    co_await s.open();                                \
    auto serving = s.serve(suite##_##name##_body(s)); \
    co_await std::move(serving);                      \
  }                                                   \
  static task<> suite##_##name##_body([[maybe_unused]] site& s)

}  // namespace contract
