// SPDX-License-Identifier: MIT
#include <bight/stream_layer.hpp>

#include "base/check.hpp"
#include "base/thrown.hpp"
#include "net/linger.hpp"
#include "net/stacked.hpp"

#include <algorithm>
#include <new>
#include <optional>

namespace bight {

task<lease> stream_layer::recv(stream& below) { co_return co_await below.recv(); }

task<> stream_layer::send(stream& below, std::span<piece> parts) { co_await below.send(parts); }

task<> stream_layer::end(stream&) { co_return; }

namespace {

// The carrier of a stream with a program's layer. It runs the layer's coroutines, one for each of
// recv, send and end, and completes the operations of the upper stream by their outcomes.
class layered final : public stacked {
 public:
  layered(stream below, std::unique_ptr<stream_layer> layer, loop& l)
      : stacked(std::move(below), l), layer_(std::move(layer)) {
    give_up_.owner = lingering_.owner = end_.owner = this;
    give_up_.expired = [](timer& t) { static_cast<owned<timer>&>(t).owner->look(); };
    lingering_.on_stop = [](stop_hook& h) { static_cast<owned<stop_hook>&>(h).owner->cut(); };
    end_.run = [](runnable& r) { delete static_cast<owned<runnable>&>(r).owner; };
  }

  [[nodiscard]] std::error_code shutdown_send(handle h) override;
  void close(handle h, ending how) noexcept override;
  [[nodiscard]] bool can_send(handle h) const noexcept override {
    return !closing_ && !ending_ && h == handle_ && !send_failed_ && under_.can_send(h);
  }
  [[nodiscard]] error explain(std::error_code code, std::string_view tried,
                              std::uint64_t transferred) const override;

 private:
  template <class Base>
  struct owned : Base {
    layered* owner = nullptr;
  };

  // A coroutine of the layer in progress.
  class work final : public child_context {
   public:
    using handler = void (layered::*)(const std::exception_ptr&);
    work(layered& of, handler ended) : child_context(of.root_), owner_(of), ended_(ended) {}
    std::exception_ptr child_ended(std::coroutine_handle<> frame,
                                   std::exception_ptr e) noexcept override;

   private:
    layered& owner_;
    handler ended_;
  };

  ~layered() override {
    lingering_.unlink();
    sched().disarm(give_up_);
  }

  void pump() noexcept override;
  void cancel_in(op*& slot) noexcept override;
  void run_out_of_memory() noexcept override;
  void end_without_memory() noexcept;

  void start(std::optional<work>& slot, task<> job, work::handler ended);
  task<> receive() { received_ = co_await layer_->recv(below_); }
  void end_receiver() noexcept;
  void start_send();
  void on_received(const std::exception_ptr& e);
  void on_sent(const std::exception_ptr& e);
  void on_end(const std::exception_ptr& e);
  void proceed();

  void part() noexcept;
  void look() noexcept;
  void cut() noexcept;

  std::unique_ptr<stream_layer> layer_;
  context root_{sched()};
  scope works_{root_};
  std::optional<work> receiving_;
  std::optional<work> sending_;
  std::optional<work> finishing_;
  lease received_;
  std::int64_t to_send_ = 0;  // bytes of the send in progress
  bool peer_ended_ = false;
  std::error_code receive_failed_;
  std::error_code send_failed_;
  std::exception_ptr receive_failure_;  // with the text
  std::exception_ptr send_failure_;
  bool ending_ = false;    // the sending direction ends when the send in flight has ended
  bool finished_ = false;  // it has ended
  bool parting_ = false;   // in part(), which what it starts may call

  ending how_ = ending::in_order;
  bool over_ = false;
  time_point closed_at_{};
  owned<timer> give_up_;
  owned<stop_hook> lingering_;
  owned<runnable> end_;
};

// The code of what ended a coroutine. Needs no memory.
std::error_code code_of(const std::exception_ptr& e) noexcept {
  if (e == nullptr) return {};
  if (const error* known = error_in(e)) return known->code();
  try {
    std::rethrow_exception(e);
  } catch (const std::bad_alloc&) {
    return make_error_code(errc::no_resources);
  } catch (...) {  // programs may throw anything
    return make_error_code(errc::invalid);
  }
}

std::exception_ptr layered::work::child_ended(std::coroutine_handle<> frame,
                                              std::exception_ptr e) noexcept {
  frame.destroy();
  layered& owner = owner_;
  const handler ended = ended_;
  try {
    (owner.*ended)(e);  // destroys this
  } catch (const std::bad_alloc&) {
    owner.end_without_memory();
  }
  return nullptr;
}

void layered::start(std::optional<work>& slot, task<> job, work::handler ended) {
  slot.emplace(*this, ended);
  works_.spawn(std::move(job), *slot);
}

// ── Operations ──────────────────────────────────────────────────────────────────────────────────

void layered::pump() noexcept {
  try {
    if (receiver_ != nullptr && !give_requeued()) {
      if (receive_failed_)
        finish(receiver_, receive_failed_);
      else if (peer_ended_)
        end_receiver();
      else if (!receiving_)
        start(receiving_, receive(), &layered::on_received);
    }
    if (sender_ != nullptr && !sending_) {
      if (ending_)
        finish(sender_, make_error_code(errc::closed));
      else if (send_failed_)
        finish(sender_, send_failed_);
      else
        start_send();
    }
    if (connector_ != nullptr) finish(connector_, make_error_code(errc::not_supported));
  } catch (const std::bad_alloc&) {
    run_out_of_memory();
  }
}

void layered::end_receiver() noexcept {
  receiver_->ends_stream = true;
  finish(receiver_);
}

// The layer may modify the pieces, so they are counted first.
void layered::start_send() {
  const std::span parts(sender_->pieces, sender_->piece_count);
  to_send_ = 0;
  for (const piece& p : parts) to_send_ += static_cast<std::int64_t>(p.size);
  start(sending_, layer_->send(below_, parts), &layered::on_sent);
}

void layered::on_received(const std::exception_ptr& e) {
  receiving_.reset();
  if (e != nullptr) {
    receive_failed_ = code_of(e);
    receive_failure_ = e;
  } else if (received_) {
    requeued_.push_back(std::move(received_));
  } else {
    peer_ended_ = true;
  }
  proceed();
}

void layered::on_sent(const std::exception_ptr& e) {
  sending_.reset();
  op& o = *sender_;
  const error* const known = error_in(e);
  o.count = e == nullptr       ? to_send_
            : known == nullptr ? 0
                               : static_cast<std::int64_t>(known->transferred());
  const std::error_code code = code_of(e);
  if (code && code != errc::cancelled) {
    send_failed_ = code;
    send_failure_ = e;
  }
  finish(sender_, code);
  proceed();
}

void layered::on_end(const std::exception_ptr& e) {
  finishing_.reset();
  finished_ = true;
  if (e != nullptr)
    how_ = ending::failed;
  else
    static_cast<void>(under_.shutdown_send(handle_));  // an error means it is closed already
  proceed();
}

// Continues after a coroutine of the layer has ended.
void layered::proceed() {
  if (closing_) {
    hand_over(false);
    return part();
  }
  if (ending_ && !sending_ && !finishing_ && !finished_)
    start(finishing_, layer_->end(below_), &layered::on_end);
  pump();
  hand_over(false);
}

// The coroutine of a send borrows the pieces, so the operation ends with it.
void layered::cancel_in(op*& slot) noexcept {
  if (&slot == &sender_ && sending_)
    sending_->stop();
  else
    stacked::cancel_in(slot);
}

void layered::run_out_of_memory() noexcept {
  receive_failed_ = send_failed_ = make_error_code(errc::no_resources);
  below_.abort();
  if (receiver_ != nullptr) finish(receiver_, make_error_code(errc::no_resources));
  if (sender_ != nullptr && !sending_) finish(sender_, make_error_code(errc::no_resources));
}

// What followed the end of a coroutine needed memory.
void layered::end_without_memory() noexcept {
  run_out_of_memory();
  hand_over(false);
  if (closing_) part();
}

error layered::explain(std::error_code code, std::string_view tried,
                       std::uint64_t transferred) const {
  const std::exception_ptr& e = code == receive_failed_ ? receive_failure_ : send_failure_;
  if (e == nullptr || code != code_of(e)) return error(code, tried, transferred);
  if (const error* known = error_in(e); known != nullptr && known->tried() == tried) return *known;
  try {
    std::rethrow_exception(e);
  } catch (const std::exception& failure) {
    return error(code, tried, transferred, failure.what());
  } catch (...) {
    return error(code, tried, transferred, "an exception that is not a std::exception");
  }
}

// ── The end ─────────────────────────────────────────────────────────────────────────────────────

std::error_code layered::shutdown_send(handle h) {
  if (closing_ || h != handle_ || send_failed_) return make_error_code(errc::closed);
  if (std::exchange(ending_, true)) return {};
  if (sending_) sending_->stop();
  proceed();
  return {};
}

void layered::close(handle h, ending how) noexcept {
  if (closing_ || h != handle_) return;
  how_ = how == ending::in_order && under_.attended(h) == attention::cut ? ending::failed : how;
  if (send_failed_ && how_ == ending::in_order) how_ = ending::failed;
  drop(receiver_);
  closing_ = true;
  loop_.linger(lingering_);
  closed_at_ = sched().now();
  try {
    sched().arm(give_up_, later(closed_at_, linger_silence));
  } catch (const std::bad_alloc&) {
    how_ = ending::reset;
  }
  if (receiving_) receiving_->stop();
  if (sending_) sending_->stop();
  if (how_ != ending::in_order) return cut();
  hand_over(false);
  part();
}

// Ends the layer, then the connection, then this. Called again when a coroutine has ended.
void layered::part() noexcept {
  if (parting_ || over_) return;
  parting_ = true;
  try {
    if (!receiving_ && !sending_ && !finishing_ && !finished_ && how_ == ending::in_order)
      start(finishing_, layer_->end(below_), &layered::on_end);
  } catch (const std::bad_alloc&) {
    how_ = ending::reset;
  }
  parting_ = false;
  if (receiving_ || sending_ || finishing_) return;
  over_ = true;
  sched().disarm(give_up_);
  if (below_) {
    if (how_ == ending::in_order && under_.may_lose(handle_) && linger(under_, handle_))
      static_cast<void>(below_.release());
    else
      under_.close(below_.release(), how_);
  }
  sched().ready(end_);
}

// A peer that reads nothing gets as long as one that sends nothing.
void layered::look() noexcept {
  const time_point moved = std::max(closed_at_, under_.last_used(handle_));
  const time_point due = std::min(later(moved, linger_silence), later(closed_at_, linger_time));
  if (due <= sched().now()) return cut();
  sched().arm(give_up_, due);
}

// Closes the connection. The coroutines that use it then end.
void layered::cut() noexcept {
  if (how_ == ending::in_order) how_ = ending::failed;
  for (std::optional<work>* w : {&receiving_, &sending_, &finishing_})
    if (*w) (*w)->stop();
  if (below_) under_.close(below_.release(), how_);
  hand_over(false);
  part();
}

}  // namespace

stream add_layer(stream below, std::unique_ptr<stream_layer> layer) {
  check(static_cast<bool>(below), "add_layer on a stream that is closed");
  check(layer != nullptr, "add_layer without a layer");
  loop& here = loop::of(*below.carried_by());
  const handle h = below.id();
  return stream(*new layered(std::move(below), std::move(layer), here), h);
}

}  // namespace bight
