// SPDX-License-Identifier: MIT
#include "net/connect.hpp"

#include <bight/deadline.hpp>
#include <bight/resolve.hpp>

#include "loop/loop.hpp"
#include "net/open.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace bight {

namespace {

constexpr const char* forbidden = "the program forbids connections to that address (options.allow)";

// The text for a code without the advice, for use in a list.
std::string words(std::error_code code) {
  for (int e = 1; e <= static_cast<int>(errc::invalid); ++e)
    if (code == make_error_condition(static_cast<errc>(e))) return category().message(e);
  return code.message();
}

// The advice for a code, " (is the server running?)", or an empty string.
std::string advice(std::error_code code) {
  const error plain(code, "");
  const std::string_view whole = plain.what();
  return std::string(whole.substr(std::min(words(code).size(), whole.size())));
}

// The part of an error's message after "resolve example.org: ".
std::string reason_of(const error& e) {
  const std::string_view whole = e.what();
  const std::size_t start = e.tried().empty() ? 0 : e.tried().size() + 2;
  return std::string(whole.substr(std::min(start, whole.size())));
}

// Failures that concern this machine rather than the peer, such as missing IPv6.
bool is_about_us(std::error_code code) noexcept {
  return code == make_error_condition(errc::unreachable) ||
         code == make_error_condition(errc::address_not_available) ||
         code == make_error_condition(errc::bad_address) ||
         code == make_error_condition(errc::not_supported);
}

address loopback(address_family family, std::uint16_t port) noexcept {
  if (family == address_family::ip4) return address::ip4({127, 0, 0, 1}, port);
  return address::ip6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, port);
}

}  // namespace

result<void> connect_operation::take() {
  if (failed()) return failure();
  return {};
}

connect_race::connect_race(engine& e, address to, tcp::connect_options options)
    : engine_(e), to_(std::move(to)), options_(std::move(options)) {
  ip6_.known = options_.family == address_family::ip4;
  ip4_.known = options_.family == address_family::ip6;
}

task<> connect_race::run() {
  scope racers(co_await current_context());
  racers.spawn(conduct(racers), no_handle());
  co_await racers.join();
}

task<> connect_race::conduct(scope& racers) {
  const scheduler& time = loop::of(co_await current_context());
  if (!ip6_.known) racers.spawn(look_up(address_family::ip6), no_handle());
  if (!ip4_.known) racers.spawn(look_up(address_family::ip4), no_handle());
  for (;;) {
    changed_.reset();
    if (!winner && racers.stopping()) throw error(errc::cancelled, "connect " + to_.str());
    if (winner || (in_flight_ == 0 && all_tried())) {
      // A lookup may still be in flight when max_attempts have failed.
      racers.stop();
      co_return;
    }
    const time_point next = next_start();
    if (next <= time.now()) {
      attempts_.push_back({next_address(), {}, {}});
      last_start_ = time.now();
      hurry_ = false;
      ++in_flight_;
      racers.spawn(try_one(attempts_.size() - 1), no_handle());
      continue;
    }
    const duration wait = next == time_point::max() ? duration::max() : next - time.now();
    // The loop rechecks.
    [[maybe_unused]] const auto why = co_await attempt(within(wait, changed_.wait()));
  }
}

// When to start the next attempt; time_point::max(): not before something changes.
time_point connect_race::next_start() const noexcept {
  const bool none = !ip6_.left() && !ip4_.left();
  if (none || attempts_.size() == options_.max_attempts) return time_point::max();
  if (attempts_.empty()) {
    // RFC 8305 §3: with only IPv4 addresses, wait briefly for IPv6.
    if (ip6_.known) return time_point::min();
    return later(ip4_.known_at, options_.resolution_delay);
  }
  // RFC 8305 §5: start the next attempt when one has failed, or after the delay.
  if (hurry_ || in_flight_ == 0) return time_point::min();
  return later(last_start_, options_.attempt_delay);
}

address connect_race::next_address() {
  const address_family other =
      last_family_ == address_family::ip6 ? address_family::ip4 : address_family::ip6;
  last_family_ = list(other).left() ? other : last_family_;
  family_list& from = list(last_family_);
  return from.found[from.used++];
}

bool connect_race::all_tried() const noexcept {
  if (attempts_.size() == options_.max_attempts) return true;
  return ip6_.known && ip4_.known && !ip6_.left() && !ip4_.left();
}

task<> connect_race::look_up(address_family family) {
  family_list& mine = list(family);
  if (to_.is_name()) {
    joint_lookup* const both = options_.family ? nullptr : &joint_;
    auto answer = co_await attempt(resolve_operation(to_, family, both));
    if (answer)
      mine.found = std::move(*answer);
    else
      mine.failed = answer.error();
  } else {
    mine.found.push_back(loopback(family, to_.port()));  // ":9999" means this machine
  }
  drop_forbidden(mine);
  mine.known = true;
  mine.known_at = loop::of(co_await current_context()).now();
  changed_.set();
}

void connect_race::drop_forbidden(family_list& list) const {
  if (!options_.allow || list.found.empty()) return;
  std::erase_if(list.found, [this](const address& a) { return !options_.allow(a); });
  if (list.found.empty()) list.failed = error(errc::denied, "connect " + to_.str(), 0, forbidden);
}

task<> connect_race::try_one(std::size_t index) {
  auto outcome = co_await connect_one(engine_, attempts_[index].to, options_.from);
  --in_flight_;
  if (outcome) {
    // If two attempts connect in the same turn, the second is closed here; nothing was sent on it.
    if (!winner) winner.emplace(std::move(*outcome));
  } else if (!outcome.error().is(errc::cancelled)) {
    attempt_record& mine = attempts_[index];
    mine.failed = outcome.error().code();
    mine.why = engine_.cause(verb::connect, mine.failed, mine.to);
    hurry_ = true;
  }
  changed_.set();
}

error connect_race::failure(const error* ended) const {
  const std::string tried = "connect " + to_.str();
  if (ended != nullptr && ended->is(errc::cancelled)) return error(errc::cancelled, tried);
  if (ended == nullptr && attempts_.empty()) return look_up_failure();
  std::string text = ended != nullptr ? reason_of(*ended) : std::string();
  const auto add = [&](const std::string& item) {
    if (!text.empty()) text += "; ";
    text += item;
  };
  std::error_code chosen;  // the first that concerns the peer, else the first
  bool all_alike = true;
  for (const attempt_record& a : attempts_) {
    const std::string words_of_it = a.why.empty() ? words(a.failed) : a.why;
    add(a.to.str() + " " + (a.failed ? words_of_it : "did not respond"));
    if (!a.failed) continue;
    if (!a.why.empty()) all_alike = false;  // `why` contains its own advice
    if (chosen && words(chosen) != words(a.failed)) all_alike = false;
    if (!chosen || (is_about_us(chosen) && !is_about_us(a.failed))) chosen = a.failed;
  }
  // Report a failed lookup of one family too, unless the name simply has no address there.
  for (const int version : {6, 4}) {
    const auto& failed = version == 6 ? ip6_.failed : ip4_.failed;
    if (!failed || failed->is(errc::name_not_found)) continue;
    add(fmt::format("IPv{} lookup {}", version,
                    failed->is(errc::cancelled) ? "did not finish" : "failed"));
  }
  if (ended != nullptr) return error(ended->code(), tried, 0, text);
  if (all_alike) text += advice(chosen);
  return error(chosen, tried, 0, text);
}

error connect_race::look_up_failure() const {
  const std::string tried = "connect " + to_.str();
  const error& told = !ip6_.failed   ? *ip4_.failed
                      : !ip4_.failed ? *ip6_.failed
                                     : more_telling(*ip6_.failed, *ip4_.failed);
  return error(told.code(), tried, 0, reason_of(told));
}

namespace {

// Retries when an AF_UNIX listener's queue is full; TCP would retransmit silently. The kernel
// reports no event for free space, so the connect is repeated with a growing pause. io_uring waits
// by itself. The caller's deadline and cancellation end the wait.
task<result<void>> connect_when_there_is_room(engine& e, handle h, address to) {
  constexpr duration pause_min = 1ms;
  constexpr duration pause_max = 50ms;
  for (duration pause = pause_min;; pause = std::min(2 * pause, pause_max)) {
    auto outcome = co_await attempt(connect_operation(e, h, to));
    const bool full = to.is_unix() && !outcome &&
                      outcome.error().code() == std::errc::resource_unavailable_try_again;
    if (!full) co_return outcome;
    const auto rested = co_await attempt(sleep(pause));
    if (!rested) co_return error(rested.error().code(), "connect " + to.str());
  }
}

// The error when `from` could not be bound.
error source_failure(const engine& e, std::error_code code, const address& to,
                     const address& from) {
  std::string why = e.cause(verb::accept, code, from);
  if (code == make_error_condition(errc::address_in_use))
    why = from.port() == 0 ? "no local port is free for that address"
                           : "the source port is in use (port 0 takes any that is free)";
  return error(code, "connect " + to.str() + " from " + from.str(), 0, why);
}

}  // namespace

task<result<stream>> connect_one(engine& e, address to, address from) {
  const transport how = to.is_unix() ? transport::unix_socket : transport::tcp;
  for (bool first = true;; first = false) {
    auto opened = e.open(how, to);
    if (!opened) co_return failure_of(e, verb::connect, opened.error().code(), "connect ", to);
    const handle h = *opened;
    stream socket(e, h);
    const bool has_source = from.kind() != address_kind::none;
    if (has_source)
      if (const std::error_code failed = e.bind_source(h, from))
        co_return source_failure(e, failed, to, from);
    auto outcome = co_await connect_when_there_is_room(e, h, to);
    if (outcome) co_return std::move(socket);
    if (has_source && from.port() != 0 && outcome.error().is(errc::address_not_available))
      co_return error(outcome.error().code(), "connect " + to.str() + " from " + from.str(), 0,
                      "the source port has a connection to that address, or had one a minute ago");
    std::error_code failed = outcome.error().code();
    if (has_source && outcome.error().is(errc::invalid) &&
        e.cause(verb::connect, failed, to).empty())
      co_return error(make_error_code(errc::unreachable),
                      "connect " + to.str() + " from " + from.str(), 0,
                      "no route from that source address (connect_options::from)");
    // On loopback a socket can connect to itself (simultaneous open, RFC 9293 §3.5). The engine
    // reports that as refused, which is what any other local port would have produced. Hence the
    // second attempt.
    auto mine = e.local(h);
    const bool itself = outcome.error().is(errc::refused) && mine && *mine == to;
    if (itself) socket.abort();  // a normal close would leave the port in TIME_WAIT
    if (!first || !itself || from.port() != 0) co_return outcome.error();
  }
}

namespace {
address_family family_of(const address& ip) noexcept {
  return ip.kind() == address_kind::ip4 ? address_family::ip4 : address_family::ip6;
}
}  // namespace

task<stream> tcp::connect(address to, connect_options options) {
  engine& e = loop::of(co_await current_context()).eng();
  const auto kind = to.kind();
  if (kind == address_kind::none) throw error(errc::bad_address, "connect");
  if (!options.family && options.from.is_ip()) options.family = family_of(options.from);

  if (to.is_ip() || to.is_unix()) {
    if (options.allow && !options.allow(to))
      throw error(errc::denied, "connect " + to.str(), 0, forbidden);
    if (to.is_ip() && options.family && options.family != family_of(to))
      throw error(errc::bad_address, "connect " + to.str(), 0,
                  fmt::format("not an IPv{} address", static_cast<int>(*options.family)));
    auto outcome = co_await within(options.timeout, connect_one(e, std::move(to), options.from));
    co_return std::move(outcome).value();
  }

  if (options.max_attempts == 0)
    throw error(errc::invalid, "connect " + to.str(), 0, "max_attempts is 0");
  connect_race race(e, std::move(to), options);
  auto outcome = co_await attempt(within(options.timeout, race.run()));
  // A connection made in the same turn as the deadline still counts.
  if (!race.winner) throw race.failure(outcome ? nullptr : &outcome.error());
  co_return *std::move(race.winner);
}

}  // namespace bight
