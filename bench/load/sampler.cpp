// SPDX-License-Identifier: MIT
#include "sampler.hpp"

#include "ring.hpp"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>

namespace load {

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t ring_size = 128 * page;  // for twenty seconds; what does not fit is dropped

struct sample {
  perf_event_header header;
  std::uint64_t at;  // the instruction
};

// An interrupt that comes while the kernel returns from a call is taken behind it, at the program's
// first instruction. So what is found there is on its way back.
bool is_behind_call(int memory, std::uint64_t at) {
  unsigned char before[2] = {};
  const auto from = static_cast<off_t>(at - sizeof before);
  return pread(memory, before, sizeof before, from) == sizeof before && before[0] == 0x0f &&
         before[1] == 0x05;  // syscall
}

}  // namespace

sampler::~sampler() {
  for (const thread& t : threads_) {
    munmap(t.ring, page + ring_size);
    close(t.fd);
  }
}

void sampler::begin(int pid) {
  pid_ = pid;
  perf_event_attr attr = {};
  attr.type = PERF_TYPE_SOFTWARE;
  attr.size = sizeof attr;
  attr.config = PERF_COUNT_SW_CPU_CLOCK;
  attr.freq = 1;
  attr.sample_freq = 997;  // each costs up to 70 µs, and leaves cold caches
  attr.sample_type = PERF_SAMPLE_IP;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    const int tid = std::stoi(task.path().filename());
    const auto fd = syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0 && errno == ESRCH) continue;
    if (fd < 0) fail("sampling: perf_event_open", errno);
    void* ring = mmap(nullptr, page + ring_size, PROT_READ | PROT_WRITE, MAP_SHARED,
                      static_cast<int>(fd), 0);
    if (ring == MAP_FAILED) fail("sampling: mmap", errno);
    threads_.push_back({static_cast<int>(fd), ring});
  }
}

found sampler::end() {
  found all;
  std::map<std::uint64_t, std::uint64_t> instructions;
  for (const thread& t : threads_) {
    ioctl(t.fd, PERF_EVENT_IOC_DISABLE, 0);
    auto* control = static_cast<perf_event_mmap_page*>(t.ring);
    const auto* bytes = static_cast<const char*>(t.ring) + page;
    const auto head = std::atomic_ref(control->data_head).load(std::memory_order_acquire);
    for (std::uint64_t at = 0; at < head;) {
      sample s = {};  // aligned to eight, and never cut: the ring has not gone round
      std::memcpy(&s, bytes + at, sizeof s);
      const unsigned mode = s.header.misc & PERF_RECORD_MISC_CPUMODE_MASK;
      if (s.header.type == PERF_RECORD_SAMPLE && mode == PERF_RECORD_MISC_USER)
        ++instructions[s.at];
      else if (s.header.type == PERF_RECORD_SAMPLE)
        ++all.kernel;
      at += s.header.size;
    }
  }
  const int memory = open(("/proc/" + std::to_string(pid_) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  for (const auto& [at, times] : instructions)
    (is_behind_call(memory, at) ? all.returning : all.user) += times;
  close(memory);
  return all;
}

}  // namespace load
