// SPDX-License-Identifier: MIT
#include "echo.hpp"

#include "modes.hpp"
#include "sockets.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace load {

namespace {

constexpr std::uint64_t send_bit = 1ULL << 32;  // of a mark; the rest is the connection

}  // namespace

echo::echo(const options& o, window& w, unsigned connections)
    : window_(w),
      pattern_(o.mode == "framed" ? pattern::framed(o.size) : pattern::plain()),
      ring_(ring::buffers::shared),
      message_(o.size + (o.mode == "framed" ? 4 : 0)),
      depth_(o.depth),
      spin_(o.spin),
      quiet_((depth_ == 1 || message_ * depth_ <= 16384) && message_ <= pattern::run_max),
      stamps_(static_cast<std::size_t>(connections) * o.depth) {
  for (unsigned i = 0; i < connections; ++i) {
    fds_.push_back(connect_stream(o.port, i));
    connections_.push_back({.send_place = pattern_.begin(i), .receive_place = pattern_.begin(i)});
  }
}

echo::~echo() {
  for (const int fd : fds_) close(fd);
}

void echo::greet() {
  constexpr std::size_t long_message = 32768;
  // Messages of their own, so the pattern's place stays where it is.
  for (std::size_t i = 0; i < fds_.size(); ++i)
    echo_once(fds_[i], pattern_.at(connections_[i].send_place), long_message);
}

void echo::run() {
  ring_.fix(fds_);
  now_ = now_ns();
  for (std::size_t i = 0; i < fds_.size(); ++i) {
    ring_.receive(static_cast<int>(i), true, i);
    send(i);
  }
  window_.open();
  ring_.run(
      [this](std::uint64_t now) {
        now_ = now;
        return window_.step(now);
      },
      [this](std::uint64_t mark, int result, const char* bytes, bool more) {
        happened(mark, result, bytes, more);
      },
      spin_);
}

void echo::happened(std::uint64_t mark, int result, const char* bytes, bool more) {
  const auto index = static_cast<std::size_t>(mark & ~send_bit);
  if ((mark & send_bit) != 0) {
    if (result < 0) return window_.error(std::string("send: ") + std::strerror(-result));
    connections_[index].sending = false;
    return send(index);
  }
  if (bytes != nullptr && result > 0) receive(index, bytes, static_cast<std::size_t>(result));
  if (result == 0) return window_.error("the server closed a connection");
  if (result < 0 && result != -ENOBUFS)
    return window_.error(std::string("receive: ") + std::strerror(-result));
  if (!more) ring_.receive(static_cast<int>(index), true, index);
}

void echo::receive(std::size_t index, const char* bytes, std::size_t n) {
  connection& c = connections_[index];
  if (!pattern_.matches(c.receive_place, bytes, n)) window_.error("a byte came back wrong");
  c.receive_place = pattern_.after(c.receive_place, n);
  c.received += n;
  window_.bytes(n);
  if (c.received > c.stamped * message_) window_.error("more came back than was sent");
  const auto before = c.answered;
  while (c.received >= (c.answered + 1) * message_) {
    window_.message(now_ - stamps_[index * depth_ + c.answered % depth_]);
    ++c.answered;
  }
  if (c.answered != before) send(index);
}

void echo::send(std::size_t index) {
  connection& c = connections_[index];
  for (; c.stamped < c.answered + depth_; ++c.stamped)
    stamps_[index * depth_ + c.stamped % depth_] = now_;
  const auto due = c.stamped * message_ - c.sent;
  if (due == 0 || c.sending) return;
  const auto n = std::min<std::uint64_t>(due, pattern::run_max);
  ring_.send(static_cast<int>(index), true, pattern_.at(c.send_place), n, index | send_bit, quiet_);
  c.sending = !quiet_;
  c.sent += n;
  c.send_place = pattern_.after(c.send_place, n);
}

void run_echo(const options& o, window& w) { echo(o, w, o.connections).run(); }

}  // namespace load
