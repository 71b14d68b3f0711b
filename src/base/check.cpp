// SPDX-License-Identifier: MIT
#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace bight {

void check_failed(const char* what, const char* file, int line) noexcept {
  std::fprintf(stderr, "bight: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace bight
