// SPDX-License-Identifier: MIT
#include "progress.hpp"

#include "units.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace tool {

using bight::duration;
using bight::time_point;
using namespace std::chrono_literals;

namespace {

/// The rate is measured over the last seconds, so it falls when a server stalls.
constexpr duration rate_window = 5s;
constexpr duration sample_every = 250ms;
/// After this time without a byte, a download is shown as stalled.
constexpr duration stalled_after = 2s;

double seconds(duration d) { return static_cast<double>(d.count()) / 1e9; }

// "59 s", "1:07", "1:00:07"; "long" from 100 hours.
std::string clock_text(double wait) {
  if (!(wait < 100 * 3600)) return "long";
  const auto s = static_cast<std::int64_t>(wait);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

// Columns for text. The last one stays free: some terminals wrap after it.
std::size_t room_in(int width) { return static_cast<std::size_t>(std::max(0, width - 1)); }

// Cuts at whole characters. Characters wider than a column are rare in host names.
std::string fitted(std::string text, std::size_t room) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (columns++ == room) return text.substr(0, i);
  }
  return text;
}

// The parts of a progress line.
struct moment {
  bool stalls;
  std::string speed;  // or "stalled 12 s"
  std::string clock;  // time since the last byte if stalled, else time left or time taken
  std::string done;
};

// The forms of a line, the longest first. All but the last show something that changes.
std::vector<std::string> forms_without_length(const moment& m) {
  if (m.stalls) return {m.done + "  " + m.speed, m.speed, m.clock};
  return {fmt::format("{}  {}  {}", m.done, m.speed, m.clock),
          fmt::format("{}  {}", m.done, m.speed), m.done + "  " + m.clock, m.speed, m.clock};
}

std::vector<std::string> forms_with_length(const moment& m, double share, const std::string& total,
                                           int width) {
  const std::string percent = fmt::format("{:3}%", static_cast<int>(share * 100));
  const std::string speed = m.stalls ? m.speed : fmt::format("{}  {} left", m.speed, m.clock);
  const std::string tail = fmt::format("{} of {}  {}", m.done, total, speed);
  std::vector<std::string> forms{percent + " " + tail,
                                 fmt::format("{} {}  {}", percent, m.done, speed),
                                 percent + "  " + (m.stalls ? m.speed : m.speed + "  " + m.clock),
                                 percent + " " + m.clock, percent};
  const int bar = std::min(40, width - 1 - static_cast<int>(percent.size() + tail.size() + 4));
  const int full = static_cast<int>(share * std::max(0, bar));
  if (bar >= 4)
    forms.insert(forms.begin(),
                 fmt::format("{} [{:#<{}}{:<{}}] {}", percent, "", full, "", bar - full, tail));
  return forms;
}

std::string longest(const std::vector<std::string>& forms, int width) {
  for (const std::string& form : forms)
    if (form.size() <= room_in(width)) return form;
  return fitted(forms.back(), room_in(width));
}

}  // namespace

std::string waiting_line(duration elapsed, std::string_view what, int width) {
  return fitted(fmt::format("{}  {}", clock_text(seconds(elapsed)), what), room_in(width));
}

void progress::wait_for(std::string peer) {
  peer_ = std::move(peer);
  if (state_ != state::silent) state_ = state::waiting;
}

void progress::wait_until(time_point then) {
  until_ = then;
  if (state_ != state::silent) state_ = state::pausing;
}

void progress::begin(std::uint64_t total, std::uint64_t had, time_point now) {
  total_ = total;
  done_ = had_ = had;
  start_ = last_ = now;
  recent_.assign(1, {now, had});
  if (state_ != state::silent) state_ = state::receiving;
}

void progress::add(std::uint64_t done, time_point now) {
  done_ = done;
  last_ = now;
  if (now - recent_.back().at >= sample_every) recent_.push_back({now, done});
}

// Bytes per second.
double progress::rate(time_point now) {
  if (pause_ == pause::limit)  // the limit holds on average
    return static_cast<double>(done_ - had_) / std::max(1e-3, seconds(now - start_));
  while (recent_.size() > 1 && recent_[1].at <= now - rate_window) recent_.pop_front();
  const sample& from = recent_.front();
  return static_cast<double>(done_ - from.done) / std::max(1e-3, seconds(now - from.at));
}

std::string progress::line(time_point now, int width) {
  if (last_ == time_point()) last_ = now;
  switch (state_) {
    case state::silent: return {};
    case state::waiting: return waiting_line(now - last_, "waiting for " + peer_, width);
    case state::pausing:
      return waiting_line(std::max<duration>(0s, until_ - now) + 999ms, "until the next attempt",
                          width);
    case state::receiving: return receiving_line(now, width);
  }
  return {};
}

std::string progress::receiving_line(time_point now, int width) {
  const duration idle = now - last_;
  const double speed = rate(now);
  moment m{idle >= stalled_after && pause_ != pause::limit, "", "", shown_size(done_)};
  if (m.stalls) {
    m.clock = clock_text(seconds(idle));
    m.speed = (pause_ == pause::output ? "output stalled " : "stalled ") + m.clock;
  } else {
    m.clock = clock_text(seconds(now - start_));
    m.speed = shown_size(static_cast<std::uint64_t>(speed)) + "/s";
  }
  if (total_ == 0) return longest(forms_without_length(m), width);
  const auto left = static_cast<double>(total_ - std::min(done_, total_));
  if (!m.stalls) m.clock = speed > 0 ? clock_text(left / speed) : "?";
  const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
  return longest(forms_with_length(m, share, shown_size(total_), width), width);
}

}  // namespace tool
