// SPDX-License-Identifier: MIT
#include <bight/print.hpp>

#include <cstdio>
#include <string>

#include <fmt/format.h>

namespace bight {

void print_line(fmt::string_view format, fmt::format_args args) {
  std::string line = fmt::vformat(format, args);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

}  // namespace bight
