// SPDX-License-Identifier: MIT
#pragma once

/// Streams of your own: a layer on top of another stream that counts, compresses, throttles, …
///
///     class counting : public stream_layer {
///      public:
///       task<lease> recv(stream& below) override {
///         auto bytes = co_await below.recv();
///         received += bytes.size();
///         co_return bytes;
///       }
///       …
///     };
///     stream counted = add_layer(std::move(peer), std::make_unique<counting>());
///
/// The result is a stream like any other: handlers, readers, deadlines, `race`, and another layer
/// or TLS on top of it work. A whole example is in examples/throttle.cpp.

#include <bight/stream.hpp>

#include <memory>
#include <span>

namespace bight {

/// What a layer does with the bytes. Each function is a coroutine that uses the stream below. At
/// most one call of each is in progress; calls of different functions run side by side.
///
/// threads  the loop's.
class stream_layer {
 public:
  stream_layer() = default;
  stream_layer(const stream_layer&) = delete;
  stream_layer& operator=(const stream_layer&) = delete;
  virtual ~stream_layer() = default;

  /// Returns the next bytes, of any number, for the receives of the upper stream; empty only at the
  /// end of the stream. `lease::copy_of` makes a lease of bytes that the layer has produced.
  ///
  /// errors  are the errors of the upper stream, which stays failed.
  /// cancel  The call is cancelled only when the upper stream is closed. A receive of the upper
  ///         stream that is cancelled leaves the call running, and the next receive gets its bytes:
  ///         no layer can lose any.
  [[nodiscard]] virtual task<lease> recv(stream& below);

  /// Sends all bytes of `parts`.
  ///
  /// parts   borrowed until the task ends; may be modified.
  /// errors  are those of the upper send; transferred() of the error is passed on.
  /// cancel  with the upper send.
  [[nodiscard]] virtual task<> send(stream& below, std::span<piece> parts);

  /// Sends what the layer has kept, or an end mark. Called once, when the upper stream ends its
  /// sending direction or is closed, unless that is because of a failure. Then the sending
  /// direction below ends. Has 5 s without progress, and 30 s in total, once the upper stream is
  /// closed.
  [[nodiscard]] virtual task<> end(stream& below);
};

/// Puts `layer` on top of `below`, an open stream (asserted). Addresses and socket options are
/// those of `below`. When the upper stream is closed, the layer ends, and the connection with it;
/// both exist a little longer than the upper stream. abort() resets the connection at once.
[[nodiscard]] stream add_layer(stream below, std::unique_ptr<stream_layer> layer);

}  // namespace bight
