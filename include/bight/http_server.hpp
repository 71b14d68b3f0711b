// SPDX-License-Identifier: MIT
#pragma once

/// HTTP/1.1 server.
///
///     task<> hello(http::exchange& x) { co_await x.respond(200, "Hello\n"); }
///
///     run(http::serve(":8080", hello));

#include <bight/http.hpp>
#include <bight/piece.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bight::http {

/// A field of a request. Borrows the request's header.
struct field_view {
  std::string_view name;
  std::string_view value;
};

/// Limits of a server, per connection. The defaults are safe against slow and greedy clients.
struct server_limits {
  std::size_t header_bytes = 16384;     ///< size of a header; as Node.js. More is answered with 400
  std::size_t header_fields = 256;      ///< number of fields, including the trailer's
  std::size_t chunk_line_bytes = 4096;  ///< size of a chunk header, and of the whole trailer
  /// Size of a request body, as nginx. More is answered with 413. See exchange::limit_body().
  std::uint64_t body_bytes = 1 << 20;
  /// Time from the first byte of a header, or from the accept, to its last. Later: 408.
  duration header_time = 30s;
  /// Minimum rate of a request body in bytes per second, averaged over each rate_window of waiting
  /// in recv(); 0: no minimum. A slower body is answered with 408.
  std::uint64_t rate_min = 240;
  duration rate_window = 30s;
  /// Time for the client to take each 64 KiB of an answer. Then the connection is reset.
  duration send_time = 60s;
  /// How long a connection may be idle between two requests. Then it is closed.
  duration keep_alive = 60s;
  /// Maximum number of requests on one connection.
  std::size_t requests = 1000;
  /// If a handler leaves a body unread, how much of it is read and discarded, and for how long, so
  /// that the connection can be kept. Otherwise the connection is closed.
  std::uint64_t unread_bytes = 256 << 10;
  duration unread_time = 5s;
};

/// Why a server refused a request without calling the handler.
enum class refusal : std::uint8_t {
  none,       ///< it did not
  malformed,  ///< not HTTP/1.x, or ambiguous
  tls,        ///< the client speaks TLS, this server does not
  too_large,  ///< the header exceeds a limit
  too_slow,   ///< the header was not complete in time
};

/// One answer, for an access log. Borrowed for the call.
struct access {
  const address& peer;
  std::string_view method;  ///< "" if the request was refused
  std::string_view target;
  int status = 0;  ///< 0 if the connection failed before an answer began
  /// Whether the whole answer was sent. If not, the connection is reset.
  bool complete = false;
  std::uint64_t received = 0;  ///< bytes of the request's body
  std::uint64_t sent = 0;      ///< bytes of the answer's body
  duration took{};             ///< from the end of the header to the end of the answer
  refusal refused = refusal::none;
};

/// One request and its answer. Made by the server, for one call of a handler.
///
/// The answer is either complete, by respond(), or streamed, by begin() and send(). If a handler
/// returns without an answer, the answer is 204. If it throws before the answer has begun, the
/// answer is 500; afterwards, the connection is reset, so that a truncated answer does not look
/// complete. Errors of handlers are reported like errors of sessions, by
/// bight::serve_options::on_error.
///
/// It can be read and written like a stream: `reader lines(x)` reads the body by lines.
///
/// threads  the thread of the connection's loop. One recv and one send at a time.
class exchange {
 public:
  struct state;
  explicit exchange(state& s) noexcept : state_(&s) {}
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  // ── The request ───────────────────────────────────────────────────────────────────────────────

  /// The method as it was sent: "GET". Methods are case-sensitive.
  [[nodiscard]] std::string_view method() const noexcept;
  /// The target as it was sent: "/a%20b?c=d".
  [[nodiscard]] std::string_view target() const noexcept;
  /// The path of the target, not decoded: "/a%20b". A proxy's target "http://host/a" has the path
  /// "/a".
  [[nodiscard]] std::string_view path() const noexcept;
  /// The value of `name` in the query, decoded; "+" means a blank. std::nullopt if it is missing.
  [[nodiscard]] std::optional<std::string> query(std::string_view name) const;
  [[nodiscard]] std::span<const field_view> fields() const noexcept;
  [[nodiscard]] bool has(std::string_view name) const noexcept;
  /// The value of a field; several fields of that name are joined by ", " (RFC 9110 §5.3). "" if
  /// there is none.
  [[nodiscard]] std::string get(std::string_view name) const;
  [[nodiscard]] int version() const noexcept;  ///< 10 or 11
  /// The client's address; for an unnamed unix client, the server's.
  [[nodiscard]] const address& peer() const noexcept;

  /// The size of the body; 0 if there is none, std::nullopt if it is sent in chunks.
  [[nodiscard]] std::optional<std::uint64_t> length() const noexcept;
  /// Changes the maximum size of this body: see server_limits::body_bytes.
  void limit_body(std::uint64_t bytes) noexcept;

  /// Receives the next piece of the body. The first call tells a client that waits for it to send
  /// the body (Expect: 100-continue).
  ///
  /// max      at least 1 (asserted).
  /// returns  1 to `max` bytes; an empty lease at the end of the body.
  /// errors   errc::over_limit, malformed, too_slow; cut_short if the connection ends within the
  ///          body; those of the stream. A handler need not catch them: the server answers 413, 400
  ///          or 408. The connection is closed after the answer.
  /// cancel   no bytes are lost: the next call returns them.
  [[nodiscard]] task<lease> recv(std::size_t max = 65536) &;
  /// Receives the whole body, up to the maximum size of a body.
  ///
  /// errors  as for recv.
  /// cancel  the part of the body received by this call is lost.
  [[nodiscard]] task<std::string> text() &;

  // ── The answer ────────────────────────────────────────────────────────────────────────────────

  /// Sets a field of the answer, in place of those of that name. Before the answer begins
  /// (asserted).
  ///
  /// errors  as check_fields(): the name is not a token, the value contains a control character (a
  ///         line break would split the answer), or the server sets that field itself.
  void set(std::string_view name, std::string_view value);
  /// Adds a field, for those that may occur several times, such as Set-Cookie.
  void add(std::string_view name, std::string_view value);
  /// Closes the connection after the answer. Before the answer begins (asserted).
  void close_after() noexcept;

  /// Sends a whole answer. The answer to HEAD has the same header and no body.
  ///
  /// status  200 to 999 (asserted). 204, 205 and 304 have no body.
  /// body    borrowed until the await ends.
  /// type    the Content-Type, unless set() has set one. Not sent without a body.
  /// errors  invalid if the answer has begun; those of the stream; timed_out after
  ///         server_limits::send_time. The connection is reset after each of them.
  [[nodiscard]] task<> respond(int status, std::string_view body = {},
                               std::string_view type = "text/plain; charset=utf-8");

  /// Sends the header of a streamed answer, whose body is sent by send().
  ///
  /// length  the size of the body, if known. Otherwise it is sent in chunks; for an HTTP/1.0 client
  ///         it ends with the connection.
  /// errors  as for respond().
  [[nodiscard]] task<> begin(int status = 200, std::optional<std::uint64_t> length = std::nullopt);
  /// Sends the next piece of the body, and waits until the kernel has taken it. Begins an answer
  /// with status 200 if none has begun. For HEAD, sends no body.
  ///
  /// bytes   text, a lease, a range of bytes; borrowed until the await ends.
  /// errors  as for respond(); invalid beyond the length given to begin().
  [[nodiscard]] task<> send(piece bytes);
  /// Ends a streamed answer. The server does so when the handler returns.
  ///
  /// errors  as for send(); cut_short if less than the length given to begin() was sent.
  [[nodiscard]] task<> end();

  /// Whether an answer has begun.
  [[nodiscard]] bool begun() const noexcept;

 private:
  state* state_;
};

/// Answers one request. Runs concurrently, once per connection at a time.
using handler = machinery::callback<task<>(exchange&)>;

/// Options of a server. The defaults are safe; every limit is a field.
struct serve_options {
  server_limits limits = {};
  /// Value of the Server field; "" omits the field.
  std::string name = "bight";
  /// Called once for each answer, with the thread of its connection.
  machinery::callback<void(const access&)> on_answer = {};
  /// Makes it a TLS server. Its member `server` is not used, and its `protocols` become
  /// {"http/1.1"} if they are empty.
  std::optional<tls::serve_options> tls = {};
  /// What all servers have: limits, threads, the drain, error reports. A drain finishes the answers
  /// in progress and closes idle connections at once.
  bight::serve_options server = {};
};

/// Serves `at` with `handle`: addresses, as tcp::serve; "unix:/path" for a unix socket.
///
/// Connections are kept, and pipelined requests are answered in order. Requests that programs read
/// in different ways are refused with 400, and the connection is closed: a Content-Length together
/// with a Transfer-Encoding, several Content-Lengths, any coding but chunked, folded fields, bad
/// chunk sizes, no or several Hosts in HTTP/1.1.
///
/// errors  those of tcp::serve and tls::serve.
/// source  RFC 9110, RFC 9112.
[[nodiscard]] BIGHT_CORO_WRAPPER task<> serve(machinery::addresses at, handler handle,
                                              serve_options options = serve_options());

/// Serves the connections of a listener; see tcp::serve.
[[nodiscard]] BIGHT_CORO_WRAPPER task<> serve(tcp::listener at, handler handle,
                                              serve_options options = serve_options());

/// Serves one connection until it ends, for programs with their own accept loop or session. In a
/// session of tcp::serve() or tls::serve() it takes part in the server's drain.
///
/// peer    borrowed until the task ends.
/// handle  borrowed; so are the options, whose members `tls` and `server` are not used.
/// errors  those of the stream and the handler; the connection must then be reset.
[[nodiscard]] task<> serve_connection(stream& peer, const handler& handle,
                                      const serve_options& options);

}  // namespace bight::http
