// SPDX-License-Identifier: MIT
#pragma once

/// The operation: what one coroutine wants from the engine, as data.
///
/// It lives in the frame of the coroutine that awaits it, so there is no allocation for one. The
/// classes below (recv_operation, send_operation, …) are what the sockets' functions return; a
/// program awaits them and never names them.

#include <bight/address.hpp>
#include <bight/error.hpp>
#include <bight/lease.hpp>
#include <bight/piece.hpp>
#include <bight/task.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace bight::machinery {

class carrier;

/// What an operation asks for.
enum class verb : std::uint8_t {
  accept,     ///< a connection from a listener; gives a handle
  recv,       ///< bytes of a stream, or a datagram, as a lease
  recv_into,  ///< bytes of a stream into the caller's buffer
  arrival,    ///< until a datagram is there, for engine::take_arrived(); takes nothing itself
  read,       ///< as recv, from an adopted descriptor (a terminal, a pipe, a file)
  connect,    ///< to `peer`, with the socket `on`
  send,       ///< all the pieces, to a stream or as one datagram (to `peer` when it is set)
  write,      ///< as send, to an adopted descriptor
  resolve,    ///< the addresses of a name, of one family
  signal,     ///< the next of a set of signals
  work,       ///< a task on a loop of its own, in another thread
};

/// What people and init systems ask of a program by a signal: op::size holds a set of these.
enum class signals : std::uint8_t {
  end = 1,     ///< SIGINT, SIGTERM
  hangup = 2,  ///< SIGHUP: a daemon reads its files again
};

/// A socket as the engine knows it. The generation tells a reused index from the one that was
/// meant.
struct handle {
  std::uint32_t index = static_cast<std::uint32_t>(-1);
  std::uint32_t generation = 0;

  [[nodiscard]] explicit operator bool() const noexcept {
    return index != static_cast<std::uint32_t>(-1);
  }
  friend bool operator==(handle, handle) noexcept = default;
};

/// What a look-up has come to: op::extra of verb::resolve.
struct resolve_answer {
  std::vector<address> found;
  std::error_code failed;  ///< a resolver's own code, which says more than op::code does
  /// In: what this look-up shares with that of the other family, the engine's own. They decide
  /// together which name of the search list is meant. Null: this family decides alone.
  std::shared_ptr<void>* both = nullptr;
};

/// An error_code in four bytes: of the system's category or of Bight's, which are the two that
/// operations end with.
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

  /// The context has been stopped, and whether the operation had succeeded by then is not known
  /// yet: a failure until it is settled, so that success costs one look.
  [[nodiscard]] static outcome_code stopped() noexcept {
    outcome_code c;
    c.value_ = std::numeric_limits<std::int32_t>::min();
    return c;
  }
  friend bool operator==(outcome_code, outcome_code) noexcept = default;

 private:
  std::int32_t value_ = 0;  // below zero: an errc
};

/// An operation: arguments, place in the tree of cancellation, and outcome.
///
/// Movable until it has started, pinned from then to its end. The engine completes it exactly once,
/// by setting the outcome and making it ready; cancelling only asks for that.
class op : public runnable, public stop_hook {
 public:
  op(verb v, carrier* c, handle h) noexcept
      : runnable(set_later()), stop_hook(set_later()), what(v), eng(c), on(h) {}
  op(op&& other) noexcept;
  op& operator=(op&&) = delete;
  ~op() = default;

  /// Submits the operation in context `c`; false when it completed at once.
  bool start(std::coroutine_handle<> h, context& c) { return !submit(h, c); }

  /// For carriers: once, and always, for an operation that does not complete at once, before it is
  /// made ready. From here on its context can stop it.
  void begin_waiting() noexcept {
    on_stop = stop;
    link_now();
  }
  /// The same for an operation that takes what has come. The carrier keeps it in `place` until its
  /// coroutine goes on: another one that were let in before could overtake it.
  void begin_waiting(op*& place) noexcept {
    kept_in = &place;
    begin_waiting();
  }
  /// Its coroutine goes on: the place is free.
  void leave_place() noexcept {
    if (*kept_in == this) *kept_in = nullptr;
  }
  /// Whether it takes what has come: of those a socket has one in flight at a time.
  [[nodiscard]] bool takes() const noexcept { return what <= verb::read; }

  // Every waiting coroutine has one of these in its frame, and an idle connection is little else.
  // So the fields are narrow, the narrow ones lie together, and what no two verbs need shares its
  // place.

  verb what;
  bool many = false;  ///< datagrams: several may go or come in one call, each of `segment` bytes
  std::uint8_t family = 0;        ///< resolve: 4 or 6
  bool ends_stream = false;       ///< out: a receive found the end of the stream
  bool truncated = false;         ///< out: the datagram was longer than `size` allowed
  std::uint8_t engine_state = 0;  ///< the engine's own; 0: it is complete
  bool any_source = false;        ///< send: not from the source of `peer`, which was refused
  std::uint32_t piece_count = 0;
  std::uint32_t segment = 0;  ///< in for send, out for recv; 0: one datagram
  std::uint32_t size = 0;     ///< recv, read: at most so many bytes; recv_into: the buffer's;
                              ///< signal: a set of `signals`; send: the engine's own
  outcome_code code;          ///< out: what went wrong, if anything
  carrier* eng;               ///< null until start() for operations that no socket made
  handle on;                  ///< in; out for accept
  union {
    piece* pieces = nullptr;  ///< send, write; the engine advances them past what has gone
    std::byte* buffer;        ///< recv_into
    lease* got;               ///< recv, read: where what has come goes
    void* extra;              ///< resolve, signal, work: their own arguments; accept: the
                              ///< engine's own
  };
  address* peer = nullptr;  ///< in for connect and send, out for a datagram; may be null
  std::int64_t count = 0;   ///< out: bytes that went or came, kept on failure too
  union {
    void* engine_data = nullptr;  ///< the engine's own, while it has the operation
    op** kept_in;                 ///< of one that takes: see begin_waiting()
  };

 protected:
  /// A length for `size`: more than 4 GiB at a time nobody gets anyway.
  [[nodiscard]] static std::uint32_t narrow(std::size_t length) noexcept {
    constexpr std::size_t most = static_cast<std::uint32_t>(-1);
    return static_cast<std::uint32_t>(length < most ? length : most);
  }
  /// A number of pieces for `piece_count`, which must be below 2^32 (asserted).
  [[nodiscard]] static std::uint32_t count_of(std::size_t pieces) noexcept {
    if (pieces != narrow(pieces)) [[unlikely]]
      refuse_pieces();
    return narrow(pieces);
  }
  /// Settles the outcome on resumption, and says whether it is a failure: a receive whose context
  /// has been stopped in the meantime gives back what it took, so that no byte is lost to a
  /// deadline or a race.
  [[nodiscard]] bool failed() noexcept {
    if (code) [[unlikely]]
      settle_stopped();
    return static_cast<bool>(code);
  }
  /// The error for `code`, naming what was tried and on which address.
  [[nodiscard]] error failure() const;
  /// The same as an exception, when there is one.
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
