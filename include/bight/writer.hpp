// SPDX-License-Identifier: MIT
#pragma once

/// Small sends that leave together.

#include <bight/bytes.hpp>
#include <bight/deadline.hpp>
#include <bight/machinery/write.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace bight {

/// Keeps what is written and sends it in one piece: a hundred small answers cost one send.
///
///     writer out(peer);
///     reader in(peer, out);
///     while (auto line = co_await in.read_line()) co_await out.write(*line, "\n");
///
/// A reader that is tied to a writer flushes it before it waits for the network and before it tells
/// the end, so whoever waits for an answer gets it, and a peer that sends many questions at once
/// gets the answers at once.
/// Without a reader, flush() is the program's to call.
///
/// A writer that is destroyed asserts that it holds no byte which could still be sent: flush() or
/// discard() what it holds. It may hold bytes if
///
/// - the stream cannot send any more (`can_send()`): it is closed, reset, failed, shut down or cut;
/// - an exception destroys the writer, or the task that owns it has failed;
/// - the last call of the writer, or of the reader that is tied to it, has failed;
/// - a task of this loop was cancelled, or a deadline has expired, since the last write.
///
/// So neither a peer nor a deadline can make this assertion fail. A task that ends normally on a
/// healthy stream without flush() does.
///
/// A sink that is no stream is asked only if it has `bool can_send() const`, or converts to bool.
///
/// Borrows the stream, which must not move while the writer lives.
///
/// threads  the stream's; one call at a time.
template <byte_sink Sink>
class writer final : public machinery::any_writer {
 public:
  /// `max`: with so many bytes held a write sends them, and waits until the stream has taken them.
  explicit writer(Sink& sink, std::size_t max = 65536) noexcept : sink_(&sink), max_(max) {}
  explicit writer(Sink&&, std::size_t = 0) = delete;
  ~writer() override {
    if (buffered() > 0 && !could_have_sent()) give_up();
  }

  /// Keeps a copy of every byte of every part.
  ///
  /// parts   text, leases, spans of bytes; borrowed until the await ends.
  /// errors  when it sends: those of the stream's send. Busy, and nothing kept, when it would have
  ///         to send and another task's flush is on its way.
  /// cancel  either nothing was kept, or all of it was, and the sending was cut: what has not gone
  ///         goes with the next flush.
  template <class... P>
    requires(sizeof...(P) > 0 && (std::is_constructible_v<piece, P&> && ...))
  [[nodiscard]] machinery::write_operation<sizeof...(P)> write(P&&... parts) & noexcept {
    return {*this, max_, piece(parts)...};
  }

  /// Sends all that is held, waiting until the stream has taken it. Does nothing without any.
  ///
  /// errors  those of the stream's send; busy while another flush is on its way.
  /// cancel  no byte is lost or sent twice: what has not gone goes with the next flush.
  [[nodiscard]] task<> flush() override {
    while (buffered() > 0) {
      if (!leave()) throw error(errc::busy, "flush");
      auto sending = attempt(sink_->send(leaving()));
      auto sent = co_await std::move(sending);
      has_left(sent ? leaving().size() : sent.error().transferred());
      sent.value();
    }
  }

 private:
  // A sink that can send has a loop; of another one nobody knows whether its loop is still there.
  [[nodiscard]] bool could_have_sent() const noexcept {
    if constexpr (requires(const Sink& s) {
                    { s.can_send() } -> std::same_as<bool>;
                  })
      return sink_->can_send() && !interrupted();
    else if constexpr (requires { static_cast<bool>(*sink_); })
      return static_cast<bool>(*sink_);
    else
      return true;
  }

  Sink* sink_;
  std::size_t max_;
};

}  // namespace bight
