// SPDX-License-Identifier: MIT
// One program, three servers: TCP, UDP and a unix socket, with one Ctrl-C for all of them.
#include <bight/bight.hpp>
using namespace bight;

task<> greet(tcp::stream peer) {
  co_await peer.send("Welcome");
  while (auto said = co_await peer.recv(1024)) co_await peer.send("Hello, ", said);
}

task<> reply(udp::request asked) { co_await asked.reply("Hello, ", asked.data(), "!"); }

task<> everywhere(address at, std::string path) {
  serve_options limits;
  limits.idle = 1min;
  limits.grace = 2s;
  limits.on_listening = [](const address& where) { print("Listening on {}", where); };
  limits.on_drain = [](std::size_t left) { print("Draining, {} sessions left", left); };
  co_await all(tcp::serve(at, greet, limits), udp::serve(at, reply, limits),
               unix_socket::serve(path, greet, limits));
}

int main(int argc, char** argv) {
  if (argc == 3) return run(everywhere(argv[1], argv[2]));
  print("usage: everywhere ADDRESS PATH, for example: everywhere :9999 /tmp/greet.sock");
  return 2;
}
