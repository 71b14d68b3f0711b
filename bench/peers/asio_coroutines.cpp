// SPDX-License-Identifier: MIT
// The benchmark's servers on standalone Asio with C++20 coroutines. The end of a stream arrives as
// an exception and ends the coroutine; that is once a connection, and the way Asio's users write.
#include <array>
#include <asio.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using asio::ip::udp;

constexpr std::size_t read_max = 65536;
constexpr std::size_t message_max = 1 << 20;

awaitable<void> echo(tcp::socket peer) {
  std::array<char, read_max> data;
  for (;;) {
    const auto count = co_await peer.async_read_some(asio::buffer(data), use_awaitable);
    co_await asio::async_write(peer, asio::buffer(data, count), use_awaitable);
  }
}

awaitable<void> framed(tcp::socket peer) {
  std::array<unsigned char, 4> length;
  std::vector<char> body;
  for (;;) {
    co_await asio::async_read(peer, asio::buffer(length), use_awaitable);
    const std::size_t size = std::uint32_t{length[0]} << 24 | std::uint32_t{length[1]} << 16 |
                             std::uint32_t{length[2]} << 8 | std::uint32_t{length[3]};
    if (size > message_max) co_return;
    body.resize(size);
    co_await asio::async_read(peer, asio::buffer(body), use_awaitable);
    const std::array<asio::const_buffer, 2> both{asio::buffer(length), asio::buffer(body)};
    co_await asio::async_write(peer, both, use_awaitable);
  }
}

awaitable<void> once(tcp::socket peer) {
  std::array<char, 4096> data;
  const auto count = co_await peer.async_read_some(asio::buffer(data), use_awaitable);
  co_await asio::async_write(peer, asio::buffer(data, count), use_awaitable);
}

awaitable<void> discard(tcp::socket peer) {
  std::array<char, read_max> data;
  for (;;) co_await peer.async_read_some(asio::buffer(data), use_awaitable);
}

awaitable<void> source(tcp::socket peer) {
  static const std::string payload(read_max, 'x');
  for (;;) co_await asio::async_write(peer, asio::buffer(payload), use_awaitable);
}

awaitable<void> datagrams(udp::socket socket) {
  std::array<char, read_max> data;
  udp::endpoint from;
  for (;;) {
    const auto count = co_await socket.async_receive_from(asio::buffer(data), from, use_awaitable);
    co_await socket.async_send_to(asio::buffer(data, count), from, use_awaitable);
  }
}

using session = awaitable<void> (*)(tcp::socket);

awaitable<void> listen(tcp::acceptor listener, session serve) {
  for (;;) {
    auto peer = co_await listener.async_accept(use_awaitable);
    peer.set_option(tcp::no_delay(true));
    asio::co_spawn(listener.get_executor(), serve(std::move(peer)), asio::detached);
  }
}

int main(int argc, char** argv) {
  static const std::map<std::string, session> modes = {
      {"echo", echo},       {"framed", framed}, {"accept", once},
      {"discard", discard}, {"source", source},
  };
  const std::string mode = argc == 3 ? argv[1] : "";
  const auto found = modes.find(mode);
  if (found == modes.end() && mode != "udp") return 64;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  const auto here = asio::ip::address_v4::loopback();

  asio::io_context loop(1);
  if (mode == "udp") {
    co_spawn(loop, datagrams(udp::socket(loop, {here, port})), asio::detached);
  } else {
    co_spawn(loop, listen(tcp::acceptor(loop, {here, port}), found->second), asio::detached);
  }
  std::puts("ready");
  std::fflush(stdout);
  loop.run();
}
