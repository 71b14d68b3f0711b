// SPDX-License-Identifier: MIT
// The benchmark's servers on standalone Asio with completion handlers: a session object a
// connection, kept alive by the handlers that share it, as in Asio's own examples.
#include <array>
#include <asio.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using asio::error_code;
using asio::ip::tcp;
using asio::ip::udp;

constexpr std::size_t read_max = 65536;
constexpr std::size_t message_max = 1 << 20;

class echo : public std::enable_shared_from_this<echo> {
 public:
  explicit echo(tcp::socket peer) : peer_(std::move(peer)) {}

  void run() {
    auto then = [self = shared_from_this()](error_code error, std::size_t count) {
      if (!error) self->write(count);
    };
    peer_.async_read_some(asio::buffer(data_), std::move(then));
  }

 private:
  void write(std::size_t count) {
    auto then = [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->run();
    };
    asio::async_write(peer_, asio::buffer(data_, count), std::move(then));
  }

  tcp::socket peer_;
  std::array<char, read_max> data_;
};

class framed : public std::enable_shared_from_this<framed> {
 public:
  explicit framed(tcp::socket peer) : peer_(std::move(peer)) {}

  void run() {
    auto then = [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->read_body();
    };
    asio::async_read(peer_, asio::buffer(length_), std::move(then));
  }

 private:
  void read_body() {
    const std::size_t size = std::uint32_t{length_[0]} << 24 | std::uint32_t{length_[1]} << 16 |
                             std::uint32_t{length_[2]} << 8 | std::uint32_t{length_[3]};
    if (size > message_max) return;
    body_.resize(size);
    auto then = [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->write();
    };
    asio::async_read(peer_, asio::buffer(body_), std::move(then));
  }

  void write() {
    const std::array<asio::const_buffer, 2> both{asio::buffer(length_), asio::buffer(body_)};
    auto then = [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->run();
    };
    asio::async_write(peer_, both, std::move(then));
  }

  tcp::socket peer_;
  std::array<unsigned char, 4> length_;
  std::vector<char> body_;
};

// One answer: the last handler lets go of the session, and its socket closes.
class once : public std::enable_shared_from_this<once> {
 public:
  explicit once(tcp::socket peer) : peer_(std::move(peer)) {}

  void run() {
    auto then = [self = shared_from_this()](error_code error, std::size_t count) {
      if (!error) self->write(count);
    };
    peer_.async_read_some(asio::buffer(data_), std::move(then));
  }

 private:
  void write(std::size_t count) {
    auto then = [self = shared_from_this()](error_code, std::size_t) {};
    asio::async_write(peer_, asio::buffer(data_, count), std::move(then));
  }

  tcp::socket peer_;
  std::array<char, 4096> data_;
};

class discard : public std::enable_shared_from_this<discard> {
 public:
  explicit discard(tcp::socket peer) : peer_(std::move(peer)) {}

  void run() {
    auto then = [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->run();
    };
    peer_.async_read_some(asio::buffer(data_), std::move(then));
  }

 private:
  tcp::socket peer_;
  std::array<char, read_max> data_;
};

class source : public std::enable_shared_from_this<source> {
 public:
  explicit source(tcp::socket peer) : peer_(std::move(peer)) {}

  void run() {
    static const std::string payload(read_max, 'x');
    auto then = [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) self->run();
    };
    asio::async_write(peer_, asio::buffer(payload), std::move(then));
  }

 private:
  tcp::socket peer_;
};

class datagrams {
 public:
  explicit datagrams(udp::socket socket) : socket_(std::move(socket)) {}

  void run() {
    auto then = [this](error_code error, std::size_t count) {
      if (error) return run();
      write(count);
    };
    socket_.async_receive_from(asio::buffer(data_), from_, std::move(then));
  }

 private:
  void write(std::size_t count) {
    auto then = [this](error_code, std::size_t) { run(); };
    socket_.async_send_to(asio::buffer(data_, count), from_, std::move(then));
  }

  udp::socket socket_;
  udp::endpoint from_;
  std::array<char, read_max> data_;
};

template <class Session>
void accept(tcp::acceptor& listener) {
  listener.async_accept([&listener](error_code error, tcp::socket peer) {
    if (!error) {
      peer.set_option(tcp::no_delay(true), error);
      std::make_shared<Session>(std::move(peer))->run();
    }
    accept<Session>(listener);
  });
}

int main(int argc, char** argv) {
  static const std::map<std::string, std::function<void(tcp::acceptor&)>> modes = {
      {"echo", accept<echo>},       {"framed", accept<framed>}, {"accept", accept<once>},
      {"discard", accept<discard>}, {"source", accept<source>},
  };
  const std::string mode = argc == 3 ? argv[1] : "";
  const auto found = modes.find(mode);
  if (found == modes.end() && mode != "udp") return 64;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  const auto here = asio::ip::address_v4::loopback();

  asio::io_context loop(1);
  auto ready = [&loop] {
    std::puts("ready");
    std::fflush(stdout);
    loop.run();
    return 0;
  };
  if (mode == "udp") {
    datagrams server(udp::socket(loop, {here, port}));
    server.run();
    return ready();
  }
  tcp::acceptor listener(loop, {here, port});
  found->second(listener);
  return ready();
}
