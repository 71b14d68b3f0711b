// SPDX-License-Identifier: MIT
#include "http/exchange.hpp"

#include <bight/deadline.hpp>

#include "http/fields.hpp"

#include <fmt/format.h>

namespace bight::http {

std::string response::state::tried() const {
  return (asked.head ? "HEAD " : "GET ") + asked.to.str();
}

task<> response::state::ask(const proxy* by) {
  const std::string text = request_text(asked, client->how, by);
  auto sending = within(client->how.timeouts.send, link.wire.send(text));
  co_await std::move(sending);
}

task<> response::state::read_head() {
  while (parser.next() != response_parser::step::head) {
    lease bytes = co_await link.wire.recv();
    parser.feed(std::move(bytes));
  }
  const time_point now = (co_await current_context()).sched().now();
  if (client->how.decode && !asked.head)
    if (auto codec = make_codec(parser.head().get("Content-Encoding")))
      decode = std::make_unique<decoder>(std::move(codec), client->how.limits);
  // Without a body there is nothing to wait for, and the connection is free at once.
  if (parser.length() == 0) {
    decode.reset();
    static_cast<void>(advance(now));
  }
}

bool response::state::advance(time_point now) {
  try {
    for (;;) {
      if (decode && (spare = decode->next())) return true;
      switch (parser.next()) {
        case response_parser::step::more: return false;
        case response_parser::step::head: break;  // said already
        case response_parser::step::body:
          if (!decode) {
            spare = parser.body();
            return true;
          }
          decode->feed(parser.body());
          break;
        case response_parser::step::done:
          if (decode) decode->end();
          finish(now);
          return true;
      }
    }
  } catch (const error& e) {
    throw failed(e);
  }
}

void response::state::take_in(lease bytes, time_point since, time_point now) {
  const options& how = client->how;
  came_ += bytes.size();
  parser.feed(std::move(bytes));
  waited_ += now - since;
  if (waited_ < how.rate_window) return;
  const double seconds = static_cast<double>(waited_.count()) / 1e9;
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(came_) / seconds);
  if (rate < how.rate_min)
    throw failed(
        fault(errc::too_slow,
              fmt::format("{} bytes a second came, and rate_min asks for {}", rate, how.rate_min)));
  waited_ = {};
  came_ = 0;
}

void response::state::finish(time_point now) {
  finished = true;
  if (parser.keeps_connection())
    client->keep(std::move(link), now);
  else
    link.wire.close();
}

error response::state::failed(const error& e) {
  const bool patient =
      e.is(bight::errc::cancelled) || (e.is(bight::errc::timed_out) && e.code() != errc::too_slow);
  if (!patient) link.wire.close();
  const error mine = in_terms_of(tried(), e);
  return error(mine.code(), tried(), parser.received(),
               std::string_view(mine.what()).substr(tried().size() + 2));
}

}  // namespace bight::http
