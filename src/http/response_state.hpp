// SPDX-License-Identifier: MIT
#pragma once

/// One request and its response on one connection.

#include <bight/http.hpp>

#include "base/names.hpp"
#include "http/decoder.hpp"
#include "http/parser.hpp"
#include "http/pool.hpp"

#include <memory>
#include <string>

namespace bight::http {

struct response::state {
  state(std::shared_ptr<client_state> owner, request what, connection on)
      : client(std::move(owner)),
        sent(std::move(what)),
        link(std::move(on)),
        peer(link.wire.remote()),
        parser(client->how.limits, sent.head) {}

  /// Sends the request. `via` is the proxy if the request line must have the whole URL, else null;
  /// borrowed.
  [[nodiscard]] task<> send_request(const proxy* via);
  /// Receives until the header is complete.
  [[nodiscard]] task<> read_head();

  /// Throws if the response has failed before: the same error again if the response was invalid,
  /// else closed.
  void check_open() const;
  /// Parses what has been received, without waiting. True if `pending` has bytes or the body has
  /// ended, false if more must be received.
  [[nodiscard]] bool advance(time_point now);
  /// How long recv() may wait now: until timeouts::silence or a rate_window has passed.
  [[nodiscard]] duration patience() const noexcept;
  /// Adds time that recv() has waited, also if a deadline of the program ended the wait.
  void count_wait(duration time) noexcept;
  /// Throws if one of these times has passed and its limit is violated. Must be called only when
  /// more bytes are needed, so that bytes are delivered however late they were received.
  void check_clocks();
  /// Adds bytes that were received.
  void feed(lease bytes);
  /// Returns `e`, an error of the connection or the parser, as the error of this request. The
  /// response stays failed and its connection is closed, unless the program cancelled it.
  [[nodiscard]] error failed(const error& e);

  std::shared_ptr<client_state> client;
  request sent;
  connection link;
  address peer;
  response_parser parser;
  std::unique_ptr<decoder> decode;
  lease pending;  // bytes of the body, for the next recv()
  bool finished = false;

 private:
  [[nodiscard]] bool parse(time_point now);
  void close() noexcept;
  void finish(time_point now);
  [[nodiscard]] std::string tried() const;

  bool failed_ = false;
  std::optional<error> invalid_;  // why the response itself is invalid
  duration silence_{};            // time waited since the last byte
  // Time waited and bytes received in the current options::rate_window.
  duration window_time_{};
  std::uint64_t window_bytes_ = 0;
};

}  // namespace bight::http
