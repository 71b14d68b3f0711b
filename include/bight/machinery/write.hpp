// SPDX-License-Identifier: MIT
#pragma once

/// The return types of the writer's functions, and the writer's interface for a reader.

#include <bight/piece.hpp>
#include <bight/task.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bight::machinery {

/// The interface that a tied reader uses.
class any_writer {
 public:
  any_writer() noexcept = default;
  any_writer(const any_writer&) = delete;
  any_writer& operator=(const any_writer&) = delete;
  /// Asserts that no byte is buffered that could still be sent; see writer.
  virtual ~any_writer();

  /// Sends all buffered bytes; see writer.
  [[nodiscard]] virtual task<> flush() = 0;
  /// Whether a flush is in progress. It also sends what is written meanwhile.
  [[nodiscard]] bool flushing() const noexcept { return sending_; }
  /// Number of bytes not yet taken by the stream.
  [[nodiscard]] std::size_t buffered() const noexcept { return held_.size() + leaving_.size(); }
  /// Discards the buffered bytes. Not while a flush is in progress (asserted).
  void discard() noexcept;
  /// Records that a failure was reported, so the destructor accepts unsent bytes.
  void give_up() noexcept { given_up_ = true; }

 protected:
  /// Makes the buffered bytes the next to send, unless some of the previous ones are unsent.
  /// Returns false while a send is in progress.
  [[nodiscard]] bool leave() noexcept;
  [[nodiscard]] std::string_view leaving() const noexcept { return leaving_; }
  /// Called after a send, of which `count` bytes were taken.
  void has_left(std::size_t count) noexcept;
  /// Whether a task of this loop was cancelled since the last write, or the task that owns the
  /// writer has failed. Must not be called after the loop has ended.
  [[nodiscard]] bool interrupted() const noexcept {
    return loop_ != nullptr && (loop_->is_failing() || loop_->stops() != stops_);
  }

 private:
  template <std::size_t N>
  friend class write_operation;
  void keep(const piece* parts, std::size_t count, const scheduler& loop);

  std::string held_;
  std::string leaving_;  // sent before held_; unchanged while it is being sent
  bool sending_ = false;
  bool given_up_ = false;
  std::uint32_t stops_ = 0;          // scheduler::stops() at the last write
  const scheduler* loop_ = nullptr;  // at the last write
};

/// One call of a writer. Bytes that are only buffered need neither a frame nor a wait.
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

}  // namespace bight::machinery
