// SPDX-License-Identifier: MIT
//
// The TCP server of examples/ with Asio's coroutines, as Asio's own examples are written. Only its
// compile time is used: tools/compile_time.

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

using asio::ip::tcp;
using namespace std::chrono_literals;

asio::awaitable<void> greet(tcp::socket peer) {
  auto remote = peer.remote_endpoint();
  std::cout << "Accept new connection from " << remote << "..." << std::endl;
  try {
    asio::steady_timer pause(co_await asio::this_coro::executor);
    co_await asio::async_write(peer, asio::buffer("Welcome", 7), asio::use_awaitable);
    char data[1024];
    for (;;) {
      std::size_t size = co_await peer.async_read_some(asio::buffer(data), asio::use_awaitable);
      pause.expires_after(1s);
      co_await pause.async_wait(asio::use_awaitable);
      std::string_view said(data, size);
      if (said == "exit") break;
      std::string reply = "Hello, " + std::string(said);
      co_await asio::async_write(peer, asio::buffer(reply), asio::use_awaitable);
    }
  } catch (const std::exception&) {}
  std::cout << "Connection from " << remote << " closed." << std::endl;
}

asio::awaitable<void> serve(tcp::endpoint where) {
  auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor(executor, where);
  std::cout << "Waiting for connection..." << std::endl;
  for (;;) {
    tcp::socket peer = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(executor, greet(std::move(peer)), asio::detached);
  }
}

int main() {
  try {
    asio::io_context context(1);
    asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](auto, auto) { context.stop(); });
    tcp::endpoint where(asio::ip::make_address("127.0.0.1"), 9999);
    asio::co_spawn(context, serve(where), asio::detached);
    context.run();
  } catch (const std::exception& e) {
    std::cerr << e.what() << std::endl;
    return 1;
  }
}
