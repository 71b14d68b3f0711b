// SPDX-License-Identifier: MIT
#pragma once

/// Completion on top of readiness: wait until a call can be made, make it, complete.
///
/// A call is tried at once where it may succeed, so an answer that has already come costs no wait,
/// and a descriptor is registered only when a call had to wait for the first time. Registration is
/// edge-triggered and for good, but for datagram sockets that are busy (datagrams.cpp). A receive
/// that came back short has emptied its socket, so the next one waits for the edge without asking
/// (epoll(7), "Edge-triggered").

#include "base/buffers.hpp"
#include "engine/posix/inbox.hpp"
#include "engine/posix/kernel.hpp"
#include "engine/readiness/datagrams.hpp"
#include "engine/readiness/epoll.hpp"

#include <memory>
#include <vector>

namespace bight::readiness {

class readiness_engine final : public posix::kernel_engine {
 public:
  readiness_engine();
  ~readiness_engine() override;

  [[nodiscard]] bool submit(op& o) override;
  void cancel(op& o) noexcept override;
  void requeue(op& o) noexcept override;
  void take_arrived(handle h, arrivals& into) override;
  void wait(time_point until) override;
  [[nodiscard]] bool busy() const noexcept override { return waiting_ > 0 || busy_other(); }
  [[nodiscard]] std::size_t open_handles() const noexcept override;
  void close(handle h, ending how) noexcept override;
  void disown() noexcept override;

  [[nodiscard]] std::string_view name() const noexcept override { return "epoll"; }
  [[nodiscard]] std::string features() const override;

  void watch(posix::watcher& w) override;
  [[nodiscard]] std::unique_ptr<engine> another() const override;

 private:
  // Whether a descriptor of the program's can be polled. Files and /dev/null cannot: epoll refuses
  // them (EPERM), they never wait.
  enum class polled : std::uint8_t { unknown, yes, no };

  static constexpr std::uint8_t state_waiting = 1;  // in op::engine_state: will be completed

  // What this engine knows about a descriptor.
  struct alignas(64) io : posix::slot {
    // All of it is one line of the cache. The narrow ones first: they fill up the slot's last word.
    bool registered : 1 = false;
    bool watches_room : 1 = false;  // registered for becoming writable, too
    bool connecting : 1 = false;
    bool failed : 1 = false;             // a receive has been told the failure: nothing else comes
    bool busy = false;                   // asked before it is registered again: leave_poller()
    bool sends_at_end = false;           // datagrams that leave together when the turn is over
    bool readable = true;                // not known to be empty
    bool writable = true;                // not known to be full
    bool hung_up = false;                // no edge will come any more: always try
    bool ended = false;                  // the end of the stream has come, and no failure before it
    bool collected_apart = false;        // an adopted descriptor, or a watcher's
    polled kept_open = polled::unknown;  // of an adopted one
    std::int16_t failure = 0;  // of the connection: the kernel tells it once, and then an end;
                               // below zero: the end had come before it, so only sends are told
    op* receiver = nullptr;    // recv, recv_into, accept, read; until its coroutine goes on
    runnable_queue senders;    // send, connect, write; a stream has one at most
    std::unique_ptr<posix::inbox> kept;  // of undone receives and accepts; datagrams beyond one

    io() noexcept = default;
    explicit io(const posix::slot& s) noexcept : slot(s) {}
    // Forgets all but the slot.
    void renew() noexcept { *this = io(static_cast<const slot&>(*this)); }

    [[nodiscard]] bool takes_datagrams() const noexcept {
      return kind == posix::socket_kind::datagram;
    }
    [[nodiscard]] bool has_waiting_receiver() const noexcept {
      return receiver != nullptr && receiver->engine_state == state_waiting;
    }
    [[nodiscard]] bool has_accepted() const noexcept {
      return kept != nullptr && !kept->accepted.empty();
    }
    [[nodiscard]] posix::inbox& keep() {
      if (kept == nullptr) kept = std::make_unique<posix::inbox>();
      return *kept;
    }
    // For datagrams. One that finds no memory is lost, as in the kernel.
    void keep_or_drop(arrival&& a) noexcept {
      try {
        keep().push_back(std::move(a));
      } catch (const std::bad_alloc&) {}
    }
  };

  static_assert(sizeof(io) == 64);

  enum class outcome { done, must_wait };

  [[nodiscard]] io* find(handle h) const noexcept override {
    return in_child() ? table_.find_hidden(h) : table_.find(h);
  }
  [[nodiscard]] io& place(int fd) override { return table_.at(static_cast<std::uint32_t>(fd)); }
  [[nodiscard]] bool has_unread(const posix::slot& s) const noexcept override;

  [[nodiscard]] bool finish(op& o) noexcept;
  [[nodiscard]] bool finish_receive(op& o, io& s) noexcept;
  void requeue_accepted(op& o) noexcept;
  [[nodiscard]] bool submit_receive(op& o, io& s);
  [[nodiscard, gnu::noinline]] bool receive_at_once(op& o, io& s);
  [[nodiscard]] bool wait_to_receive(op& o, io& s);
  [[nodiscard]] bool submit_send(op& o, io& s);
  [[nodiscard, gnu::noinline]] bool send_rest(op& o, io& s, ssize_t n);
  [[nodiscard, gnu::noinline]] bool submit_other_send(op& o, io& s);
  [[nodiscard]] bool wait_to_send(op& o, io& s);
  [[nodiscard, gnu::noinline]] bool give_kept(op& o, io& s);
  [[nodiscard]] bool never_waits(io& s) noexcept;
  [[nodiscard]] std::error_code watch_other(io& s, bool read, bool write) noexcept;
  void hold(op& o) noexcept;
  void wait_for_event(op& o, io& s) noexcept;
  void enrol(op& o, io& s) noexcept;
  void refused(op& o, io& s, std::error_code failed) noexcept;
  [[nodiscard]] bool watch_for_room(io& s) noexcept;
  void collect();
  [[gnu::noinline]] void collect_other(ready_event e, io& s);
  [[gnu::cold]] void finish_without_memory(io& s) noexcept;
  void serve_receiver(io& s) noexcept;
  [[gnu::always_inline]] inline void serve(io& s) noexcept;  // the same, as a part of collect()
  [[gnu::noinline]] void serve_senders(io& s) noexcept;
  [[nodiscard]] outcome try_send_later(op& o, io& s) noexcept;
  void drop_waiting(io& s) noexcept;
  void finish_waiting(op& o) noexcept;

  // Datagrams by the batch (datagrams.cpp).
  void leave_poller(io& s) noexcept;
  [[nodiscard]] bool ask_busy();
  [[nodiscard]] outcome try_recv_datagrams(op& o, io& s);
  void send_with_others(op& o, io& s);
  void leave_later(std::uint32_t index, io& s);
  [[nodiscard]] bool leaves_later(op& o, io& s) noexcept;
  [[nodiscard]] bool send_what_leaves();
  [[nodiscard]] bool send_batch(io& s);
  [[nodiscard]] bool send_alone(io& s);
  void fail_senders(io& s) noexcept;
  [[nodiscard]] datagram_batch& batch();
  [[nodiscard]] bool make_batch() noexcept;

  // The calls. Each sets the outcome of `o` when it is done. Those of streams (streams.cpp),
  [[nodiscard, gnu::always_inline]] inline outcome try_receive(op& o, io& s);
  [[nodiscard, gnu::always_inline]] inline outcome try_recv_stream(op& o, io& s);
  [[nodiscard, gnu::noinline]] outcome try_recv_into(op& o, io& s);
  [[gnu::always_inline]] inline void received(op& o, io& s, std::size_t n,
                                              std::size_t room) noexcept;
  [[nodiscard, gnu::noinline]] outcome received_none(op& o, io& s, ssize_t n);
  [[nodiscard, gnu::noinline]] outcome try_send(op& o, io& s);
  [[nodiscard]] outcome sent(op& o, io& s, ssize_t n);
  [[nodiscard]] static ssize_t send_once(op& o, io& s) noexcept;
  [[gnu::cold]] outcome not_received(op& o, io& s, int why);
  [[gnu::cold]] static outcome receive_failed(op& o, io& s);
  [[gnu::cold]] static outcome not_sent(op& o, io& s, int why);
  // and the others (transfer.cpp).
  [[nodiscard]] outcome try_other_receive(op& o, io& s);
  [[nodiscard]] outcome try_recv_joined(op& o, io& s);
  [[nodiscard]] outcome try_accept(op& o, io& s);
  [[nodiscard]] outcome try_read(op& o, io& s);
  [[nodiscard]] outcome try_other_send(op& o, io& s);
  [[nodiscard]] outcome try_send_datagram(op& o, io& s);
  [[nodiscard]] outcome try_connect(op& o, io& s);
  [[nodiscard]] outcome try_write(op& o, io& s);

  // Calls that succeed at once in a turn, before the others must have theirs; and one more for each
  // receive of a stream that the turn has begun with.
  static constexpr int at_once_max = 64;
  // Bytes of streams that are received in a turn before those who got them go on.
  static constexpr std::size_t received_max = 65536;
  // Calls in a row for one send of many datagrams.
  static constexpr int runs_max = 16;

  poller poller_;
  buffer_pool buffers_;
  std::unique_ptr<datagram_batch> batch_;  // once there are datagrams
  std::vector<std::uint32_t> leaving_;     // sockets with datagrams to send at the turn's end
  std::vector<std::uint32_t> leaving_now_;
  std::vector<posix::watcher*> watchers_;
  std::vector<int> asking_;      // busy sockets, to be asked in the next turn
  std::vector<int> asking_now_;  // in this one
  bool skipped_poll_ = false;
  posix::slot_table<io> table_;
  std::size_t waiting_ = 0;
  std::size_t received_ = 0;  // in this turn
  int at_once_ = at_once_max;
};

[[nodiscard]] std::unique_ptr<engine> make_readiness();

}  // namespace bight::readiness
