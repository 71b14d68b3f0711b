// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/scope.hpp>

#include "http/dial.hpp"
#include "http/exchange.hpp"
#include "http/fields.hpp"

#include <memory>
#include <utility>

namespace bight::http {

namespace {

/// The page of a redirect is of no use, but what is left of it stands between us and the next
/// response on that connection. So much, and for so long, is read and dropped; then the connection.
constexpr std::uint64_t drained_bytes_max = 16384;
constexpr duration drained_time_max = 1s;

task<> two_turns() {
  co_await sleep(0s);
  co_await sleep(0s);
}

// Whether a kept connection has been silent, as it must: its end may have come, or bytes that
// nobody asked for, which would be taken for the next response.
task<bool> is_silent(stream& wire) {
  auto outcome = co_await attempt(race(wire.recv(1), two_turns()));
  if (!outcome && outcome.error().is(bight::errc::cancelled)) throw error(outcome.error());
  co_return outcome && outcome->index() == 1;
}

// A connection to where `asked` points: a kept one, unless `fresh`, or a new one.
task<connection> obtain(client_state& client, const url& to, const proxy& by, bool fresh) {
  const std::string place = place_of(to, by);
  const scheduler& time = (co_await current_context()).sched();
  while (!fresh) {
    std::optional<connection> kept = client.take(place, time.now());
    if (!kept) break;
    // In the turn in which it was kept nothing can have come that the parser has not seen.
    bool usable = kept->since == time.now();
    if (!usable) {
      usable = co_await is_silent(kept->wire);
    }
    if (usable) co_return std::move(*kept);
  }
  connection made;
  made.place = place;
  made.wire = co_await dial(to, by, client.how);
  co_return std::move(made);
}

// Whether the failure is that of a connection which the server had closed before it saw the
// request.
bool was_stale(const response::state& s, const error& e) {
  const bool gone =
      e.is(bight::errc::closed) || e.is(bight::errc::reset) || e.code() == errc::empty_reply;
  return s.link.reused && gone && !s.parser.got_some();
}

// One request, without redirects.
task<owned<response::state>> exchange(std::shared_ptr<client_state> client, request asked) {
  const options& how = client->how;
  proxy by;
  if (how.proxy_for) by = how.proxy_for(asked.to);
  const bool whole = by.what == proxy::kind::http && !asked.to.secure();
  for (bool fresh = false;; fresh = true) {
    connection link = co_await obtain(*client, asked.to, by, fresh);
    auto s = own<response::state>(client, asked, std::move(link));
    auto outcome = co_await attempt(s->ask(whole ? &by : nullptr));
    if (outcome) outcome = co_await attempt(within(how.timeouts.header, s->read_head()));
    if (outcome) co_return std::move(s);
    if (fresh || !was_stale(*s, outcome.error())) throw s->failed(outcome.error());
  }
}

task<> read_on(response& page) {
  while (auto bytes = co_await page.recv()) continue;
}

// Its failure matters to nobody, but a cancellation is not ours to keep.
task<> drain(response& page) {
  const auto outcome = co_await attempt(within(drained_time_max, read_on(page)));
  if (!outcome && outcome.error().is(bight::errc::cancelled)) throw error(outcome.error());
}

task<response> fetch(std::shared_ptr<client_state> client, request asked) {
  check_fields(asked.fields);
  for (std::size_t followed = 0;; ++followed) {
    owned<response::state> answer = co_await exchange(client, asked);
    response page(std::move(answer));
    std::optional<request> next = redirected(asked, page.head(), client->how, followed);
    if (!next) co_return std::move(page);
    const auto length = page.length();
    if (length && *length <= drained_bytes_max) {
      co_await drain(page);
    }
    asked = *std::move(next);
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
