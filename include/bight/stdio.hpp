// SPDX-License-Identifier: MIT
#pragma once

/// Standard input and output as byte streams of the loop.

#include <bight/stream.hpp>

namespace bight {

/// Standard input or output, or another descriptor of the program: a terminal, a pipe, a file.
/// Does not close the descriptor.
///
/// threads  the loop's; one operation per direction at a time.
class stdio {
 public:
  /// Opens descriptor `fd` (0 input, 1 output, 2 error) on the loop of the awaiting task.
  [[nodiscard]] static task<stdio> open(int fd);

  stdio(stdio&& other) noexcept
      : carrier_(other.carrier_), handle_(std::exchange(other.handle_, {})) {}
  stdio& operator=(stdio&&) = delete;
  ~stdio();

  /// As stream::recv: returns at least one byte; empty at the end of input.
  [[nodiscard]] machinery::recv_operation recv(std::size_t max = 65536) & noexcept {
    return {carrier_, handle_, max, machinery::verb::read};
  }
  /// As stream::try_recv.
  [[nodiscard]] machinery::try_operation<machinery::recv_operation> try_recv(
      std::size_t max = 65536) & noexcept {
    return machinery::try_operation<machinery::recv_operation>(recv(max));
  }
  /// As stream::send: sends every byte in order, and waits while the reader of a pipe is slow.
  ///
  /// errors  closed if the pipe has no reader; without run(), the program must ignore SIGPIPE to
  ///         get this error.
  template <class... P>
    requires(sizeof...(P) > 0 && (std::is_constructible_v<piece, P&> && ...))
  [[nodiscard]] machinery::send_operation<sizeof...(P)> send(P&&... parts) & noexcept {
    return {machinery::verb::write, carrier_, handle_, piece(parts)...};
  }

  /// As stream::can_send: false if the pipe has no reader.
  [[nodiscard]] bool can_send() const noexcept;

 private:
  stdio(machinery::carrier& c, machinery::handle h) noexcept : carrier_(&c), handle_(h) {}

  machinery::carrier* carrier_;
  machinery::handle handle_;
};

namespace machinery {

/// See next_signal.
class [[nodiscard]] signal_operation : public machinery::op, public awaits<signal_operation> {
 public:
  using value_type = int;
  explicit signal_operation(signals which = signals::end) noexcept : op(verb::signal, nullptr, {}) {
    size = static_cast<std::uint8_t>(which);
  }
  [[nodiscard]] result<int> take();
};

}  // namespace machinery

/// Waits for the next SIGINT or SIGTERM and returns its number. While a task waits, these signals
/// do not end the program; every waiting task gets them. An ignored signal stays ignored, for
/// example SIGINT in a command that a script runs in the background.
///
/// errors  cancelled.
[[nodiscard]] inline machinery::signal_operation next_signal() noexcept {
  return machinery::signal_operation();
}

/// Waits for the next SIGHUP, as next_signal().
[[nodiscard]] inline machinery::signal_operation next_hangup() noexcept {
  return machinery::signal_operation(machinery::signals::hangup);
}

}  // namespace bight
