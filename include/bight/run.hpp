// SPDX-License-Identifier: MIT
#pragma once

/// Runs the first task from main().

#include <bight/machinery/owned.hpp>
#include <bight/task.hpp>
#include <bight/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace bight {

namespace machinery {
class loop;

/// Returns the value of `main`. `drive` runs a task<> to its end.
template <class T, class Drive>
T drive_for_value(task<T> main, Drive drive) {
  if constexpr (std::is_void_v<T>) {
    drive(std::move(main));
  } else {
    std::optional<T> value;
    auto keep = [](task<T> inner, std::optional<T>& into) -> task<> {
      into.emplace(co_await std::move(inner));
    };
    drive(keep(std::move(main), value));
    return *std::move(value);
  }
}

}  // namespace machinery

/// The I/O engine of a loop.
enum class engine_choice : std::uint8_t {
  automatic,  ///< BIGHT_ENGINE if set; else io_uring if a test operation succeeds; else epoll
  uring,
  epoll,
  /// A simulated network of one host, for tests: see <bight/sim.hpp>. The program must link
  /// bight::sim.
  sim,
};

/// Options of a loop. Every thread of a server uses those of the loop that started it.
struct run_options {
  engine_choice engine = engine_choice::automatic;
  /// How long an idle loop polls before it sleeps. Waking a thread takes longer than a round trip
  /// on a fast network, so polling halves the round-trip time, at the cost of a whole core. 0: no
  /// polling.
  duration busy_poll = 0ns;
  /// Whether SIGINT and SIGTERM drain the servers started under run(), a second one stops them at
  /// once, and SIGHUP makes tls::serve() reload its certificates. A runner ignores this option and
  /// leaves signals to the program, unless serve_options::signals is set.
  bool signals = true;
};

/// The selected engine and the reason for it.
struct engine_report {
  std::string name;      ///< "uring", "epoll" or "sim"
  std::string reason;    ///< why it was selected: one line
  std::string features;  ///< the io_uring features in use, or why io_uring is not
};

/// Selects an engine as run() would, and reports the choice. Throws what run() would throw.
[[nodiscard]] engine_report engine_chosen(engine_choice choice = engine_choice::automatic);

namespace machinery {
template <class T>
int run_main(task<T> main, run_options options);
}  // namespace machinery

/// Runs tasks on a loop of the calling thread. Each run() returns when its task has ended.
///
/// main() needs only `run(task)`. A runner is for tests and for programs with their own loop.
///
/// errors   error(errc::not_supported) if the requested engine is not available; the text says why.
/// threads  one runner per thread; runners share nothing.
class runner {
 public:
  explicit runner(run_options options = run_options());
  runner(runner&&) noexcept;
  ~runner();

  /// Runs `main` to its end and returns its value or throws its error. May be called again.
  template <class T>
  T run(task<T> main) {
    return machinery::drive_for_value(std::move(main),
                                      [this](task<> all) { drive(std::move(all)); });
  }

  /// The engine's name, as in engine_report.
  [[nodiscard]] std::string_view engine_name() const noexcept;

 private:
  template <class T>
  friend int machinery::run_main(task<T> main, run_options options);
  void drive(task<> main);
  machinery::owned<machinery::loop> loop_;
};

/// Runs `main` and returns the exit status for main(): 0, the task's int, or 1 after printing the
/// error on standard error.
///
/// Raises the soft limit of file descriptors to the hard limit, as servers need it. Ignores
/// SIGPIPE, as Python does: a write to a pipe without a reader fails with errc::closed.
int run(task<> main, run_options options = run_options());
int run(task<int> main, run_options options = run_options());

}  // namespace bight
