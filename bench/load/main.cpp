// SPDX-License-Identifier: MIT
// One client that keeps a server busy, checks every byte that comes back, and prints one JSON
// object. It shares no code with the servers that it measures.
#include "modes.hpp"

#include <sys/resource.h>

#include <cstdio>

int main(int argc, char** argv) {
  using namespace load;
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  const options o = options_from(argc, argv);
  window w(o);
  if (o.mode == "echo" || o.mode == "framed") {
    run_echo(o, w);
  } else if (o.mode == "idle") {
    run_idle(o, w);
  } else if (o.mode == "accept" || o.mode == "fin" || o.mode == "reset") {
    run_accept(o, w);
  } else if (o.mode == "discard") {
    run_discard(o, w);
  } else if (o.mode == "source") {
    run_source(o, w);
  } else if (o.mode == "udp") {
    run_udp(o, w);
  } else {
    std::fprintf(stderr, "bench_load: no such mode: %s\n", o.mode.c_str());
    return 2;
  }
  return w.print(o);
}
