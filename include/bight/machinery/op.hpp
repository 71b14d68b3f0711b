// SPDX-License-Identifier: MIT
#pragma once

/// An operation: a request of one coroutine to the engine, as data.
///
/// It is stored in the frame of the awaiting coroutine, so it needs no allocation. The functions of
/// the sockets return the classes below (recv_operation, send_operation, …). Programs await them
/// and do not name them.

#include <bight/address.hpp>
#include <bight/error.hpp>
#include <bight/lease.hpp>
#include <bight/piece.hpp>
#include <bight/task.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bight::machinery {

class carrier;

/// The kind of an operation.
enum class verb : std::uint8_t {
  accept,     ///< accept a connection from a listener; returns a handle
  recv,       ///< receive bytes of a stream, or a datagram, as a lease
  recv_into,  ///< receive bytes of a stream into the caller's buffer
  arrival,    ///< wait until a datagram is there, for engine::take_arrived(); receives nothing
  read,       ///< as recv, from an adopted descriptor (a terminal, a pipe, a file)
  connect,    ///< connect the socket `on` to `peer`
  send,       ///< send all pieces, to a stream or as one datagram (to `peer` if set)
  write,      ///< as send, to an adopted descriptor
  resolve,    ///< look up the addresses of a name, of one family
  signal,     ///< wait for the next of a set of signals
  work,       ///< run a task on its own loop, in another thread
};

/// Groups of signals; op::size holds a set of them.
enum class signals : std::uint8_t {
  end = 1,     ///< SIGINT, SIGTERM
  hangup = 2,  ///< SIGHUP: a daemon reloads its files
};

/// The engine's identifier of a socket. The generation distinguishes sockets that reuse an index.
struct handle {
  std::uint32_t index = static_cast<std::uint32_t>(-1);
  std::uint32_t generation = 0;

  [[nodiscard]] explicit operator bool() const noexcept {
    return index != static_cast<std::uint32_t>(-1);
  }
  friend bool operator==(handle, handle) noexcept = default;
};

struct joint_lookup;

/// The result of a lookup: op::extra of verb::resolve.
struct resolve_answer {
  std::vector<address> found;
  std::error_code failed;  ///< the resolver's own code, more specific than op::code
  /// In: the engine's state shared with the lookup of the other family. Together they select the
  /// name of the search list. Null: this lookup selects alone.
  joint_lookup* both = nullptr;
};

/// An error_code in four bytes. Operations use only the system category and Bight's.
class outcome_code {
 public:
  outcome_code() noexcept = default;
  outcome_code(errc code) noexcept : value_(-static_cast<std::int32_t>(code)) {}
  outcome_code(const std::error_code& code) noexcept
      : value_(code.category() == category() ? -code.value() : code.value()) {}
  operator std::error_code() const noexcept {
    if (*this == stopped()) return make_error_code(errc::cancelled);
    if (value_ < 0) return {-value_, category()};
    return {value_, std::system_category()};
  }
  [[nodiscard]] explicit operator bool() const noexcept { return value_ != 0; }

  /// The context was stopped, and it is not yet known whether the operation had succeeded. Counts
  /// as a failure until settled, so the success path needs one check.
  [[nodiscard]] static outcome_code stopped() noexcept {
    outcome_code c;
    c.value_ = std::numeric_limits<std::int32_t>::min();
    return c;
  }
  friend bool operator==(outcome_code, outcome_code) noexcept = default;

 private:
  std::int32_t value_ = 0;  // negative: an errc
};

/// An operation: its arguments, its place in the cancellation tree, and its outcome.
///
/// Movable until it is started, then fixed in place until it ends. The engine completes it exactly
/// once: it sets the outcome and makes it ready. Cancelling only requests that completion.
class op : public runnable, public stop_hook {
 public:
  op(verb v, carrier* c, handle h) noexcept
      : runnable(set_later()), stop_hook(set_later()), what(v), eng(c), on(h) {}
  op(op&& other) noexcept;
  op& operator=(op&&) = delete;
  ~op() = default;

  /// Submits the operation in context `c`. Returns false if it completed at once.
  bool start(std::coroutine_handle<> h, context& c) { return !submit(h, c); }

  /// A carrier must call this exactly once for an operation that does not complete at once, before
  /// it makes the operation ready. After that, the context can stop it.
  void begin_waiting() noexcept {
    on_stop = stop;
    link_now();
  }
  /// The same for an operation that takes received data. The carrier keeps it in `place` until its
  /// coroutine resumes, because another one admitted earlier could overtake it.
  void begin_waiting(op*& place) noexcept {
    kept_in = &place;
    begin_waiting();
  }
  /// Called when its coroutine resumes: frees the place.
  void leave_place() noexcept {
    if (*kept_in == this) *kept_in = nullptr;
  }
  /// Whether it takes received data. A socket has at most one such operation in flight.
  [[nodiscard]] bool takes() const noexcept { return what <= verb::read; }

  // Every waiting coroutine has one of these in its frame, and it makes up most of an idle
  // connection. So the fields are small and grouped by size, and fields that no verb uses together
  // share storage.

  verb what;
  bool many = false;         ///< datagrams: one call may transfer several, each of `segment` bytes
  std::uint8_t family = 0;   ///< resolve: 4 or 6
  bool ends_stream = false;  ///< out: a receive found the end of the stream
  bool truncated = false;    ///< out: the datagram was longer than `size` allowed
  std::uint8_t engine_state = 0;  ///< for the engine; 0: complete
  bool any_source = false;        ///< send: ignore the source of `peer`, which was refused
  std::uint32_t piece_count = 0;
  std::uint32_t segment = 0;  ///< in for send, out for recv; 0: one datagram
  std::uint32_t size = 0;     ///< recv, read: at most so many bytes; recv_into: the buffer's;
                              ///< signal: a set of `signals`; send: the engine's own
  outcome_code code;          ///< out: the error, if any
  carrier* eng;               ///< null until start() for operations without a socket
  handle on;                  ///< in; out for accept
  union {
    piece* pieces = nullptr;  ///< send, write; the engine advances them past sent bytes
    std::byte* buffer;        ///< recv_into
    lease* got;               ///< recv, read: receives the data
    void* extra;              ///< resolve, signal, work: their own arguments; accept: the
                              ///< engine's own
  };
  address* peer = nullptr;  ///< in for connect and send, out for a datagram; may be null
  std::int64_t count = 0;   ///< out: bytes sent or received, also on failure
  union {
    void* engine_data = nullptr;  ///< for the engine, while it has the operation
    op** kept_in;                 ///< for operations that take data: see begin_waiting()
  };

 protected:
  /// Limits a length for `size` to 4 GiB; no call transfers more.
  [[nodiscard]] static std::uint32_t narrow(std::size_t length) noexcept {
    constexpr std::size_t most = static_cast<std::uint32_t>(-1);
    return static_cast<std::uint32_t>(length < most ? length : most);
  }
  /// Converts a number of pieces for `piece_count`; must be below 2^32 (asserted).
  [[nodiscard]] static std::uint32_t count_of(std::size_t pieces) noexcept {
    if (pieces != narrow(pieces)) [[unlikely]]
      refuse_pieces();
    return narrow(pieces);
  }
  /// Settles the outcome on resumption and reports whether it is a failure. A receive whose context
  /// was stopped in the meantime gives back its bytes, so a deadline or a race loses none.
  [[nodiscard]] bool failed() noexcept {
    if (code) [[unlikely]]
      settle_stopped();
    return static_cast<bool>(code);
  }
  /// The error for `code`, with the operation and its address.
  [[nodiscard]] error failure() const;
  /// Throws that error if there is one.
  void throw_if_failed() {
    if (code) [[unlikely]]
      settle_or_throw();
  }

 private:
  [[noreturn]] static void refuse_pieces() noexcept;
  bool submit(std::coroutine_handle<> h, context& c);
  static void resume(runnable& self);
  static void resume_taker(runnable& self);
  static void stop(stop_hook& self);
  void settle_stopped() noexcept;
  void settle_or_throw();

  std::coroutine_handle<> waiter_;
};

/// See stream::recv.
class [[nodiscard]] recv_operation : public op, public awaits<recv_operation> {
 public:
  using value_type = lease;
  recv_operation(carrier* c, handle h, std::size_t max, verb v = verb::recv) noexcept
      : op(v, c, h) {
    size = narrow(max);
  }
  bool start(std::coroutine_handle<> h, context& c) {
    got = &received_;
    return op::start(h, c);
  }
  [[nodiscard]] lease get() {
    throw_if_failed();
    return std::move(received_);
  }
  [[nodiscard]] result<lease> take();

 private:
  lease received_;
};

/// See stream::recv_into.
class [[nodiscard]] recv_into_operation : public op, public awaits<recv_into_operation> {
 public:
  using value_type = std::size_t;
  recv_into_operation(carrier* c, handle h, std::span<std::byte> into) noexcept
      : op(verb::recv_into, c, h) {
    buffer = into.data();
    size = narrow(into.size());
  }
  [[nodiscard]] std::size_t get() {
    throw_if_failed();
    return static_cast<std::size_t>(count);
  }
  [[nodiscard]] result<std::size_t> take();
};

/// A send of N parts.
template <std::size_t N>
class gathered_send : public op {
 public:
  using value_type = void;
  template <class... P>
  gathered_send(verb v, carrier* c, handle h, const P&... parts) noexcept
      : op(v, c, h), parts_{piece(parts)...} {}

  bool start(std::coroutine_handle<> h, context& c) {
    pieces = parts_;
    piece_count = N;
    return op::start(h, c);
  }
  void get() { throw_if_failed(); }
  [[nodiscard]] result<void> take() {
    if (failed()) return failure();
    return {};
  }

 private:
  piece parts_[N];
};

/// See stream::send.
template <std::size_t N>
class [[nodiscard]] send_operation : public gathered_send<N>, public awaits<send_operation<N>> {
 public:
  using gathered_send<N>::gathered_send;
};

/// See stream::send(span<piece>).
class [[nodiscard]] send_pieces_operation : public op, public awaits<send_pieces_operation> {
 public:
  using value_type = void;
  send_pieces_operation(verb v, carrier* c, handle h, std::span<piece> parts) noexcept
      : op(v, c, h) {
    pieces = parts.data();
    piece_count = count_of(parts.size());
  }
  void get() { throw_if_failed(); }
  [[nodiscard]] result<void> take();
};

}  // namespace bight::machinery
