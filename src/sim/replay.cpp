// SPDX-License-Identifier: MIT
#include "sim/replay.hpp"

#include "base/text.hpp"
#include "sim/capture.hpp"

#include <charconv>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

namespace bight::sim {

namespace {

std::string_view variable(const char* name) {
  const char* set = std::getenv(name);
  return set == nullptr ? std::string_view() : std::string_view(set);
}

// Decimal, or hexadecimal with the prefix 0x.
std::optional<std::uint64_t> number(const char* name) {
  std::string_view digits = variable(name);
  if (digits.empty()) return std::nullopt;
  const std::string_view all = digits;
  const bool hexadecimal = digits.starts_with("0x");
  if (hexadecimal) digits.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, failed] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hexadecimal ? 16 : 10);
  if (failed != std::errc() || end != digits.data() + digits.size())
    throw error(errc::invalid, fmt::format("{}={}", name, printable(all)), 0, "not a number");
  return value;
}

// The command line of this process. In the file, a NUL follows every argument: proc(5).
std::string program() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string line;
  for (std::string each; std::getline(file, each, '\0');) {
    const bool plain = !each.empty() && each.find_first_of(" \t\"'\\$*?|&;<>()") == each.npos;
    line += (line.empty() ? "" : " ") + (plain ? each : "'" + each + "'");
  }
  return line.empty() ? "PROGRAM" : line;
}

}  // namespace

replay replay::from_environment() {
  replay r;
  r.seed = number("BIGHT_SIM_SEED");
  r.scenario = variable("BIGHT_SIM_SCENARIO");
  if (const auto text = variable("BIGHT_SIM_FAULTS"); !text.empty())
    r.faults = families::parse(text);
  r.faults_max = number("BIGHT_SIM_FAULTS_MAX");
  if (const auto size = number("BIGHT_SIM_SIZE")) r.size = static_cast<unsigned>(*size);
  r.events = static_cast<std::size_t>(number("BIGHT_SIM_EVENTS").value_or(0));
  r.until = number("BIGHT_SIM_UNTIL").value_or(r.until);
  r.pcap = variable("BIGHT_SIM_PCAP");
  return r;
}

shown::shown(const replay& r) : most_(r.events), until_(r.until) {
  if (!r.pcap.empty()) file_ = std::make_unique<capture>(r.pcap);
}
shown::~shown() = default;

void shown::on_event(const trace_event& e) {
  if (e.number > until_) return;
  if (file_ != nullptr) file_->write(e);
  if (most_ == 0) return;
  if (lines_.size() == most_) lines_.pop_front();
  lines_.push_back(e.str());
}

std::string shown::last() const {
  std::string all;
  for (const std::string& line : lines_) all += line + "\n";
  return all;
}

std::string command(std::string_view name, const finding& f) {
  std::string line = fmt::format("bight sim replay --scenario {} --seed {} --size {} --faults {}",
                                 name, f.seed, f.size, f.faults.on.str());
  if (f.faults.most != static_cast<std::uint64_t>(-1))
    line += fmt::format(" --faults-max {}", f.faults.most);
  return line + " -- " + program();
}

}  // namespace bight::sim
