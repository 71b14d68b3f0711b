// SPDX-License-Identifier: MIT
#pragma once

/// One session of a server, and what its peer sees of it: for the tests of how sessions end.

#include "contract/contract.hpp"
#include "contract/tls_pair.hpp"

#include <unistd.h>

namespace contract {

/// What a peer received, and how it ended.
struct heard {
  std::string bytes;
  result<void> end;
};

inline task<heard> hear_out(stream& from) {
  heard all;
  for (;;) {
    auto next = co_await attempt(from.recv());
    if (!next) all.end = next.error();
    if (!next || next->empty()) co_return all;
    all.bytes += next->view();
  }
}

struct trial {
  served s;
  heard got;
  std::vector<address> peers;
  address client;

  [[nodiscard]] serve_options options() {
    serve_options o = s.options();
    o.on_error = [this](const address& peer, const error& e) {
      peers.push_back(peer);
      s.errors.emplace_back(e.what());
    };
    return o;
  }
};

inline task<> hear_one(trial& t) {
  auto peer = co_await tcp::connect(t.s.at.front());
  t.client = peer.local();
  t.got = co_await hear_out(peer);
}

inline task<> hear_one_in_a_drain(trial& t) {
  auto peer = co_await tcp::connect(t.s.at.front());
  t.got.bytes = co_await recv_exactly(peer, 4);
  t.s.drain.set();
  heard rest = co_await hear_out(peer);
  t.got.bytes += rest.bytes;
  t.got.end = std::move(rest.end);
}

inline task<> play(trial& t, tcp::handler handler) {
  co_await serve_for(t.s, tcp::serve("127.0.0.1:0", std::move(handler), t.options()), hear_one(t));
}

inline task<> play_in_a_drain(trial& t, tcp::handler handler) {
  serve_options o = t.options();
  o.grace = 1ms;
  co_await serve_for(t.s, tcp::serve("127.0.0.1:0", std::move(handler), o), hear_one_in_a_drain(t));
}

inline tls::serve_options self_signed(std::string& pin) {
  tls::serve_options how;
  how.on_pin = [&pin](const std::string& made) { pin = made; };
  return how;
}

inline task<stream> connect_with(const std::string& pin, address to) {
  tls::connect_options how;
  how.pins.push_back(pin);
  co_return co_await tls::connect(std::move(to), how);
}

inline task<> hear_one_by_tls(trial& t, const std::string& pin) {
  auto peer = co_await connect_with(pin, t.s.at.front());
  t.client = peer.local();
  t.got = co_await hear_out(peer);
}

inline task<> play_by_tls(trial& t, tcp::handler handler) {
  std::string pin;
  tls::serve_options how = self_signed(pin);
  how.server = t.options();
  auto serving = tls::serve("127.0.0.1:0", std::move(handler), std::move(how));
  co_await serve_for(t.s, std::move(serving), hear_one_by_tls(t, pin));
}

}  // namespace contract
