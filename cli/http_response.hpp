// SPDX-License-Identifier: MIT
#pragma once

/// The grammar of an HTTP/1.x response, at any split of its bytes. Boost.Beast's parser does the
/// work; no byte is read here.

#include "http_request.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// Limits of what a server may make us hold. curl's are 300 kB for a header, Node's 16 kB.
inline constexpr std::size_t http_header_max = 65536;  ///< bytes of a header, or of a chunk's
inline constexpr std::size_t http_fields_max = 256;    ///< fields of it, trailers counted too
inline constexpr std::size_t http_interim_max = 16;    ///< 1xx responses before the real one

struct http_head {
  int status = 0;
  std::string reason;
  int version = 0;  ///< 10 or 11
  std::vector<http_field> fields;
  std::optional<std::uint64_t> length;  ///< of the body, when the server said
  bool has_body = false;                ///< by the rules of RFC 9112 §6.3

  /// The value of the first field of that name; "" when there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  /// Status line and fields, a line each.
  [[nodiscard]] std::string text() const;
};

class http_response {
 public:
  /// to_head  whether the request was HEAD, to which no body comes.
  explicit http_response(bool to_head);
  http_response(const http_response&) = delete;
  http_response& operator=(const http_response&) = delete;
  ~http_response();

  /// Takes the next bytes of the connection. After done() they are ignored.
  ///
  /// errors  failure(receive_failed) for anything that is no response or passes a limit.
  void feed(std::string_view bytes);
  /// Takes the end of the connection.
  ///
  /// errors  failure(empty_reply) when nothing had come; failure(cut_short) in the middle.
  void end();

  /// The header, once it is complete; 1xx responses are skipped.
  [[nodiscard]] const std::optional<http_head>& head() const noexcept;
  [[nodiscard]] bool done() const noexcept;
  /// The part of the body that the last feed() brought, chunk framing taken off.
  [[nodiscard]] std::string take_body() noexcept;

 private:
  class parser;

  void begin();

  bool to_head_;
  bool anything_ = false;
  std::size_t interims_ = 0;
  std::string held_;  // bytes that the parser could not yet use
  std::unique_ptr<parser> parser_;
};

}  // namespace tool
