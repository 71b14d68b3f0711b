// SPDX-License-Identifier: MIT
#pragma once

/// A server and its client on one loop, and bytes that show what became of them.

#include <string>
#include <string_view>

#include "torture/sessions.hpp"

namespace torture {

using namespace bight;

inline std::string heard;  // what servers reported

// Bytes in which a loss, a repetition or an exchange shows.
inline std::string numbered(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; bytes.size() < size; ++i) bytes += std::to_string(i) + ",";
  bytes.resize(size);
  return bytes;
}

// A session that fails ends by a reset, so what came to its end is whole.
inline void expect_equal(std::string_view got, std::string_view sent) {
  if (got != sent) throw wrong_bytes("other bytes than were sent");
}

// A server on the client's loop, which drains when the client has ended.
struct served {
  event listening;
  event drain;
  address at;

  [[nodiscard]] serve_options options() {
    serve_options o;
    o.signals = false;
    o.drain = &drain;
    o.grace = 1s;
    o.on_listening = [this](const address& a) {
      at = a;
      listening.set();
    };
    o.on_error = [](const address&, const error& e) { heard.append(e.what()).append("\n"); };
    return o;
  }
};

inline task<> client_of(served& s, task<> client) {
  co_await s.listening.wait();
  co_await std::move(client);
  s.drain.set();
}

inline task<> serve_for(served& s, task<> serving, task<> client) {
  co_await all(std::move(serving), client_of(s, std::move(client)));
}

inline task<> echo(stream peer) {
  while (auto bytes = co_await peer.recv()) co_await peer.send(bytes);
}

inline task<std::string> recv_all(stream& from) {
  std::string all;
  while (auto bytes = co_await from.recv()) all += bytes.view();
  co_return all;
}

inline task<> send_and_end(stream& to, std::string_view text) {
  co_await to.send(text);
  to.shutdown_send();
}

// There and back, and the end.
inline task<> round_trip(stream& peer, std::size_t size) {
  const std::string sent = numbered(size);
  std::string got;
  auto receive = [](stream& from, std::string& into) -> task<> { into = co_await recv_all(from); };
  co_await all(send_and_end(peer, sent), receive(peer, got));
  expect_equal(got, sent);
}

}  // namespace torture
