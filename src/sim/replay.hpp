// SPDX-License-Identifier: MIT
#pragma once

/// The environment's settings for an exploration: one world, and what to show of it.

#include <bight/explore.hpp>

#include "base/names.hpp"

#include <deque>
#include <memory>
#include <optional>

namespace bight::sim {

class capture;

/// As read from the variables that <bight/explore.hpp> names.
struct replay {
  std::optional<std::uint64_t> seed;
  std::string scenario;  ///< empty: any
  std::optional<families> faults;
  std::optional<std::uint64_t> faults_max;
  std::optional<unsigned> size;
  std::size_t events = 0;
  std::uint64_t until = static_cast<std::uint64_t>(-1);
  std::string pcap;

  /// errors  error(errc::invalid) for a value that cannot be read.
  [[nodiscard]] static replay from_environment();
};

/// Keeps the last events and can write all of them to a file.
class shown final : public sink {
 public:
  explicit shown(const replay& r);
  ~shown() override;
  void on_event(const trace_event& e) override;
  /// The kept lines.
  [[nodiscard]] std::string last() const;

 private:
  std::size_t most_;
  std::uint64_t until_;
  std::deque<std::string> lines_;
  std::unique_ptr<capture> file_;
};

/// The command that replays `f`.
[[nodiscard]] std::string command(std::string_view name, const finding& f);

}  // namespace bight::sim
