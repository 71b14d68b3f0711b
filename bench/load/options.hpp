// SPDX-License-Identifier: MIT
#pragma once

/// What the command line says.

#include <cstddef>
#include <cstdint>
#include <string>

namespace load {

struct options {
  std::string mode;
  std::uint16_t port = 0;
  unsigned connections = 1;
  unsigned depth = 1;        // messages in flight on each connection
  std::size_t size = 64;     // bytes of a message, without a frame's prefix
  double seconds = 1;        // the measured window
  double warmup = 0.2;       // before it, with the same traffic
  unsigned active = 0;       // of mode idle: connections that talk while the others do not
  int server_pid = 0;        // whose processor time and memory are read; 0: nobody's
  bool spin = false;         // looks for answers all the time instead of sleeping
  bool count_calls = false;  // the server's system calls; that makes each of them dearer
  bool sample = false;       // where it spends its processor time; that takes a part of it
};

/// Reads them; ends the program with a word when one is wrong.
options options_from(int argc, char** argv);

}  // namespace load
