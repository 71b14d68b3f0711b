// SPDX-License-Identifier: MIT
#include "http/response_state.hpp"

#include <bight/deadline.hpp>

#include "base/text.hpp"
#include "http/fields.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bight::http {

std::string response::state::tried() const {
  return (sent.head ? "HEAD " : "GET ") + sent.to.str();
}

task<> response::state::send_request(const proxy* via) {
  const std::string text = request_text(sent, client->how, via);
  co_await within(client->how.timeouts.send, link.wire.send(text));
}

task<> response::state::read_head() {
  while (parser.next() != response_parser::step::head) {
    lease bytes = co_await link.wire.recv();
    parser.feed(std::move(bytes));
  }
  const time_point now = (co_await current_context()).sched().now();
  // A range of an encoded body cannot be decoded, whether it was requested or not.
  const bool part = parser.head().status == 206;
  if (!part && !sent.head && asks_for_codings(sent, client->how))
    decode = make_decoder(parser.head(), client->how.limits);
  // Without a body, the response is complete and the connection becomes idle.
  if (parser.length() == 0) {
    decode.reset();
    static_cast<void>(advance(now));
  }
}

void response::state::check_open() const {
  if (invalid_) throw error(*invalid_);
  if (failed_) throw error(bight::errc::closed, tried(), parser.received());
}

bool response::state::advance(time_point now) {
  try {
    return parse(now);
  } catch (const error& e) {
    invalid_ = failed(e);
    throw error(*invalid_);
  } catch (...) {  // no memory: a partly decoded body cannot continue
    close();
    throw;
  }
}

bool response::state::parse(time_point now) {
  for (;;) {
    if (decode && (pending = decode->next())) return true;
    switch (parser.next()) {
      case response_parser::step::more: return false;
      case response_parser::step::head: break;  // read_head() has handled it
      case response_parser::step::body:
        if (!decode) {
          pending = parser.body();
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
}

duration response::state::patience() const noexcept {
  const options& how = client->how;
  duration left = how.timeouts.silence - silence_;
  if (how.rate_min > 0) left = std::min(left, how.rate_window - window_time_);
  // Bytes that are already there are still received.
  return std::max<duration>(left, 1ms);
}

void response::state::count_wait(duration time) noexcept {
  silence_ += time;
  window_time_ += time;
}

void response::state::check_clocks() {
  const options& how = client->how;
  if (silence_ > 0ns && silence_ >= how.timeouts.silence)
    throw failed(error(bight::errc::timed_out, "", parser.received(),
                       "timed out after " + duration_text(how.timeouts.silence)));
  if (window_time_ == 0ns || window_time_ < how.rate_window) return;
  const double seconds = static_cast<double>(window_time_.count()) / 1e9;
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(window_bytes_) / seconds);
  if (rate < how.rate_min)
    throw failed(
        fault(errc::too_slow,
              fmt::format("received {} bytes per second, less than the minimum of {} (rate_min)",
                          rate, how.rate_min)));
  window_time_ = {};
  window_bytes_ = 0;
}

void response::state::feed(lease bytes) {
  silence_ = {};
  window_bytes_ += bytes.size();
  parser.feed(std::move(bytes));
}

void response::state::close() noexcept {
  failed_ = true;
  link.wire.close();
}

void response::state::finish(time_point now) {
  finished = true;
  if (parser.keeps_connection())
    client->keep(std::move(link), now);
  else
    link.wire.close();
}

error response::state::failed(const error& e) {
  if (!e.is(bight::errc::cancelled)) close();
  const error mine = in_terms_of(tried(), e);
  return error(mine.code(), tried(), parser.received(),
               std::string_view(mine.what()).substr(tried().size() + 2));
}

}  // namespace bight::http
