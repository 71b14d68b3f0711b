// SPDX-License-Identifier: MIT
// Greets every client by the name that it sends, until it says "exit": tcp_server.cpp, encrypted.
//
//   tls_server [ADDRESS [CERTIFICATE KEY]]    without files: creates a certificate, prints its pin
#include <bight/bight.hpp>
using namespace bight;

task<> greet(tcp::stream peer) {
  print("Accept new connection from {}...", peer.remote());
  co_await peer.send("Welcome");
  while (auto said = co_await peer.recv(1024)) {
    co_await sleep(1s);
    if (said == "exit") break;
    co_await peer.send("Hello, ", said);
  }
  print("Connection from {} closed.", peer.remote());
}

int main(int argc, char** argv) {
  tls::serve_options how;
  if (argc > 3) how.certificate = argv[2];
  if (argc > 3) how.key = argv[3];
  how.on_pin = [](const std::string& pin) { print("This server's pin is {}", pin); };
  how.server.on_listening = [](const address& at) { print("Waiting for connections at {}", at); };
  return run(tls::serve(argc > 1 ? argv[1] : "127.0.0.1:9443", greet, how));
}
