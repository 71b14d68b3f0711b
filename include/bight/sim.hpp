// SPDX-License-Identifier: MIT
#pragma once

/// A simulated network: hosts, paths and time, all determined by one seed.
///
/// It runs real programs on the real API; a simulated world replaces the kernel. Time is virtual: a
/// sleep of one second costs nothing. docs/SIMULATOR.md lists what is modelled and what is not.
///
///     sim::world net({.seed = 7});
///     auto& server = net.add("server");
///     auto& client = net.add("client");
///     net.between(server, client) = {.latency = 20ms, .loss = 0.05};
///     server.start([]() -> task<> { co_await tcp::serve(":9999", greet); });
///     client.run(ask("server:9999"));

#include <bight/address.hpp>
#include <bight/machinery/callback.hpp>
#include <bight/run.hpp>
#include <bight/sim_faults.hpp>
#include <bight/sim_trace.hpp>
#include <bight/task.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bight::sim {

class universe;  // implementation of world
class machine;   // implementation of host

/// Thrown when a test fails: a deadlock, a reached limit, leftover sockets or operations, or a
/// program error. The text is a complete report.
class failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct world_options {
  std::uint64_t seed = 1;
  fault_plan faults = {};
  /// The date at the start of the world, which TLS uses to validate certificates and sessions. It
  /// is fixed unless set, so a test cannot start to fail on a later date.
  std::chrono::sys_seconds date = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
  /// Limits. A run that reaches one fails, and the failure lists what each program waits for. Turns
  /// of the programs count as events here.
  duration time_max = 24h * 3650;
  std::uint64_t events_max = 1'000'000'000;
  /// Whether a reset discards bytes that have arrived but were not read. Linux keeps them for the
  /// reader; other systems discard them.
  bool reset_discards = false;
  /// Checks borrowed buffers: received bytes appear only when the operation completes, and a buffer
  /// that is being sent must not change.
  bool guard_buffers = true;
};

/// Whether a host has a route to another, and the error if not. Connects and datagrams fail with it
/// at once; established connections get no error, as in a partition.
enum class route : std::uint8_t {
  present,
  missing,      ///< "network is unreachable": errc::unreachable
  unreachable,  ///< "no route to host": errc::unreachable
  prohibited,   ///< by a rule on the host: errc::denied
};

/// The behaviour of the path from one host to another.
struct path_options {
  duration latency = 1ms;  ///< one way
  duration jitter = 0ns;   ///< maximum extra delay; one packet in 1000 gets up to 10 times that
  double loss = 0;         ///< share of packets lost independently; TCP retransmits on timeout
  double duplicate = 0;    ///< share of datagrams that arrive twice
  double reorder = 0;      ///< share of datagrams that are overtaken by later ones
  double corrupt = 0;      ///< share of datagrams with one changed byte
  double burst_loss = 0;   ///< share of packets that start a run of lost packets
  std::optional<std::uint64_t> rate = {};  ///< bytes per second, at least 1; not set: unlimited
  std::size_t queue = 65536;               ///< bytes queued for the rate limit; more are lost
  std::size_t packet = 1500;               ///< packet size in bytes, including headers
  route routed = route::present;
};

struct host_options {
  std::size_t descriptors_max = 1'048'576;
  std::size_t send_buffer = 262'144;
  std::size_t receive_buffer = 262'144;
  bool ip6 = true;  ///< whether the host has an IPv6 address in addition to IPv4
};

/// How name lookups are answered, per address family.
struct name_options {
  enum class answer : std::uint8_t { found, not_found, failed, silent };
  duration latency4 = 1ms;
  duration latency6 = 1ms;
  answer answer4 = answer::found;
  answer answer6 = answer::found;
};

/// What is alive in a world at one moment.
struct census {
  std::size_t programs = 0;
  std::size_t sockets = 0;     ///< opened by programs
  std::size_t operations = 0;  ///< in flight
  std::size_t timers = 0;
  friend bool operator==(const census&, const census&) noexcept = default;
};

/// A simulated computer. Created by world::add; valid as long as the world.
class host {
 public:
  explicit host(machine& m) noexcept : machine_(m) {}
  host(const host&) = delete;
  host& operator=(const host&) = delete;

  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] address ip4(std::uint16_t port = 0) const;
  [[nodiscard]] address ip6(std::uint16_t port = 0) const;

  /// Starts a program on its own loop. It begins when the world runs next. The factory is kept and
  /// called again on restart.
  ///
  /// errors  a program that ends with an error makes the call that drives the world fail.
  void start(machinery::callback<task<>()> program);

  /// Runs `main` on its own loop and drives the world until it has ended. Returns its value or
  /// throws its error. Must not be called from inside a program (asserted).
  ///
  /// errors  the task's own, after which the world can continue; sim::failure: see world.
  template <class T>
  T run(task<T> main) {
    return machinery::drive_for_value(std::move(main),
                                      [this](task<> all) { drive(std::move(all)); });
  }

  /// Sends SIGINT or SIGTERM to the programs of this host. As on a real host, it ends them if none
  /// of them waits for signals.
  void signal(int number);
  /// Ends the programs like SIGKILL. The system closes their sockets, so peers see an end, or a
  /// reset if bytes were unread.
  void kill();
  /// Loses power: all state is gone, and peers are not notified.
  void crash();
  /// Restarts what start() started, after kill(), crash() or its end. State kept by the old loops,
  /// such as resumable TLS sessions, is gone.
  void restart();
  /// Stops the programs while the system continues: connections are accepted and buffers fill.
  void pause();
  void resume();
  [[nodiscard]] bool running() const noexcept;  ///< whether a program of this host has not ended

  /// Moves this host's clock and date ahead, as after a suspend. Expired timers fire at once.
  void step_clock(duration ahead);
  void limit_descriptors(std::size_t most);

  /// Appends text to the programs' standard input; end_input() ends it.
  void type(std::string_view text);
  void end_input();
  /// Returns what the programs wrote to standard output (1) or standard error (2) through stdio.
  [[nodiscard]] const std::string& output(int fd = 1) const;

 private:
  friend class world;
  void drive(task<> main);
  machine& machine_;
};

/// A simulated network with its hosts and its time.
///
/// A call that drives a world throws sim::failure when a program ends with an error, at a deadlock,
/// or at a limit. All programs are ended before the failure is thrown, because they may refer to
/// objects of the caller.
///
/// Ending a world stops and awaits what still runs. A socket or an operation that is left over then
/// is a failure. end() throws it. The destructor cannot throw: it prints the report and ends the
/// process, unless an exception is in flight.
///
/// After end(), the state of a world and its hosts can still be read: now(), hash(), events(),
/// alive(), host::output() and the others. Nothing can be added, started, run or changed
/// (asserted).
///
/// threads  one; worlds share nothing.
class world {
 public:
  explicit world(world_options options = world_options());
  world(const world&) = delete;
  world& operator=(const world&) = delete;
  ~world();
  /// Ends the world, as the destructor does. Does nothing if it has already ended.
  void end();

  /// Adds a host with addresses. Other hosts can look up its name.
  host& add(std::string_view name, host_options options = host_options());

  /// The paths between two hosts; assign path_options to them. Both directions, or `a` to `b` only.
  class paths {
   public:
    paths(universe& all, machine& a, machine& b, bool both) noexcept
        : all_(all), a_(a), b_(b), both_(both) {}
    void operator=(const path_options& options) const;

   private:
    universe& all_;
    machine& a_;
    machine& b_;
    bool both_;
  };
  [[nodiscard]] paths between(host& a, host& b) noexcept;
  [[nodiscard]] paths one_way(host& a, host& b) noexcept;

  /// Drops all packets: between the two hosts, from `a` to `b` only, or between `a` and all others.
  void partition(host& a, host& b);
  void partition_one_way(host& a, host& b);
  void isolate(host& a);
  /// Holds packets back between two hosts; they arrive after heal().
  void clog(host& a, host& b);
  /// Ends partitions and clogs: between two hosts, or all.
  void heal(host& a, host& b);
  void heal();

  /// Defines a name that hosts can look up, in addition to the host names.
  void name(std::string_view name, std::vector<address> addresses,
            name_options options = name_options());

  /// Calls `f` after `wait`, between the turns of all programs. `f` may call anything here that
  /// does not drive the world, and may wake programs: set an event, stop a scope, close a socket.
  void after(duration wait, machinery::callback<void()> f);
  /// Drives the world for `time`.
  void run_for(duration time);
  /// Drives the world until `done` returns true; `done` is called after every event.
  void run_until(const machinery::callback<bool()>& done);

  [[nodiscard]] duration now() const noexcept;  ///< since the start of the world
  [[nodiscard]] std::uint64_t seed() const noexcept;
  [[nodiscard]] const fault_plan& faults() const noexcept;
  [[nodiscard]] std::uint64_t hash() const noexcept;    ///< hash of all events so far
  [[nodiscard]] std::uint64_t events() const noexcept;  ///< number of events so far
  [[nodiscard]] std::uint64_t faults_struck() const noexcept;
  [[nodiscard]] census alive() const noexcept;
  /// Lists what each program waits for, for reports.
  [[nodiscard]] std::string waiting() const;
  /// Returns a random stream for the scenario, determined by the seed and `purpose`.
  [[nodiscard]] random_stream random(std::string_view purpose) const noexcept;
  /// Adds a line of the scenario to the trace.
  void note(std::string_view text);
  /// Reports every event to `s` from now on; null: to no sink. Borrowed.
  void trace_to(sink* s) noexcept;

 private:
  std::unique_ptr<universe> universe_;
};

}  // namespace bight::sim
