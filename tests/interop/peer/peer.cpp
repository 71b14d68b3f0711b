// SPDX-License-Identifier: MIT
// The Bight side of python_peers_test.py: one small program for each thing that a peer can do.
//
//     interop-peer serve WHAT             listens on 127.0.0.1, prints its port, serves WHAT
//     interop-peer connect WHAT PORT      connects to 127.0.0.1:PORT and does WHAT
//
// WHAT is one of: echo (sends back what comes), collect (receives to the end, then answers with the
// count and a checksum, and ends), give (sends a megabyte of numbered lines, and ends), pour (sends
// for ever), speak (sends a request and its end, prints the answer), bytes (as echo, one byte at a
// time both ways), udp-echo.

#include <bight/bight.hpp>

#include <cstdint>

using namespace bight;

namespace {

task<> echo(stream peer) {
  while (auto bytes = co_await peer.recv()) co_await peer.send(bytes);
}

task<> echo_bytes(stream peer) {
  while (auto byte = co_await peer.recv(1)) co_await peer.send(byte);
}

// FNV-1a, 64 bits: as in the test.
task<> collect(stream peer) {
  std::uint64_t sum = 14695981039346656037u;
  std::uint64_t count = 0;
  while (auto bytes = co_await peer.recv()) {
    for (const char c : bytes.view()) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211u;
    count += bytes.size();
  }
  co_await peer.send(fmt::format("{} {:016x}", count, sum));
}

task<> give(stream peer) {
  std::string lines;
  for (int i = 0; lines.size() < 1'000'000; ++i) lines += fmt::format("line {}\n", i);
  co_await peer.send(lines);
}

task<> pour(stream peer) {
  const std::string much(100'000, 'p');
  for (;;) co_await peer.send(much);
}

task<> echo_datagram(udp::request asked) { co_await asked.reply(asked.data()); }

// As a client it sends one of each size, empty and large ones among them, and expects it back.
task<> datagrams(address to) {
  auto server = co_await udp::connect(std::move(to));
  for (const std::size_t size : {0u, 1u, 1472u, 1473u, 9000u, 65'507u, 0u, 5u}) {
    const std::string text(size, 'd');
    co_await server.send(text);
    auto answer = co_await within(20s, server.recv());
    if (answer.data != text) throw error(errc::invalid, "answer", 0, "it differs");
  }
  print("all came back");
}

// A client that talks first, and says what it got.
task<> speak(stream peer) {
  co_await peer.send("request");
  peer.shutdown_send();
  std::string answer;
  while (auto bytes = co_await peer.recv()) answer += bytes.view();
  print("{}", answer);
}

using session = task<> (*)(stream);

session named(std::string_view what) {
  if (what == "echo") return &echo;
  if (what == "bytes") return &echo_bytes;
  if (what == "collect") return &collect;
  if (what == "give") return &give;
  if (what == "pour") return &pour;
  if (what == "speak") return &speak;
  throw error(errc::invalid, what, 0, "no such thing to do");
}

task<> serve(std::string what) {
  serve_options options;
  options.on_listening = [](const address& at) { print("{}", at.port()); };
  if (what == "udp-echo")
    co_await udp::serve("127.0.0.1:0", echo_datagram, options);
  else
    co_await tcp::serve("127.0.0.1:0", named(what), options);
}

task<> connect(std::string what, std::string port) {
  const address to("127.0.0.1:" + port);
  if (what == "udp-echo") {
    co_await datagrams(to);
    co_return;
  }
  auto peer = co_await tcp::connect(to);
  co_await named(what)(std::move(peer));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view how = argc > 1 ? argv[1] : "";
  if (how == "serve" && argc == 3) return run(serve(argv[2]));
  if (how == "connect" && argc == 4) return run(connect(argv[2], argv[3]));
  print("usage: interop-peer serve WHAT | connect WHAT PORT");
  return 2;
}
