// SPDX-License-Identifier: MIT
#include "scenario/meddler.hpp"

#include <algorithm>

namespace scenario {

namespace {

struct one_way {
  tcp::stream& from;
  tcp::stream& to;
  std::uint64_t most;
  const meddling& how;
  std::uint64_t& heard;

  // True when everything is over for both.
  bool cut() const {
    if (how.resets) {
      from.abort();
      to.abort();
    } else {
      to.shutdown_send();
    }
    return how.resets;
  }
};

task<> pass(one_way w) {
  bool passes = true;
  for (;;) {
    if (passes && w.heard >= w.most) {
      passes = false;
      if (w.cut()) co_return;
    }
    auto bytes = co_await w.from.recv(w.how.piece);
    if (!bytes) break;
    const std::uint64_t room = w.most - std::min(w.heard, w.most);
    w.heard += bytes.size();
    const std::string_view part = bytes.view().substr(0, room);
    if (!part.empty()) co_await w.to.send(part);
    if (w.how.pause > 0ns) co_await sleep(w.how.pause);
  }
  if (passes) w.to.shutdown_send();
}

task<> both_ways(tcp::stream& client, tcp::stream& server, meddling how, overheard& heard) {
  const one_way there{client, server, how.most_there, how, heard.there};
  const one_way back{server, client, how.most_back, how, heard.back};
  co_await all(pass(there), pass(back));
}

}  // namespace

task<> meddle(tcp::stream client, address server, meddling how, overheard& heard) {
  auto further = co_await attempt(tcp::connect(std::move(server)));
  if (!further) {
    client.abort();  // to close would tell an end that nobody has said
    co_return;
  }
  const auto passed = co_await attempt(both_ways(client, *further, how, heard));
  if (passed) co_return;
  client.abort();
  further->abort();
}

}  // namespace scenario
