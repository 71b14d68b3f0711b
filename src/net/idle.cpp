// SPDX-License-Identifier: MIT
#include "net/idle.hpp"

#include "base/text.hpp"

namespace bight {

idle_watch::idle_watch(context& parent, engine& e, handle connection, duration limit)
    : context_(parent), engine_(&e), connection_(connection), limit_(limit) {
  timer_.owner = this;
  timer_.expired = [](timer& t) { static_cast<owned_timer&>(t).owner->look(); };
  scheduler& s = context_.sched();
  if (limit > duration::zero()) s.arm(timer_, later(s.now(), limit));
}

void idle_watch::look() {
  const time_point last = engine_->last_used(connection_);
  if (last == time_point::min()) return;  // closed: the session is about something else now
  scheduler& s = context_.sched();
  const time_point due = later(last, limit_);
  if (due > s.now()) return s.arm(timer_, due);
  if (context_.stop_requested()) return;
  expired_ = true;
  context_.stop();
}

result<void> until_idle::take() {
  auto outcome = session_->take();
  if (!outcome && outcome.error().is(errc::cancelled) && watch_->expired())
    return error(errc::timed_out, outcome.error().tried(), outcome.error().transferred(),
                 "nothing received or sent for " + duration_text(watch_->limit()));
  return outcome;
}

}  // namespace bight
