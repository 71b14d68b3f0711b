// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace load {

namespace {

[[noreturn]] void usage(std::string_view wrong) {
  std::fprintf(stderr,
               "bench_load: %.*s\n"
               "usage: bench_load --mode echo|framed|accept|discard|source|udp|idle --port P\n"
               "  --connections N  --depth D    in flight on each\n"
               "  --size S         bytes of a message\n"
               "  --seconds T      the measured window, after --warmup W\n"
               "  --active N       of mode idle: connections that echo meanwhile\n"
               "  --server-pid P   report the server's processor time and memory\n"
               "  --spin           look for answers all the time\n"
               "  --count-calls    report the server's system calls (needs tracefs)\n"
               "  --sample         report where it spends its processor time (needs perf events)\n",
               static_cast<int>(wrong.size()), wrong.data());
  std::exit(2);
}

double number(std::string_view name, const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || value < 0) usage(name);
  return value;
}

}  // namespace

options options_from(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--spin") {
      o.spin = true;
      continue;
    }
    if (name == "--sample") {
      o.sample = true;
      continue;
    }
    if (name == "--count-calls") {
      o.count_calls = true;
      continue;
    }
    if (++i == argc) usage(name);
    const char* text = argv[i];
    const auto value = name == "--mode" ? 0 : number(name, text);
    if (name == "--mode")
      o.mode = text;
    else if (name == "--port")
      o.port = static_cast<std::uint16_t>(value);
    else if (name == "--connections")
      o.connections = static_cast<unsigned>(value);
    else if (name == "--depth")
      o.depth = static_cast<unsigned>(value);
    else if (name == "--size")
      o.size = static_cast<std::size_t>(value);
    else if (name == "--seconds")
      o.seconds = value;
    else if (name == "--warmup")
      o.warmup = value;
    else if (name == "--active")
      o.active = static_cast<unsigned>(value);
    else if (name == "--server-pid")
      o.server_pid = static_cast<int>(value);
    else
      usage(name);
  }
  if (o.mode.empty() || o.port == 0) usage("--mode and --port are needed");
  if (o.depth == 0 || o.size == 0 || o.connections == 0) usage("nothing to send");
  return o;
}

}  // namespace load
