// SPDX-License-Identifier: MIT
#include "loop/work.hpp"

#include "engine/work.hpp"
#include "loop/loop.hpp"

namespace bight {

namespace {

class [[nodiscard]] work_operation : public op {
 public:
  using value_type = void;
  explicit work_operation(work_order& order) noexcept : op(verb::work, nullptr, {}) {
    extra = &order;
  }
  [[nodiscard]] result<void> take() {
    if (failed()) return failure();
    return {};
  }
};

class loop_in_thread final : public other_loop {
 public:
  loop_in_thread(std::unique_ptr<engine> e, duration busy_poll) : loop_(std::move(e), busy_poll) {}
  void run(task<> main) override { loop_.run(std::move(main)); }
  void stop_from_outside() noexcept override { loop_.stop_from_outside(); }

 private:
  loop loop_;
};

}  // namespace

task<> run_on_another_loop(callback<task<>()> make) {
  work_order order;
  order.make = std::move(make);
  const duration busy_poll = loop::of(co_await current_context()).busy_poll();
  order.make_loop = [busy_poll](std::unique_ptr<engine> e) {
    return std::make_unique<loop_in_thread>(std::move(e), busy_poll);
  };
  work_operation working(order);
  co_await std::move(working);
  if (order.failure) std::rethrow_exception(order.failure);
}

}  // namespace bight
