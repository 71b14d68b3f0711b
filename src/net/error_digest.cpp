// SPDX-License-Identifier: MIT
#include <bight/error_digest.hpp>

#include <algorithm>

namespace bight {

namespace {

bool of_one_kind(const error& a, const error& b) {
  if (a.code() != b.code()) return false;
  return !a.is(errc::invalid) || std::string_view(a.what()) == b.what();
}

}  // namespace

bool is_reset_by_peer(const error& e) noexcept {
  // EPIPE: the reset has been seen already, or answered the bytes sent before.
  if (e.is(errc::reset) || e.code() == std::errc::broken_pipe) return true;
  return (e.is(errc::closed) || e.is(errc::tls_truncated)) && e.tried().starts_with("TLS with ");
}

bool error_digest::add(const address& peer, const error& e, time_point now) {
  const std::lock_guard held(lock_);
  if (now >= later(begin_, window)) {
    finish(now);
    begin_ = now;
  }
  auto known = std::find_if(kinds_.begin(), kinds_.end(),
                            [&](const kind& k) { return of_one_kind(k.latest, e); });
  if (known == kinds_.end() && kinds_.size() < kinds_max) {
    kinds_.push_back({e, peer, 0});
    report_(peer, e, 0, duration::zero());
    return false;
  }
  kind& k = known != kinds_.end() ? *known : kinds_.back();
  k = {e, peer, k.more + 1};
  return counted_++ == 0;
}

void error_digest::summarise(time_point now) {
  const std::lock_guard held(lock_);
  finish(now);
  begin_ = time_point::min();
}

void error_digest::finish(time_point now) {
  for (const kind& k : kinds_)
    if (k.more > 0) report_(k.peer, k.latest, k.more, now - begin_);
  kinds_.clear();
  counted_ = 0;
}

}  // namespace bight
