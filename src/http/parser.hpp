// SPDX-License-Identifier: MIT
#pragma once

/// The grammar of a response, at any split of its bytes. Boost.Beast's parser does the work; no
/// byte is read here.

#include <bight/http.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace bight::http {

/// Takes one response apart. A body that lies in the lease that it came in is handed out without a
/// copy. What is handed out, and whether there is an error, does not depend on how the bytes were
/// cut; the pieces of the body may.
class response_parser {
 public:
  /// to_head  whether the request was HEAD (or CONNECT), to which no body comes.
  response_parser(const limits& max, bool to_head);
  response_parser(const response_parser&) = delete;
  response_parser& operator=(const response_parser&) = delete;
  ~response_parser();

  /// Takes the next bytes of the connection, or its end: an empty lease.
  void feed(lease bytes);

  enum class step : std::uint8_t {
    more,  ///< feed it
    head,  ///< head() is complete; said once
    body,  ///< body() has the next piece
    done,  ///< the response is complete
  };
  /// Goes on as far as the next of these.
  ///
  /// errors  malformed, over_limit; empty_reply and cut_short at the end.
  [[nodiscard]] step next();

  [[nodiscard]] const response_head& head() const noexcept;
  [[nodiscard]] lease body() noexcept { return std::move(body_); }
  /// Bytes of the body so far.
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  /// The length of the body, when the server said; 0 when there is none.
  [[nodiscard]] const std::optional<std::uint64_t>& length() const noexcept { return length_; }

  /// Whether any byte has come.
  [[nodiscard]] bool got_some() const noexcept { return got_some_; }
  /// After done: whether the connection may serve another request. Not when more bytes had come
  /// than the response has.
  [[nodiscard]] bool keeps_connection() const noexcept;
  /// Whether all that came has been used.
  [[nodiscard]] bool has_no_more() const noexcept { return held_.empty() && !current_; }

 private:
  class grammar;

  [[nodiscard]] step parse(std::string_view bytes);
  [[nodiscard]] step end();
  void begin();
  void consume(std::size_t count);
  void count_line(std::size_t bytes, bool whole);

  const limits max_;
  const bool to_head_;
  bool got_some_ = false;
  bool ended_ = false;
  bool told_head_ = false;
  std::size_t interims_ = 0;
  std::size_t header_bytes_ = 0;
  std::uint64_t received_ = 0;
  std::optional<std::uint64_t> length_;
  // What has come and is not parsed: in current_; or in held_, once a line of it has begun in one
  // lease and goes on in the next.
  lease current_;
  std::string held_;
  lease body_;
  std::unique_ptr<grammar> grammar_;
};

}  // namespace bight::http
