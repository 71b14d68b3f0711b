// SPDX-License-Identifier: MIT
#include "run_command.hpp"

#include "advice.hpp"
#include "exit_codes.hpp"
#include "text.hpp"

#include <bight/line_sink.hpp>
#include <bight/run.hpp>
#include <bight/scope.hpp>
#include <bight/stdio.hpp>

#include <csignal>
#include <cstdlib>
#include <new>
#include <optional>

namespace tool {

using namespace bight;

namespace {

int report(const console& log, exit_code code, std::string_view message) {
  if (!message.empty()) log.error(message, static_cast<int>(code));
  return static_cast<int>(code);
}

// Reports the errors of `work` and converts them to exit statuses. `log` is borrowed.
task<int> with_exit_status(task<int> work, const console& log) {
  try {
    co_return co_await std::move(work);
  } catch (const failure& e) {
    co_return report(log, e.code(), e.silent() ? "" : e.what());
  } catch (const error& e) {
    co_return report(log, exit_code_of(e), e.what() + hint_for(e));
  } catch (const std::bad_alloc&) {
    co_return report(log, exit_code::other, "out of memory");
  } catch (const std::exception& e) {
    co_return report(log, exit_code::other, e.what());
  }
}

// Waits for a signal that ends the program.
task<int> next_end_signal() {
  if (hangup_is_ignored()) co_return co_await next_signal();
  const auto come = co_await race(next_signal(), next_hangup());
  co_return come.index() == 0 ? std::get<0>(come) : std::get<1>(come);
}

// Runs `work` until it ends or a signal arrives; stores the signal in `caught`.
task<int> interruptible(task<int> work, std::optional<int>& caught) {
  auto outcome = co_await race(std::move(work), next_end_signal());
  if (outcome.index() == 0) co_return std::get<0>(outcome);
  caught = std::get<1>(outcome);
  co_return static_cast<int>(exit_code::interrupted);
}

// For one connection, io_uring has no advantage, and its shared buffers take a megabyte.
run_options for_one_connection() {
  run_options how;
  if (std::getenv("BIGHT_ENGINE") == nullptr) how.engine = engine_choice::epoll;
  return how;
}

// run() itself reports an engine that cannot be used, but not as JSON.
void check_engine(const console& log) {
  if (log.json && std::getenv("BIGHT_ENGINE") != nullptr) static_cast<void>(engine_chosen());
}

}  // namespace

int run_command(task<int> work, const console& log) {
  check_engine(log);
  return run(with_exit_status(std::move(work), log));
}

int run_client(task<int> work, const console& log) {
  check_engine(log);
  std::optional<int> caught;
  const int code =
      run(with_exit_status(interruptible(std::move(work), caught), log), for_one_connection());
  // Waits for a slow reader of standard error. After a signal, main() waits for at most one second.
  if (!caught) line_sink::standard_error().flush(duration::max());
  return caught ? 128 + *caught : code;
}

bool hangup_is_ignored() noexcept {
  struct sigaction now{};
  return sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

task<time_point> loop_now() { co_return (co_await current_context()).now(); }

}  // namespace tool
