// SPDX-License-Identifier: MIT
// bench_bight MODE PORT: the servers of the benchmarks on Bight, as a program would write them.
#include <bight/bight.hpp>

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
using namespace bight;

namespace {

task<> echo(tcp::stream peer) {
  while (auto bytes = co_await peer.recv()) co_await peer.send(bytes);
}

task<> echo_by_attempt(tcp::stream peer) {
  for (;;) {
    auto bytes = co_await attempt(peer.recv());
    if (!bytes || bytes->empty()) co_return;
    auto sent = co_await attempt(peer.send(*bytes));
    if (!sent) co_return;
  }
}

task<> framed(tcp::stream peer) {
  writer out(peer);
  reader in(peer, out);
  while (auto message = co_await in.read_message())
    co_await out.write(length_prefix(message->size()), *message);
}

task<> answer_once(tcp::stream peer) {
  auto bytes = co_await peer.recv();
  co_await peer.send(bytes);
}

task<> discard(tcp::stream peer) {
  while (auto bytes = co_await peer.recv()) continue;
}

task<> source(tcp::stream peer) {
  const std::string payload(65536, 'x');
  for (;;) co_await peer.send(payload);
}

task<> answer(udp::request asked) { co_await asked.reply(asked.data()); }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view mode = argv[1];
  const std::string at = std::string("127.0.0.1:") + argv[2];
  serve_options limits;
  limits.max_connections = 19000;  // ten thousand idle ones, and below 20,000 descriptors
  limits.on_listening = [](const address&) { print("ready"); };

  if (const char* threads = std::getenv("BENCH_THREADS"))
    limits.threads = static_cast<unsigned>(std::atoi(threads));
  run_options how;
  if (const char* us = std::getenv("BENCH_BUSY_POLL"))
    how.busy_poll = std::chrono::microseconds(std::atoi(us));

  if (mode == "echo" && std::getenv("BENCH_ATTEMPT") != nullptr)
    return run(tcp::serve(at.c_str(), echo_by_attempt, limits), how);
  if (mode == "echo") return run(tcp::serve(at.c_str(), echo, limits), how);
  if (mode == "framed") return run(tcp::serve(at.c_str(), framed, limits));
  if (mode == "accept") return run(tcp::serve(at.c_str(), answer_once, limits));
  if (mode == "discard") return run(tcp::serve(at.c_str(), discard, limits));
  if (mode == "source") return run(tcp::serve(at.c_str(), source, limits));
  if (mode == "udp") return run(udp::serve(at.c_str(), answer, limits));
  return 64;  // not offered
}
