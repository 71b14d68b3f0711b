// SPDX-License-Identifier: MIT
#pragma once

/// A buffered writer that combines small sends.

#include <bight/bytes.hpp>
#include <bight/deadline.hpp>
#include <bight/machinery/write.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace bight {

/// Buffers writes and sends them together: a hundred small replies cost one send.
///
///     writer out(peer);
///     reader in(peer, out);
///     while (auto line = co_await in.read_line()) co_await out.write(*line, "\n");
///
/// A reader tied to a writer flushes it before it waits for the network and before it reports the
/// end. So a peer that waits for a reply gets it, and a peer that pipelines many requests gets the
/// replies together. Without a tied reader, the program must call flush().
///
/// The destructor asserts that no byte is buffered that could still be sent: call flush() or
/// discard() first. Buffered bytes are allowed if
///
/// - the stream cannot send any more (`can_send()`): it is closed, reset, failed, shut down or cut;
/// - an exception destroys the writer, or the task that owns it has failed;
/// - the last call of the writer, or of the reader tied to it, has failed;
/// - a task of this loop was cancelled, or a deadline has expired, since the last write.
///
/// So neither a peer nor a deadline can make this assertion fail. It fails if a task ends normally
/// on a healthy stream without calling flush().
///
/// For a sink that is not a stream, the destructor uses `bool can_send() const` or a conversion to
/// bool, if the sink has one; otherwise it assumes that the sink can send.
///
/// Borrows the stream, which must not be moved during the writer's lifetime.
///
/// threads  the stream's; one call at a time.
template <byte_sink Sink>
class writer final : public machinery::any_writer {
 public:
  /// `max`: a write that brings the buffer to this many bytes sends it, and waits for the stream.
  explicit writer(Sink& sink, std::size_t max = 65536) noexcept : sink_(&sink), max_(max) {}
  explicit writer(Sink&&, std::size_t = 0) = delete;
  ~writer() override {
    if (buffered() > 0 && !could_have_sent()) give_up();
  }

  /// Copies every byte of every part into the buffer.
  ///
  /// parts   text, leases, spans of bytes; borrowed until the await ends.
  /// errors  if it sends: those of the stream's send. busy if it would have to send while another
  ///         task's flush is in progress; then nothing is buffered.
  /// cancel  either nothing was buffered, or all of it was, and the send was interrupted: the next
  ///         flush sends the rest.
  template <class... P>
    requires(sizeof...(P) > 0 && (std::is_constructible_v<piece, P&> && ...))
  [[nodiscard]] machinery::write_operation<sizeof...(P)> write(P&&... parts) & noexcept {
    return {*this, max_, piece(parts)...};
  }

  /// Sends all buffered bytes and waits until the stream has taken them. Does nothing if none is
  /// buffered.
  ///
  /// errors  those of the stream's send; busy while another flush is in progress.
  /// cancel  no byte is lost or sent twice: the next flush sends the rest.
  [[nodiscard]] task<> flush() override {
    while (buffered() > 0) {
      if (!leave()) throw error(errc::busy, "flush");
      auto sent = co_await attempt(sink_->send(leaving()));
      has_left(sent ? leaving().size() : sent.error().transferred());
      sent.value();
    }
  }

 private:
  // can_send() implies a live loop, which interrupted() reads. Without it, the loop may be gone.
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
