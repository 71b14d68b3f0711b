// SPDX-License-Identifier: MIT
#include <bight/run.hpp>

#include "engine/process.hpp"
#include "loop/choose.hpp"
#include "loop/loop.hpp"

#include <cstdio>

namespace bight {

engine_report engine_chosen(engine_choice choice) {
  const auto [made, reason] = choose_engine(choice);
  return {std::string(made->name()), reason, made->features()};
}

runner::runner(run_options options)
    : loop_(own<loop>(choose_engine(options.engine).made, options.busy_poll)) {}
runner::runner(runner&&) noexcept = default;
runner::~runner() = default;

void runner::drive(task<> main) { loop_->run(std::move(main)); }

std::string_view runner::engine_name() const noexcept { return loop_->eng().name(); }

template <class T>
int machinery::run_main(task<T> main, run_options options) {
  try {
    raise_descriptor_limit();
    ignore_broken_pipes();
    runner r(options);
    if (options.signals) r.loop_->drain_on_signals();
    if constexpr (std::is_void_v<T>) {
      r.run(std::move(main));
      return 0;
    } else {
      return r.run(std::move(main));
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bight: %s\n", e.what());
    return 1;
  }
}

int run(task<> main, run_options options) { return run_main(std::move(main), options); }
int run(task<int> main, run_options options) { return run_main(std::move(main), options); }

}  // namespace bight
