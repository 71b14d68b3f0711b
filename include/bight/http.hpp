// SPDX-License-Identifier: MIT
#pragma once

/// HTTP/1.1 client: GET and HEAD.

#include <bight/lease.hpp>
#include <bight/machinery/owned.hpp>
#include <bight/tcp.hpp>
#include <bight/time.hpp>
#include <bight/tls.hpp>
#include <bight/url.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace bight::http {

/// HTTP errors. Each also matches the condition of bight::errc in parentheses.
enum class errc {
  malformed = 1,       ///< the response is not valid HTTP/1.x (invalid)
  over_limit,          ///< the response exceeds one of `limits` (too_long)
  empty_reply,         ///< the server closed without sending any data (cut_short)
  bad_encoding,        ///< the content does not match its Content-Encoding, or has a coding that
                       ///< was not requested (invalid)
  too_many_redirects,  ///< more than options::redirects_max (too_long)
  redirect_refused,    ///< from https to http, or to an invalid or unsupported URL (denied)
  proxy_refused,       ///< the proxy replied but refused to connect (denied)
  too_slow,            ///< slower than options::rate_min (timed_out)
};

[[nodiscard]] const std::error_category& category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc e) noexcept;

/// A header field.
struct field {
  std::string name;
  std::string value;
};

/// Checks the fields of a request. client::get does so before it sends anything.
///
/// errors  invalid: the name is not a token; the value contains a control character (a line break
///         could inject a second request); or the client sets the field itself, because it affects
///         framing or the connection (Content-Length, Transfer-Encoding, Connection, …).
void check_fields(const std::vector<field>& fields);

/// Whether two field names are equal, ignoring ASCII case (RFC 9110 §5.1).
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

/// Returns a date as HTTP writes it: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
///
/// seconds  since 1970.
[[nodiscard]] std::string date_text(std::int64_t seconds);
/// Parses that format, or one of the two obsolete formats that recipients must accept. std::nullopt
/// if it is neither.
[[nodiscard]] std::optional<std::int64_t> parse_date(std::string_view text);

/// Whether the name is that of a compressed file: .gz, .tgz, .svgz, .br, .zst, .tzst. A server may
/// send "lib.tar.gz" as a tar file with a Content-Encoding. Decoding it would give a different file
/// from the one that was published.
[[nodiscard]] bool has_coded_name(std::string_view path) noexcept;

/// The status line and header of a response.
struct response_head {
  int status = 0;
  std::string reason;
  int version = 11;  ///< 10 or 11
  std::vector<field> fields;

  /// Returns the value of the first field with this name, or "" if there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  /// Returns the status line and the fields, one per line:
  /// "HTTP/1.1 200 OK\nContent-Type: text/html\n".
  [[nodiscard]] std::string text() const;
};

/// Limits on what a server may send. A response that exceeds one fails with errc::over_limit.
struct limits {
  std::size_t header_bytes = 65536;      ///< size of a header; curl allows 300 kB, Node.js 16 kB
  std::size_t header_fields = 256;       ///< number of fields, including the trailer's
  std::size_t interim_responses = 16;    ///< 1xx responses before the final one
  std::size_t chunk_line_bytes = 16384;  ///< size of a chunk header, and of the whole trailer
  /// Size of a body as received.
  std::uint64_t body_bytes = std::numeric_limits<std::uint64_t>::max();
  /// Size of a compressed body after decoding.
  std::uint64_t decoded_bytes = std::numeric_limits<std::uint64_t>::max();
  /// Maximum ratio of decoded to received bytes. deflate can reach 1032. Not set: no limit.
  std::optional<std::uint64_t> decoded_ratio = 250;
  /// Decoded bytes up to which the ratio is not checked.
  std::uint64_t decoded_free_bytes = 16 << 20;
};

/// How long each step may take. A step that takes longer fails with bight::errc::timed_out. For
/// name lookup and connecting, see options::connect.timeout.
struct timeouts {
  duration greeting = 15s;  ///< exchange with a proxy; for TLS see options::tls.timeout
  duration send = 30s;      ///< until the kernel has accepted the request
  duration header = 60s;    ///< from then until the header has arrived
  /// Inactivity timeout of the body: time spent in recv() without receiving a byte. A deadline
  /// around recv() does not restart it.
  duration silence = 60s;
};

/// A proxy. kind::none means a direct connection.
struct proxy {
  enum class kind : std::uint8_t { none, http, socks5 };

  proxy() = default;
  /// Parses "http://host:3128" or "socks5://[::1]:1080", with "user:password@" before the host if
  /// the proxy requires it. Default ports: 3128 and 1080. The proxy resolves the names of servers;
  /// this machine does not ("socks5h" is the same as "socks5").
  ///
  /// errors  bad_address.
  explicit proxy(std::string_view text);

  kind what = kind::none;
  address at;
  std::string user;
  std::string password;
};

/// Options of a client. The defaults are safe, and every limit is a field.
struct options {
  http::limits limits;
  http::timeouts timeouts;
  /// Minimum rate of a body in bytes per second, averaged over each rate_window of waiting in
  /// recv(); 0: no minimum.
  std::uint64_t rate_min = 64;
  duration rate_window = 1min;

  /// Maximum number of redirects per request; 0: return the redirect response itself.
  std::size_t redirects_max = 10;
  /// Whether to follow redirects from https to http.
  bool downgrade = false;
  /// Whether to accept gzip, deflate, br and zstd, and decode them. A body is returned as sent if
  /// the URL names a compressed file (has_coded_name), the request has a Range field, or the
  /// status is 206.
  bool decode = true;

  /// Maximum number of idle connections that the client keeps, and how long each may be reused.
  std::size_t idle_max = 8;
  duration idle_time = 30s;

  /// For every connection: family, timeout, and `allow`, the address policy. With a proxy, `allow`
  /// sees only the address of the proxy.
  tcp::connect_options connect;
  /// For every https connection: trusted certificates, handshake timeout. The client sets `name`
  /// and `protocols`.
  tls::connect_options tls;
  /// Returns the proxy for a URL. Default: no proxy; environment variables are not read.
  machinery::callback<proxy(const url&)> proxy_for;
  /// Value of the User-Agent field; "" omits the field.
  std::string user_agent = "bight";
};

/// A request.
struct request {
  request(url where) : to(std::move(where)) {}
  request(const char* where) : to(where) {}
  request(std::string_view where) : to(where) {}
  request(const std::string& where) : to(where) {}

  url to;
  /// HEAD instead of GET: receive only the header.
  bool head = false;
  /// Additional fields. Host, User-Agent, Accept, Accept-Encoding and Authorization replace the
  /// client's own. On a redirect to another origin, only fields that cannot hold a secret are
  /// sent: Accept…, User-Agent, Range, If-…. A Host field is not sent after any redirect.
  std::vector<field> fields = {};
};

class response;

/// An HTTP client with a pool of idle connections. Its destructor closes the idle connections;
/// responses remain usable.
///
/// A connection is reused only for the same scheme, host, port and proxy. All other settings (TLS,
/// address policy) are the client's. Clients share no connections.
///
/// threads  the thread of the loop on which it is used.
class client {
 public:
  client() : client(options()) {}
  explicit client(options how);
  client(client&&) noexcept;
  /// Closes the idle connections of the assigned-to client, as its destructor would.
  client& operator=(client&& other) noexcept;
  ~client();

  /// Sends the request, follows redirects, and returns the response when its header has arrived.
  /// The body is received with response::recv(). A status of 400 or above is not an error.
  ///
  /// If the server has closed a reused connection, the request is sent once more on a new one. That
  /// is safe: a GET changes nothing, and no byte of a response had arrived.
  ///
  /// errors  those of tcp::connect and tls::connect; reset, closed, cut_short, timed_out;
  ///         http::errc; invalid from check_fields(), before anything is sent.
  /// cancel  the connection is closed.
  /// source  RFC 9110, RFC 9112.
  BIGHT_CORO_WRAPPER task<response> get(request what) const;

  /// Returns the number of idle connections.
  [[nodiscard]] std::size_t idle() const noexcept;
  [[nodiscard]] const options& how() const noexcept;

 private:
  struct state;
  machinery::owned<state> state_;
};

/// Fetches one page:
///
///     auto page = co_await http::get("http://www.sina.com.cn/");
///     print(co_await page.text());
///
/// Like client::get, with a new client for this request.
BIGHT_CORO_WRAPPER task<response> get(request what, options how = options());

/// A response whose body has not been received yet. Move-only. Its destructor closes the
/// connection, unless the body has been read to the end and the client has kept the connection.
///
/// It can be read like a stream: `reader lines(page)` works.
///
/// threads  the loop's thread; one recv at a time. Must not be moved or destroyed during a recv.
class response {
 public:
  struct state;
  explicit response(machinery::owned<state> s) noexcept;
  response(response&&) noexcept;
  response& operator=(response&&) noexcept;
  ~response();

  [[nodiscard]] const response_head& head() const noexcept;
  [[nodiscard]] int status() const noexcept { return head().status; }
  /// Returns the URL of this response, after all redirects.
  [[nodiscard]] const url& from() const noexcept;
  /// Returns the size of the body, if the server sent it and the body is not decoded.
  [[nodiscard]] std::optional<std::uint64_t> length() const noexcept;
  /// Whether the body is compressed and recv() decodes it.
  [[nodiscard]] bool encoded() const noexcept;
  /// Returns the number of body bytes received so far, before decoding.
  [[nodiscard]] std::uint64_t received() const noexcept;
  /// Returns the address of the server or proxy.
  [[nodiscard]] const address& peer() const noexcept;
  /// Whether the connection was reused from an earlier request.
  [[nodiscard]] bool reused() const noexcept;

  /// Receives the next piece of the body, decoded.
  ///
  /// max      at least 1 (asserted).
  /// returns  1 to `max` bytes; an empty lease at the end of the body.
  /// errors   cut_short if the connection ends before the body; timed_out after timeouts::silence;
  ///          errc::too_slow (also matches timed_out); errc::malformed, over_limit, bad_encoding;
  ///          those of the stream. Each of them closes the connection. Later calls fail with the
  ///          same error if the response is at fault (cut_short, malformed, over_limit,
  ///          bad_encoding), else with closed.
  /// cancel   no bytes are lost: the next call returns them. The same holds for a deadline around
  ///          this call. The time counts of timeouts::silence and rate_min continue with the next
  ///          call.
  [[nodiscard]] task<lease> recv(std::size_t max = 65536) &;
  task<lease> recv(std::size_t = 0) && = delete;

  /// Receives the whole body.
  ///
  /// max     maximum size in bytes; a larger body fails with errc::over_limit.
  /// errors  as for recv.
  /// cancel  the part of the body received by this call is lost.
  [[nodiscard]] task<std::string> text(std::size_t max = 64 << 20) &;
  task<std::string> text(std::size_t = 0) && = delete;

 private:
  machinery::owned<state> state_;
};

}  // namespace bight::http

template <>
struct std::is_error_code_enum<bight::http::errc> : std::true_type {};
