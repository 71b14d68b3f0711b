// SPDX-License-Identifier: MIT
#include <bight/machinery/scheduler.hpp>

#include "base/names.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <vector>

namespace bight {
namespace {

struct noting_timer : timer {
  std::vector<int>* log = nullptr;
  int id = 0;
  noting_timer(std::vector<int>& into, int number) : log(&into), id(number) {
    expired = [](timer& t) {
      auto& self = static_cast<noting_timer&>(t);
      self.log->push_back(self.id);
    };
  }
};

struct noting_runnable : runnable {
  std::vector<int>* log = nullptr;
  int id = 0;
  scheduler* again = nullptr;
  noting_runnable(std::vector<int>& into, int number) : log(&into), id(number) {
    run = [](runnable& r) {
      auto& self = static_cast<noting_runnable&>(r);
      self.log->push_back(self.id);
      if (self.again != nullptr) self.again->ready(self);
    };
  }
};

TEST(scheduler, runs_what_is_ready_in_order) {
  scheduler s;
  std::vector<int> log;
  noting_runnable a(log, 1), b(log, 2), c(log, 3);
  s.ready(b);
  s.ready(a);
  s.ready(c);
  EXPECT_TRUE(s.has_ready());
  s.run_ready();
  EXPECT_EQ(log, (std::vector{2, 1, 3}));
  EXPECT_FALSE(s.has_ready());
}

TEST(scheduler, tasks_that_become_ready_in_a_pass_wait_for_the_next) {
  scheduler s;
  std::vector<int> log;
  noting_runnable a(log, 1), b(log, 2);
  a.again = &s;
  s.ready(a);
  s.ready(b);
  s.run_ready();
  EXPECT_EQ(log, (std::vector{1, 2}));
  s.run_ready();
  EXPECT_EQ(log, (std::vector{1, 2, 1}));
}

TEST(scheduler, timers_expire_in_the_order_of_their_moments) {
  scheduler s;
  std::vector<int> log;
  noting_timer a(log, 1), b(log, 2), c(log, 3);
  s.arm(a, time_point(3s));
  s.arm(b, time_point(1s));
  s.arm(c, time_point(2s));
  EXPECT_EQ(s.next_deadline(), time_point(1s));
  s.expire(time_point(2s));
  EXPECT_EQ(log, (std::vector{2, 3}));
  EXPECT_EQ(s.now(), time_point(2s));
  EXPECT_FALSE(b.armed());
  EXPECT_TRUE(a.armed());
  s.expire(time_point(3s));
  EXPECT_EQ(log, (std::vector{2, 3, 1}));
  EXPECT_EQ(s.next_deadline(), time_point::max());
}

TEST(scheduler, of_equal_moments_the_one_armed_first_is_first) {
  scheduler s;
  std::vector<int> log;
  std::vector<std::unique_ptr<noting_timer>> timers;
  for (int i = 0; i < 100; ++i) timers.push_back(std::make_unique<noting_timer>(log, i));
  for (auto& t : timers) s.arm(*t, time_point(1s));
  s.arm(*timers[0], time_point(1s));  // armed again: behind all others
  s.expire(time_point(1s));
  std::vector<int> expected;
  for (int i = 1; i < 100; ++i) expected.push_back(i);
  expected.push_back(0);
  EXPECT_EQ(log, expected);
}

TEST(scheduler, a_disarmed_timer_does_not_expire) {
  scheduler s;
  std::vector<int> log;
  noting_timer a(log, 1);
  s.disarm(a);
  s.arm(a, time_point(1s));
  s.disarm(a);
  s.disarm(a);
  s.expire(time_point(5s));
  EXPECT_TRUE(log.empty());
}

TEST(scheduler, a_timer_that_another_disarms_in_the_same_pass_does_not_expire) {
  scheduler s;
  std::vector<int> log;
  noting_timer victim(log, 1);
  struct killer : timer {
    scheduler* sched = nullptr;
    timer* other = nullptr;
  } k;
  k.sched = &s;
  k.other = &victim;
  k.expired = [](timer& t) {
    auto& self = static_cast<killer&>(t);
    self.sched->disarm(*self.other);
  };
  s.arm(k, time_point(1s));
  s.arm(victim, time_point(1s));
  s.expire(time_point(2s));
  EXPECT_TRUE(log.empty());
}

TEST(scheduler, a_timer_armed_by_another_for_the_past_expires_in_the_same_pass) {
  scheduler s;
  std::vector<int> log;
  noting_timer second(log, 2);
  struct starter : timer {
    scheduler* sched = nullptr;
    timer* other = nullptr;
  } first;
  first.sched = &s;
  first.other = &second;
  first.expired = [](timer& t) {
    auto& self = static_cast<starter&>(t);
    self.sched->arm(*self.other, time_point(1s));
  };
  s.arm(first, time_point(1s));
  s.expire(time_point(3s));
  EXPECT_EQ(log, (std::vector{2}));
}

TEST(scheduler, time_never_runs_backwards) {
  scheduler s;
  s.expire(time_point(5s));
  s.expire(time_point(3s));
  EXPECT_EQ(s.now(), time_point(5s));
}

TEST(scheduler, a_timer_at_the_end_of_time_waits_there) {
  scheduler s;
  std::vector<int> log;
  noting_timer a(log, 1);
  s.arm(a, later(time_point(1s), duration::max()));
  s.expire(time_point(1h));
  EXPECT_TRUE(log.empty());
  s.disarm(a);
}

// Against a reference that cannot be wrong: a sorted set of (moment, sequence).
TEST(scheduler, agrees_with_a_sorted_set_over_100000_random_steps) {
  constexpr int timer_count = 300;
  scheduler s;
  std::vector<int> log;
  std::vector<std::unique_ptr<noting_timer>> timers;
  for (int i = 0; i < timer_count; ++i) timers.push_back(std::make_unique<noting_timer>(log, i));
  struct armed {
    time_point at;
    int sequence, id;
    bool operator<(const armed& o) const { return at != o.at ? at < o.at : sequence < o.sequence; }
  };
  std::set<armed> reference;
  std::vector<armed> places(timer_count);
  std::mt19937 random(3);
  time_point now{};
  int sequence = 0;
  const auto forget = [&](int id) {
    auto found = reference.find(places[static_cast<std::size_t>(id)]);
    if (found != reference.end() && found->id == id) reference.erase(found);
  };
  for (int i = 0; i < 100'000; ++i) {
    const int id = static_cast<int>(random() % timer_count);
    auto& t = *timers[static_cast<std::size_t>(id)];
    const unsigned what = random() % 10;
    if (what < 6) {
      forget(id);
      const armed a{now + duration(random() % 50), sequence++, id};
      reference.insert(places[static_cast<std::size_t>(id)] = a);
      s.arm(t, a.at);
    } else if (what < 9) {
      forget(id);
      s.disarm(t);
    } else {
      now += duration(random() % 20);
      std::vector<int> expected;
      while (!reference.empty() && reference.begin()->at <= now) {
        expected.push_back(reference.begin()->id);
        reference.erase(reference.begin());
      }
      log.clear();
      s.expire(now);
      ASSERT_EQ(log, expected) << "step " << i;
    }
    ASSERT_EQ(s.next_deadline(), reference.empty() ? time_point::max() : reference.begin()->at);
  }
}

}  // namespace
}  // namespace bight
