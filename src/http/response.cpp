// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/http.hpp>

#include "base/check.hpp"
#include "http/fields.hpp"
#include "http/response_state.hpp"

#include <fmt/format.h>

namespace bight::http {

response::response(owned<state> s) noexcept : state_(std::move(s)) {}
response::response(response&&) noexcept = default;
response& response::operator=(response&&) noexcept = default;
response::~response() = default;

const response_head& response::head() const noexcept { return state_->parser.head(); }
const url& response::from() const noexcept { return state_->sent.to; }
bool response::encoded() const noexcept { return state_->decode != nullptr; }
std::uint64_t response::received() const noexcept { return state_->parser.received(); }
const address& response::peer() const noexcept { return state_->peer; }
bool response::reused() const noexcept { return state_->link.reused; }

std::optional<std::uint64_t> response::length() const noexcept {
  return encoded() ? std::nullopt : state_->parser.length();
}

task<lease> response::recv(std::size_t max) & {
  check(max > 0, "recv of at most 0 bytes");
  state& s = *state_;
  const scheduler& time = (co_await current_context()).sched();
  s.check_open();
  while (!s.pending && !s.finished && !s.advance(time.now())) {
    s.check_clocks();
    const time_point since = time.now();
    const duration patience = s.patience();
    auto bytes = co_await attempt(within(patience, s.link.wire.recv()));
    const duration took = time.now() - since;
    s.count_wait(took);
    if (!bytes) {
      const bool ours = bytes.error().is(bight::errc::timed_out) && took >= patience;
      if (!ours) throw s.failed(bytes.error());
      continue;
    }
    s.feed(*std::move(bytes));
  }
  co_return s.pending.take_front(max);
}

task<std::string> response::text(std::size_t max) & {
  std::string all;
  for (;;) {
    const lease bytes = co_await recv();
    if (!bytes) co_return all;
    if (bytes.size() > max - all.size())
      throw state_->failed(
          fault(errc::over_limit, fmt::format("the body is larger than {} bytes", max)));
    all += bytes.view();
  }
}

}  // namespace bight::http
