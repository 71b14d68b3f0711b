// SPDX-License-Identifier: MIT
#pragma once

/// UDP datagrams: each arrives whole or not at all; delivery is not guaranteed.

#include <bight/machinery/addresses.hpp>
#include <bight/serve.hpp>
#include <bight/stream.hpp>

namespace bight::udp {

/// A received datagram. It may be empty, which is a datagram of 0 bytes and not an end.
struct datagram {
  lease data;
  address from;            ///< the sender; send_to(from) replies from the address it was sent to
  bool truncated = false;  ///< it was longer than the receive allowed; the rest is lost

  operator std::string_view() const noexcept { return data; }
};

/// Datagrams of one sender received by one call, in order. Each has `segment` bytes, except the
/// last, which may be shorter. Can be iterated:
///
///     for (std::string_view each : co_await socket.recv_many()) …
class datagrams {
 public:
  lease data;               ///< all the bytes, concatenated
  std::size_t segment = 0;  ///< bytes of each datagram but the last
  address from;
  bool truncated = false;  ///< the last was longer than the receive allowed; its rest is lost

  class iterator {
   public:
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    iterator() noexcept = default;
    iterator(const datagrams& all, std::size_t index) noexcept : all_(&all), index_(index) {}
    std::string_view operator*() const noexcept { return (*all_)[index_]; }
    iterator& operator++() noexcept { return ++index_, *this; }
    iterator operator++(int) noexcept { return {*all_, index_++}; }
    friend bool operator==(iterator a, iterator b) noexcept { return a.index_ == b.index_; }

   private:
    const datagrams* all_ = nullptr;
    std::size_t index_ = 0;
  };

  /// Number of datagrams, at least 1: a datagram may be empty.
  [[nodiscard]] std::size_t size() const noexcept {
    return data.size() <= segment ? 1 : (data.size() + segment - 1) / segment;
  }
  [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept BIGHT_BORROWS {
    return data.view().substr(i * segment, segment);
  }
  [[nodiscard]] iterator begin() const noexcept BIGHT_BORROWS { return {*this, 0}; }
  [[nodiscard]] iterator end() const noexcept BIGHT_BORROWS { return {*this, size()}; }
};

class [[nodiscard]] recv_operation : public machinery::op,
                                     public machinery::awaits<recv_operation> {
 public:
  using value_type = datagram;
  recv_operation(machinery::carrier* c, machinery::handle h, std::size_t max) noexcept
      : machinery::op(machinery::verb::recv, c, h) {
    size = narrow(max);
  }
  bool start(std::coroutine_handle<> h, context& c) {
    got = &received_;
    peer = &from_;
    return machinery::op::start(h, c);
  }
  [[nodiscard]] datagram get();
  [[nodiscard]] result<datagram> take();

 protected:
  lease received_;
  address from_;
};

class [[nodiscard]] recv_many_operation : public recv_operation {
 public:
  using value_type = datagrams;
  recv_many_operation(machinery::carrier* c, machinery::handle h) noexcept
      : recv_operation(c, h, 65536) {
    many = true;
  }
  [[nodiscard]] datagrams get();
  [[nodiscard]] result<datagrams> take();
};

template <std::size_t N>
class [[nodiscard]] send_to_operation : public machinery::gathered_send<N>,
                                        public machinery::awaits<send_to_operation<N>> {
 public:
  template <class... P>
  send_to_operation(machinery::carrier* c, machinery::handle h, address to,
                    const P&... parts) noexcept
      : machinery::gathered_send<N>(machinery::verb::send, c, h, parts...), to_(std::move(to)) {}
  bool start(std::coroutine_handle<> h, context& c) {
    this->peer = &to_;
    return machinery::gathered_send<N>::start(h, c);
  }

 private:
  address to_;
};

/// See request::reply.
template <std::size_t N>
class [[nodiscard]] reply_operation : public machinery::gathered_send<N>,
                                      public machinery::awaits<reply_operation<N>> {
 public:
  template <class... P>
  reply_operation(machinery::carrier* c, machinery::handle h, address& to,
                  const P&... parts) noexcept
      : machinery::gathered_send<N>(machinery::verb::send, c, h, parts...) {
    this->peer = &to;
  }
};

template <class Send>
class [[nodiscard]] many_at_once : public Send {
 public:
  template <class... A>
  explicit many_at_once(std::size_t bytes_each, A&&... rest) noexcept
      : Send(std::forward<A>(rest)...) {
    this->many = true;
    this->segment = static_cast<std::uint32_t>(bytes_each);
  }
};
using send_many_operation = many_at_once<machinery::send_operation<1>>;
using send_many_to_operation = many_at_once<send_to_operation<1>>;

/// A UDP socket, bound or connected. Move-only; the destructor closes it.
///
/// threads  the thread of the loop that made it. One receive at a time; any number of sends.
class socket {
 public:
  socket() noexcept = default;
  socket(machinery::carrier& c, machinery::handle h) noexcept : carrier_(&c), handle_(h) {}
  socket(socket&& other) noexcept
      : carrier_(other.carrier_), handle_(std::exchange(other.handle_, {})) {}
  /// Closes the socket that it held before.
  socket& operator=(socket&& other) noexcept {
    socket taken(std::move(other));
    std::swap(carrier_, taken.carrier_);
    std::swap(handle_, taken.handle_);
    return *this;
  }
  ~socket() { close(); }

  /// Receives the next datagram, waiting until one arrives.
  ///
  /// max     maximum number of bytes; a longer datagram is cut and marked `truncated`.
  /// errors  refused, on a connected socket: the port of an earlier datagram was closed. It is
  ///         reported once, and the socket stays usable. cancelled, busy.
  /// cancel  no datagram was taken.
  /// source  recvmsg(2), udp(7).
  [[nodiscard]] recv_operation recv(std::size_t max = 65536) & noexcept {
    return {carrier_, handle_, max};
  }

  /// Receives the next datagram if one has already arrived, without waiting.
  ///
  /// returns  std::nullopt if none has arrived.
  /// errors   as recv.
  [[nodiscard]] machinery::try_operation<recv_operation> try_recv(
      std::size_t max = 65536) & noexcept {
    return machinery::try_operation<recv_operation>(recv(max));
  }

  /// Sends all the parts as one datagram, gathered, to the peer of a connected socket.
  ///
  /// errors  message_too_large, refused (the port of an earlier datagram was closed), bad_address
  ///         if the socket is not connected, no_resources.
  template <class... P>
    requires(sizeof...(P) > 0 && (std::is_constructible_v<piece, P&> && ...))
  [[nodiscard]] machinery::send_operation<sizeof...(P)> send(P&&... parts) & noexcept {
    return {machinery::verb::send, carrier_, handle_, piece(parts)...};
  }

  /// Sends a datagram to `to`, which must be an IP address. If `to.source()` is set, the datagram
  /// is sent from that address, so a reply comes from the address to which the request was sent.
  template <class... P>
    requires(sizeof...(P) > 0 && (std::is_constructible_v<piece, P&> && ...))
  [[nodiscard]] send_to_operation<sizeof...(P)> send_to(address to, P&&... parts) & noexcept {
    return {carrier_, handle_, std::move(to), piece(parts)...};
  }

  /// Receives up to 64 KiB of consecutive datagrams of one sender, waiting for the first. Faster
  /// for high rates: one system call, and one pass through the kernel, for all of them.
  ///
  /// The first call makes the kernel merge datagrams that arrive on this socket. recv() still
  /// returns them one by one.
  ///
  /// errors  as recv.
  /// cancel  no datagram was taken.
  /// source  udp(7), UDP_GRO (Linux 5.0); older kernels return one datagram per call.
  [[nodiscard]] recv_many_operation recv_many() & noexcept { return {carrier_, handle_}; }

  /// Sends `data` as datagrams of `segment` bytes each, the last possibly shorter, to the peer of a
  /// connected socket. One call passes up to 64 of them to the kernel, which splits them late.
  ///
  /// data     borrowed until the await ends. Any length; if empty, nothing is sent.
  /// segment  1 to 65507 (asserted), preferably at most a packet's payload (1452 bytes are safe on
  ///          Ethernet); longer datagrams are sent one by one and are fragmented.
  /// errors   as send; transferred() is the number of bytes sent before.
  /// source   udp(7), UDP_SEGMENT (Linux 4.18); if the kernel refuses it, datagrams are sent one by
  ///          one.
  template <class P>
    requires std::is_constructible_v<piece, P&>
  [[nodiscard]] send_many_operation send_many(P&& data, std::size_t segment) & noexcept {
    check_segment(segment);
    return send_many_operation(segment, machinery::verb::send, carrier_, handle_, piece(data));
  }
  /// Sends to `to`, which must be an IP address.
  template <class P>
    requires std::is_constructible_v<piece, P&>
  [[nodiscard]] send_many_to_operation send_many_to(address to, P&& data,
                                                    std::size_t segment) & noexcept {
    check_segment(segment);
    return send_many_to_operation(segment, carrier_, handle_, std::move(to), piece(data));
  }

  void close() noexcept;
  [[nodiscard]] address local() const;
  [[nodiscard]] address remote() const;
  /// The engine's handle, for tables and logs. Empty once the socket is closed or moved from.
  [[nodiscard]] machinery::handle id() const noexcept { return handle_; }

  template <class T>
  void set(machinery::option<T> o, std::type_identity_t<T> value) {
    set_option(o.id, static_cast<int>(value));
  }
  template <class T>
  [[nodiscard]] T get(machinery::option<T> o) const {
    return static_cast<T>(get_option(o.id));
  }

 private:
  static void check_segment(std::size_t bytes) noexcept;
  void set_option(machinery::option_id id, int value);
  [[nodiscard]] int get_option(machinery::option_id id) const;

  machinery::carrier* carrier_ = nullptr;
  machinery::handle handle_;
};

/// Binds a socket to `at`: an IP address, ":port" (dual stack) or a name.
///
/// A socket bound to every address records the local address of each received datagram, and replies
/// from it: see address::source.
///
/// errors  address_in_use, address_not_available, denied, name_not_found.
[[nodiscard]] task<socket> bind(address at);

/// Returns a socket connected to `to`: datagrams of other senders are not delivered, and a closed
/// port is reported as errc::refused. Sends nothing. If `to` is a name, the first address with a
/// route is used.
[[nodiscard]] task<socket> connect(address to);

/// A received datagram and the means to reply to it.
class request {
 public:
  request(machinery::carrier& c, machinery::handle h, datagram&& d) noexcept
      : carrier_(&c), handle_(h), datagram_(std::move(d)) {}

  [[nodiscard]] const lease& data() const noexcept { return datagram_.data; }
  [[nodiscard]] const address& from() const noexcept { return datagram_.from; }
  /// The local address that the datagram was sent to, with the port; a multicast or broadcast
  /// address if it was sent to one. After the server has ended, without the port, or of kind none.
  [[nodiscard]] address to() const;
  [[nodiscard]] bool truncated() const noexcept { return datagram_.truncated; }

  /// Sends all the parts as one datagram to the sender, from the address that the request was sent
  /// to.
  template <class... P>
    requires(sizeof...(P) > 0 && (std::is_constructible_v<piece, P&> && ...))
  [[nodiscard]] reply_operation<sizeof...(P)> reply(P&&... parts) & noexcept {
    return {carrier_, handle_, datagram_.from, piece(parts)...};
  }

 private:
  machinery::carrier* carrier_;
  machinery::handle handle_;
  datagram datagram_;
};

using handler = machinery::callback<task<>(request)>;

/// Serves `at` until a drain; see tcp::serve. `handle` runs concurrently, in one session per
/// datagram. At most options.max_connections sessions run at a time: more datagrams wait in the
/// socket's buffer, and the kernel drops those that do not fit.
///
/// If a handler replies to every datagram, one datagram with a forged source makes it exchange
/// replies with another server forever (CVE-2024-2169). Do not reply to a datagram that may itself
/// be a reply: check a type or a marker in it, ignore ports below 1024, and ignore a peer that only
/// repeats itself.
///
/// errors  those of binding, and failures of the socket itself. A reply that is refused is no
///         error: the client has gone.
[[nodiscard]] BIGHT_CORO_WRAPPER task<> serve(machinery::addresses at, handler handle,
                                              serve_options options = serve_options());

/// Serves the datagrams of `at`, an open socket (asserted) of this loop, from bind(). Closes it
/// when the server ends.
///
/// errors  invalid if options.threads is not 1: one socket serves on one thread.
[[nodiscard]] BIGHT_CORO_WRAPPER task<> serve(socket at, handler handle,
                                              serve_options options = serve_options());

}  // namespace bight::udp
