// SPDX-License-Identifier: MIT
#pragma once

/// The measured time: what is counted in it, and what the server used meanwhile.

#include "histogram.hpp"
#include "options.hpp"
#include "sampler.hpp"
#include "server.hpp"

#include <cstdint>
#include <string>

namespace load {

class window {
 public:
  explicit window(const options& o);

  /// The warm-up begins now.
  void open();
  /// Called every turn; false once the measured time is over.
  [[nodiscard]] bool step(std::uint64_t now);

  /// A message came back whole.
  void message(std::uint64_t latency_ns) {
    ++messages_;
    latencies_.add(latency_ns);
  }
  void bytes(std::uint64_t n) { bytes_ += n; }
  void lost() { ++lost_; }
  /// Something is wrong: the run counts for nothing, and says why.
  void error(const std::string& what);

  /// Memory before and while the idle connections are held.
  void memory_before() { before_ = server_.held(); }
  void memory_idle(unsigned connections);

  /// The result as one JSON object. Returns what main() should.
  int print(const options& o) const;

 private:
  void begin(std::uint64_t now);
  void end(std::uint64_t now);

  // When
  std::uint64_t warmup_ns_;
  std::uint64_t length_ns_;
  std::uint64_t opened_ = 0;
  std::uint64_t began_ = 0;
  std::uint64_t ended_ = 0;
  bool count_calls_;
  bool sample_;

  // The server
  server server_;
  usage used_;  // at the beginning, then the difference
  std::uint64_t load_cpu_ns_ = 0;
  std::uint64_t load_waited_ns_ = 0;
  std::uint64_t calls_ = 0;
  sampler sampler_;
  found found_;
  memory before_;
  memory idle_;
  unsigned idle_connections_ = 0;

  // The traffic
  std::uint64_t messages_ = 0;
  std::uint64_t before_window_ = 0;  // messages of the warm-up
  std::uint64_t bytes_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t errors_ = 0;
  std::string first_error_;
  histogram latencies_;

  // A server that answers nothing for five seconds has failed.
  std::uint64_t progress_ = 0;
  std::uint64_t progress_at_ = 0;
  bool may_rest_;
};

}  // namespace load
