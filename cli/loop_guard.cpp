// SPDX-License-Identifier: MIT
#include "loop_guard.hpp"

#include <algorithm>
#include <functional>
#include <string>

namespace tool {

namespace {
constexpr int reserved_ports = 1024;  // ip(7): ports below need privileges
}

bool loop_guard::may_answer(const bight::address& peer, std::string_view datagram) {
  if (peer.port() < reserved_ports) return false;
  const std::size_t who = std::hash<std::string>()(peer.str());
  const std::lock_guard held(lock_);
  peer_state& state = states_[who % peers];
  if (state.peer != who) {
    state = peer_state();
    state.peer = who;
  }
  const std::size_t bit = std::hash<std::string_view>()(datagram) % state.seen.size();
  if (!state.seen[bit]) {
    // A set that is half full would report new datagrams as repeated.
    if (state.seen.count() >= state.seen.size() / 2) state.seen.reset();
    state.seen.set(bit);
    state.repeats = std::max(0, state.repeats - 1);
    return true;
  }
  if (state.to_ignore > 0) return --state.to_ignore, false;
  if (++state.repeats < repeats_max) return true;
  state.repeats = 0;
  state.to_ignore = state.seen.count() - 1;  // this is the first of them
  return false;
}

}  // namespace tool
