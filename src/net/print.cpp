// SPDX-License-Identifier: MIT
#include <bight/print.hpp>

#include <bight/line_sink.hpp>

#include "net/server.hpp"

#include <cstdio>
#include <string>

#include <fmt/format.h>

namespace bight {

void machinery::print_line(fmt::string_view format, fmt::format_args args) {
  std::string line = fmt::vformat(format, args);
  line += '\n';
  line_sink& out = line_sink::standard_output();
  if (server::any_running()) {
    std::fflush(stdout);  // keeps output from other stdio calls in order
    return out.write(line);
  }
  out.flush(duration::max());
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

}  // namespace bight
