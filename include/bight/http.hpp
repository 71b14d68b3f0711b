// SPDX-License-Identifier: MIT
#pragma once

/// Pages and files over HTTP/1.1: GET and HEAD.

#include <bight/lease.hpp>
#include <bight/tcp.hpp>
#include <bight/time.hpp>
#include <bight/tls.hpp>
#include <bight/url.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace bight::http {

/// What can go wrong with HTTP itself. Each also answers to a condition of bight::errc, in
/// brackets.
enum class errc {
  malformed = 1,       ///< the answer is not HTTP/1.x as it should be (invalid)
  over_limit,          ///< the answer passes one of `limits` (too_long)
  empty_reply,         ///< the server closed without a word (cut_short)
  bad_encoding,        ///< the content is not encoded as the header says, or in another coding than
                       ///< was asked for (invalid)
  too_many_redirects,  ///< more than options::redirects_max (too_long)
  redirect_refused,    ///< to http from https, or to something that is not a page (denied)
  proxy_refused,       ///< the proxy answered, and does not connect us (denied)
  too_slow,            ///< fewer bytes came than options::rate_min asks for (timed_out)
};

[[nodiscard]] const std::error_category& category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc e) noexcept;

/// A field of a header.
struct field {
  std::string name;
  std::string value;
};

/// Checks fields for a request; client::get does so before anything is sent.
///
/// errors  invalid: a name that is none, a byte that no value may have (a line break above all: it
///         would be a second request), or a field that decides where a message ends.
void check_fields(const std::vector<field>& fields);

/// Whether two field names are the same: case does not count (RFC 9110 §5.1).
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

/// Whether a file of that name is published in compressed form: .gz, .tgz, .svgz, .br, .zst, .tzst.
/// A server may describe "lib.tar.gz" as a tar file with a Content-Encoding; to decode it would
/// give another file than the one that was published.
[[nodiscard]] bool has_coded_name(std::string_view path) noexcept;

/// Status line and header of a response.
struct response_head {
  int status = 0;
  std::string reason;
  int version = 11;  ///< 10 or 11
  std::vector<field> fields;

  /// The value of the first field of that name; "" when there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  /// Status line and fields, a line each: "HTTP/1.1 200 OK\nContent-Type: text/html\n".
  [[nodiscard]] std::string text() const;
};

/// How much a server may make us hold or take in. What passes one of these is errc::over_limit.
struct limits {
  std::size_t header_bytes = 65536;      ///< of a header; curl's limit is 300 kB, Node's 16 kB
  std::size_t header_fields = 256;       ///< the trailer's counted too
  std::size_t interim_responses = 16;    ///< 1xx before the real one
  std::size_t chunk_line_bytes = 16384;  ///< of the line before a chunk, and of the trailer
  /// Bytes of a body as they come.
  std::uint64_t body_bytes = std::numeric_limits<std::uint64_t>::max();
  /// Bytes of a body that was compressed, as they are handed out.
  std::uint64_t decoded_bytes = std::numeric_limits<std::uint64_t>::max();
  /// How many times larger than it came a body may become; 0: any. deflate reaches 1032 times.
  std::uint64_t decoded_ratio = 250;
  /// Nothing below this size is held against the ratio.
  std::uint64_t decoded_free_bytes = 16 << 20;
};

/// How long each step may take; what passes one of these is errc::timed_out. The time of looking
/// up and connecting is options::connect.timeout.
struct timeouts {
  duration greeting = 15s;  ///< what a proxy asks and answers; of TLS see options::tls.timeout
  duration send = 30s;      ///< until the kernel has the request
  duration header = 60s;    ///< from then until the header is here
  /// Between two pieces of the body: the time spent in recv() without a byte. A deadline around
  /// recv() does not restart it.
  duration silence = 60s;
};

/// A program in between. `what` none: there is none.
struct proxy {
  enum class kind : std::uint8_t { none, http, socks5 };

  proxy() = default;
  /// "http://host:3128", "socks5://[::1]:1080", with "user:password@" if it asks for one. Names
  /// are looked up by the proxy, never here ("socks5h" is the same).
  ///
  /// errors  bad_address.
  explicit proxy(std::string_view text);

  kind what = kind::none;
  address at;
  std::string user;
  std::string password;
};

/// How pages are fetched. The defaults are safe; every limit is a field.
struct options {
  http::limits limits;
  http::timeouts timeouts;
  /// Bytes a second that must come of a body, on average over each rate_window of waiting for
  /// it; 0: any.
  std::uint64_t rate_min = 64;
  duration rate_window = 1min;

  /// Redirects followed for one request; 0: none, the response that redirects is given.
  std::size_t redirects_max = 10;
  /// Whether a redirect may lead from https to http.
  bool downgrade = false;
  /// Whether to accept gzip, deflate, br and zstd, and decode them. Not for a URL whose name says
  /// that the file itself is compressed (has_coded_name), nor for a request with its own Range:
  /// then the body is given as it is sent.
  bool decode = true;

  /// Connections kept for the next request to the same place, and how long.
  std::size_t idle_max = 8;
  duration idle_time = 30s;

  /// Of every connection: family, timeout, and `allow`, the policy on addresses.
  tcp::connect_options connect;
  /// Of every https connection: whom to trust, how long the handshake may take. `name` and
  /// `protocols` are set from the URL.
  tls::connect_options tls;
  /// Which proxy a URL is reached by; not set: none. The environment is the program's to read.
  machinery::callback<proxy(const url&)> proxy_for;
  /// "" sends none.
  std::string user_agent = "bight";
};

/// What to ask for.
struct request {
  request(url where) : to(std::move(where)) {}
  request(const char* where) : to(where) {}
  request(std::string_view where) : to(where) {}
  request(const std::string& where) : to(where) {}

  url to;
  /// HEAD instead of GET: the header alone.
  bool head = false;
  /// More fields; one of Host, User-Agent, Accept or Accept-Encoding replaces ours. A redirect to
  /// another origin takes along only those that cannot be a secret: Accept…, User-Agent, Range,
  /// If-….
  std::vector<field> fields = {};
};

class response;
struct client_state;

/// Fetches pages and keeps connections for the next ones. A client that dies closes what it keeps;
/// responses go on without it.
///
/// A kept connection serves only requests to the same scheme, host and port by the same proxy; all
/// else that matters (TLS, addresses) is the client's, and two clients share nothing.
///
/// threads  the loop's that it is used on.
class client {
 public:
  client() : client(options()) {}
  explicit client(options how);
  client(client&&) noexcept = default;
  /// Closes the connections that it kept, as its death would.
  client& operator=(client&& other) noexcept;
  ~client();

  /// Asks, follows redirects, and gives the response once its header is here; the body comes by
  /// response::recv(). A status of 400 and above is no error.
  ///
  /// A kept connection that the server had closed meanwhile costs one more try, which is safe: a
  /// GET changes nothing, and no byte of an answer had come.
  ///
  /// errors  those of tcp::connect and tls::connect; reset, closed, cut_short, timed_out;
  ///         http::errc; invalid for a field that no request may have, before anything is sent.
  /// cancel  the connection is closed.
  /// source  RFC 9110, RFC 9112.
  BIGHT_CORO_WRAPPER task<response> get(request what) const;

  /// Connections that are kept at the moment.
  [[nodiscard]] std::size_t idle() const noexcept;
  [[nodiscard]] const options& how() const noexcept;

 private:
  std::shared_ptr<client_state> state_;
};

/// Fetches one page:
///
///     auto page = co_await http::get("http://www.sina.com.cn/");
///     print(co_await page.text());
///
/// As client::get, with a client of its own.
BIGHT_CORO_WRAPPER task<response> get(request what, options how = options());

/// A response whose body is still to come. Move-only; dies with its connection, unless the body has
/// been read to its end and the client keeps that.
///
/// It can be read as a stream: `reader lines(page)` works.
///
/// threads  the loop's; one recv at a time. Must not move or die while one is in flight.
class response {
 public:
  struct state;
  explicit response(std::unique_ptr<state> s) noexcept;
  response(response&&) noexcept;
  response& operator=(response&&) noexcept;
  ~response();

  [[nodiscard]] const response_head& head() const noexcept;
  [[nodiscard]] int status() const noexcept { return head().status; }
  /// Where it came from, after all redirects.
  [[nodiscard]] const url& from() const noexcept;
  /// Bytes that recv() will give, when that is known: the server said so, and nothing is decoded.
  [[nodiscard]] std::optional<std::uint64_t> length() const noexcept;
  /// Whether the body comes compressed, and recv() decodes it.
  [[nodiscard]] bool encoded() const noexcept;
  /// Bytes of the body that have come, before they are decoded.
  [[nodiscard]] std::uint64_t received() const noexcept;
  /// The address of the server, or of the proxy.
  [[nodiscard]] const address& peer() const noexcept;
  /// Whether the connection had served a request before.
  [[nodiscard]] bool reused() const noexcept;

  /// The next piece of the body, 1 to `max` bytes, decoded; empty at its end.
  ///
  /// errors  cut_short when the connection ends before the body does; timed_out when
  ///         timeouts::silence has passed (also errc::too_slow); errc::malformed, over_limit,
  ///         bad_encoding; those of the stream. After each of them the connection is closed and
  ///         never used again. Further calls fail with the same error if it is the answer that is
  ///         wrong (cut_short, malformed, over_limit, bad_encoding), else with closed.
  /// cancel  no byte was taken: they come with the next call. So it is with a deadline around this
  ///         call. The clocks of timeouts::silence and rate_min go on with the next call.
  [[nodiscard]] task<lease> recv(std::size_t max = 65536) &;
  task<lease> recv(std::size_t = 0) && = delete;

  /// The whole body.
  ///
  /// max     more than so many bytes are errc::over_limit.
  /// errors  as recv.
  [[nodiscard]] task<std::string> text(std::size_t max = 64 << 20) &;
  task<std::string> text(std::size_t = 0) && = delete;

 private:
  std::unique_ptr<state> state_;
};

}  // namespace bight::http

template <>
struct std::is_error_code_enum<bight::http::errc> : std::true_type {};
