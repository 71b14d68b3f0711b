// SPDX-License-Identifier: MIT
#pragma once

/// Parses a response, however its bytes are split. Does no I/O.

#include <bight/http.hpp>

#include "base/names.hpp"
#include "http/header_lines.hpp"
#include "http/message_body.hpp"

#include <cstdint>
#include <optional>

namespace bight::http {

/// Parses one response. Pieces of the body are returned without copying: they share the received
/// buffer. The header, the bytes of the body and the error do not depend on how the response was
/// split; the sizes of the pieces may.
class response_parser {
 public:
  /// to_head  whether the request was HEAD or CONNECT; the response then has no body.
  response_parser(const limits& max, bool to_head);

  /// Adds bytes from the connection; an empty lease is its end.
  void feed(lease bytes);

  enum class step : std::uint8_t {
    more,  ///< call feed()
    head,  ///< head() is complete; returned once
    body,  ///< body() has the next piece
    done,  ///< the response is complete
  };
  /// Continues until the next of these.
  ///
  /// errors  malformed, over_limit; empty_reply and cut_short at the end.
  [[nodiscard]] step next();

  [[nodiscard]] const response_head& head() const noexcept { return head_; }
  [[nodiscard]] lease body() noexcept { return body_.piece(); }
  /// The number of body bytes so far.
  [[nodiscard]] std::uint64_t received() const noexcept { return body_.received(); }
  /// The length of the body if the header has it; 0 if there is no body.
  [[nodiscard]] const std::optional<std::uint64_t>& length() const noexcept { return length_; }

  /// Whether any byte has been received.
  [[nodiscard]] bool has_received() const noexcept { return has_received_; }
  /// Once done: whether the connection can be used for another request. False if bytes follow the
  /// response.
  [[nodiscard]] bool keeps_connection() const noexcept;
  /// Whether all received bytes have been used.
  [[nodiscard]] bool used_all() const noexcept { return !current_; }

 private:
  [[nodiscard]] bool read_header();
  void check_first_line() const;
  [[noreturn]] void throw_body_over_limit() const;
  [[noreturn]] void fail_at_end() const;

  const limits max_;
  const bool to_head_;
  bool has_received_ = false;
  bool ended_ = false;
  bool keep_alive_ = false;
  bool head_came_ = false;
  bool done_ = false;
  std::size_t interims_ = 0;
  header_lines lines_;
  response_head head_;
  std::optional<std::uint64_t> length_;
  message_body body_;
  lease current_;  // received and not used yet
};

}  // namespace bight::http
