// SPDX-License-Identifier: MIT
#include <bight/off_loop.hpp>

#include <bight/deadline.hpp>

#include "engine/jobs.hpp"
#include "engine/process.hpp"
#include "loop/loop.hpp"

#include <array>
#include <bit>
#include <system_error>

namespace bight {

namespace {

// A job whose end resumes a coroutine on its own loop.
class [[nodiscard]] job_operation : runnable, stop_hook, job, public awaits<job_operation> {
 public:
  using value_type = void;
  job_operation(call_off_loop& call, job_runner& threads) noexcept
      : call_(call), threads_(threads) {}

  bool start(std::coroutine_handle<> h, context& c) {
    if (c.stop_requested()) {
      code_ = make_error_code(errc::cancelled);
      return false;
    }
    waiter_ = h;
    home_ = loop::of(c).mail();
    runnable::run = resume;
    job::run = call;
    try {
      threads_.run(*this);  // may end at any moment now, but is resumed on this thread
    } catch (const std::system_error&) {  // EAGAIN, pthread_create(3)
      code_ = make_error_code(errc::no_resources);
      return false;
    }
    on_stop = stop;
    c.link(*this);
    return true;
  }
  [[nodiscard]] result<void> take() {
    if (code_ == make_error_code(errc::no_resources))
      return error(code_, "off_loop", 0, "no thread can be started (memory, or a limit on tasks)");
    if (code_) return error(code_, "off_loop");
    return {};
  }

 private:
  static void call(job& j) noexcept {
    auto& self = static_cast<job_operation&>(j);
    self.call_.call();
    const mailbox_ref home = self.home_;  // the loop may have ended before resume() returns
    home->resume(self);
  }
  static void resume(runnable& r) {
    auto& self = static_cast<job_operation&>(r);
    self.unlink();
    self.waiter_.resume();
  }
  static void stop(stop_hook& hook) {
    auto& self = static_cast<job_operation&>(hook);
    if (!self.threads_.withdraw(self)) return self.call_.request_stop();
    self.code_ = make_error_code(errc::cancelled);
    self.home_->resume(self);
  }

  call_off_loop& call_;
  job_runner& threads_;
  mailbox_ref home_;
  std::coroutine_handle<> waiter_;
  std::error_code code_;
};

// From 16 µs to half a second, every order of magnitude as likely as another.
duration drawn_time(engine& e) {
  std::array<std::byte, 4> drawn{};
  e.random(drawn);
  const auto bits = std::bit_cast<std::uint32_t>(drawn);
  constexpr std::uint32_t octaves = 15;
  const std::uint64_t octave = 16'000ULL << (bits % octaves);
  return duration(static_cast<std::int64_t>(octave + octave * (bits >> 16) / 65536));
}

}  // namespace

task<> machinery::run_off_loop(call_off_loop& c) {
  engine& e = loop::of(co_await current_context()).eng();
  if (job_runner* const threads = e.jobs()) {
    job_operation running(c, *threads);
    co_await std::move(running);
  } else {
    co_await sleep(drawn_time(e));
    c.call();
  }
}

void limit_off_loop_threads(std::size_t most) noexcept { limit_job_threads(most); }

}  // namespace bight
