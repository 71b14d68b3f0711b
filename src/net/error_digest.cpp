// SPDX-License-Identifier: MIT
#include <bight/error_digest.hpp>

#include <algorithm>
#include <mutex>
#include <vector>

namespace bight {

namespace {

bool of_one_kind(const error& a, const error& b) {
  if (a.code() != b.code()) return false;
  return !a.is(errc::invalid) || std::string_view(a.what()) == b.what();
}

}  // namespace

bool is_reset_by_peer(const error& e) noexcept {
  // EPIPE: an earlier call already returned the reset, or it answered earlier bytes.
  if (e.is(errc::reset) || e.code() == std::errc::broken_pipe) return true;
  return (e.is(errc::closed) || e.is(errc::tls_truncated)) && e.tried().starts_with("TLS with ");
}

struct error_digest::state {
  struct kind {
    error latest;
    address peer;
    std::uint64_t more;
  };
  void finish(time_point now);

  report to;
  std::mutex lock;  // guards the fields below
  std::vector<kind> kinds;
  time_point begin = time_point::min();
  std::uint64_t counted = 0;
};

error_digest::error_digest(report to) : state_(machinery::own<state>()) {
  state_->to = std::move(to);
}

error_digest::~error_digest() = default;

bool error_digest::add(const address& peer, const error& e, time_point now) {
  state& s = *state_;
  const std::lock_guard held(s.lock);
  if (now >= later(s.begin, window)) {
    s.finish(now);
    s.begin = now;
  }
  auto known = std::find_if(s.kinds.begin(), s.kinds.end(),
                            [&](const state::kind& k) { return of_one_kind(k.latest, e); });
  if (known == s.kinds.end() && s.kinds.size() < kinds_max) {
    s.kinds.push_back({e, peer, 0});
    s.to(peer, e, 0, duration::zero());
    return false;
  }
  state::kind& k = known != s.kinds.end() ? *known : s.kinds.back();
  k = {e, peer, k.more + 1};
  return s.counted++ == 0;
}

void error_digest::summarise(time_point now) {
  const std::lock_guard held(state_->lock);
  state_->finish(now);
  state_->begin = time_point::min();
}

void error_digest::state::finish(time_point now) {
  for (const kind& k : kinds)
    if (k.more > 0) to(k.peer, k.latest, k.more, now - begin);
  kinds.clear();
  counted = 0;
}

}  // namespace bight
