// SPDX-License-Identifier: MIT
// Every schedule of a loop and of two threads that use its mailbox. Each step is atomic in the real
// thing, because it is one access or happens under the lock; so this is all that can happen.

#include "loop/mailbox.hpp"
#include "base/names.hpp"
#include "engine/engine.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace bight {
namespace {

struct waiting final : sleeper {
  bool woken = false;
  void wake() noexcept override { woken = true; }
};

task<> nothing() { co_return; }

// The turns of a loop whose main task has ended, a step at a time.
struct model_loop {
  enum class at : std::uint8_t { look, sleep, take, end, ended };

  waiting& thread;
  mailbox& mail;
  at next = at::look;
  std::size_t ran = 0;

  [[nodiscard]] bool sleeps() const { return next == at::sleep && !thread.woken; }
  void step() {
    scheduler unused;
    std::vector<task<>> work;
    switch (next) {
      case at::look: next = mail.is_filled() ? at::take : at::sleep; break;
      case at::sleep:
        thread.woken = false;
        next = at::take;
        break;
      case at::take:
        mail.empty(unused, work);
        ran += work.size();
        next = at::end;
        break;
      case at::end: next = mail.close_unless_held() ? at::ended : at::look; break;
      case at::ended: break;
    }
  }
};

// What a thread does: h takes a hold, p posts, g lets its hold go.
struct model_thread {
  std::string_view script;
  bool held = false;

  [[nodiscard]] std::size_t step(mailbox& mail) {
    const char action = script.front();
    script.remove_prefix(1);
    if (action == 'h') held = mail.hold();
    if (action == 'g' && held) mail.let_go();
    return action == 'p' && mail.post(nothing()) ? 1 : 0;
  }
};

// Runs one schedule: `choices` says who goes next, as long as it lasts, and gets the rest. Returns
// false if the loop sleeps for ever.
bool ends(std::array<model_thread, 2> threads, std::vector<unsigned>& choices,
          std::vector<unsigned>& options) {
  waiting thread;
  const mailbox_ref mail(new mailbox(thread));
  model_loop loop{thread, *mail.get()};
  std::size_t accepted = 0;
  options.clear();
  for (;;) {
    std::vector<unsigned> able;  // 0: the loop
    if (loop.next != model_loop::at::ended && !loop.sleeps()) able.push_back(0);
    for (unsigned i = 0; i < threads.size(); ++i)
      if (!threads[i].script.empty()) able.push_back(i + 1);
    if (able.empty()) break;
    const std::size_t turn = options.size();
    if (turn == choices.size()) choices.push_back(0);
    options.push_back(static_cast<unsigned>(able.size()));
    const unsigned who = able[choices[turn]];
    if (who == 0)
      loop.step();
    else
      accepted += threads[who - 1].step(*mail.get());
  }
  EXPECT_EQ(loop.ran, accepted);
  return loop.next == model_loop::at::ended;
}

std::size_t every_schedule(std::string_view first, std::string_view second) {
  std::vector<unsigned> choices;
  std::vector<unsigned> options;
  for (std::size_t count = 1;; ++count) {
    EXPECT_TRUE(ends({model_thread{first}, model_thread{second}}, choices, options))
        << "the loop sleeps for ever";
    if (testing::Test::HasFailure()) return count;
    while (!choices.empty() && choices.back() + 1 == options[choices.size() - 1])
      choices.pop_back();
    if (choices.empty()) return count;
    ++choices.back();
  }
}

TEST(mailbox, no_schedule_loses_a_wake_up_or_a_post) {
  EXPECT_GT(every_schedule("p", "p"), 5U);
  EXPECT_GT(every_schedule("hpg", "hpg"), 1000U);
  EXPECT_GT(every_schedule("hppg", "p"), 1000U);
  EXPECT_GT(every_schedule("hg", "pp"), 100U);
}

// A thread that posts without a pause does not keep the loop running.
TEST(mailbox, refuses_posts_once_the_loop_is_about_to_end_and_keeps_those_before) {
  waiting thread;
  const mailbox_ref mail(new mailbox(thread));
  EXPECT_TRUE(mail->post(nothing()));
  EXPECT_FALSE(mail->close_unless_held());
  EXPECT_FALSE(mail->post(nothing()));
  EXPECT_FALSE(mail->hold());
  scheduler unused;
  std::vector<task<>> work;
  mail->empty(unused, work);
  EXPECT_EQ(work.size(), 1U);
  EXPECT_TRUE(mail->close_unless_held());
}

// What was accepted may still wait for another thread.
TEST(mailbox, wakes_the_loop_for_an_operation_while_it_refuses_posts) {
  waiting thread;
  const mailbox_ref mail(new mailbox(thread));
  scheduler ready;
  std::vector<task<>> work;
  EXPECT_TRUE(mail->post(nothing()));
  EXPECT_FALSE(mail->close_unless_held());
  mail->empty(ready, work);
  thread.woken = false;
  runnable waiter;
  mail->resume(waiter);
  EXPECT_TRUE(thread.woken);
  work.clear();
  mail->empty(ready, work);
  EXPECT_TRUE(ready.has_ready());
}

}  // namespace
}  // namespace bight
