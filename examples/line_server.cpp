// SPDX-License-Identifier: MIT
// Greets one name per line. Silent, slow and endless clients do no harm; a client that sends many
// lines at once gets all answers in one send.
#include <bight/bight.hpp>
using namespace bight;

task<> greet(tcp::stream peer) {
  writer out(peer);
  reader lines(peer, out);  // flushes it before it waits
  for (;;) {
    auto name = co_await attempt(within(10s, lines.read_line(1000)));
    if (!name) {  // timed_out, too_long, reset
      co_await out.write("Goodbye: ", name.error().what(), "\n");
      co_return co_await out.flush();
    }
    if (!*name) co_return;  // the end of the stream
    co_await out.write("Hello, ", **name, "\n");
  }
}

int main(int argc, char** argv) {
  serve_options limits;
  limits.max_connections = 1000;  // more clients wait in the kernel's queue
  limits.idle = 1min;             // inactivity timeout
  limits.grace = 2s;              // after Ctrl-C, for existing sessions
  limits.on_listening = [](const address& at) { print("Greeting on {}", at); };
  return run(tcp::serve(argc > 1 ? argv[1] : "127.0.0.1:9999", greet, limits));
}
