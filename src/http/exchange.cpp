// SPDX-License-Identifier: MIT
#include "http/exchange.hpp"

#include "base/check.hpp"
#include "http/fields.hpp"
#include "http/host.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bight::http {

namespace {

bool is_scheme(std::string_view target, std::string_view scheme) {
  return same_name(target.substr(0, scheme.size()), scheme);
}

std::string form_decoded(std::string_view text) {
  std::string blanks(text);
  std::replace(blanks.begin(), blanks.end(), '+', ' ');
  return percent_decoded(blanks);
}

}  // namespace

// ── The request ─────────────────────────────────────────────────────────────────────────────────

std::string_view exchange::method() const noexcept { return state_->parser.header().method; }
std::string_view exchange::target() const noexcept { return state_->parser.header().target; }
int exchange::version() const noexcept { return state_->parser.header().version; }
const address& exchange::peer() const noexcept { return state_->session.peer_address(); }

std::string_view exchange::path() const noexcept {
  std::string_view path = target();
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!is_scheme(path, scheme)) continue;
    path.remove_prefix(std::min(path.find_first_of("/?#", scheme.size()), path.size()));
    if (!path.starts_with('/')) return "/";
  }
  return path.substr(0, path.find_first_of("?#"));
}

std::optional<std::string> exchange::query(std::string_view name) const {
  std::string_view left = target().substr(0, target().find('#'));
  left.remove_prefix(std::min(left.find('?'), left.size()));
  while (!left.empty()) {
    left.remove_prefix(1);  // the "?" or "&"
    const std::string_view pair = left.substr(0, left.find('&'));
    left.remove_prefix(pair.size());
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (form_decoded(pair.substr(0, equals)) == name)
      return form_decoded(pair.substr(std::min(equals + 1, pair.size())));
  }
  return std::nullopt;
}

std::string_view exchange::parameter(std::string_view name) const noexcept {
  for (const field& p : state_->parameters)
    if (p.name == name) return p.value;
  return {};
}

std::span<const field_view> exchange::fields() const noexcept {
  return state_->parser.header().fields;
}

bool exchange::has(std::string_view name) const noexcept {
  return std::any_of(fields().begin(), fields().end(),
                     [name](const field_view& f) { return same_name(f.name, name); });
}

std::string exchange::get(std::string_view name) const {
  std::string all;
  for (const field_view& f : fields())
    if (same_name(f.name, name)) (all += all.empty() ? "" : ", ") += f.value;
  return all;
}

std::optional<std::uint64_t> exchange::length() const noexcept {
  const request_header& h = state_->parser.header();
  return h.chunked ? std::nullopt : std::optional(h.length);
}

void exchange::limit_body(std::uint64_t bytes) noexcept { state_->body_max = bytes; }

task<lease> exchange::recv(std::size_t max) & {
  check(max > 0, "recv of at most 0 bytes");
  state& s = *state_;
  while (!s.pending && !s.advance()) co_await s.receive();
  co_return s.pending.take_front(max);
}

task<std::string> exchange::text() & {
  std::string all;
  for (;;) {
    const lease bytes = co_await recv();
    if (!bytes) co_return all;
    all += bytes.view();
  }
}

// ── The answer ──────────────────────────────────────────────────────────────────────────────────

void exchange::set(std::string_view name, std::string_view value) {
  check(!begun(), "set() after the answer has begun");
  check_field(name, value);
  std::erase_if(state_->fields, [name](const field& f) { return same_name(f.name, name); });
  add(name, value);
}

void exchange::add(std::string_view name, std::string_view value) {
  check(!begun(), "add() after the answer has begun");
  check_field(name, value);
  state_->fields.push_back({std::string(name), std::string(trimmed(value))});
}

void exchange::close_after() noexcept {
  check(!begun(), "close_after() after the answer has begun");
  state_->may_keep = false;
}

bool exchange::begun() const noexcept { return state_->now != state::phase::none; }

task<> exchange::respond(int status, std::string_view body, std::string_view type) {
  check(status >= 200 && status <= 999, "the status of an answer is 200 to 999");
  state& s = *state_;
  if (has_no_body(status)) body = {};
  const std::string head =
      s.begin_answer(status, body.size(), body.empty() ? std::string_view() : type);
  s.count_sent(body.size());
  if (!s.sends_body()) body = {};
  co_await s.transmit(head, body);
  s.now = state::phase::done;
}

task<> exchange::begin(int status, std::optional<std::uint64_t> length) {
  check(status >= 200 && status <= 999, "the status of an answer is 200 to 999");
  const std::string head = state_->begin_answer(status, length);
  co_await state_->transmit(head);
}

task<> exchange::send(piece bytes) {
  state& s = *state_;
  std::string head;
  if (s.now == state::phase::none) head = s.begin_answer(200, std::nullopt);
  if (s.now == state::phase::done)
    throw error(bight::errc::invalid, "send", 0, "the answer has ended");
  s.count_sent(bytes.size);
  if (!s.sends_body() || bytes.size == 0) {  // an empty chunk would end the body
    co_await s.transmit(head);
  } else if (s.framing == framing_of_answer::chunked) {
    const std::string size = fmt::format("{:x}\r\n", bytes.size);
    co_await s.transmit(head, size, bytes, "\r\n");
  } else {
    co_await s.transmit(head, bytes);
  }
}

task<> exchange::end() {
  state& s = *state_;
  if (s.now == state::phase::none) co_return co_await respond(204);
  if (s.now == state::phase::done) co_return;
  if (s.sends_body() && s.framing == framing_of_answer::length && s.sent < s.length)
    throw error(bight::errc::cut_short, "send", s.sent,
                fmt::format("the answer has {} bytes less than announced", s.length - s.sent));
  if (s.sends_body() && s.framing == framing_of_answer::chunked) co_await s.transmit("0\r\n\r\n");
  s.now = state::phase::done;
}

}  // namespace bight::http
