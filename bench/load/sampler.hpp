// SPDX-License-Identifier: MIT
#pragma once

/// Where a process spends its processor time, in its own code or in the kernel: what it is found
/// doing a thousand times a second of that time. The kernel's own account has ticks of 10 ms.

#include <cstdint>
#include <vector>

namespace load {

struct found {
  std::uint64_t user = 0;
  std::uint64_t kernel = 0;
  std::uint64_t returning = 0;  // from the kernel, which is the kernel's as well
};

class sampler {
 public:
  sampler() = default;
  sampler(const sampler&) = delete;
  sampler& operator=(const sampler&) = delete;
  ~sampler();

  /// Looks at the threads that process `pid` has now.
  void begin(int pid);
  /// What it was found doing since.
  [[nodiscard]] found end();

 private:
  struct thread {
    int fd;
    void* ring;
  };
  int pid_ = 0;
  std::vector<thread> threads_;
};

}  // namespace load
