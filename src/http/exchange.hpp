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
        asked(std::move(what)),
        link(std::move(on)),
        peer(link.wire.remote()),
        parser(client->how.limits, asked.head) {}

  /// Sends the request, to the server or to a proxy that wants the whole URL (`by`, borrowed).
  [[nodiscard]] task<> ask(const proxy* by);
  /// Receives until the header is here.
  [[nodiscard]] task<> read_head();

  /// Fails once the response has failed: again with what is wrong with the answer, else with
  /// closed.
  void check_open() const;
  /// Moves on without waiting: true when spare has bytes or the body has ended, false when the
  /// connection must give more.
  [[nodiscard]] bool advance(time_point now);
  /// How long recv() may wait now, until timeouts::silence or a rate_window has passed.
  [[nodiscard]] duration patience() const noexcept;
  /// Counts time that recv() has waited; also when a deadline of the program's ended it.
  void count_wait(duration time) noexcept;
  /// Fails when one of these times has passed, and with it a limit. To be called when the
  /// connection must give more: what has come, however late, is handed out first.
  void check_clocks();
  /// Takes what the connection gave.
  void take_in(lease bytes);
  /// The failure `e` of the connection or the parser, as this request's. The response stays failed
  /// and its connection is closed, unless the program itself has cancelled.
  [[nodiscard]] error failed(const error& e);

  std::shared_ptr<client_state> client;
  request asked;
  connection link;
  address peer;
  response_parser parser;
  std::unique_ptr<decoder> decode;
  lease spare;  // of the body, to be handed out next
  bool finished = false;

 private:
  [[nodiscard]] bool go_on(time_point now);
  void close() noexcept;
  void finish(time_point now);
  [[nodiscard]] std::string tried() const;

  bool failed_ = false;
  std::optional<error> wrong_;  // with the answer itself
  duration silent_{};           // waiting since the last byte
  // Waiting for the body, in the window of options::rate_window that is running.
  duration waited_{};
  std::uint64_t came_ = 0;
};

}  // namespace bight::http
