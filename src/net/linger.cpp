// SPDX-License-Identifier: MIT
#include "net/linger.hpp"

#include "loop/loop.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <optional>

namespace bight {

namespace {

constexpr std::uint32_t receive_max = 65536;

/// One lingering connection. It owns itself, and is deleted once the connection is closed and no
/// operation is in flight on it.
class lingering {
 public:
  lingering(carrier& c, handle h);
  lingering(const lingering&) = delete;
  lingering& operator=(const lingering&) = delete;
  ~lingering();

  void begin() noexcept;
  void close() noexcept;

  struct owned_link : ring_link {
    lingering* owner = nullptr;
  };
  struct of_loop : loop_data {
    ring_link all;  // oldest first
    std::size_t count = 0;
    of_loop() { all.make_head(); }
    [[nodiscard]] lingering& oldest() noexcept {
      return *static_cast<owned_link&>(*all.next).owner;
    }
  };

 private:
  struct receive : op {
    explicit receive(lingering& l) noexcept;
    lingering* owner;
    lease bytes;
    ring_link alone;  // no context stops it
  };
  struct owned_timer : timer {
    lingering* owner = nullptr;
  };
  struct owned_hook : stop_hook {
    lingering* owner = nullptr;
  };

  void discard() noexcept;
  [[nodiscard]] bool submit() noexcept;
  [[nodiscard]] bool take() noexcept;
  void look() noexcept;

  loop& loop_;
  of_loop& mates_;
  carrier& carrier_;
  const handle handle_;
  const time_point until_;
  time_point heard_;
  std::uint64_t left_ = linger_bytes;
  bool closed_ = false;
  std::optional<receive> receiving_;
  owned_timer patience_;
  owned_hook hurry_;  // called when the loop ends
  owned_link place_;
};

lingering::receive::receive(lingering& l) noexcept
    : op(verb::recv, &l.carrier_, l.handle_), owner(&l) {
  run = [](runnable& r) {
    receive& done = static_cast<receive&>(r);
    done.leave_place();
    lingering& self = *done.owner;
    if (self.take()) self.discard();
  };
  alone.make_head();
  link_later(alone);
  size = receive_max;
  got = &bytes;
}

lingering::lingering(carrier& c, handle h)
    : loop_(static_cast<loop&>(c.sched())),
      mates_(loop_.data<of_loop>()),
      carrier_(c),
      handle_(h),
      until_(later(loop_.now(), linger_time)),
      heard_(loop_.now()) {
  patience_.owner = hurry_.owner = place_.owner = this;
  patience_.expired = [](timer& t) { static_cast<owned_timer&>(t).owner->look(); };
  hurry_.on_stop = [](stop_hook& s) { static_cast<owned_hook&>(s).owner->close(); };
  loop_.arm(patience_, later(heard_, linger_silence));
  ++mates_.count;
}

lingering::~lingering() {
  hurry_.unlink();
  place_.unlink();
  loop_.disarm(patience_);
  --mates_.count;
}

void lingering::begin() noexcept {
  loop_.linger(hurry_);
  place_.link_last(mates_.all);
  if (mates_.count > linger_max) mates_.oldest().close();
  static_cast<void>(carrier_.shutdown_send(handle_));  // on failure, the receive reports the reason
  discard();
}

void lingering::discard() noexcept {
  for (;;) {
    receiving_.emplace(*this);
    if (!submit()) return;
    if (!take()) return;
  }
}

bool lingering::submit() noexcept {
  try {
    return carrier_.submit(*receiving_);
  } catch (const std::bad_alloc&) {
    receiving_->code = errc::no_resources;
    return true;
  }
}

// Returns whether to continue discarding. If false, `this` may have been deleted.
bool lingering::take() noexcept {
  const std::uint64_t got = receiving_->code ? 0 : static_cast<std::uint64_t>(receiving_->count);
  receiving_.reset();
  left_ -= std::min(left_, got);
  heard_ = loop_.now();
  if (closed_) {
    delete this;
    return false;
  }
  if (got > 0 && left_ > 0) return true;
  close();
  return false;
}

void lingering::look() noexcept {
  const time_point due = std::min(until_, later(heard_, linger_silence));
  if (due > loop_.now()) return loop_.arm(patience_, due);
  close();
}

// A receive in flight still completes; its completion deletes this.
void lingering::close() noexcept {
  if (std::exchange(closed_, true)) return;
  place_.unlink();
  carrier_.close(handle_);
  if (!receiving_) delete this;
}

}  // namespace

bool linger(carrier& c, handle h) noexcept {
  try {
    std::make_unique<lingering>(c, h).release()->begin();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void stop_lingering(scheduler& s) noexcept {
  try {
    auto& here = static_cast<loop&>(s).data<lingering::of_loop>();
    while (here.all.next != &here.all) here.oldest().close();
  } catch (const std::bad_alloc&) {
    // The table does not exist, so nothing lingers.
  }
}

}  // namespace bight
