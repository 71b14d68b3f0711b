// SPDX-License-Identifier: MIT
#pragma once

/// Small sends that leave together.

#include <bight/deadline.hpp>
#include <bight/piece.hpp>
#include <bight/task.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace bight {

/// Anything that bytes can be sent to: a stream, standard output, a TLS session.
template <class S>
concept byte_sink = requires(S& s, std::string_view bytes) {
  { s.send(bytes).take() } -> std::same_as<result<void>>;
};

/// What a reader knows of the writer that it is tied to.
class any_writer {
 public:
  any_writer() noexcept = default;
  any_writer(const any_writer&) = delete;
  any_writer& operator=(const any_writer&) = delete;
  /// Asserts that no byte is held that could still have been sent; see writer.
  virtual ~any_writer();

  /// Sends what is held; see writer.
  [[nodiscard]] virtual task<> flush() = 0;
  /// Whether a flush is on its way. It sends what is written meanwhile, too.
  [[nodiscard]] bool flushing() const noexcept { return sending_; }
  /// Bytes that are held and not yet with the stream.
  [[nodiscard]] std::size_t buffered() const noexcept { return held_.size() + leaving_.size(); }
  /// Drops what is held, on purpose. Not while a flush is on its way (asserted).
  void discard() noexcept;
  /// A failure has been told: whoever ends now is right to leave what is held.
  void give_up() noexcept { given_up_ = true; }

 protected:
  /// Makes what is held what leaves next, unless something has been left of the last time; false
  /// while a send is on its way.
  [[nodiscard]] bool leave() noexcept;
  [[nodiscard]] std::string_view leaving() const noexcept { return leaving_; }
  /// The send is over; of what was leaving `count` bytes have gone.
  void has_left(std::size_t count) noexcept;
  /// Whether a task of this loop was cancelled since the last write, or the task that owns the
  /// writer has failed. Not once the loop is gone.
  [[nodiscard]] bool interrupted() const noexcept {
    return loop_ != nullptr && (loop_->is_failing() || loop_->stops() != stops_);
  }

 private:
  template <std::size_t N>
  friend class write_operation;
  void keep(const piece* parts, std::size_t count, const scheduler& loop);

  std::string held_;
  std::string leaving_;  // in front of it; not touched while it is being sent
  bool sending_ = false;
  bool given_up_ = false;
  std::uint32_t stops_ = 0;          // of loop_, at the last write
  const scheduler* loop_ = nullptr;  // of the last write
};

/// One call of a writer: bytes that only have to be kept take neither a frame nor a wait.
template <std::size_t N>
class [[nodiscard]] write_operation : public awaits<write_operation<N>> {
 public:
  using value_type = void;
  template <class... P>
  write_operation(any_writer& to, std::size_t max, const P&... parts) noexcept
      : to_(&to), max_(max), parts_{piece(parts)...} {}

  std::coroutine_handle<> start(std::coroutine_handle<> h, context& c) {
    std::size_t held = to_->buffered();
    for (const piece& p : parts_) held += p.size;
    if (c.stop_requested())
      refused_ = errc::cancelled;
    else if (held >= max_ && to_->flushing())
      refused_ = errc::busy;
    if (refused_ != errc{}) {
      to_->give_up();
      return h;
    }
    to_->keep(parts_, N, c.sched());
    if (held < max_) return h;
    flushing_.emplace(to_->flush());
    return flushing_->start(h, c);
  }

  [[nodiscard]] result<void> take() {
    if (refused_ != errc{}) return error(refused_, "write");
    return flushing_ ? flushing_->take() : result<void>();
  }

 private:
  any_writer* to_;
  std::size_t max_;
  errc refused_{};
  std::optional<task<>> flushing_;
  piece parts_[N];
};

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
class writer final : public any_writer {
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
  [[nodiscard]] write_operation<sizeof...(P)> write(P&&... parts) & noexcept {
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
