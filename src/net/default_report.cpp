// SPDX-License-Identifier: MIT
#include "net/default_report.hpp"

#include <bight/line_sink.hpp>

#include "base/text.hpp"

#include <new>

#include <fmt/format.h>

namespace bight {

namespace {

void write_report(const address& peer, const error& e, std::uint64_t more, duration in) {
  std::string line = "bight: ";
  if (more > 0) line += fmt::format("{} more errors in {}, the last: ", more, duration_text(in));
  if (peer.kind() != address_kind::none) line += peer.str() + ": ";
  line_sink::standard_error().line(line + e.what());
}

// If memory runs out, the counts are lost.
void summarise(error_digest& digest, time_point now) noexcept {
  try {
    digest.summarise(now);
  } catch (const std::bad_alloc&) {}
}

}  // namespace

default_report::default_report(scheduler& s) : digest_(write_report) {
  summary_.owner = &digest_;
  summary_.clock = &s;
  summary_.expired = [](timer& t) {
    const auto& self = static_cast<owned_timer&>(t);
    summarise(*self.owner, self.clock->now());
  };
}

default_report::~default_report() {
  summary_.clock->disarm(summary_);
  summarise(digest_, summary_.clock->now());
}

void default_report::add(const address& peer, const error& e) {
  if (is_reset_by_peer(e)) return;
  const time_point now = summary_.clock->now();
  if (digest_.add(peer, e, now)) summary_.clock->arm(summary_, later(now, error_digest::window));
}

}  // namespace bight
