// SPDX-License-Identifier: MIT
#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace bight {

void check_failed(const char* what, const char* file, int line) noexcept {
  std::fprintf(stderr, "bight: %s (%s:%d)\n", what, file, line);
  std::abort();
}

void give_up(const char* why, const char* detail) noexcept {
  std::fprintf(stderr, "bight: %s%s\n", why, detail);
  std::_Exit(1);
}

}  // namespace bight
