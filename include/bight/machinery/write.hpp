// SPDX-License-Identifier: MIT
#pragma once

/// What the functions of a writer return, and what a reader knows of one.

#include <bight/piece.hpp>
#include <bight/task.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bight::machinery {

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

}  // namespace bight::machinery
