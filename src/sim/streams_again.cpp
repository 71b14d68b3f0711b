// SPDX-License-Identifier: MIT
// Transmissions: each is sent, may be lost, is sent again after a timeout, or is given up.

#include "sim/streams.hpp"

#include <algorithm>

namespace bight::sim::streams {

namespace {

// Transmits a parcel. The path decides now what happens to it.
void dispatch(universe& u, socket& s, parcel& p) {
  constexpr std::size_t headers = 40;
  const path::fate f = s.way->send(u.now(), p.data.size() + headers);
  p.went = u.now();
  p.lost = f.lost;
  p.at = u.now() + (f.lost && p.sent_again() ? time_out(u, s, p.tries, p.since) : f.delay);
  if (f.lost) u.record(happening::lost, s.local, s.remote, p.data, s.sent);
}

// Counts without overflow, because a long user timeout allows more.
void count(std::uint8_t& tries) noexcept {
  if (tries < 255) ++tries;
}

}  // namespace

path& way_back(universe& u, const socket& s) { return u.way(*u.machines[s.peer_machine], *s.home); }

bool given_up(universe& u, const socket& s, unsigned tries, duration since) {
  const int limit_ms = s.option(option_id::user_timeout, 0);
  if (limit_ms > 0) return u.now() - since >= std::chrono::milliseconds(limit_ms);
  return tries >= path::tries_max;
}

duration time_out(universe& u, const socket& s, unsigned tries, duration since) {
  const duration usual = path::time_out(s.way->trip_max() + way_back(u, s).trip_max(), tries);
  const int limit_ms = s.option(option_id::user_timeout, 0);
  if (limit_ms <= 0) return usual;
  const duration left = std::chrono::milliseconds(limit_ms) - (u.now() - since);
  return std::min(usual, std::max(left, duration(0)));
}

void launch(universe& u, socket& s, parcel::sort what, lease data) {
  const std::uint32_t i = u.parcels.make();
  parcel& p = u.parcels[i];
  const std::size_t n = data.size();
  p.what = what;
  p.data = std::move(data);
  p.since = u.now();
  p.tries = 0;
  dispatch(u, s, p);
  s.flight_bytes += n;
  s.sent += n;
  s.flight.push(u.parcels, i);
  parcel& first = u.parcels[s.flight.head];
  // Any later segment completes the handshake for the listener, if its last segment was lost.
  const bool stands_in = first.lost && first.what == parcel::sort::hello && !p.lost;
  if (stands_in) {
    first.lost = false;
    first.at = p.at;
  }
  if (stands_in || &first == &p) u.in(p.at - u.now(), event_kind::arrive, s);
}

// The parcel is lost on arrival. Its sender notices after the timeout.
void lose(universe& u, socket& s, parcel& p) {
  u.record(happening::lost, s.local, s.remote, p.data, s.sent);
  p.lost = true;
  if (p.sent_again()) p.at = std::max(u.now(), p.went + time_out(u, s, p.tries, p.since));
}

// The first parcel in flight was lost, and its timeout is over: retransmits it and all others that
// are due (RFC 6298 §5.4 to §5.6). Returns false if it does not, and the socket may be gone.
bool send_again(universe& u, socket& s) {
  const parcel& first = u.parcels[s.flight.head];
  if (first.what == parcel::sort::welcome) return welcome_lost(u, s), false;
  if (first.what == parcel::sort::reset) {
    purge_sending(u, s);
    return release_if_over(u, s), false;
  }
  if (given_up(u, s, first.tries, first.since)) return on_reset(u, s, std::errc::timed_out), false;
  for (std::uint32_t i = s.flight.head; i != nothing; i = u.parcels[i].next) {
    parcel& p = u.parcels[i];
    if (!p.lost || p.at > u.now()) continue;
    count(p.tries);
    dispatch(u, s, p);
  }
  return true;
}

// The other end is closed, so its system answers with a reset, which may be lost.
void answer_with_reset(universe& u, socket& s) {
  path& back = way_back(u, s);
  if (back.cut()) return;
  const path::fate f = back.send(u.now(), 40);
  if (f.lost) return;
  u.record(happening::reset, s.remote, s.local);
  u.in(f.delay, event_kind::refused, s);
}

// While the path back is cut, no acknowledgement reaches the sender. It retransmits, or probes the
// window, and finally gives up.
void expect_silence(universe& u, socket& s) {
  if (s.unheard > 0) return;
  s.unheard = 1;
  s.unheard_since = u.now();
  u.in(time_out(u, s, 0, s.unheard_since), event_kind::unheard, s);
}

void on_unheard(universe& u, socket& s) {
  if (s.at != stage::open) return;
  const bool cut = way_back(u, s).cut() || s.way->cut();
  if (!cut) {
    s.unheard = 0;
    return s.room_told ? on_room(u, s) : void();
  }
  if (given_up(u, s, s.unheard, s.unheard_since)) return on_reset(u, s, std::errc::timed_out);
  u.in(time_out(u, s, s.unheard, s.unheard_since), event_kind::unheard, s);
  count(s.unheard);
}

}  // namespace bight::sim::streams
