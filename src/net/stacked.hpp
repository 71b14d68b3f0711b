// SPDX-License-Identifier: MIT
#pragma once

/// A stream on top of another stream: what TLS and the layers of programs have in common.

#include <bight/stream.hpp>

#include "engine/carrier.hpp"
#include "loop/loop.hpp"

#include <vector>

namespace bight {

/// The carrier of the upper stream. Keeps its operations until the derived class completes them,
/// and passes what concerns the connection to the stream below.
///
/// life  Owned by the upper stream. The derived class deletes itself through the ready list, behind
///       all operations that it has completed, because these still ask it for addresses and errors.
class stacked : public carrier {
 public:
  stacked(stream below, loop& l) noexcept;

  [[nodiscard]] bool submit(op& o) override;
  void cancel(op& o) noexcept override;
  void requeue(op& o) noexcept override;
  void attend(handle h, attention a) noexcept override { under_.attend(h, a); }
  [[nodiscard]] attention attended(handle h) const noexcept override { return under_.attended(h); }
  /// Always false: the close of the upper stream lingers if necessary.
  [[nodiscard]] bool may_lose(handle) const noexcept override { return false; }
  [[nodiscard]] result<address> local(handle h) const override { return under_.local(h); }
  [[nodiscard]] result<address> remote(handle h) const override { return under_.remote(h); }
  [[nodiscard]] std::error_code set(handle h, option_id id, int value) override {
    return under_.set(h, id, value);
  }
  [[nodiscard]] result<int> get(handle h, option_id id) const override { return under_.get(h, id); }
  [[nodiscard]] time_point last_used(handle h) const noexcept override {
    return under_.last_used(h);
  }

 protected:
  /// Advances the operations in the slots as far as possible.
  virtual void pump() noexcept = 0;
  /// Called for an operation that is cancelled while it is in its slot. Completes it, by default.
  virtual void cancel_in(op*& slot) noexcept;
  /// Called when there is no memory to keep data that has been received.
  virtual void run_out_of_memory() noexcept = 0;

  /// Completes the operation in `slot`.
  void finish(op*& slot, std::error_code code = {}) noexcept;
  /// Completes it with `cancelled`, if there is one.
  void drop(op*& slot) noexcept;
  /// Resumes the tasks of completed operations. When called from the loop's ready list, where user
  /// code may run, it resumes the last one immediately instead of in the next turn. The derived
  /// class may be deleted when that returns.
  void hand_over(bool from_loop);
  /// Sets what a receive returns.
  static void give(op& o, lease bytes) noexcept;
  /// Completes the receiver with data that was given back, if there is any.
  [[nodiscard]] bool give_requeued() noexcept;

  loop& loop_;
  stream below_;
  carrier& under_;       // the carrier of below_, still valid after that is closed
  const handle handle_;  // the handle of below_, likewise
  bool closing_ = false;

  // Operations of the upper stream in progress.
  op* connector_ = nullptr;
  op* receiver_ = nullptr;
  op* sender_ = nullptr;
  std::vector<lease> requeued_;  // the last is returned first

 private:
  op* received_ = nullptr;  // completed, but its coroutine has not resumed yet
  const op* submitting_ = nullptr;
  runnable_queue done_;
};

}  // namespace bight
