// SPDX-License-Identifier: MIT
#pragma once

/// What the scenarios share: real programs in a world that goes wrong, and what must hold whatever
/// happens to them.

#include <bight/bight.hpp>
#include <bight/explore.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scenario {

using namespace bight;
using namespace bight::machinery;

/// A scenario by name, with the faults that it can stand.
struct entry {
  const char* name;
  void (*play)(sim::world& net, unsigned size);
  sim::families from;
  unsigned size;
  bool tls = false;  // a world costs milliseconds then: fewer of them
};

[[nodiscard]] std::span<const entry> every();

/// Everything but a crash: what a session that is tried again must survive.
inline constexpr sim::families anything = sim::families::all().without(sim::family::crash);

/// Where one program of a scenario is stopped: see stops_test.cpp. Set before a world is played.
struct cut {
  enum class way : std::uint8_t {
    none,
    from_outside,  ///< between two moments of the world: everybody waits
    by_deadline,   ///< in a turn, after what has arrived was collected and before it was resumed
  };
  way how = way::none;
  unsigned program = 0;      ///< which, in the order in which they were started
  std::uint64_t moment = 0;  ///< from_outside: the number of the moment
  duration at{};             ///< by_deadline: the time
};

/// Bytes are wrong: that is never excused, not even by a cut.
class wrong_bytes : public sim::failure {
 public:
  using sim::failure::failure;
};

/// The programs of one world.
class stage {
 public:
  explicit stage(sim::world& net) : net_(net) {}
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;
  /// Ends what still runs: it uses what the scenario has made, so a stage is made last.
  ~stage();

  /// Starts a program on that host. Its error is the scenario's, unless the cut has struck.
  void start(sim::host& h, callback<task<>()> program);

  /// Drives the world until `done`; for a little while only once the cut has struck.
  void drive(const callback<bool()>& done);
  [[nodiscard]] bool is_cut() const noexcept { return cut_; }

  // For stops_test.cpp: what the next worlds do, and what the last one has seen.
  static cut plan;
  static std::vector<duration> moments;  ///< the time of each, when there is no plan
  static unsigned programs;
  static std::string broken;  ///< what an oracle has said in a session of a server
  static bool bytes_broken;   ///< and whether it was about bytes

 private:
  task<> guarded(task<> main, unsigned number);
  task<> cut_by_deadline(task<> main);
  void strike();
  void strike_from_outside();

  sim::world& net_;
  std::vector<sim::host*> hosts_;
  std::vector<scope*> running_;  // of each program, while it runs
  std::uint64_t moment_ = 0;
  bool cut_ = false;
  duration cut_at_{};
};

/// Plays a session until it succeeds: faults may break it, and once they are over none may.
[[nodiscard]] task<> until_it_works(sim::world& net, stage& on, callback<task<>()> session);

/// The bytes of one direction of a stream, each known by its place, and who was told what.
class ledger {
 public:
  explicit ledger(std::uint64_t key = 0) noexcept : key_(key) {}

  /// The next bytes to send, `wanted` or fewer.
  [[nodiscard]] std::string_view next(std::size_t wanted) const;
  /// A send was told that so many have gone.
  void sent(std::uint64_t count) noexcept { sent_ += count; }
  /// A receive was given these.
  void received(std::string_view bytes);
  /// The receiver was told that the stream has ended: nothing may be missing.
  void ended() const;

  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

 private:
  std::uint64_t key_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

/// Counts operations: each that has begun must end, once.
class tally {
 public:
  /// Awaits `operation`, counted.
  template <awaitable A>
  task<result<typename A::value_type>> once(A operation) {
    ++begun_;
    bool over = false;
    auto outcome = co_await attempt(std::move(operation));
    sim::require(!std::exchange(over, true), "an operation has ended twice");
    ++ended_;
    co_return outcome;
  }
  void settle() const { sim::require(begun_ == ended_, "an operation has not ended"); }

 private:
  std::uint64_t begun_ = 0;
  std::uint64_t ended_ = 0;
};

/// Options of a server in a scenario: errors of sessions are ordinary there.
[[nodiscard]] serve_options quiet();

/// In the place of print() in the examples: worlds are many.
template <class... A>
void mute(const A&...) {}

void greet(sim::world& net, unsigned size);
void lines(sim::world& net, unsigned size);
void relayed(sim::world& net, unsigned size);
void asked(sim::world& net, unsigned size);
void drained(sim::world& net, unsigned size);
void eyeballs(sim::world& net, unsigned size);
void between(sim::world& net, unsigned size);
void chatted(sim::world& net, unsigned size);
void transfers(sim::world& net, unsigned size);
void pages(sim::world& net, unsigned size);
void lines_tls(sim::world& net, unsigned size);
void transfers_tls(sim::world& net, unsigned size);
void pages_tls(sim::world& net, unsigned size);

}  // namespace scenario
