// SPDX-License-Identifier: MIT
#include "parity/script.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace parity {

namespace {

// SplitMix64 (Steele, Lea, Flood 2014): a seed is a script, on every machine.
class chance {
 public:
  explicit chance(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint32_t below(std::uint32_t n) noexcept { return static_cast<std::uint32_t>(next() % n); }
  bool percent(std::uint32_t p) noexcept { return below(100) < p; }

 private:
  std::uint64_t state_;
};

struct weight {
  act what;
  std::uint32_t percent;
};

constexpr weight weights[] = {
    {act::send, 30},          {act::receive, 20}, {act::receive_into, 6}, {act::receive_within, 8},
    {act::shut_down, 7},      {act::close, 5},    {act::abort, 4},        {act::cancel_send, 3},
    {act::cancel_receive, 8}, {act::sleep, 9},
};

act draw_act(chance& dice) {
  std::uint32_t drawn = dice.below(100);
  for (const weight& w : weights) {
    if (drawn < w.percent) return w.what;
    drawn -= w.percent;
  }
  return act::sleep;
}

// Small ones and large ones alike: the exponent is drawn first.
std::uint32_t draw_size(chance& dice) { return 1 + dice.below(1u << (1 + dice.below(14))); }

bool ends(act what) { return what == act::close || what == act::abort; }

// Each peer does one of two things at once. Of one peer's own steps the order is its program's.
bool may_race(const step& a, const step& b) {
  if (a.peer == b.peer) return false;
  const auto simple = [](act what) {
    return what == act::send || what == act::receive || what == act::receive_into ||
           what == act::cancel_receive || what == act::shut_down || ends(what);
  };
  return simple(a.what) && simple(b.what);
}

}  // namespace

script generate(std::uint64_t seed) {
  chance dice(seed);
  script s;
  s.seed = seed;
  const std::size_t count = 3 + dice.below(28);
  std::array<std::uint32_t, 2> sent{};
  bool floods = dice.percent(2);
  for (std::size_t i = 0; i < count; ++i) {
    step next;
    next.what = draw_act(dice);
    next.peer = static_cast<std::uint8_t>(dice.below(2));
    // An end in the first half would leave little to see: half of those become something else.
    if (ends(next.what) && i < count / 2 && dice.percent(50)) next.what = act::receive;
    next.bytes = draw_size(dice);
    if (next.what == act::send) {
      next.bytes = std::min(next.bytes, fits - sent[next.peer]);
      if (next.bytes == 0) next.what = act::sleep;
      sent[next.peer] += next.bytes;
      if (floods && dice.percent(20)) {
        next.bytes = never_fits;
        floods = false;
      }
    }
    s.steps.push_back(next);
  }
  if (!dice.percent(25)) return s;
  const std::size_t at = dice.below(static_cast<std::uint32_t>(count - 1));
  s.steps[at].races = may_race(s.steps[at], s.steps[at + 1]);
  return s;
}

std::size_t script::race() const noexcept {
  const auto at = std::find_if(steps.begin(), steps.end(), [](const step& s) { return s.races; });
  return static_cast<std::size_t>(at - steps.begin());
}

std::optional<script> in_order(const script& s, order o) {
  const std::size_t at = s.race();
  if (at == s.steps.size()) return std::nullopt;
  script serial = s;
  step& first = serial.steps[at];
  step& second = serial.steps[at + 1];
  first.races = false;
  if (o == order::exchanged || (o == order::between && first.what == act::close))
    std::swap(first, second);
  if (o != order::between) return serial;
  if (second.what != act::close) return std::nullopt;
  const step given_up{act::cancel_receive, second.peer};
  serial.steps.insert(serial.steps.begin() + static_cast<std::ptrdiff_t>(at), given_up);
  return serial;
}

std::string text(const step& s) {
  static constexpr const char* names[] = {
      "send",  "receive", "receive_into", "receive_within", "shut_down",
      "close", "abort",   "cancel_send",  "cancel_receive", "sleep"};
  const bool counts = s.what <= act::receive_within;
  return fmt::format("{} {}{}{}", "AB"[s.peer], names[static_cast<std::size_t>(s.what)],
                     counts ? fmt::format(" {}", s.bytes) : "", s.races ? " at once with" : "");
}

std::string text(const script& s) {
  std::string all = fmt::format("script {}\n", s.seed);
  for (std::size_t i = 0; i < s.steps.size(); ++i)
    all += fmt::format("{:3} {}\n", i, text(s.steps[i]));
  return all;
}

}  // namespace parity
