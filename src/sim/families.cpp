// SPDX-License-Identifier: MIT
#include <bight/error.hpp>
#include <bight/sim_faults.hpp>

namespace bight::sim {

namespace {

constexpr std::string_view names[family_count] = {
    "latency", "jitter",  "rate",        "loss",          "burst_loss",  "duplicate",
    "reorder", "corrupt", "packet_size", "slow_pair",     "partition",   "clog",
    "refuse",  "reset",   "short_io",    "accept_errors", "descriptors", "names",
    "clocks",  "pause",   "crash",       "schedule",      "buffers"};

}  // namespace

std::string_view name_of(family f) noexcept { return names[static_cast<std::size_t>(f)]; }

families families::parse(std::string_view text) {
  if (text == "none") return {};
  if (text == "all") return all();
  families found;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(one.size() < text.size() ? one.size() + 1 : one.size());
    std::size_t i = 0;
    while (i < family_count && names[i] != one) ++i;
    if (i == family_count)
      throw error(errc::invalid, "faults", 0,
                  "\"" + std::string(one) + "\" is no family of faults");
    found = found | families(static_cast<family>(i));
  }
  return found;
}

std::string families::str() const {
  std::string text;
  for (std::size_t i = 0; i < family_count; ++i) {
    if (!has(static_cast<family>(i))) continue;
    if (!text.empty()) text += ',';
    text += names[i];
  }
  return text.empty() ? "none" : text;
}

fault_plan fault_plan::drawn(std::uint64_t seed, families from) {
  random_stream draw(seed, "plan");
  fault_plan plan;
  // One seed in eight has no faults. The others have few or many, so that faults that hide each
  // other also occur separately ("swarm testing", Groce et al., ISSTA 2012).
  const std::uint64_t eighths = draw.below(8);
  for (std::size_t i = 0; i < family_count; ++i) {
    const bool on = draw.below(8) < eighths;
    if (on) plan.on = plan.on | families(static_cast<family>(i));
  }
  plan.on = plan.on.both(from);
  plan.lasts = draw.log_uniform(100ms, 60s);
  return plan;
}

}  // namespace bight::sim
