// SPDX-License-Identifier: MIT
#include "live_line.hpp"

#include "progress.hpp"
#include "terminal.hpp"

#include <bight/context.hpp>
#include <bight/deadline.hpp>

#include <optional>

namespace tool {

using namespace bight;

namespace {

/// Tasks that end sooner show no line.
constexpr duration grace = 400ms;
constexpr duration paint_every = 200ms;

}  // namespace

live_line waiting_for(std::string peer) {
  return [what = "waiting for " + std::move(peer), since = std::optional<time_point>()](
             time_point now, int width) mutable {
    if (!since) since = now;
    return waiting_line(now - *since, what, width);
  };
}

task<> paint_repeatedly(const console& log, live_line line) {
  const context& clock = co_await current_context();
  static_cast<void>(line(clock.now(), 0));  // starts its time
  co_await sleep(grace);
  for (;;) {
    log.paint(line(clock.now(), terminal_width()));
    co_await sleep(paint_every);
  }
}

}  // namespace tool
