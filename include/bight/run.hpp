// SPDX-License-Identifier: MIT
#pragma once

/// From main() into the first task.

#include <bight/task.hpp>
#include <bight/time.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace bight {

namespace machinery {
class loop;
class engine;

/// Gives the value of `main` by way of `drive`, which runs a task<> to its end.
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

/// Which engine carries the operations.
enum class engine_choice : std::uint8_t {
  automatic,  ///< BIGHT_ENGINE when set; else io_uring when it really works; else epoll
  uring,
  epoll,
  sim,  ///< a simulated world of one host, for tests; see <bight/sim.hpp>
};

/// How a loop runs. Threads of a server run as the loop that they belong to.
struct run_options {
  engine_choice engine = engine_choice::automatic;
  /// For so long without work a loop looks again and again before it sleeps. Being woken takes
  /// longer than an answer on a fast network does: this halves the time of a round trip, and
  /// takes a whole core. 0: sleeps at once.
  duration busy_poll = 0ns;
  /// Whether SIGINT and SIGTERM drain the servers that run() runs, and a second one stops them at
  /// once; SIGHUP makes tls::serve() reload its certificates. A runner ignores this: it leaves
  /// signals to its program, unless serve_options::signals asks for them.
  bool signals = true;
};

/// What was chosen, and why.
struct engine_report {
  std::string name;      ///< "uring", "epoll" or "sim"
  std::string reason;    ///< why this one: one line
  std::string features;  ///< what of io_uring is in use, or why it is not
};

/// Tries the engines as run() would, and tells. Throws what run() would throw.
[[nodiscard]] engine_report engine_chosen(engine_choice choice = engine_choice::automatic);

namespace machinery {
template <class T>
int run_main(task<T> main, run_options options);
}  // namespace machinery

/// Runs tasks on a loop of this thread until the first of them has ended.
///
/// main() needs only `run(task)`. A runner is for tests and for programs with a loop of their own.
///
/// errors   a forced engine that cannot be had: error(errc::not_supported) which says why.
/// threads  one runner a thread; nothing is shared.
class runner {
 public:
  explicit runner(run_options options = run_options());
  explicit runner(std::unique_ptr<machinery::engine> e);
  runner(runner&&) noexcept;
  ~runner();

  /// Runs `main` to its end and gives its value or throws its error. May be called again.
  template <class T>
  T run(task<T> main) {
    return machinery::drive_for_value(std::move(main),
                                      [this](task<> all) { drive(std::move(all)); });
  }

  /// The name of the engine.
  [[nodiscard]] std::string_view engine_name() const noexcept;

 private:
  template <class T>
  friend int machinery::run_main(task<T> main, run_options options);
  void drive(task<> main);
  std::unique_ptr<machinery::loop> loop_;
};

/// Runs `main` and gives what main() should return: 0, the task's own int, or 1 after writing the
/// error to standard error.
///
/// The soft limit of descriptors is raised to the hard one, as servers need, and SIGPIPE is
/// ignored, as in Python: a write to a pipe that nobody reads fails with errc::closed.
int run(task<> main, run_options options = run_options());
int run(task<int> main, run_options options = run_options());

}  // namespace bight
