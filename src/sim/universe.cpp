// SPDX-License-Identifier: MIT
#include "sim/universe.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "sim/datagrams.hpp"
#include "sim/faults.hpp"
#include "sim/streams.hpp"

#include <algorithm>
#include <new>

#include <fmt/format.h>

namespace bight::sim {

namespace {

// Turns that a program may take at one moment, for its own completed operations. A program that
// needs more is polling, so time must pass.
constexpr unsigned turns_at_once_max = 64;

// The world's time at which a timer of that program expires.
duration due(const program& p, time_point at) noexcept {
  return at.time_since_epoch() - p.home.clock_ahead;
}

[[noreturn]] void no_memory() noexcept {
  give_up("out of memory: the simulated world cannot go on");
}

}  // namespace

universe::universe(world_options o) : options(o), trace(o.seed), schedule_(o.seed, "schedule") {
  faults = std::make_unique<fault_driver>(*this);
  faults->begin();
}

universe::~universe() { programs.clear(); }

// ── Hosts and sockets ───────────────────────────────────────────────────────────────────────────

machine& universe::add(std::string_view name, host_options o) {
  const auto number = static_cast<std::uint32_t>(machines.size());
  machines.push_back(std::make_unique<machine>(*this, number, name, o));
  return *machines.back();
}

machine* universe::find(const machine& from, const packet_end& to) noexcept {
  if (is_loopback(to) || is_wildcard(to)) return machines[from.number].get();
  const std::uint8_t* ip = to.ip.data() + (to.family == 6 ? 12 : 0);
  const std::uint32_t host = std::uint32_t{ip[1]} << 16 | std::uint32_t{ip[2]} << 8 | ip[3];
  if (host == 0 || host > machines.size()) return nullptr;
  machine& m = *machines[host - 1];
  return m.has(to) ? &m : nullptr;
}

path& universe::way(machine& from, machine& to) {
  if (from.ways.size() <= to.number) from.ways.resize(machines.size());
  auto& p = from.ways[to.number];
  if (p == nullptr) {
    path_options o;
    if (&from == &to) {
      o.latency = 10us;  // loopback: a wake-up and two passes through the stack
      o.packet = 65536;  // as its MTU
    }
    p = std::make_unique<path>(options.seed, "path " + from.name + " " + to.name, o);
    faults->worsen(*p, from, to);
  }
  return *p;
}

socket& universe::make_socket(machine& m, socket_kind kind, std::uint8_t family) {
  const std::uint32_t index = sockets.make();
  socket& s = sockets[index];
  const std::uint32_t life = s.life + 1;
  const std::uint32_t generation = s.generation + 1;
  s = socket();
  s.index = index;
  s.life = life & life_mask;
  s.generation = generation;
  s.home = &m;
  s.kind = kind;
  s.family = family;
  s.send_limit = faults->buffer(kind, m.options.send_buffer);
  s.receive_limit = faults->buffer(kind, m.options.receive_buffer);
  return s;
}

void universe::free_socket(socket& s) noexcept {
  if (s.owner != nullptr) s.owner->forget(s);
  s.life = (s.life + 1) & life_mask;
  ++s.generation;
  s.home = nullptr;
  s.attended = attention::none;
  s.rare.reset();
  sockets.free(s.index);
}

socket* universe::peer_of(const socket& s) noexcept {
  if (s.peer == nothing) return nullptr;
  socket& p = sockets[s.peer];
  return p.life == s.peer_life && p.home != nullptr ? &p : nullptr;
}

// ── Events ──────────────────────────────────────────────────────────────────────────────────────

// Without memory the world ends, because a world that has lost an event is a different one.
void universe::in(duration wait, event_kind kind, std::uint32_t subject,
                  std::uint32_t life) noexcept {
  const duration at = wait > duration::max() - now_ ? duration::max() : now_ + wait;
  try {
    queue_.push(at, kind, subject, life, faults->shuffle());
  } catch (const std::bad_alloc&) {
    no_memory();
  }
}

void universe::call_in(duration wait, callback<void()> f) {
  const std::uint32_t i = calls_.make();
  calls_[i].f = std::move(f);
  in(wait, event_kind::call, i, 0);
}

void universe::record(happening what, const packet_end& from, const packet_end& to,
                      std::span<const std::byte> data, std::uint64_t sequence,
                      std::uint64_t acknowledged) {
  trace_event e;
  e.at = now_;
  e.what = what;
  e.from = from;
  e.to = to;
  e.sequence = sequence;
  e.acknowledged = acknowledged;
  e.length = data.size();
  e.bytes = data;
  trace.record(e);
}

void universe::let_go(path& p) {
  if (p.clogged()) return;
  for (const path::waiting& w : std::exchange(p.held, {})) in(0ns, w.kind, w.subject, w.life);
}

void universe::hurry(path& p) {
  p.flush(now_);
  p.last_datagram = std::min(p.last_datagram, now_);
  const duration latest = now_ + p.trip_max();
  for (std::uint32_t i = 0; i < sockets.end(); ++i) {
    socket& s = sockets[i];
    if (s.home == nullptr || s.way != &p || s.flight.empty()) continue;
    for (std::uint32_t at = s.flight.head; at != nothing; at = parcels[at].next)
      if (!parcels[at].lost) parcels[at].at = std::min(parcels[at].at, latest);
    const parcel& first = parcels[s.flight.head];
    if (first.at == latest) in(latest - now_, event_kind::arrive, s);
  }
  for (std::uint32_t i = 0; i < letters.end(); ++i) {
    letter& l = letters[i];
    if (l.way != &p || l.at <= latest) continue;
    l.at = latest;
    l.life = (l.life + 1) & life_mask;
    in(latest - now_, event_kind::datagram, i, l.life);
  }
}

// A program is due. The effect of faults on its clock is drawn now, not when the timer was set.
void universe::wake(program& p) {
  if (p.wakes_at > now_) return mark(p);
  p.wakes_at = duration::max();
  const bool timer = !p.running->has_ready() && !std::exchange(p.overslept, false);
  const duration late = timer ? faults->lateness() : 0ns;
  if (late <= 0ns) return mark(p);
  p.overslept = true;
  p.wakes_at = now_ + late;
  in(late, event_kind::wake, p.number, p.life);
}

void universe::happen(const event& e) {
  const auto kind = static_cast<event_kind>(std::uint32_t{e.kind});
  switch (kind) {
    case event_kind::wake: {
      program& p = *programs[e.subject];
      if (p.life == e.life && !p.ended) wake(p);
      return;
    }
    case event_kind::datagram:
      return letters[e.subject].life == e.life ? datagrams::on_datagram(*this, e.subject) : void();
    case event_kind::answer: {
      look_up_state& l = look_ups_[e.subject];
      if (l.life == e.life) l.due <= now_ ? answer(l) : ask_for(l, e.subject);
      return;
    }
    case event_kind::call: {
      const callback<void()> f = std::exchange(calls_[e.subject].f, {});
      calls_.free(e.subject);
      tell_time();
      return f();
    }
    case event_kind::strike: return faults->on_strike(e.subject);
    case event_kind::heal: return faults->on_heal(e.subject);
    default: break;
  }
  socket& s = sockets[e.subject];
  if (s.life != e.life) return;
  switch (kind) {
    case event_kind::arrive: return streams::on_arrive(*this, s);
    case event_kind::room: return streams::on_room(*this, s);
    case event_kind::go_on:
      return s.kind == socket_kind::datagram ? datagrams::on_joined(*this, s)
                                             : streams::on_go_on(*this, s);
    case event_kind::ask: return streams::on_ask(*this, s);
    case event_kind::ask_again: return streams::on_ask_again(*this, s);
    case event_kind::unheard: return streams::on_unheard(*this, s);
    case event_kind::refused: return streams::on_refused(*this, s);
    case event_kind::probe: return streams::on_probe(*this, s);
    case event_kind::unreachable: return datagrams::on_unreachable(*this, s);
    case event_kind::departed: return datagrams::on_departed(*this, s);
    default: return;
  }
}

// ── Time ────────────────────────────────────────────────────────────────────────────────────────

universe::driver::driver(universe& u) : all(u) {
  check(!u.driven_, "a world is driven from inside itself");
  u.driven_ = true;
}

// Runs the due turns, or else the events of the next moment.
void universe::step(duration until) {
  const bool somebody_went_on = take_turns();
  // Checked first, because without the failed program nothing may be left to happen.
  if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
  if (somebody_went_on || notice_woken()) return;
  if (queue_.empty() && until == duration::max()) fail("deadlock: nothing can happen any more");
  if (queue_.empty() || queue_.top().at > until) {
    now_ = until;
    return;
  }
  const duration at = queue_.top().at;
  if (at > options.time_max) fail("the limit of time is reached");
  if (trace.count() + turns_ > options.events_max) fail("the limit of events is reached");
  now_ = std::max(now_, at);
  do happen(queue_.pop());
  while (!queue_.empty() && queue_.top().at <= now_);
}

void universe::run_to(duration until) {
  const driver here(*this);
  or_end_all([&] {
    while (now_ < until || (!queue_.empty() && queue_.top().at <= until)) step(until);
    while (take_turns() || notice_woken()) {}
    if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
    tell_time();
  });
}

bool universe::drive_outside(program& p, duration until) {
  const driver here(*this);
  p.marked = false;
  std::erase(marked_, p.number);
  while (!p.marked && now_ < until) {
    if (take_turns()) continue;
    if (queue_.empty() && until == duration::max()) return false;
    step(until);
  }
  p.marked = false;
  std::erase(marked_, p.number);
  return true;
}

void universe::mark(program& p) noexcept {
  if (std::exchange(p.marked, true)) return;
  try {
    marked_.push_back(p.number);
  } catch (const std::bad_alloc&) {
    no_memory();
  }
}

// For changes by the scenario: a timer that it sets on a program's loop starts now.
void universe::tell_time() noexcept {
  for (const auto& p : programs)
    if (!p->ended && !p->outside) p->running->advance(p->eng->now());
}

// Marks programs that were woken outside of their turns, by the scenario or another program.
bool universe::notice_woken() {
  bool any = false;
  for (const auto& p : programs) {
    if (p->ended || p->outside || p->marked) continue;
    const time_point first = p->running->next_deadline();
    const duration soonest = now_ + turn_takes;
    const bool timer = first != time_point::max() && !p->overslept &&
                       p->wakes_at > std::max(due(*p, first), soonest);
    const bool ready = p->running->has_ready() && p->wakes_at > soonest;
    if (!timer && !ready) continue;
    mark(*p);
    any = any || !p->home.stands_still();
  }
  return any;
}

bool universe::take_turns() {
  bool any = false;
  for (bool more = true; more && !marked_.empty();) {
    more = false;
    std::vector<std::uint32_t> now = std::exchange(marked_, {});
    if (now.size() > 1) {
      std::sort(now.begin(), now.end());
      if (faults->on(family::schedule))
        for (std::size_t i = now.size(); i > 1; --i) std::swap(now[i - 1], now[schedule_.below(i)]);
    }
    for (const std::uint32_t i : now) {
      program& p = *programs[i];
      if (p.outside || p.home.stands_still()) {
        marked_.push_back(i);
        continue;
      }
      p.marked = false;
      if (p.ended) continue;
      if (p.turned_at == now_ && p.turns_at_once >= turns_at_once_max) {
        wake_at(p, now_);
        continue;
      }
      any = more = true;
      turn(p);
    }
  }
  return any;
}

void universe::turn(program& p) {
  ++turns_;
  p.turns_at_once = p.turned_at == now_ ? p.turns_at_once + 1 : 1;
  p.turned_at = now_;
  {
    struct back {
      program*& current;
      program* before;
      ~back() { current = before; }
    } const when_over{current_, std::exchange(current_, &p)};
    const surroundings::turn here(private_ ? nullptr : &p.home);
    if (p.begun) {
      p.running->turn();
    } else {
      task<> main = p.make();
      p.begun = true;
      p.running->begin(std::move(main));
    }
  }
  after_turn(p);
}

void universe::after_turn(program& p) {
  p.overslept = false;
  if (p.running->ended()) return ended(p);
  const time_point timer = p.running->next_deadline();
  if (p.running->has_ready())
    wake_at(p, now_);
  else if (timer != time_point::max())
    wake_at(p, due(p, timer));
}

// A turn takes time, so that time passes for a program that polls.
void universe::wake_at(program& p, duration at) noexcept {
  at = std::max(at, now_ + turn_takes);
  if (at >= p.wakes_at) return;
  p.wakes_at = at;
  in(at - now_, event_kind::wake, p.number, p.life);
}

void universe::fail(std::string_view what) const {
  std::string report(what);
  report += fmt::format(", after {}, {} events and {} turns of programs, seed {}",
                        duration_text(now_), trace.count(), turns_, options.seed);
  report += waiting();
  throw failure(report);
}

}  // namespace bight::sim
