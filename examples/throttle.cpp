// SPDX-License-Identifier: MIT
// An echo server for slow clients: a stream layer limits the rate and counts the bytes.
#include <bight/bight.hpp>
#include <bight/stream_layer.hpp>
using namespace bight;

// At most `rate` bytes per second in each direction.
class throttle : public stream_layer {
 public:
  explicit throttle(std::size_t rate) : rate_(rate) {}

  task<lease> recv(stream& below) override {
    auto bytes = co_await below.recv(rate_ / 10 + 1);
    co_await sleep(time_for(bytes.size()));  // the kernel's buffer fills up, and the peer waits
    received_ += bytes.size();
    co_return bytes;
  }

  task<> send(stream& below, std::span<piece> parts) override {
    std::size_t bytes = 0;
    for (const piece& p : parts) bytes += p.size;
    co_await below.send(parts);
    co_await sleep(time_for(bytes));
    sent_ += bytes;
  }

  task<> end(stream& below) override {
    print("{}: {} bytes received, {} sent", below.remote(), received_, sent_);
    co_return;
  }

 private:
  [[nodiscard]] duration time_for(std::size_t bytes) const { return bytes * duration(1s) / rate_; }

  std::size_t rate_;
  std::size_t received_ = 0;
  std::size_t sent_ = 0;
};

task<> echo(tcp::stream peer) {
  auto slow = add_layer(std::move(peer), std::make_unique<throttle>(1000));
  while (auto bytes = co_await slow.recv()) co_await slow.send(bytes);
}

int main(int argc, char** argv) {
  auto ready = [](const address& at) { print("Echoing 1000 bytes per second at {}", at); };
  return run(tcp::serve(argc > 1 ? argv[1] : "127.0.0.1:9999", echo, {.on_listening = ready}));
}
