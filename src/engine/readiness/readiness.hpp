// SPDX-License-Identifier: MIT
#pragma once

/// Completion on top of readiness: wait until a call can succeed, make it, complete the operation.
///
/// A call is tried at once if it may succeed, so data that has already arrived needs no wait. A
/// descriptor is registered when a call must wait for the first time. Registration is
/// edge-triggered and permanent, except for busy datagram sockets (datagrams.cpp). A receive that
/// returned less than requested has emptied its socket, so the next one waits for the edge without
/// a call (epoll(7), "Edge-triggered").

#include "base/buffers.hpp"
#include "engine/posix/kernel.hpp"
#include "engine/posix/socket_table.hpp"
#include "engine/readiness/datagrams.hpp"
#include "engine/readiness/epoll.hpp"
#include "engine/readiness/socket.hpp"

#include <memory>
#include <vector>

namespace bight::readiness {

class readiness_engine final : public posix::kernel_engine {
 public:
  readiness_engine();
  ~readiness_engine() override;

  [[nodiscard]] bool submit(op& o) override;
  void cancel(op& o) noexcept override;
  void wait(time_point until) override;
  [[nodiscard]] std::size_t open_handles() const noexcept override { return sockets_.count(); }
  void close(handle h, ending how) noexcept override;
  void disown() noexcept override;

  [[nodiscard]] std::string_view name() const noexcept override { return "epoll"; }
  [[nodiscard]] std::string features() const override;

  void watch(posix::watcher& w) override;
  [[nodiscard]] std::unique_ptr<engine> another() const override;

 private:
  enum class outcome { done, must_wait };

  [[nodiscard]] socket* find(handle h) const noexcept override {
    return in_child() ? sockets_.find_hidden(h) : sockets_.find(h);
  }
  [[nodiscard]] socket& place(int fd) override {
    return sockets_.at(static_cast<std::uint32_t>(fd));
  }
  [[nodiscard]] bool has_unread(const posix::socket& s) const noexcept override;

  [[nodiscard]] bool submit_receive(op& o, socket& s);
  [[nodiscard, gnu::noinline]] bool receive_at_once(op& o, socket& s);
  [[nodiscard]] bool wait_to_receive(op& o, socket& s);
  [[nodiscard]] bool submit_send(op& o, socket& s);
  [[nodiscard, gnu::noinline]] bool send_rest(op& o, socket& s, ssize_t n);
  [[nodiscard, gnu::noinline]] bool submit_other_send(op& o, socket& s);
  [[nodiscard]] bool wait_to_send(op& o, socket& s);
  [[nodiscard, gnu::noinline]] bool give_at_once(op& o, socket& s);
  [[nodiscard]] bool never_waits(socket& s) noexcept;
  [[nodiscard]] std::error_code watch_other(socket& s, bool read, bool write) noexcept;
  void wait_for_event(op& o, socket& s) noexcept;
  void register_edges(op& o, socket& s) noexcept;
  void refused(op& o, socket& s, std::error_code failed) noexcept;
  [[nodiscard]] bool watch_for_room(socket& s) noexcept;
  void collect();
  [[gnu::noinline]] void collect_level(ready_event e, socket& s);
  [[gnu::cold]] void finish_without_memory(socket& s) noexcept;
  void serve_receiver(socket& s) noexcept;
  [[gnu::always_inline]] inline void serve(socket& s) noexcept;  // the same, inlined into collect()
  [[gnu::noinline]] void serve_senders(socket& s) noexcept;
  [[nodiscard]] outcome try_send_later(op& o, socket& s) noexcept;
  void drop_waiting(socket& s) noexcept;

  // Datagrams in batches (datagrams.cpp).
  void leave_poller(socket& s) noexcept;
  [[nodiscard]] bool try_busy();
  [[nodiscard]] outcome try_recv_datagrams(op& o, socket& s);
  void queue_send(op& o, socket& s);
  void send_at_end(std::uint32_t index, socket& s);
  [[nodiscard]] bool try_send_at_end(op& o, socket& s) noexcept;
  [[nodiscard]] bool send_queued();
  [[nodiscard]] bool send_batch(socket& s);
  [[nodiscard]] bool send_alone(socket& s);
  void fail_senders(socket& s) noexcept;
  [[nodiscard]] datagram_batch& batch();
  [[nodiscard]] bool make_batch() noexcept;

  // System calls. Each sets the outcome of `o` if it is done. For streams (streams.cpp):
  [[nodiscard, gnu::always_inline]] inline outcome try_receive(op& o, socket& s);
  [[nodiscard, gnu::always_inline]] inline outcome try_recv_stream(op& o, socket& s);
  [[nodiscard, gnu::noinline]] outcome try_recv_into(op& o, socket& s);
  [[gnu::always_inline]] inline void received(op& o, socket& s, std::size_t n,
                                              std::size_t room) noexcept;
  [[nodiscard, gnu::noinline]] outcome received_none(op& o, socket& s, ssize_t n);
  [[nodiscard, gnu::noinline]] outcome try_send(op& o, socket& s);
  [[nodiscard]] outcome sent(op& o, socket& s, ssize_t n);
  [[nodiscard]] static ssize_t send_once(op& o, socket& s) noexcept;
  [[gnu::cold]] outcome not_received(op& o, socket& s, int why);
  static outcome over(op& o, socket& s, int n);
  [[gnu::cold]] static outcome not_sent(op& o, socket& s, int why);
  // For everything else (transfer.cpp):
  [[nodiscard]] outcome try_other_receive(op& o, socket& s);
  [[nodiscard]] outcome try_recv_joined(op& o, socket& s);
  [[nodiscard]] outcome try_accept(op& o, socket& s);
  [[nodiscard]] outcome try_read(op& o, socket& s);
  [[nodiscard]] outcome try_other_send(op& o, socket& s);
  [[nodiscard]] outcome try_send_datagram(op& o, socket& s);
  [[nodiscard]] outcome try_connect(op& o, socket& s);
  [[nodiscard]] outcome try_write(op& o, socket& s);

  // Bytes of streams received in one turn before the receivers run.
  static constexpr std::size_t received_max = 65536;
  // Consecutive calls for one send of many datagrams.
  static constexpr int runs_max = 16;

  poller poller_;
  buffer_pool buffers_;
  std::unique_ptr<datagram_batch> batch_;  // made for the first datagram
  std::vector<std::uint32_t> sending_;     // sockets with datagrams to send at the end of the turn
  std::vector<std::uint32_t> sending_now_;
  std::vector<posix::watcher*> watchers_;
  std::vector<int> busy_;      // busy sockets to try in the next turn
  std::vector<int> busy_now_;  // in this one
  bool skipped_poll_ = false;
  posix::socket_table<socket> sockets_;
  std::size_t received_ = 0;  // in this turn
};

[[nodiscard]] std::unique_ptr<engine> make_readiness();

}  // namespace bight::readiness
