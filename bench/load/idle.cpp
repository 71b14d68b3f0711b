// SPDX-License-Identifier: MIT
#include "echo.hpp"
#include "modes.hpp"
#include "sockets.hpp"

#include <unistd.h>

#include <vector>

namespace load {

void run_idle(const options& o, window& w) {
  // A server that has served nobody has not allocated what it needs once: some connections talk
  // before its memory is read, and go on as the active ones.
  const unsigned first = o.active != 0 ? o.active : 100;
  echo talkers(o, w, first);
  talkers.greet();
  w.memory_before();

  const auto text = pattern::plain();
  std::vector<int> held;
  for (unsigned i = 0; i < o.connections; ++i) {
    held.push_back(connect_stream(o.port, first + i));
    // Each has been read from and written to once: it is idle, not untouched.
    echo_once(held.back(), text.at(text.begin(i)), o.size);
  }
  w.memory_idle(o.connections);

  if (o.active != 0) {
    talkers.run();
  } else {
    w.open();
    while (w.step(now_ns())) usleep(10'000);
  }
  for (const int fd : held) close(fd);
}

}  // namespace load
