// SPDX-License-Identifier: MIT
#pragma once

/// HTTP/1.1 server.
///
///     task<> hello(http::exchange& x) { co_await x.respond(200, "Hello\n"); }
///
///     run(http::serve(":8080", hello));
///
/// `routes` calls a handler by method and path, `send_file` answers with a file, and `event_stream`
/// writes server-sent events.

#include <bight/http.hpp>
#include <bight/piece.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
  std::string_view reason = {};  ///< why the request or its body was refused; "" if it was not
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
  /// The part of the path that matched {name} in the pattern of `routes`, decoded; "" if there is
  /// none.
  [[nodiscard]] std::string_view parameter(std::string_view name) const noexcept;
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
  friend class routes;
  friend class event_stream;

  state* state_;
};

/// Answers one request. Runs concurrently, once per connection at a time.
using handler = machinery::callback<task<>(exchange&)>;

/// Options of a server. The defaults are safe; every limit is a field.
struct serve_options {
  server_limits limits = {};
  /// Value of the Server field; "" omits the field.
  std::string name = "bight";
  /// Fields of every answer in which a handler does not set them: {{"X-Frame-Options", "DENY"}}.
  /// Checked by serve(), as check_fields() does.
  std::vector<field> fields = {};
  /// Called once for each answer, in the thread of its connection.
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

// ── Routes ──────────────────────────────────────────────────────────────────────────────────────

/// A table of handlers by method and path. It is a handler itself:
///
///     http::routes api;
///     api.on("GET", "/items", list);
///     api.on("DELETE", "/items/{id}", remove);  // x.parameter("id")
///     run(http::serve(":8080", api));
///
/// A path that no pattern matches is answered with 404; a known path with another method with 405
/// and Allow. HEAD is answered by the handler of GET, unless it has its own.
///
/// threads  any, while no route is added.
class routes {
 public:
  /// Adds a route. In `pattern`, {name} matches one segment of the path, which is not empty, and
  /// {name...} at the end matches the rest. If several patterns match, the first segment in which
  /// they differ decides: text, before {name}, before {name...}. Order does not matter.
  ///
  /// errors  invalid: the pattern does not begin with "/", or has a wrong parameter; or the route
  ///         exists.
  void on(std::string_view method, std::string_view pattern, handler handle);

  task<> operator()(exchange& x) const;

 private:
  struct segment {
    enum class kind : std::uint8_t { text, one, rest };
    kind matches = kind::text;
    std::string text;  ///< or the parameter's name
  };
  struct route {
    std::string method;
    std::vector<segment> segments;
    handler handle;
  };
  [[nodiscard]] static std::vector<segment> parse(std::string_view pattern);
  [[nodiscard]] static bool matches(const route& r, const std::vector<std::string>& path);
  [[nodiscard]] static bool comes_before(const route& a, const route& b);

  std::vector<route> routes_;
};

// ── Files ───────────────────────────────────────────────────────────────────────────────────────

/// One version of a file.
struct file_version {
  std::uint64_t size = 0;
  std::int64_t changed = 0;  ///< seconds since 1970
  /// A strong ETag, with its quotes: differs whenever the bytes may differ.
  std::string tag = {};
};

/// Answers with a file: ranges, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since and
/// If-Range as in RFC 9110 §13 and §14. Requests for several ranges get the whole file. Fields that
/// were set() are sent too. Another method than GET and HEAD is answered with 405.
///
/// path    opened as it is: do not pass on a client's path. If there is no such file: 404. If there
///         are no descriptors: 503.
/// type    the Content-Type; see media_type().
/// errors  those of exchange::send(); cut_short if the file became shorter meanwhile.
[[nodiscard]] task<> send_file(exchange& x, std::string path, std::string type);

/// Answers with an open file, which is borrowed. Changes its offset.
[[nodiscard]] task<> send_file(exchange& x, int file, file_version version, std::string type);

/// The media type of a common kind of file, by the ending of its name: "text/html; charset=utf-8"
/// for "a.HTML"; "application/octet-stream" for an unknown one.
[[nodiscard]] std::string media_type(std::string_view name);

// ── Server-sent events ──────────────────────────────────────────────────────────────────────────

/// Answers with events that a browser's EventSource receives.
///
///     http::event_stream events(x);
///     for (;;) co_await events.send(co_await next());
///
/// An open event stream delays the drain of its server: race with until_drain(). Without traffic,
/// bight::serve_options::idle ends it: send a comment now and then.
///
/// source  WHATWG HTML, "Server-sent events".
class event_stream {
 public:
  /// `x` is borrowed.
  explicit event_stream(exchange& x) noexcept : x_(&x) {}

  /// Sends an event. Begins the answer, if it has not begun.
  ///
  /// data    may have several lines.
  /// name    the type of the event; "" for "message".
  /// id      what the client sends as Last-Event-ID when it connects again; "" for none.
  /// errors  invalid if name or id contain a line break or NUL; those of exchange::send(). A
  ///         handler need not catch them. For HEAD, the first call ends the answer and fails with
  ///         closed, which is not reported.
  [[nodiscard]] task<> send(std::string_view data, std::string_view name = {},
                            std::string_view id = {});
  /// Sends a comment, which clients ignore. It shows whether the client is still there.
  [[nodiscard]] task<> comment(std::string_view text = {});
  /// The id of the last event that the client has received; "" if it has none.
  [[nodiscard]] std::string last_id() const { return x_->get("Last-Event-ID"); }

 private:
  [[nodiscard]] task<> write(std::string text);

  exchange* x_;
};

}  // namespace bight::http
