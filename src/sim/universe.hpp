// SPDX-License-Identifier: MIT
#pragma once

/// The implementation of a world: its time, its events, its hosts and programs.

#include <bight/sim.hpp>

#include "base/buffers.hpp"
#include "base/names.hpp"
#include "loop/loop.hpp"
#include "sim/event_queue.hpp"
#include "sim/machine.hpp"
#include "sim/recorder.hpp"
#include "sim/sim_engine.hpp"

#include <map>
#include <memory>
#include <vector>

namespace bight::sim {

class fault_driver;

/// The time that a turn of a loop takes.
inline constexpr duration turn_takes = 1us;

/// A program: one loop on a host.
struct program {
  program(universe& all, machine& m, std::uint32_t n, callback<task<>()> f);
  /// A program that its creator drives, not the world.
  program(machine& m, std::uint32_t n) noexcept : home(m), number(n), outside(true) {}

  machine& home;
  const std::uint32_t number;
  callback<task<>()> make;
  sim_engine* eng = nullptr;      // the loop's
  std::unique_ptr<loop> running;  // null: outside
  op* waiter = nullptr;           // the verb::work that completes when this has ended
  program* parent = nullptr;
  bool starts_again = false;  // with its host
  const bool outside = false;
  bool begun = false;
  bool ended = true;
  bool forgets = false;  // starts with a new loop
  bool killed = false;
  bool stopped = false;
  bool marked = false;  // it has work to do
  std::exception_ptr failed;
  std::uint32_t life = 0;
  [[nodiscard]] std::size_t timers() const noexcept {
    return running != nullptr ? running->armed() : 0;
  }
  duration wakes_at = duration::max();  // the time of its queued event
  bool overslept = false;               // a fault has delayed that event
  duration turned_at{-1};               // its last turn
  unsigned turns_at_once = 0;           // at that time
};

class universe {
 public:
  explicit universe(world_options options);
  universe(const universe&) = delete;
  universe& operator=(const universe&) = delete;
  ~universe();

  const world_options options;
  /// This world, which must not have ended (asserted). Everything that changes it calls this.
  [[nodiscard]] universe& open() noexcept;
  [[nodiscard]] duration now() const noexcept { return now_; }

  // ── Hosts and sockets ───────────────────────────────────────────────────────────────────────

  std::vector<std::unique_ptr<machine>> machines;
  std::vector<std::unique_ptr<program>> programs;
  slab<socket> sockets;
  slab<parcel> parcels;
  slab<letter> letters;
  buffer_pool bytes;
  recorder trace;
  std::vector<std::string> unix_paths{""};
  std::unique_ptr<fault_driver> faults;

  machine& add(std::string_view name, host_options o);
  program& add_program(machine& m, callback<task<>()> make);
  program& add_outside(machine& m);
  [[nodiscard]] machine* find(const machine& from, const packet_end& to) noexcept;
  [[nodiscard]] path& way(machine& from, machine& to);
  [[nodiscard]] socket& make_socket(machine& m, socket_kind kind, std::uint8_t family);
  void free_socket(socket& s) noexcept;
  /// The other end of a stream; null if it is gone.
  [[nodiscard]] socket* peer_of(const socket& s) noexcept;

  // ── Events and time ─────────────────────────────────────────────────────────────────────────

  void in(duration wait, event_kind kind, std::uint32_t subject, std::uint32_t life) noexcept;
  void in(duration wait, event_kind kind, const socket& s) { in(wait, kind, s.index, s.life); }
  void call_in(duration wait, callback<void()> f);
  void record(happening what, const packet_end& from, const packet_end& to,
              std::span<const std::byte> data = {}, std::uint64_t sequence = 0,
              std::uint64_t acknowledged = 0);
  void record(happening what, std::string_view text) { trace.record(now_, what, text); }
  void mark(program& p) noexcept;

  /// Runs everything up to and including that time, and sets the time.
  void run_to(duration until);
  /// Runs until `done` returns true; it is called after every moment with an event. Throws the
  /// error of the first program that fails, or a report at a deadlock or limit. Before it throws,
  /// it ends all programs.
  template <class Done>
  void drive(Done done) {
    const driver here(*this);
    or_end_all([&] {
      while (!done()) step(duration::max());
    });
  }
  [[nodiscard]] bool driven() const noexcept { return driven_; }
  /// For a loop that drives the world itself: runs until that program has work, or until that time.
  /// Returns false if neither can happen.
  [[nodiscard]] bool drive_outside(program& p, duration until);

  // ── Programs ────────────────────────────────────────────────────────────────────────────────

  void begin(program& p);
  void stop(program& p) noexcept;
  /// Ends the programs of a host like killed processes: unwinds their coroutines, and nothing of
  /// that reaches the network. `silent`: the host has lost power.
  void kill(machine& m, bool silent);
  void restart(machine& m);
  void signal(machine& m, int number);
  /// Releases what a clog has held, unless something else holds it.
  void let_go(path& p);
  /// The path has changed: packets on their way take at most the new path's time.
  void hurry(path& p);
  /// The same for the programs of a host that was paused.
  void go_on(machine& m);

  [[nodiscard]] census alive() const noexcept;
  [[nodiscard]] std::string waiting() const;
  /// Stops all programs. Returns a report about leftovers, if any.
  [[nodiscard]] std::string wind_up();
  /// Ends the world with wind_up(); after that it can only be inspected. Throws the report about
  /// leftovers, which are not destroyed, because they may still be in use.
  void end();
  [[nodiscard]] bool left_over() const noexcept { return left_over_; }
  [[noreturn]] void fail(std::string_view what) const;

  // ── Names ───────────────────────────────────────────────────────────────────────────────────

  struct name_record {
    std::vector<address> addresses;
    name_options options;
  };
  std::map<std::string, name_record, std::less<>> names;
  void look_up(sim_engine& e, op& o);
  void forget_look_up(op& o) noexcept;
  void forget_look_ups(sim_engine& e) noexcept;
  void describe_look_ups(const sim_engine& e, std::string& text) const;

 private:
  struct driver {
    explicit driver(universe& u);
    ~driver() { all.driven_ = false; }
    universe& all;
  };
  struct look_up_state {
    op* waiter = nullptr;
    sim_engine* eng = nullptr;
    std::vector<address> found;
    name_options::answer what = name_options::answer::silent;
    duration due{};  // when the answer arrives, if there is one
    std::uint8_t asked = 0;
    std::uint32_t next = nothing;
    std::uint32_t life = 0;
  };
  struct call_state {
    callback<void()> f;
    std::uint32_t next = nothing;
  };

  // Programs use objects of the caller, which an exception would destroy.
  template <class F>
  void or_end_all(F f) {
    try {
      f();
    } catch (...) {
      end_all();
      throw;
    }
  }
  void end_all() noexcept;
  void step(duration until);
  bool take_turns();
  bool notice_woken();
  void tell_time() noexcept;
  void wake(program& p);
  void renew(program& p);
  void turn(program& p);
  void after_turn(program& p);
  void wake_at(program& p, duration at) noexcept;
  void ended(program& p);
  void happen(const event& e);
  void ask_for(look_up_state& l, std::uint32_t index);
  void answer(look_up_state& l);
  [[nodiscard]] bool run_out(const machine* of);

  duration now_{};
  event_queue queue_;
  std::vector<std::uint32_t> marked_;  // programs with work to do
  slab<look_up_state> look_ups_;
  slab<call_state> calls_;
  std::exception_ptr failure_;
  program* current_ = nullptr;  // the program whose turn it is
  std::uint64_t turns_ = 0;
  random_stream schedule_;
  bool driven_ = false;
  bool over_ = false;
  bool left_over_ = false;
  bool private_ = false;  // it contains a program of the real machine: see add_outside()
};

/// An errno as an error code, as from the other engines.
[[nodiscard]] inline std::error_code code_of(std::errc e) noexcept {
  return {static_cast<int>(e), std::system_category()};
}

}  // namespace bight::sim
