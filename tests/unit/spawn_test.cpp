// SPDX-License-Identifier: MIT
// What a scope keeps for its children: callables, their arguments, objects.
#include <bight/deadline.hpp>
#include <bight/scope.hpp>

#include "base/names.hpp"
#include "manual_scheduler.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bight {
namespace {

struct counter {
  int from;
  std::vector<int>* seen;
  task<> run(int step, const std::string& name) {
    co_await sleep(1s);
    seen->push_back(from + step + static_cast<int>(name.size()));
  }
  task<> look() const {
    co_await sleep(0s);
    seen->push_back(from);
  }
};

TEST(in_scope, keeps_a_callable_and_its_arguments_until_the_task_has_ended) {
  manual_scheduler loop;
  std::vector<int> seen;
  auto body = [&seen](scope& s) -> task<> {
    for (int i = 1; i <= 2; ++i)
      s.spawn([i, &seen]() -> task<> {  // its captures outlive this statement
        co_await sleep(1s);
        seen.push_back(i);
      });
    auto add = [](std::vector<int>& into, const std::string& text) -> task<> {
      co_await sleep(2s);
      into.push_back(static_cast<int>(text.size()));
    };
    s.spawn(add, std::ref(seen), std::string(100, 'x'));
    s.spawn(&counter::run, counter{10, &seen}, 1, std::string("name"));
    s.spawn(&counter::run, std::make_unique<counter>(counter{20, &seen}), 1, std::string("name"));
    counter here{30, &seen};
    s.spawn(&counter::run, &here, 1, std::string("name"));
    s.spawn(&counter::look, std::ref(here));
    co_await sleep(5s);
  };
  loop.run(in_scope(body));
  EXPECT_EQ(seen, (std::vector{30, 1, 2, 15, 25, 35, 100}));
}

}  // namespace
}  // namespace bight
