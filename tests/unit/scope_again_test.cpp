// SPDX-License-Identifier: MIT
// A scope that is used again after join().
#include <bight/scope.hpp>

#include "base/names.hpp"
#include "children.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace bight {
namespace {

task<> ends_at_once() { co_return; }

task<> throws_at_once(const char* what) {
  throw std::runtime_error(what);
  co_return;
}

task<std::string> joined(scope& s) {
  auto joining = s.join();
  try {
    co_await std::move(joining);
  } catch (const std::exception& e) {
    co_return e.what();
  }
  co_return "";
}

TEST(scope_again, a_child_after_join_is_awaited_by_the_next_join) {
  manual_scheduler loop;
  log_type log;
  auto body = [](log_type& l) -> task<> {
    scope s(co_await current_context());
    for (const char* name : {"a", "b", "c"}) {
      s.spawn(quiet(l, name, 1s));
      const std::string failure = co_await joined(s);
      EXPECT_EQ(failure, "");
      l.push_back("joined");
    }
  };
  loop.run(body(log));
  EXPECT_EQ(log, (log_type{"a done", "joined", "b done", "joined", "c done", "joined"}));
}

TEST(scope_again, a_child_that_ends_at_once_does_not_resume_an_earlier_join) {
  manual_scheduler loop;
  log_type log;
  auto body = [](log_type& l) -> task<> {
    scope s(co_await current_context());
    s.spawn(quiet(l, "a", 1s));
    co_await joined(s);
    s.spawn(ends_at_once());
    s.spawn(ends_at_once());
    l.push_back("goes on");
    co_await joined(s);
    l.push_back("joined");
  };
  loop.run(body(log));
  EXPECT_EQ(log, (log_type{"a done", "goes on", "joined"}));
}

TEST(scope_again, an_error_is_thrown_once) {
  manual_scheduler loop;
  auto body = []() -> task<> {
    scope s(co_await current_context());
    s.spawn(throws_at_once("first"));
    std::string failure = co_await joined(s);
    EXPECT_EQ(failure, "first");
    failure = co_await joined(s);
    EXPECT_EQ(failure, "");
    s.spawn(throws_at_once("second"));
    failure = co_await joined(s);
    EXPECT_EQ(failure, "second");
  };
  loop.run(body());
}

TEST(scope_again, a_scope_that_has_failed_stops_every_later_child) {
  manual_scheduler loop;
  log_type log;
  auto body = [](log_type& l) -> task<> {
    scope s(co_await current_context());
    s.spawn(throws_at_once("first"));
    co_await joined(s);
    EXPECT_TRUE(s.stopping());
    s.spawn(quiet(l, "late", 1s));
    const std::string failure = co_await joined(s);
    EXPECT_EQ(failure, "sleep: cancelled");
  };
  loop.run(body(log));
  EXPECT_EQ(log, (log_type{"late cancelled"}));
  EXPECT_EQ(loop.elapsed(), 0s);
}

}  // namespace
}  // namespace bight
