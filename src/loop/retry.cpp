// SPDX-License-Identifier: MIT
#include <bight/retry.hpp>

#include <bight/random.hpp>

#include "base/check.hpp"
#include "base/names.hpp"

#include <algorithm>

namespace bight {

bool retry_policy::is_transient(const error& e) {
  return e.is(errc::timed_out) || e.is(errc::refused) || e.is(errc::reset) || e.is(errc::closed) ||
         e.is(errc::cut_short) || e.is(errc::tls_truncated) || e.is(errc::unreachable) ||
         e.is(errc::name_unavailable);
}

retry_attempts::retry_attempts(retry_policy policy, context& c)
    : policy_(std::move(policy)),
      context_(c),
      end_(later(c.now(), policy_.time_max)),
      wait_ns_(static_cast<double>(policy_.wait_first.count())) {
  check(policy_.attempts_max > 0, "retry with no attempt");
  check(policy_.jitter >= 0 && policy_.jitter <= 1, "the jitter of a retry is from 0 to 1");
}

duration retry_attempts::time_left() const noexcept { return end_ - context_.now(); }

duration retry_attempts::failed(const error& e) {
  if (e.is(errc::cancelled) || ++attempts_ >= policy_.attempts_max || !policy_.repeats(e)) throw e;
  const duration wait = draw_wait();
  if (wait >= time_left()) throw e;
  if (policy_.on_retry) policy_.on_retry(e, wait);
  return wait;
}

duration retry_attempts::draw_wait() {
  const double most = std::min(wait_ns_, static_cast<double>(policy_.wait_max.count()));
  wait_ns_ = most * policy_.factor;
  const duration whole(static_cast<duration::rep>(most));
  const duration random(static_cast<duration::rep>(most * policy_.jitter));
  if (random <= duration::zero()) return whole;
  return whole - random_source(context_).below(random);
}

}  // namespace bight
