// SPDX-License-Identifier: MIT
// How the programs of a world start and end.

#include "base/check.hpp"
#include "engine/work.hpp"
#include "sim/streams.hpp"
#include "sim/universe.hpp"

#include <new>

#include <fmt/format.h>

namespace bight::sim {

namespace {

// Turns that a stopped program gets to end. Each may resume a task that awaits another.
constexpr int last_turns_max = 100'000;

}  // namespace

program::program(universe& all, machine& m, std::uint32_t n, callback<task<>()> f)
    : home(m), number(n), make(std::move(f)) {
  auto mine = std::make_unique<sim_engine>(all, m, *this);
  eng = mine.get();
  running = std::make_unique<loop>(std::move(mine));
  running->drain_on_signals();  // a program of a host represents one with a main()
}

program& universe::add_program(machine& m, callback<task<>()> make) {
  const auto number = static_cast<std::uint32_t>(programs.size());
  programs.push_back(std::make_unique<program>(*this, m, number, std::move(make)));
  m.programs.push_back(programs.back().get());
  return *programs.back();
}

program& universe::add_outside(machine& m) {
  private_ = true;
  programs.push_back(std::make_unique<program>(m, static_cast<std::uint32_t>(programs.size())));
  m.programs.push_back(programs.back().get());
  return *programs.back();
}

// Starts it as a new process, without anything of the old loop.
void universe::renew(program& p) {
  auto mine = std::make_unique<sim_engine>(*this, p.home, p);
  sim_engine* const fresh = mine.get();
  p.running = std::make_unique<loop>(std::move(mine));
  p.running->drain_on_signals();
  p.eng = fresh;
}

void universe::begin(program& p) {
  if (std::exchange(p.forgets, false)) renew(p);
  p.begun = false;
  p.ended = false;
  p.killed = false;
  p.stopped = false;
  ++p.life;
  p.wakes_at = duration::max();
  p.eng->revive();
  record(happening::program, p.home.name + " starts");
  mark(p);
}

void universe::ended(program& p) {
  p.ended = true;
  record(happening::program, p.home.name + " ends");
  std::exception_ptr error;
  try {
    p.running->finish();
  } catch (...) {
    error = std::current_exception();
  }
  if (p.waiter != nullptr) {
    op& o = *std::exchange(p.waiter, nullptr);
    auto& order = *static_cast<work_order*>(o.extra);
    order.failure = error;
    if (p.stopped && error == nullptr) o.code = errc::cancelled;
    return p.parent->eng->complete(o);
  }
  if (&p == p.home.console || p.killed) {
    p.failed = error;
    return;
  }
  if (error != nullptr && failure_ == nullptr) {
    try {
      std::rethrow_exception(error);
    } catch (const failure&) {
      failure_ = error;
    } catch (const std::exception& e) {
      failure_ = std::make_exception_ptr(failure(
          fmt::format("the program of {} has ended with an error: {}", p.home.name, e.what())));
    } catch (...) {
      failure_ = error;
    }
  }
  const std::size_t left = p.eng->sockets();
  if (left > 0 && failure_ == nullptr)
    failure_ = std::make_exception_ptr(failure(
        fmt::format("the program of {} has ended and left {} sockets open", p.home.name, left)));
}

void universe::stop(program& p) noexcept {
  if (p.ended) return;
  p.stopped = true;
  if (p.begun) {
    p.running->stop();
    return mark(p);
  }
  p.ended = true;
  if (p.waiter == nullptr) return;
  op& o = *std::exchange(p.waiter, nullptr);
  o.code = errc::cancelled;
  p.parent->eng->complete(o);
}

bool universe::run_out(const machine* of) {
  for (int rounds = 0; rounds < last_turns_max; ++rounds) {
    bool all_ended = true;
    for (std::size_t i = 0; i < programs.size(); ++i) {
      program& p = *programs[i];
      if (p.ended || p.outside || (of != nullptr && &p.home != of)) continue;
      all_ended = false;
      p.running->linger_no_more();  // no time passes now
      turn(p);
    }
    if (all_ended) return true;
  }
  return false;
}

void universe::kill(machine& m, bool silent) {
  check(current_ == nullptr || &current_->home != &m,
        "a program ends its own host: let world::after do it");
  record(happening::program, m.name + (silent ? " loses power" : " is killed"));
  if (silent) {
    m.up = false;
    // Sockets that its programs have closed, and those in a handshake.
    for (std::uint32_t i = 0; i < sockets.end(); ++i)
      if (socket& s = sockets[i]; s.home == &m && s.owner == nullptr && (!s.queued || !s.admitted))
        streams::vanish(*this, s);
  }
  for (program* p : m.programs) {
    p->forgets = true;
    if (p->ended) continue;
    p->killed = true;
    p->eng->die(silent);
    stop(*p);
  }
  if (!run_out(&m)) fail(fmt::format("a program of {} was killed and does not end", m.name));
  for (program* p : m.programs) p->eng->die(silent);  // sockets opened by destructors
}

// As kill(), but for all programs at once and without an event: a failure is reported with the
// trace that led to it.
void universe::end_all() noexcept {
  trace.rest(true);
  for (const auto& p : programs) {
    if (p->ended || p->outside) continue;
    p->killed = true;
    p->eng->die(false);
    stop(*p);
  }
  try {
    static_cast<void>(run_out(nullptr));  // what has not ended is reported as left over
  } catch (const std::bad_alloc&) {
    give_up("out of memory: a simulated program cannot be ended");
  }
  for (const auto& p : programs)
    if (!p->outside) p->eng->die(false);  // sockets opened by destructors
  trace.rest(false);
}

void universe::restart(machine& m) {
  m.up = true;
  for (program* p : m.programs)
    if (p->starts_again && p->ended) p->forgets = true, begin(*p);
}

void universe::signal(machine& m, int number) {
  record(happening::signalled, fmt::format("{} gets signal {}", m.name, number));
  bool told = false;
  for (program* p : m.programs)
    if (!p->ended && p->eng->signal(number)) told = true;
  if (!told) kill(m, false);
}

void universe::go_on(machine& m) {
  if (m.stands_still()) return;
  for (program* p : m.programs)
    if (!p->ended) in(0ns, event_kind::wake, p->number, p->life);
}

// ── Leftovers ───────────────────────────────────────────────────────────────────────────────────

census universe::alive() const noexcept {
  census c;
  for (const auto& p : programs) {
    if (!p->ended) ++c.programs;
    c.sockets += p->eng->sockets();
    c.operations += p->eng->in_flight();
    c.timers += p->timers();
  }
  return c;
}

std::string universe::waiting() const {
  std::string text;
  for (const auto& p : programs) {
    if (p->ended && !p->outside) continue;
    std::string of_it;
    p->eng->describe(of_it);
    const std::size_t timers = p->timers();
    if (timers > 0) of_it += fmt::format("\n    {} timers", timers);
    if (of_it.empty()) of_it = "\n    nothing but events of its own";
    text += fmt::format("\n  {}{} waits for:{}", p->home.name,
                        p->home.stands_still() ? " stands still and" : "", of_it);
  }
  return text;
}

std::string universe::wind_up() {
  const driver here(*this);
  std::string report;
  for (std::size_t i = 0; i < programs.size(); ++i) stop(*programs[i]);
  static_cast<void>(run_out(nullptr));
  for (const auto& p : programs) {
    if (!p->ended && !p->outside) {
      report += fmt::format("\n  the program of {} does not end", p->home.name);
      p->eng->describe(report);
      static_cast<void>(p->running.release());  // leaked: its coroutines may be suspended anywhere
    } else if (p->eng->sockets() > 0) {
      report += fmt::format("\n  {} has {} sockets open", p->home.name, p->eng->sockets());
    }
  }
  if (!report.empty())
    report = fmt::format("seed {}: left over at the end:{}", options.seed, report);
  return report;
}

universe& universe::open() noexcept {
  check(!over_, "a world is used after its end(): it only answers questions then, such as hash()");
  return *this;
}

// Destroys functions of the programs and the scenario, which may use objects that die before the
// world.
void universe::end() {
  if (over_) return;
  const std::string report = wind_up();
  over_ = true;
  left_over_ = !report.empty();
  if (left_over_) throw failure(report);
  for (const auto& m : machines) {
    m->programs.clear();
    m->console = nullptr;
  }
  programs.clear();
  calls_ = {};
  trace.tell(nullptr);
}

}  // namespace bight::sim
