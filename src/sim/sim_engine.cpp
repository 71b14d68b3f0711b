// SPDX-License-Identifier: MIT
#include "sim/sim_engine.hpp"

#include "base/check.hpp"
#include "engine/signal_bits.hpp"
#include "engine/work.hpp"
#include "sim/datagrams.hpp"
#include "sim/guard.hpp"
#include "sim/ports.hpp"
#include "sim/streams.hpp"
#include "sim/terminal.hpp"
#include "sim/universe.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace bight::sim {

namespace {

bool on_a_socket(const op& o) noexcept {
  return o.takes() || o.what == verb::send || o.what == verb::connect || o.what == verb::write;
}

}  // namespace

sim_engine::sim_engine(universe& all, machine& home, program& mine) noexcept
    : all_(all), home_(home), mine_(mine) {}

sim_engine::~sim_engine() {
  if (own_ != nullptr) static_cast<void>(own_->wind_up());
  die(false);
}

void sim_engine::keep(std::unique_ptr<universe> own) noexcept { own_ = std::move(own); }

socket* sim_engine::find(handle h) const noexcept {
  if (h.index >= all_.sockets.end()) return nullptr;
  socket& s = all_.sockets[h.index];
  return s.generation == h.generation && s.owner == this ? &s : nullptr;
}

handle sim_engine::take(socket& s) noexcept {
  s.owner = this;
  s.of_owner_previous = nothing;
  s.of_owner_next = first_socket_;
  if (first_socket_ != nothing) all_.sockets[first_socket_].of_owner_previous = s.index;
  first_socket_ = s.index;
  ++sockets_;
  ++home_.descriptors;
  s.last_used = sched().now();
  return {s.index, s.generation};
}

// Makes the handle stale.
void sim_engine::forget(socket& s) noexcept {
  if (s.of_owner_previous == nothing)
    first_socket_ = s.of_owner_next;
  else
    all_.sockets[s.of_owner_previous].of_owner_next = s.of_owner_next;
  if (s.of_owner_next != nothing)
    all_.sockets[s.of_owner_next].of_owner_previous = s.of_owner_previous;
  s.owner = nullptr;
  ++s.generation;
  --sockets_;
  --home_.descriptors;
}

// ── Operations ──────────────────────────────────────────────────────────────────────────────────

void sim_engine::complete(op& o) noexcept {
  finish(o);
  all_.mark(mine_);
}

bool sim_engine::wait_for(op& o) noexcept {
  hold(o);
  return false;
}

bool sim_engine::wait_on(socket& s, op& o) noexcept {
  if (o.takes()) {
    hold_receiver(o, s);
    return false;
  }
  if (o.what != verb::connect) s.senders.push(o);
  return wait_for(o);
}

bool sim_engine::submit(op& o) {
  o.engine_state = state_complete;
  if (dead_) return refuse(o, errc::cancelled);
  if (on_a_socket(o)) {
    socket* const s = find(o.on);
    return s != nullptr ? submit_on(*s, o) : refuse(o, errc::closed);
  }
  if (o.what == verb::signal) return submit_signal(o);
  if (o.what == verb::resolve) {
    all_.look_up(*this, o);
    return wait_for(o);
  }
  auto& order = *static_cast<work_order*>(o.extra);
  program& worker = all_.add_program(home_, std::move(order.make));
  worker.waiter = &o;
  worker.parent = &mine_;
  o.engine_data = &worker;
  all_.begin(worker);
  return wait_for(o);
}

bool sim_engine::submit_on(socket& s, op& o) {
  const bool datagram = s.kind == socket_kind::datagram;
  const bool busy = o.takes() ? s.receiver != nullptr : !s.senders.empty() && !datagram;
  if (busy) return refuse(o, errc::busy);
  bool done = false;
  switch (o.what) {
    case verb::accept: done = streams::accept(all_, s, o); break;
    case verb::connect:
      done = datagram ? datagrams::connect(s, o) : streams::connect(all_, s, o);
      break;
    case verb::read: done = terminal::read(all_, s, o); break;
    case verb::write: done = terminal::write(all_, s, o); break;
    case verb::send:
      done =
          datagram ? s.senders.empty() && datagrams::send(all_, s, o) : streams::send(all_, s, o);
      break;
    default: done = datagram ? datagrams::receive(all_, s, o) : streams::receive(all_, s, o);
  }
  if (done) {
    const bool at_once = finish_at_once(o, s);
    if (!at_once) all_.mark(mine_);
    return at_once;
  }
  if (o.takes())
    guard::poison_receive(all_, o);
  else if (o.what != verb::connect)
    guard::watch_sent(all_, o);
  return wait_on(s, o);
}

void sim_engine::cancel(op& o) noexcept {
  if (o.engine_state != state_waiting) return;  // already complete
  if (o.what == verb::work) return all_.stop(*static_cast<program*>(o.engine_data));
  if (on_a_socket(o)) {
    socket& s = *find(o.on);
    if (s.receiver == &o)
      s.receiver = nullptr;
    else
      unqueue(s.senders, o);
  } else if (o.what == verb::signal) {
    std::erase(signal_waiters_, &o);
    if (signal_waiters_.empty()) signals_until_ = all_.now() + signal_linger;
  } else {
    all_.forget_look_up(o);
  }
  o.code = errc::cancelled;
  complete(o);
}

void sim_engine::requeue(op& o) noexcept {
  if (o.what == verb::accept) {
    const handle listener = unpack_handle(o.extra);
    socket* const l = find(listener);
    socket* const child = find(o.on);
    if (child == nullptr) return;
    if (l == nullptr) return close(o.on, ending::reset);
    streams::give_back_accepted(all_, *l, *child);
    o.on = listener;
    return;
  }
  socket* const s = find(o.on);
  if (s == nullptr) return;
  if (s->kind == socket_kind::datagram) return datagrams::give_back(all_, *s, o);
  if (s->kind == socket_kind::text) return terminal::give_back(all_, *s, o);
  streams::give_back(all_, *s, o);
}

void sim_engine::take_arrived(handle h, arrivals& into) {
  socket* const s = find(h);
  if (s == nullptr) return;
  datagrams::take_arrived(all_, *s, into, at_once_max);
  count_at_once(static_cast<int>(into.size()));
}

void sim_engine::wait(time_point until) {
  begin_turn();
  if (!all_.driven()) {  // the loop drives its own world
    const duration limit = std::max(until.time_since_epoch(), all_.now() + turn_takes);
    if (!all_.drive_outside(mine_, limit))
      check_failed(("deadlock: nothing can happen any more" + all_.waiting()).c_str(), __FILE__,
                   __LINE__);
  }
  sched().advance(now());
}

// By another program of the world, or by the program itself.
void sim_engine::wake() noexcept {
  sched().check_thread("a simulated world has one thread: use no other in it");
  all_.mark(mine_);
}

time_point sim_engine::now() const noexcept { return time_point(all_.now() + home_.clock_ahead); }
time_point sim_engine::turn_time() const noexcept { return sched().now(); }

void sim_engine::random(std::span<std::byte> into) {
  for (std::byte& b : into) b = static_cast<std::byte>(home_.draw.next() >> 56);
}

std::string sim_engine::features() const {
  return fmt::format("a simulated network, seed {}", all_.options.seed);
}

// ── Signals ─────────────────────────────────────────────────────────────────────────────────────

bool sim_engine::submit_signal(op& o) {
  for (const int number : signal_numbers) {
    const unsigned bit = signal_bit(number) & signals_wanted(o);
    if ((signals_pending_ & bit) == 0) continue;
    signals_pending_ &= ~bit;
    o.count = number;
    return true;
  }
  signal_waiters_.push_back(&o);
  return wait_for(o);
}

bool sim_engine::signal(int number) {
  std::vector<op*> told;
  for (op* o : signal_waiters_)
    if ((signals_wanted(*o) & signal_bit(number)) != 0) told.push_back(o);
  if (told.empty()) {
    if (all_.now() > signals_until_) return false;
    signals_pending_ |= signal_bit(number);
    return true;
  }
  signals_until_ = all_.now() + signal_linger;
  for (op* o : told) {
    std::erase(signal_waiters_, o);
    o->count = number;
    complete(*o);
  }
  return true;
}

// ── The end ─────────────────────────────────────────────────────────────────────────────────────

void sim_engine::drop_operations(socket& s) noexcept {
  if (s.receiver != nullptr) cancel(*s.receiver);
  while (op* const o = s.sender()) cancel(*o);
}

bool sim_engine::may_lose(handle h) const noexcept {
  const socket* const s = find(h);
  if (s == nullptr || s->at != stage::open) return false;
  if (s->attended == attention::none || s->attended == attention::cut) return false;
  return s->arrived_bytes > 0 || (s->received == 0 && !s->fin_arrived);
}

bool sim_engine::can_send(handle h) const noexcept {
  const socket* const s = find(h);
  if (dead_ || s == nullptr || s->attended == attention::cut) return false;
  return s->kind != socket_kind::stream || streams::can_send(all_, *s);
}

void sim_engine::close(handle h, ending how) noexcept {
  socket* const s = find(h);
  if (s == nullptr) return;
  remember_peer(h, *s);
  const bool reset = s->must_reset(how);
  drop_operations(*s);
  switch (s->kind) {
    case socket_kind::listener: return streams::close_listener(all_, *s);
    case socket_kind::datagram: return datagrams::close(all_, *s);
    case socket_kind::text: return all_.free_socket(*s);
    case socket_kind::stream:
      forget(*s);
      return streams::close(all_, *s, reset && s->family != unix_family);
  }
}

void sim_engine::die(bool silent) noexcept {
  dead_ = true;
  while (!signal_waiters_.empty()) cancel(*signal_waiters_.back());
  all_.forget_look_ups(*this);
  while (first_socket_ != nothing) {
    socket& s = all_.sockets[first_socket_];
    if (!silent || s.kind == socket_kind::text || s.kind == socket_kind::datagram) {
      close({s.index, s.generation}, ending::in_order);
      continue;
    }
    drop_operations(s);
    streams::vanish(all_, s);
  }
}

void sim_engine::describe(std::string& text) const {
  static constexpr const char* verbs[] = {"accept", "recv",  "recv",    "recv",   "read", "connect",
                                          "send",   "write", "resolve", "signal", "work"};
  const auto line = [&](const op& o, const socket& s) {
    text += fmt::format("\n    {}", verbs[static_cast<std::size_t>(o.what)]);
    if (s.local.family != 0) text += fmt::format(" on {}", s.local.to_address().str());
    if (s.remote.family != 0) text += fmt::format(" with {}", s.remote.to_address().str());
    if (s.local_path + s.remote_path != 0)
      text += " unix:" + all_.unix_paths[s.local_path != 0 ? s.local_path : s.remote_path];
  };
  for (std::uint32_t i = first_socket_; i != nothing; i = all_.sockets[i].of_owner_next) {
    const socket& s = all_.sockets[i];
    if (s.has_waiting_receiver()) line(*s.receiver, s);
    for (runnable* r = s.senders.front(); r != nullptr; r = r->next)
      line(static_cast<const op&>(*r), s);
  }
  for (std::size_t i = 0; i < signal_waiters_.size(); ++i) text += "\n    a signal";
  all_.describe_look_ups(*this, text);
}

}  // namespace bight::sim
