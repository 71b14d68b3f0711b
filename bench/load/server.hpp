// SPDX-License-Identifier: MIT
#pragma once

/// What the server under load has used: read from outside, so that every server is measured alike.

#include <cstdint>
#include <vector>

namespace load {

struct usage {
  std::uint64_t cpu_ns = 0;     // all threads, also those that have ended
  std::uint64_t waited_ns = 0;  // ready to run while another process had the core; one thread only
};

struct memory {
  std::uint64_t rss_bytes = 0;
  std::uint64_t pss_bytes = 0;
  std::uint64_t private_bytes = 0;  // user memory of its own; the kernel's for sockets is not in it
};

class server {
 public:
  explicit server(int pid) : pid_(pid) {}

  [[nodiscard]] bool known() const { return pid_ != 0; }
  [[nodiscard]] int pid() const { return pid_; }
  [[nodiscard]] usage used() const;
  [[nodiscard]] memory held() const;

  /// Counts the system calls of all its threads from now on, and of those that they start.
  void calls_begin();
  /// How many there were.
  [[nodiscard]] std::uint64_t calls_end();

 private:
  int pid_;
  std::vector<int> counters_;
};

/// Processor time of this process, and how long it stood ready while others had the core.
std::uint64_t own_cpu_ns();
std::uint64_t own_waited_ns();

}  // namespace load
