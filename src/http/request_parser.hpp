// SPDX-License-Identifier: MIT
#pragma once

/// Parses a request, however its bytes are split. Does no I/O.

#include <bight/http_server.hpp>

#include "base/names.hpp"
#include "http/grammar.hpp"
#include "http/header_lines.hpp"
#include "http/message_body.hpp"

#include <cstdint>
#include <string>

namespace bight::http {

/// Parses one request, as response_parser does a response. Bytes behind the request belong to the
/// next one: see rest(). Must not move, because the header borrows from it.
class request_parser {
 public:
  explicit request_parser(const server_limits& max);
  request_parser(const request_parser&) = delete;
  request_parser& operator=(const request_parser&) = delete;

  /// Adds bytes from the connection; an empty lease is its end.
  void feed(lease bytes);

  enum class step : std::uint8_t {
    more,  ///< call feed()
    head,  ///< header() is complete; returned once
    body,  ///< body() has the next piece
    done,  ///< the request is complete
  };
  /// Continues until the next of these.
  ///
  /// errors  malformed, over_limit; cut_short at the end.
  [[nodiscard]] step next();

  [[nodiscard]] const request_header& header() const noexcept { return header_; }
  [[nodiscard]] lease body() noexcept { return body_.piece(); }
  /// The number of body bytes so far.
  [[nodiscard]] std::uint64_t received() const noexcept { return body_.received(); }
  /// Whether the body is complete.
  [[nodiscard]] bool done() const noexcept { return done_; }

  /// Whether a byte other than those of empty lines has been received.
  [[nodiscard]] bool begun() const noexcept { return !lines_.first_bytes(1).empty() || head_came_; }
  /// Whether the client has begun with TLS (RFC 8446 §5.1).
  [[nodiscard]] bool begins_with_tls() const noexcept;
  /// Once done: the received bytes behind the request.
  [[nodiscard]] lease rest() noexcept { return std::move(current_); }

 private:
  [[nodiscard]] bool read_header();
  void check_first_byte() const;

  const server_limits& max_;
  bool ended_ = false;
  bool head_came_ = false;
  bool done_ = false;
  header_lines lines_;
  std::string text_;  // the header, which header_ borrows
  request_header header_;
  message_body body_;
  lease current_;  // received and not used yet
};

}  // namespace bight::http
