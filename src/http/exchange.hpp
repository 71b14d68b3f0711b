// SPDX-License-Identifier: MIT
#pragma once

/// The state of one request and its answer on a connection of a server.

#include <bight/http_server.hpp>

#include "base/names.hpp"
#include "http/answer.hpp"
#include "http/pace.hpp"
#include "http/request_parser.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bight::http {

/// One connection of a server. All references are borrowed.
struct server_session {
  stream& wire;
  const handler& handle;
  const serve_options& how;
  const context& here;               ///< of the session
  std::optional<address> peer = {};  ///< once somebody has asked for it

  [[nodiscard]] const address& peer_address();
};

struct exchange::state {
  /// last  whether this is the last request on the connection.
  state(server_session& of, bool last)
      : session(of),
        parser(of.how.limits),
        body_max(of.how.limits.body_bytes),
        may_keep(!last),
        speed(of.how.limits.rate_min, of.how.limits.rate_window) {}

  enum class phase : std::uint8_t { none, streaming, done };

  // ── The request ───────────────────────────────────────────────────────────────────────────────

  /// Receives until the header is complete.
  [[nodiscard]] task<> read_head();
  /// Parses what has been received, without waiting. True if `pending` has bytes or the body has
  /// ended, false if more must be received.
  [[nodiscard]] bool advance();
  /// Receives more of the body.
  [[nodiscard]] task<> receive();
  /// Reads and discards the rest of the body. Returns false if that is too much.
  [[nodiscard]] task<bool> skip_body();

  // ── The answer ────────────────────────────────────────────────────────────────────────────────

  /// Begins an answer and returns its header. A body without a length is streamed.
  ///
  /// errors  invalid if an answer has begun.
  [[nodiscard]] std::string begin_answer(int status, std::optional<std::uint64_t> length,
                                         std::string_view type = {});
  /// Sends the pieces, at most 4, within the time that a client has for them.
  [[nodiscard]] task<> transmit(piece a, piece b = piece(), piece c = piece(), piece d = piece());
  /// Counts bytes of the body that are about to be sent.
  ///
  /// errors  invalid if there are more than begin_answer() said.
  void count_sent(std::size_t bytes);
  /// Whether the body of the answer is sent at all.
  [[nodiscard]] bool sends_body() const noexcept {
    return !has_no_body(status) && parser.header().method != "HEAD";
  }
  /// Calls on_answer.
  void log(refusal why = refusal::none, std::string_view reason = {});

  server_session& session;
  request_parser parser;
  std::uint64_t body_max;
  lease pending;               // bytes of the body, for the next recv()
  std::optional<error> fault;  // why the body cannot be received
  int fault_status = 0;        // the answer to it; 0: the connection has failed
  time_point since{};          // the end of the header

  std::vector<field> parameters;  // of the path, set by `routes`
  std::vector<field> fields;      // of the answer
  phase now = phase::none;
  framing_of_answer framing = framing_of_answer::none;
  int status = 0;
  std::uint64_t length = 0;  // of the answer's body, with framing_of_answer::length
  std::uint64_t sent = 0;    // of the answer's body
  bool may_keep;
  bool keeps = false;      // what the answer said
  bool only_head = false;  // a stream of events was cut off because of HEAD
  bool broken = false;     // part of the answer may not have been sent

 private:
  void fail(error e, int answer);
  [[nodiscard]] task<> allow_body();
  [[nodiscard]] bool keeps_connection() const noexcept;

  bool continued_ = false;  // 100 was sent
  pace speed;
};

}  // namespace bight::http
