// SPDX-License-Identifier: MIT
// Preloaded into a program: makes one of its allocations fail, or all from one on, or the closes of
// one file. BIGHT_SCARCE is "N", "N+" or "close:FILE"; "0" tells on standard error how many
// allocations there were.
#include "support/failing_malloc.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constinit std::atomic<long> count{0};

const char* wanted() noexcept {
  static const char* const text = std::getenv("BIGHT_SCARCE");
  return text != nullptr ? text : "";
}

struct told_at_the_end {
  ~told_at_the_end() {
    if (std::strcmp(wanted(), "0") == 0) dprintf(STDERR_FILENO, "allocations %ld\n", count.load());
  }
};
const told_at_the_end at_the_end;

}  // namespace

bool allocation_fails() noexcept {
  const long number = count.fetch_add(1) + 1;
  char* end = nullptr;
  const long from = std::strtol(wanted(), &end, 10);
  if (from <= 0 || (number != from && (*end != '+' || number < from))) return false;
  errno = ENOMEM;
  return true;
}

// As a file system that finds only now that it has no room.
extern "C" int close(int fd) {
  using closer = int (*)(int);
  static const closer real = reinterpret_cast<closer>(dlsym(RTLD_NEXT, "close"));
  const char* const file = wanted();
  if (std::strncmp(file, "close:", 6) != 0) return real(fd);
  char link[64];
  char name[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, name, sizeof name - 1);
  const int closed = real(fd);
  if (size <= 0) return closed;
  name[size] = '\0';
  if (std::strcmp(name, file + 6) != 0) return closed;
  errno = EDQUOT;
  return -1;
}
