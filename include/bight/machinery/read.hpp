// SPDX-License-Identifier: MIT
#pragma once

/// The return types of the reader's functions.

#include <bight/bytes.hpp>
#include <bight/deadline.hpp>
#include <bight/machinery/framing.hpp>
#include <bight/machinery/write.hpp>

#include <coroutine>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace bight::machinery {

// Maximum number of bytes that a reader requests from its source at once.
inline constexpr std::size_t reader_receive_max = 65536;

// Receives until the splitter has a result. An error of the source is returned as a value.
// Flushes the tied writer before each wait and before it reports the end: the peer may be waiting
// for those bytes, and after the end there may be no further read.
template <byte_source Source>
task<result<>> receive_until_settled(Source& source, splitter& split, any_writer* tied,
                                     const framing& f) {
  for (;;) {
    const bool settled = split.settled(f);
    if (settled && !split.ended()) co_return result<>();
    if (tied != nullptr && tied->buffered() > 0 && !tied->flushing()) {
      auto flushed = co_await attempt(tied->flush());
      if (!flushed) co_return flushed.error();
    }
    if (settled) co_return result<>();
    split.stash();
    auto bytes = co_await attempt(source.recv(reader_receive_max));
    if (!bytes) co_return bytes.error();
    split.feed(*std::move(bytes));
  }
}

// Lets other tasks run for one turn, so a peer with much buffered input does not starve them.
[[nodiscard]] task<result<>> let_others_run();

/// One call of a reader. A message that is already buffered needs neither a frame nor a wait.
template <byte_source Source, class Message>
class [[nodiscard]] read_operation : public awaits<read_operation<Source, Message>> {
 public:
  using value_type = Message;

  read_operation(Source& source, splitter& split, any_writer* tied, framing f) noexcept
      : source_(&source), split_(&split), tied_(tied), framing_(std::move(f)) {}

  std::coroutine_handle<> start(std::coroutine_handle<> h, context& c) {
    context_ = &c;
    refused_ = split_->in_use;
    if (refused_ || c.stop_requested()) return h;
    const bool flushes = tied_ != nullptr && split_->ended() && tied_->buffered() > 0;
    const bool there = split_->settled(framing_) && !flushes;
    if (there && c.sched().may_go_on()) return h;
    receiving_.emplace(there ? let_others_run()
                             : receive_until_settled(*source_, *split_, tied_, framing_));
    split_->in_use = true;
    return receiving_->start(h, c);
  }

  [[nodiscard]] result<Message> take() {
    if (refused_) return error(errc::busy, framing_.tried());
    if (receiving_) {
      split_->in_use = false;
      auto received = receiving_->get();
      if (!received) return failed(received.error());
    }
    // As for a receive that lost a race: the bytes stay for the next call.
    if (context_->stop_requested()) return failed(error(errc::cancelled, framing_.tried()));
    auto message = split_->take(framing_);
    if (!message) return failed(message.error());
    if constexpr (std::is_same_v<Message, lease>)
      return *message ? **std::move(message) : lease();
    else
      return *std::move(message);
  }

 private:
  [[nodiscard]] error failed(error e) noexcept {
    if (tied_ != nullptr) tied_->give_up();
    return e;
  }

  Source* source_;
  splitter* split_;
  any_writer* tied_;
  framing framing_;
  bool refused_ = false;
  context* context_ = nullptr;
  std::optional<task<result<>>> receiving_;
};

}  // namespace bight::machinery
