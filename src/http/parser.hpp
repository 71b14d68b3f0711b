// SPDX-License-Identifier: MIT
#pragma once

/// A response, at any cut of its bytes. No byte is read here.

#include <bight/http.hpp>

#include "base/names.hpp"
#include "http/chunks.hpp"
#include "http/header_lines.hpp"

#include <cstdint>
#include <optional>

namespace bight::http {

/// Takes one response apart. A body that lies in the lease that it came in is handed out without a
/// copy. What is handed out, and whether there is an error, does not depend on how the bytes were
/// cut; the pieces of the body may.
class response_parser {
 public:
  /// to_head  whether the request was HEAD (or CONNECT), to which no body comes.
  response_parser(const limits& max, bool to_head);

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

  [[nodiscard]] const response_head& head() const noexcept { return head_; }
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
  [[nodiscard]] bool has_no_more() const noexcept { return !current_; }

 private:
  enum class part : std::uint8_t { header, length, chunks, until_end, nothing };

  [[nodiscard]] bool read_header();
  [[nodiscard]] bool take_body(std::uint64_t at_most);
  void check_first_line() const;
  [[noreturn]] void throw_body_over_limit() const;
  [[noreturn]] void fail_at_end() const;

  const limits max_;
  const bool to_head_;
  bool got_some_ = false;
  bool ended_ = false;
  bool keep_ = false;
  part next_ = part::header;
  std::size_t interims_ = 0;
  header_lines lines_;
  response_head head_;
  std::optional<chunk_reader> chunks_;
  std::optional<std::uint64_t> length_;
  std::uint64_t received_ = 0;
  lease current_;  // what has come and is not used
  lease body_;
};

}  // namespace bight::http
