// SPDX-License-Identifier: MIT
// What the parts cost by themselves, without a socket: bench/run --micro.
#include <bight/bight.hpp>

#include <benchmark/benchmark.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>
using namespace bight;

namespace {

task<> nothing() { co_return; }

// Runs a coroutine that goes round the benchmark's loop, on a loop of Bight's.
void on_a_loop(benchmark::State& state, task<> (*body)(benchmark::State&)) {
  runner loop({.engine = engine_choice::epoll});
  loop.run(body(state));
}

task<> await_a_task(benchmark::State& state) {
  for (auto _ : state) co_await nothing();
}

task<> spawn_and_join(benchmark::State& state) {
  for (auto _ : state) {
    scope children(co_await current_context());
    children.spawn(nothing());
    co_await children.join();
  }
}

task<> all_of_two(benchmark::State& state) {
  for (auto _ : state) static_cast<void>(co_await all(nothing(), nothing()));
}

task<> any_of_two(benchmark::State& state) {
  for (auto _ : state) static_cast<void>(co_await race(nothing(), nothing()));
}

task<> within_a_deadline(benchmark::State& state) {
  for (auto _ : state) co_await within(1h, nothing());
}

task<> turn_of_the_loop(benchmark::State& state) {
  for (auto _ : state) co_await sleep(0ns);
}

void arm_and_disarm_a_timer(benchmark::State& state) {
  machinery::scheduler s;
  std::vector<machinery::timer> others(static_cast<std::size_t>(state.range(0)));
  for (std::size_t i = 0; i < others.size(); ++i)
    s.arm(others[i], time_point(std::chrono::seconds(i)));
  machinery::timer t;
  for (auto _ : state) {
    s.arm(t, time_point(std::chrono::seconds(others.size() / 2)));
    s.disarm(t);
  }
  for (machinery::timer& other : others) s.disarm(other);
}

void take_and_drop_a_lease(benchmark::State& state) {
  const lease whole = lease::copy_of(std::string(1000, 'x'));
  for (auto _ : state) {
    lease copy = whole;
    benchmark::DoNotOptimize(copy.take_front(10).data());
  }
}

// A source that always has the same bytes there, and a sink that takes everything.
struct endless {
  lease bytes;
  task<lease> recv(std::size_t) { co_return bytes; }
  task<> send(std::string_view) { co_return; }
};

task<> read_a_message(benchmark::State& state) {
  std::string hundred;
  for (int i = 0; i < 100; ++i) hundred += length_prefix(64) + std::string(64, 'x');
  endless source{lease::copy_of(hundred)};
  reader in(source);
  for (auto _ : state) {
    auto message = co_await in.read_message();
    benchmark::DoNotOptimize(message->data());
  }
}

task<> read_a_line(benchmark::State& state) {
  std::string hundred;
  for (int i = 0; i < 100; ++i) hundred += std::string(63, 'x') + "\n";
  endless source{lease::copy_of(hundred)};
  reader in(source);
  for (auto _ : state) {
    auto line = co_await in.read_line();
    benchmark::DoNotOptimize(line->data());
  }
}

task<> write_a_message(benchmark::State& state) {
  endless sink;
  writer out(sink);
  const std::string message(64, 'x');
  for (auto _ : state) co_await out.write("1234", message);
  out.discard();
}

// An error that is made, thrown in the innermost of some coroutines, and caught in the outermost.
task<> fail_in(int depth) {
  if (depth == 1) throw error(errc::reset, "recv");
  co_await fail_in(depth - 1);
}

void throw_through_coroutines(benchmark::State& state) {
  runner loop({.engine = engine_choice::epoll});
  auto body = [](benchmark::State& s) -> task<> {
    for (auto _ : s) {
      try {
        co_await fail_in(static_cast<int>(s.range(0)) - 1);
      } catch (const error& e) {
        benchmark::DoNotOptimize(e.code());
      }
    }
  };
  loop.run(body(state));
}

task<> attempt_a_task_that_throws(benchmark::State& state) {
  for (auto _ : state) {
    auto outcome = co_await attempt(fail_in(1));
    benchmark::DoNotOptimize(outcome.error().code());
  }
}

void make_an_error(benchmark::State& state) {
  for (auto _ : state) {
    const error e(std::error_code(ECONNRESET, std::system_category()), "recv");
    benchmark::DoNotOptimize(e.code());
  }
}

BENCHMARK_CAPTURE(on_a_loop, await_a_task, await_a_task);
BENCHMARK_CAPTURE(on_a_loop, spawn_and_join, spawn_and_join);
BENCHMARK_CAPTURE(on_a_loop, all_of_two, all_of_two);
BENCHMARK_CAPTURE(on_a_loop, any_of_two, any_of_two);
BENCHMARK_CAPTURE(on_a_loop, within_a_deadline, within_a_deadline);
BENCHMARK_CAPTURE(on_a_loop, turn_of_the_loop, turn_of_the_loop);
BENCHMARK_CAPTURE(on_a_loop, read_a_message, read_a_message);
BENCHMARK_CAPTURE(on_a_loop, read_a_line, read_a_line);
BENCHMARK_CAPTURE(on_a_loop, write_a_message, write_a_message);
BENCHMARK_CAPTURE(on_a_loop, attempt_a_task_that_throws, attempt_a_task_that_throws);
BENCHMARK(throw_through_coroutines)->Arg(2)->Arg(3);
BENCHMARK(make_an_error);
BENCHMARK(arm_and_disarm_a_timer)->Arg(1)->Arg(1000)->Arg(100000);
BENCHMARK(take_and_drop_a_lease);

}  // namespace
