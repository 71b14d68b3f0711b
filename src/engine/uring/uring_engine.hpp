// SPDX-License-Identifier: MIT
#pragma once

/// The engine over io_uring.
///
/// submit() only queues a request. One system call per turn submits the queue and waits, then the
/// completions are collected. Other data of a request (a sockaddr, a msghdr) is in a call_record,
/// one for each entry of the queue: the kernel has read it when the request has been submitted
/// (IORING_FEAT_SUBMIT_STABLE, io_uring_setup(2)).
///
/// Receives and accepts use a multishot request that belongs to the socket, its source. The first
/// recv() arms one. After that, arrivals go to the waiting operation or to the inbox. A multishot
/// ends for many reasons (no buffer, completion queue full, inbox at its limit) and is armed again
/// when an operation waits; until then the kernel keeps the bytes. Unix sockets have no multishots:
/// each request takes one arrival, or one connection, for the waiting operation
/// (socket::reads_ahead).
///
/// The path of nearly every message is separate from the rest (streams.cpp), which is not inlined
/// into it, so that it saves few registers and stays short.
///
/// Files: submit, collect, and a stream's messages (streams.cpp); cancel and the turn
/// (uring_engine.cpp); receiving (receive.cpp), accepting (accept.cpp), sending and connecting
/// (send.cpp), adopted descriptors (adopted.cpp), watching (watch.cpp), closing (closing.cpp), and
/// the features of the kernel (probe.cpp).

#include "engine/posix/kernel.hpp"
#include "engine/posix/segments.hpp"
#include "engine/posix/socket_table.hpp"
#include "engine/uring/buffer_ring.hpp"
#include "engine/uring/ring.hpp"
#include "engine/uring/socket.hpp"
#include "engine/uring/states.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/uio.h>

namespace bight::uring {

class uring_engine final : public posix::kernel_engine {
 public:
  /// The ring and the buffers must be set up.
  uring_engine(std::unique_ptr<ring> r, std::unique_ptr<buffer_ring> streams,
               std::unique_ptr<buffer_ring> datagrams);
  ~uring_engine() override;

  [[nodiscard]] bool submit(op& o) override;
  void cancel(op& o) noexcept override;
  void wait(time_point until) override;

  [[nodiscard]] std::size_t open_handles() const noexcept override { return sockets_.count(); }
  [[nodiscard]] result<handle> open(transport t, const address& at) override;
  [[nodiscard]] std::error_code bind(handle h, const address& at) override;
  [[nodiscard]] std::error_code bind_source(handle h, const address& from) override;
  [[nodiscard]] std::error_code listen(handle h, int backlog) override;
  void close(handle h, ending how) noexcept override;
  void disown() noexcept override;

  [[nodiscard]] std::string_view name() const noexcept override { return "uring"; }
  [[nodiscard]] std::string features() const override;

  void watch(posix::watcher& w) override;
  [[nodiscard]] std::unique_ptr<engine> another() const override;

 private:
  // The kind of a completion: the low bits of its user data. The rest is the object's address.
  enum class about : std::uint64_t {
    operation,   // an op
    source,      // a socket's multishot
    watching,    // a watch record
    polling,     // an op that waits for readiness before its next attempt
    nothing,     // a failed close, or another failed cancellation
    cancelling,  // a failed cancellation of a socket's request
  };

  // What a request refers to until it has been submitted, except its operation.
  struct call_record {
    posix::socket_name name;
    msghdr message;
    iovec run;  // the part of a send of many datagrams that goes with this call
  };

  struct watch_record;

  // Bytes at the end of a buffer. The next completion may bring the rest of their message.
  struct front {
    socket* of;
    lease bytes;
  };

  [[nodiscard]] socket* find(handle h) const noexcept override {
    return in_child() ? sockets_.find_hidden(h) : sockets_.find(h);
  }
  [[nodiscard]] socket& place(int fd) override {
    return sockets_.at(static_cast<std::uint32_t>(fd));
  }
  [[nodiscard]] bool has_unread(const posix::socket& of) const noexcept override {
    const socket& s = static_cast<const socket&>(of);
    return s.has_arrivals() || s.cut || !s.received_before;
  }

  // Requests.
  [[nodiscard]] io_uring_sqe* request(about what, void* object) noexcept;
  static std::uint64_t tagged(about what, const void* object) noexcept {
    return reinterpret_cast<std::uintptr_t>(object) | static_cast<std::uint64_t>(what);
  }
  void cancel_request(about what, const void* object, socket* of = nullptr) noexcept;
  void on_cancel_failed(socket& s, int outcome) noexcept;
  void submit_and_collect(duration limit, time_point at);
  void enter_kernel(duration limit);
  [[gnu::noinline]] void collect_all(time_point now);
  [[gnu::noinline]] void on_other(about what, void* object, completion done);

  // Operations.
  void hold_sender(op& o, socket& s) noexcept {
    s.sender = &o;
    o.engine_data = &s;
    hold(o, state_in_kernel);
  }
  [[nodiscard]] socket& socket_of(const op& o) const noexcept {
    return o.takes() ? *sockets_.find(o.on.index) : *static_cast<socket*>(o.engine_data);
  }
  void fail(op& o, int outcome) noexcept;
  [[gnu::always_inline]] inline void on_operation(op& o, int outcome, time_point now);
  [[gnu::noinline]] void on_other_operation(op& o, int outcome);
  void on_polled(op& o);
  void touch(socket& s) noexcept { s.last_used = sched().now(); }

  [[nodiscard]] bool submit_other(op& o, socket& s);
  [[nodiscard, gnu::noinline]] bool submit_receive(op& o, socket& s);
  [[gnu::noinline]] void start_receive(op& o, socket& s);
  [[nodiscard]] static op* taker_of(const socket& s, std::size_t size) noexcept;
  void hand_over(op& o, lease bytes) {
    o.count = static_cast<std::int64_t>(bytes.size());
    *o.got = std::move(bytes);
    finish(o);
  }
  [[nodiscard, gnu::noinline]] bool give_at_once(op& o, socket& s);
  void arm(socket& s);
  void stop_source(socket& s) noexcept;
  [[gnu::always_inline]] inline void on_source(socket& s, completion done, time_point now);
  [[gnu::noinline]] void on_source_over(socket& s, completion done);
  [[gnu::noinline]] void on_arrival(socket& s, completion done);
  [[gnu::noinline]] void on_bytes(socket& s, completion done);
  void on_no_bytes(socket& s, completion done);
  void on_end_of_buffer(socket& s, completion done);
  void on_datagram(socket& s, completion done);
  void deliver_bytes(socket& s, lease bytes);
  void deliver(socket& s, arrival&& a);
  void limit(socket& s) noexcept;
  [[nodiscard]] static lease rejoin(const lease& front, const lease& rest) noexcept;
  [[nodiscard]] bool starve(socket& s) noexcept;
  [[nodiscard]] bool wait_for_rest(socket& s, lease& bytes) noexcept;
  [[nodiscard]] lease take_front(socket& s);
  [[gnu::noinline]] void deliver_fronts();
  void on_source_ended(socket& s, int outcome);
  void finish_receive(op& o, socket& s, int outcome);
  void on_received_into(op& o, socket& s, int outcome);
  [[nodiscard]] arrival datagram(completion done);
  void copy_untaken() noexcept;
  void feed_starved() noexcept;
  void receive_apart(op& o, socket& s) noexcept;
  void on_received_apart(op& o, socket& s, int outcome);
  static void fill_lease(op& o, int outcome) noexcept;

  [[nodiscard]] bool submit_accept(op& o, socket& s);
  void keep_accepted(socket& s, int fd) noexcept;
  void on_accepted(socket& s, completion done);

  [[nodiscard, gnu::noinline]] bool submit_send(op& o, socket& s);
  [[nodiscard, gnu::noinline]] bool submit_other_send(op& o, socket& s);
  [[nodiscard]] bool submit_datagram(op& o, socket& s);
  void issue_send(op& o, socket& s);
  [[gnu::noinline]] void issue_pieces(io_uring_sqe* r, op& o, socket& s);
  void issue_datagram(op& o, socket& s);
  [[nodiscard]] std::uint32_t take_control();
  void give_control_back(op& o) noexcept;
  [[gnu::always_inline]] inline void on_sent(op& o, socket& s, int outcome, time_point now);
  [[gnu::noinline]] void on_other_sent(op& o, socket& s, int outcome);
  void on_not_sent(op& o, socket& s, int outcome);
  [[nodiscard]] bool submit_connect(op& o, socket& s);
  void on_connected(op& o, socket& s, int outcome);
  [[nodiscard]] call_record& record_of(const io_uring_sqe* r) const noexcept {
    return records_[ring_->place_of(r)];
  }

  [[nodiscard]] bool submit_read(op& o, socket& s);
  [[nodiscard]] static std::span<std::byte> room_to_read(op& o);
  void issue_read(op& o, std::span<std::byte> room);
  void read_again(op& o) noexcept;
  void on_read(op& o, int outcome);
  [[gnu::noinline]] void issue_write(op& o);
  void on_written(op& o, socket& s, int outcome);
  void poll_first(op& o, unsigned events) noexcept;

  void on_watched(watch_record& w, int outcome);
  void arm(watch_record& w) noexcept;

  void begin_close(handle h, ending how) noexcept;
  void cancel_all_of(socket& s) noexcept;
  void settle_closing(socket& s) noexcept;
  void finish_closes() noexcept;

  std::unique_ptr<ring> ring_;
  std::unique_ptr<buffer_ring> stream_buffers_;
  std::unique_ptr<buffer_ring> datagram_buffers_;
  msghdr datagram_header_{};  // the room for names and ancillary data
  posix::socket_table<socket> sockets_;
  std::vector<front> cut_;        // in the current batch of completions
  std::vector<socket*> untaken_;  // keep something in their inboxes while buffers are few
  std::vector<socket*> starved_;  // sockets that found no buffer
  int turns_starved_ = 0;         // turns in a row that started without a buffer
  std::unique_ptr<call_record[]> records_;
  // Ancillary data of sends in flight, at op::size - 1. The kernel reads it again at each attempt.
  std::deque<posix::ancillary> controls_;
  std::vector<std::uint32_t> controls_free_;
  std::size_t closing_ = 0;    // sockets whose close is deferred
  std::size_t in_kernel_ = 0;  // requests that are not counted by a socket
};

}  // namespace bight::uring
