// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/scope.hpp>

#include "http/connect.hpp"
#include "http/fields.hpp"
#include "http/response_state.hpp"

#include <memory>
#include <utility>

namespace bight::http {

namespace {

/// The body of a redirect is not used, but it must be read before the connection can be used again.
/// If the body is longer than this, or takes longer, the connection is closed instead.
constexpr std::uint64_t discarded_bytes_max = 16384;
constexpr duration discard_time_max = 1s;

task<> two_turns() {
  co_await sleep(0s);
  co_await sleep(0s);
}

// Whether an idle connection has received nothing. Otherwise the server has closed it, or has sent
// bytes that would be taken for the next response.
task<bool> is_silent(stream& wire) {
  auto outcome = co_await attempt(race(wire.recv(1), two_turns()));
  if (!outcome && outcome.error().is(bight::errc::cancelled)) throw error(outcome.error());
  co_return outcome && outcome->index() == 1;
}

// Takes an idle connection to `to` from the pool, unless `fresh`, or opens a new one.
task<connection> take_or_open(client_state& client, const url& to, const proxy& via, bool fresh) {
  const std::string key = pool_key(to, via);
  const scheduler& time = (co_await current_context()).sched();
  while (!fresh) {
    std::optional<connection> kept = client.take(key, time.now());
    if (!kept) break;
    // In the turn in which it became idle, the parser has seen everything that was received.
    if (kept->since == time.now()) co_return std::move(*kept);
    if (co_await is_silent(kept->wire)) co_return std::move(*kept);
  }
  connection made;
  made.key = key;
  made.wire = co_await connect(to, via, client.how);
  co_return std::move(made);
}

// Whether the server had closed the connection before it received the request.
bool was_stale(const response::state& s, const error& e) {
  const bool gone =
      e.is(bight::errc::closed) || e.is(bight::errc::reset) || e.code() == errc::empty_reply;
  return s.link.reused && gone && !s.parser.has_received();
}

// Sends one request and receives the header of its response. Does not follow redirects.
task<owned<response::state>> fetch_one(std::shared_ptr<client_state> client, request sent) {
  const options& how = client->how;
  proxy via;
  if (how.proxy_for) via = how.proxy_for(sent.to);
  const bool whole_url = via.what == proxy::kind::http && !sent.to.secure();
  for (bool fresh = false;; fresh = true) {
    connection link = co_await take_or_open(*client, sent.to, via, fresh);
    auto s = own<response::state>(client, sent, std::move(link));
    auto outcome = co_await attempt(s->send_request(whole_url ? &via : nullptr));
    if (outcome) outcome = co_await attempt(within(how.timeouts.header, s->read_head()));
    if (outcome) co_return std::move(s);
    if (fresh || !was_stale(*s, outcome.error())) throw s->failed(outcome.error());
  }
}

task<> read_to_end(response& page) {
  while (auto bytes = co_await page.recv()) continue;
}

// Ignores errors, but passes a cancellation on.
task<> discard_body(response& page) {
  const auto outcome = co_await attempt(within(discard_time_max, read_to_end(page)));
  if (!outcome && outcome.error().is(bight::errc::cancelled)) throw error(outcome.error());
}

task<response> fetch(std::shared_ptr<client_state> client, request current) {
  check_fields(current.fields);
  for (std::size_t followed = 0;; ++followed) {
    response page(co_await fetch_one(client, current));
    std::optional<request> next = redirected(current, page.head(), client->how, followed);
    if (!next) co_return std::move(page);
    const auto length = page.length();
    if (length && *length <= discarded_bytes_max) co_await discard_body(page);
    current = *std::move(next);
  }
}

}  // namespace

struct client::state {
  explicit state(options how) : shared(std::make_shared<client_state>(std::move(how))) {}

  std::shared_ptr<client_state> shared;  // with the responses
};

client::client(options how) : state_(own<state>(std::move(how))) {}
client::client(client&&) noexcept = default;

client& client::operator=(client&& other) noexcept {
  client taken(std::move(other));
  std::swap(state_, taken.state_);
  return *this;
}

client::~client() {
  if (!state_) return;
  state_->shared->closed = true;
  state_->shared->idle.clear();
}

task<response> client::get(request what) const { return fetch(state_->shared, std::move(what)); }

std::size_t client::idle() const noexcept { return state_->shared->idle.size(); }
const options& client::how() const noexcept { return state_->shared->how; }

task<response> get(request what, options how) {
  return fetch(std::make_shared<client_state>(std::move(how)), std::move(what));
}

}  // namespace bight::http
