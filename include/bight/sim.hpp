// SPDX-License-Identifier: MIT
#pragma once

/// A simulated network: hosts, paths and time that follow from one seed.
///
/// The programs in it are the real ones, on the real API; below the waist there is a world instead
/// of a kernel. Time is virtual: a second of sleep costs nothing. docs/SIMULATOR.md says what is
/// modelled and what is not.
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
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bight::sim {

class universe;  // what is behind a world
class machine;   // what is behind a host

/// The test has failed: a deadlock, a limit, something left over, a program that broke a rule. The
/// text is a whole report.
class failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct world_options {
  std::uint64_t seed = 1;
  fault_plan faults = {};
  /// The date when the world begins, by which certificates and sessions of TLS are valid or not.
  /// The same one in each run unless it is set: no test fails because a day has come.
  std::chrono::sys_seconds date = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
  /// Limits. A run that reaches one fails, and the failure lists what each program waits for. The
  /// turns of the programs count as events here.
  duration time_max = 24h * 3650;
  std::uint64_t events_max = 1'000'000'000;
  /// What a reset does to bytes that have arrived and were not read: Linux keeps them for the
  /// reader, other systems discard them.
  bool reset_discards = false;
  /// Buffers that an operation has borrowed are watched: what is received is not there before the
  /// operation is complete, and what is sent must not change while it is in flight.
  bool guard_buffers = true;
};

/// Whether a host has a route to another, and what its system says when it has none. Connects and
/// datagrams fail with that at once; established connections hear nothing, as in a partition.
enum class route : std::uint8_t {
  present,
  missing,      ///< "network is unreachable": errc::unreachable
  unreachable,  ///< "no route to host": errc::unreachable
  prohibited,   ///< by a rule of the host: errc::denied
};

/// How packets travel from one host to another.
struct path_options {
  duration latency = 1ms;     ///< one way
  duration jitter = 0ns;      ///< at most so much more; a thousandth of the packets ten times that
  double loss = 0;            ///< of packets, each by itself. TCP sends again, after a time-out
  double duplicate = 0;       ///< of datagrams that come twice
  double reorder = 0;         ///< of datagrams that those behind them overtake
  double corrupt = 0;         ///< of datagrams with one byte changed
  double burst_loss = 0;      ///< of packets that begin a run of lost ones
  std::uint64_t rate = 0;     ///< bytes a second; 0: without limit
  std::size_t queue = 65536;  ///< bytes that wait for the rate; more is lost
  std::size_t packet = 1500;  ///< bytes of a packet, headers and all
  route routed = route::present;
};

struct host_options {
  std::size_t descriptors_max = 1'048'576;
  std::size_t send_buffer = 262'144;
  std::size_t receive_buffer = 262'144;
  bool ip6 = true;  ///< whether it has an IPv6 address beside the IPv4 one
};

/// How a name is answered, for each family apart.
struct name_options {
  enum class answer : std::uint8_t { found, not_found, failed, silent };
  duration latency4 = 1ms;
  duration latency6 = 1ms;
  answer answer4 = answer::found;
  answer answer6 = answer::found;
};

/// What is alive in a world at a moment.
struct census {
  std::size_t programs = 0;
  std::size_t sockets = 0;     ///< that programs have open
  std::size_t operations = 0;  ///< in flight
  std::size_t timers = 0;
  friend bool operator==(const census&, const census&) noexcept = default;
};

/// A computer in a world. Made by world::add, lives as long as the world.
class host {
 public:
  explicit host(machine& m) noexcept : machine_(m) {}
  host(const host&) = delete;
  host& operator=(const host&) = delete;

  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] address ip4(std::uint16_t port = 0) const;
  [[nodiscard]] address ip6(std::uint16_t port = 0) const;

  /// Starts a program on a loop of its own. It begins when the world goes on. The factory is kept:
  /// a restart calls it again.
  ///
  /// errors  a program that ends with an error is a failure of whoever drives the world then.
  void start(machinery::callback<task<>()> program);

  /// Runs `main` on a loop of its own and drives the world until it has ended; gives its value, or
  /// throws its error. Not from inside a program.
  ///
  /// errors  the task's own, after which the world can go on; sim::failure: see world.
  template <class T>
  T run(task<T> main) {
    return machinery::drive_for_value(std::move(main),
                                      [this](task<> all) { drive(std::move(all)); });
  }

  /// SIGINT or SIGTERM for the programs of this host. As on a real one, they end by it when none of
  /// them waits for signals.
  void signal(int number);
  /// SIGKILL: the programs are gone; the system closes what they had open, so peers see an end, or
  /// a reset where bytes had not been read.
  void kill();
  /// Power loss: everything is gone, and nobody is told.
  void crash();
  /// Starts again what start() had started, after kill(), crash() or an end. The programs are new
  /// ones: what their loops kept, resumable TLS sessions for instance, is gone.
  void restart();
  /// The programs stand still, the system goes on: connections are accepted, buffers fill.
  void pause();
  void resume();
  [[nodiscard]] bool running() const noexcept;  ///< some program of this host has not ended

  /// Moves this host's idea of time ahead, as after a suspend: what is due in it is due now. Its
  /// date moves too.
  void step_clock(duration ahead);
  void limit_descriptors(std::size_t most);

  /// What standard input gives to the programs, from now on; and its end.
  void type(std::string_view text);
  void end_input();
  /// What they have written to standard output (1) or error (2) through stdio.
  [[nodiscard]] const std::string& output(int fd = 1) const;

 private:
  friend class world;
  void drive(task<> main);
  machine& machine_;
};

/// A simulated network with its hosts and its time.
///
/// What drives a world fails when a program ends with an error, at a deadlock, at a limit. All
/// programs are ended then, before whoever drives is told: they may use what is his.
///
/// The end of a world stops what still runs and awaits it. What is left over then, a socket or an
/// operation, is a failure: end() throws it; the destructor, which cannot, ends the process with
/// the report unless an exception is on its way.
///
/// After end() a world and its hosts still answer every question: now(), hash(), events(), alive(),
/// host::output() and the others. Nothing can be added, started, run or changed any more
/// (asserted).
///
/// threads  one; worlds share nothing.
class world {
 public:
  explicit world(world_options options = world_options());
  world(const world&) = delete;
  world& operator=(const world&) = delete;
  ~world();
  /// Ends the world, as the destructor does. Does nothing when it has ended already.
  void end();

  /// A host with that name, which the others can look up, and addresses.
  host& add(std::string_view name, host_options options = host_options());

  /// The paths between two hosts, to be assigned. In both directions, or from `a` to `b` only.
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

  /// Nothing arrives any more: between the two, from `a` to `b` only, or between `a` and everybody.
  void partition(host& a, host& b);
  void partition_one_way(host& a, host& b);
  void isolate(host& a);
  /// What is sent waits, and arrives once this heals.
  void clog(host& a, host& b);
  /// Ends partitions and clogs: between two, or all.
  void heal(host& a, host& b);
  void heal();

  /// A name that hosts can look up, beside those of the hosts themselves.
  void name(std::string_view name, std::vector<address> addresses,
            name_options options = name_options());

  /// Calls `f` after that time, between the turns of all programs. It may call anything here that
  /// does not drive the world, and may wake programs: set an event, stop a scope, close a socket.
  void after(duration wait, machinery::callback<void()> f);
  /// Drives the world for that long.
  void run_for(duration time);
  /// Drives the world until `done` says true; asked after every event.
  void run_until(const machinery::callback<bool()>& done);

  [[nodiscard]] duration now() const noexcept;  ///< since the world began
  [[nodiscard]] std::uint64_t seed() const noexcept;
  [[nodiscard]] const fault_plan& faults() const noexcept;
  [[nodiscard]] std::uint64_t hash() const noexcept;    ///< of everything that has happened
  [[nodiscard]] std::uint64_t events() const noexcept;  ///< so many have
  [[nodiscard]] std::uint64_t faults_struck() const noexcept;
  [[nodiscard]] census alive() const noexcept;
  /// Who waits for what: for reports.
  [[nodiscard]] std::string waiting() const;
  /// A stream of the scenario's own.
  [[nodiscard]] random_stream random(std::string_view purpose) const noexcept;
  /// Puts a line of the scenario into the trace.
  void note(std::string_view text);
  /// Tells every event to `s` from now on; null: to nobody. Borrowed.
  void trace_to(sink* s) noexcept;

 private:
  std::unique_ptr<universe> universe_;
};

}  // namespace bight::sim
