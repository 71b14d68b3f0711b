// SPDX-License-Identifier: MIT
#pragma once

/// What the engines over a real kernel share: descriptors, names, options, undoing receives and
/// accepts, the clock, waking up, and the operations without a socket (resolve, signal, work).

#include "base/names.hpp"
#include "engine/engine_core.hpp"
#include "engine/pieces.hpp"
#include "engine/posix/forks.hpp"
#include "engine/posix/optional_calls.hpp"
#include "engine/posix/sockaddr.hpp"
#include "engine/posix/socket.hpp"
#include "engine/posix/socket_file.hpp"

#include <bight/machinery/scheduler.hpp>

#include <memory>
#include <string>
#include <vector>

namespace bight::posix {

class alarm;
class resolver;
class signal_desk;
class worker_desk;

/// Readiness of a descriptor that the library itself uses (the wake-up, sockets to name servers).
/// `ready` is called while completions are collected; it may only make operations ready.
struct watcher {
  void (*ready)(watcher&, bool readable, bool writable) = nullptr;
  int fd = -1;
  bool wants_read = false;
  bool wants_write = false;
  void* owner = nullptr;        // for the watching object
  void* engine_data = nullptr;  // for the engine
};

class kernel_engine : public engine_core {
 public:
  kernel_engine();
  ~kernel_engine() override;

  void wake() noexcept override;
  [[nodiscard]] time_point now() const noexcept override;
  void random(std::span<std::byte> into) override;
  [[nodiscard]] job_runner* jobs() noexcept override;

  [[nodiscard]] result<handle> open(transport t, const address& at) override;
  [[nodiscard]] std::error_code bind(handle h, const address& at) override;
  [[nodiscard]] std::error_code bind_source(handle h, const address& from) override;
  [[nodiscard]] std::error_code listen(handle h, int backlog) override;
  void requeue(op& o) noexcept override;
  void take_arrived(handle h, arrivals& into) override;
  [[nodiscard]] bool busy() const noexcept override { return held() > 0 || busy_other(); }
  [[nodiscard]] std::error_code shutdown_send(handle h) override;
  [[nodiscard]] bool may_lose(handle h) const noexcept override;
  [[nodiscard]] bool can_send(handle h) const noexcept override;
  [[nodiscard]] result<handle> adopt(int descriptor) override;

  [[nodiscard]] result<address> local(handle h) const override;
  [[nodiscard]] result<address> remote(handle h) const override;
  [[nodiscard]] std::error_code set(handle h, option_id id, int value) override;
  [[nodiscard]] result<int> get(handle h, option_id id) const override;
  [[nodiscard]] std::string cause(verb what, std::error_code& code,
                                  const address& with) const override;

  /// Called after fork(2) in the child process, which shares the kernel's objects with its parent.
  /// After this, submit() finds no socket, and a call that would change one for the parent ends the
  /// program with a message.
  virtual void disown() noexcept { in_child_ = true; }

  // ── For the resolver, signals, workers and the alarm ────────────────────────────────────────

  /// Watches w.fd as `w` wants, until the next call. If `w` wants neither reading nor writing,
  /// forgets it, and it may be destroyed. Level-triggered: `ready` is called while the condition
  /// holds.
  virtual void watch(watcher& w) = 0;

  /// Makes an operation ready that no socket holds. Its outcome is set.
  void complete(op& o) noexcept { sched().ready(o); }
  [[nodiscard]] scheduler& timers() const noexcept { return sched(); }
  /// A new engine of the same kind, for another thread.
  [[nodiscard]] virtual std::unique_ptr<engine> another() const = 0;

 protected:
  /// Submits an operation that has no open socket. Those that need none are resolve, signal and
  /// work; the others fail with errc::closed.
  [[nodiscard, gnu::noinline]] bool submit_without_socket(op& o);
  void cancel_other(op& o) noexcept;
  [[nodiscard]] bool busy_other() const noexcept;
  /// Called by the engine when it can watch descriptors, and before it no longer can.
  void start_watching();
  void stop_watching() noexcept;

  /// Enters the descriptor `fd` in the table and returns its handle. Without memory, closes `fd`
  /// with a reset and returns an empty handle.
  [[nodiscard]] handle enter(int fd, socket_kind kind, int family) noexcept;
  /// Completes the accept `o` with the connection `fd`, and stores its listener for requeue().
  void claim(op& o, int fd) noexcept;
  /// Before its descriptor is closed: arranges for a reset where one is due, removes its socket
  /// file, remembers the peer of a session, drops what has arrived. `unread`: the engine holds
  /// other input that nobody has received.
  void before_close(socket& s, ending how, bool unread) noexcept;
  /// Whether something has arrived on a stream, as far as the engine knows, that nobody has
  /// received; true also if nobody has ever tried.
  [[nodiscard]] virtual bool has_unread(const socket& s) const noexcept = 0;
  /// Also finds sockets in a child process.
  [[nodiscard]] socket* find(handle h) const noexcept override = 0;
  /// The socket of a descriptor; made if there is none.
  [[nodiscard]] virtual socket& place(int fd) = 0;
  /// The time limit for wait(until); negative: none. Asserts that this is not a child process.
  [[nodiscard]] duration limit_of_wait(time_point until);
  /// Whether disown() has been called. A child may only close its copies of the descriptors.
  [[nodiscard]] bool in_child() const noexcept { return in_child_; }
  /// Ends the program with a message if this is a child process.
  void check_process() const noexcept;
  static void close_in_child(socket& s) noexcept;

 private:
  [[nodiscard]] bool submit_to_desk(op& o);
  [[nodiscard]] std::error_code bind_file(socket& s, const socket_name& name,
                                          const std::string& path);
  void requeue_accepted(op& o) noexcept;

  bool in_child_ = false;
  fork_watch forks_;
  std::vector<socket_file> files_;  // of the unix sockets that are bound to one
  waker waker_;
  watcher wake_;
  std::unique_ptr<alarm> alarm_;
  std::unique_ptr<resolver> resolver_;
  std::unique_ptr<signal_desk> signals_;
  std::unique_ptr<worker_desk> workers_;
};

using bight::advance;
using bight::more_pieces;

/// Makes the close of `fd` a reset. The kernel does so by itself if bytes are unread (RFC 2525
/// §2.17), but it does not know of those in an inbox.
void reset_at_close(int fd) noexcept;

/// Closes a connection that nobody has accepted, so that the peer notices at once.
void close_with_reset(int fd) noexcept;

/// `code` from errno.
[[nodiscard, gnu::cold]] std::error_code system_error_code(int number) noexcept;

/// Whether accept(2) failed because of the new connection and not because of the listener: Linux
/// returns pending network errors of the new socket from accept.
[[nodiscard]] bool accept_may_go_on(int number) noexcept;
/// Whether the accept `o` tries again after that failure. After 16 in a row it fails, because the
/// cause may be permanent (EPERM from a seccomp filter), and its caller decides.
[[nodiscard]] bool accept_goes_on(op& o, int number) noexcept;

/// Whether the local and the remote name are equal: a connect to an ephemeral port of this machine
/// has connected to itself (TCP simultaneous open, RFC 9293 §3.5).
[[nodiscard]] bool connected_to_itself(int fd) noexcept;

}  // namespace bight::posix
