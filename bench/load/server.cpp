// SPDX-License-Identifier: MIT
#include "server.hpp"

#include "clock.hpp"
#include "ring.hpp"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace load {

namespace {

std::uint64_t read_clock(clockid_t clock) {
  timespec t = {};
  if (clock_gettime(clock, &t) != 0) return 0;
  return static_cast<std::uint64_t>(t.tv_sec) * second_ns + static_cast<std::uint64_t>(t.tv_nsec);
}

std::string proc(int pid, const char* name) { return "/proc/" + std::to_string(pid) + name; }

// The second figure of schedstat, of a process with one thread; threads wait for each other.
std::uint64_t waited(const std::string& process) {
  const std::filesystem::directory_iterator tasks(process + "/task");
  if (std::distance(begin(tasks), end(tasks)) != 1) return 0;
  std::ifstream in(process + "/schedstat");
  std::uint64_t ran = 0;
  std::uint64_t waited_ns = 0;
  in >> ran >> waited_ns;
  return waited_ns;
}

std::uint64_t tracepoint() {
  for (const char* root : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    std::ifstream in(std::string(root) + "/events/raw_syscalls/sys_enter/id");
    if (std::uint64_t id = 0; in >> id) return id;
  }
  fail("counting system calls: no tracefs (mount -t tracefs none /sys/kernel/tracing)", ENOENT);
}

}  // namespace

usage server::used() const {
  usage u;
  if (!known()) return u;
  // The process's own clock: as schedstat of its threads, but up to date while they run, and with
  // those that have ended.
  if (clockid_t clock = 0; clock_getcpuclockid(pid_, &clock) == 0) u.cpu_ns = read_clock(clock);
  u.waited_ns = waited(proc(pid_, ""));
  return u;
}

memory server::held() const {
  memory m;
  if (!known()) return m;
  std::ifstream in(proc(pid_, "/smaps_rollup"));
  std::string line;
  std::getline(in, line);  // the addresses
  std::string name;
  for (std::uint64_t kib = 0; in >> name >> kib >> line;) {
    if (name == "Rss:") m.rss_bytes = kib * 1024;
    if (name == "Pss:") m.pss_bytes = kib * 1024;
    if (name == "Private_Dirty:" || name == "Private_Clean:") m.private_bytes += kib * 1024;
  }
  return m;
}

void server::calls_begin() {
  perf_event_attr attr = {};
  attr.type = PERF_TYPE_TRACEPOINT;
  attr.size = sizeof attr;
  attr.config = tracepoint();
  attr.inherit = 1;
  for (const auto& task : std::filesystem::directory_iterator(proc(pid_, "/task"))) {
    const int tid = std::stoi(task.path().filename());
    const auto fd = syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd >= 0)
      counters_.push_back(static_cast<int>(fd));
    else if (errno != ESRCH)
      fail("counting system calls: perf_event_open", errno);
  }
}

std::uint64_t server::calls_end() {
  std::uint64_t sum = 0;
  for (const int fd : counters_) {
    std::uint64_t n = 0;
    if (read(fd, &n, sizeof n) == sizeof n) sum += n;
    close(fd);
  }
  counters_.clear();
  return sum;
}

std::uint64_t own_cpu_ns() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }
std::uint64_t own_waited_ns() { return waited("/proc/self"); }

}  // namespace load
