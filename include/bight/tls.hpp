// SPDX-License-Identifier: MIT
#pragma once

/// TLS clients and servers, with the interface of tcp. Connections are `bight::stream`s, so the
/// same handler serves both:
///
///     run(tcp::serve(":8080", greet));
///     run(tls::serve(":8443", greet, {.certificate = "cert.pem", .key = "key.pem"}));
///
/// TLS 1.2 and 1.3, by OpenSSL. A TLS stream differs from a plain one as follows:
///
/// end      An empty receive means that the peer sent close_notify. A connection that ends without
///          it fails with errc::tls_truncated: bytes may be missing.
/// close    sends close_notify and does not wait. The connection stays open in the background until
///          that is sent: for at most 30 s, 5 s without progress, and 2 s after the loop's main
///          task has ended. abort() sends no close_notify.
/// options  apply to the underlying socket; id(), local() and remote() too.
/// cancel   as everywhere: no byte is lost. transferred() of a cancelled send is exactly the number
///          of bytes that were encrypted; those leave with the next send or the close.
///
/// Never used: renegotiation, compression, data before the handshake is complete (0-RTT).

#include <bight/machinery/owned.hpp>
#include <bight/tcp.hpp>

#include <optional>
#include <string>
#include <vector>

namespace bight::tls {

using stream = bight::stream;

/// TLS protocol versions.
enum class version : std::uint8_t { tls12, tls13 };

/// A certificate and its private key, as paths of PEM files. The intermediate certificates follow
/// the certificate in the same file.
struct identity {
  std::string certificate;
  std::string key;
};

// ── Clients ─────────────────────────────────────────────────────────────────────────────────────

/// Options of a client. The defaults suit the web: the system's certificate authorities are
/// trusted, and the certificate must match the host.
struct connect_options {
  /// The name that the certificate must match and that is sent to the server (SNI). Empty: the host
  /// of the address.
  std::string name = {};
  /// A PEM file of certificate authorities to trust instead of the system's.
  std::string authorities = {};
  /// Public keys to trust, in the format of `tls::pin` and curl's --pinnedpubkey: "sha256//…". If
  /// any is given, the server must have one of these keys, and nothing else in its certificate is
  /// checked: neither authority, name nor dates (as in RFC 7671 §5.1 for keys in the DNS).
  std::vector<std::string> pins = {};
  /// Accepts any certificate: encrypted, but not authenticated. For experiments.
  bool insecure = false;
  /// The client's own certificate, for servers that request one.
  identity certificate = {};
  /// Protocols to offer (ALPN, RFC 7301), preferred first: {"h2", "http/1.1"}. `info()` reports the
  /// selected one. A server that supports none of them may refuse, or select none.
  std::vector<std::string> protocols = {};
  version least = version::tls12;
  /// Whether to resume an earlier session with the same host and port and the same options. Saves
  /// the public-key operations of a full handshake. Sessions are kept per loop.
  bool resume = true;
  /// Time limit for name lookup, TCP connection and handshake together.
  duration timeout = 10s;
};

/// Connects to `to` and completes the TLS handshake.
///
/// errors  those of tcp::connect; certificate_self_signed, certificate_unknown_authority,
///         certificate_expired, certificate_not_yet_valid, certificate_wrong_host,
///         certificate_not_pinned, certificate_unusable; tls_not_spoken if the server does not
///         speak TLS; tls_old_protocol; tls_alert if it refuses; tls_failed, tls_truncated,
///         timed_out, reset, …. The text names the certificate, the problem and what to do about
///         it.
/// cancel  no connection is left behind.
/// source  RFC 8446; RFC 6125 for names, without partial wildcards and without common names.
[[nodiscard]] task<stream> connect(address to, connect_options options = connect_options(),
                                   tcp::connect_options tcp_options = tcp::connect_options());

/// Starts TLS over a connected stream: a tunnel through a proxy, a unix socket, another TLS stream.
/// `to` is the address of the expected server.
[[nodiscard]] task<stream> connect(stream over, address to,
                                   connect_options options = connect_options());

// ── Servers ─────────────────────────────────────────────────────────────────────────────────────

/// Options of a server: its certificates, the clients it accepts, and what all servers have.
struct serve_options {
  /// PEM files. If both and `more` are empty, serve() creates a self-signed certificate, for
  /// development. It is used until serve() ends, and its dates cover 30 days; clients trust it by
  /// the pin that `on_pin` gets.
  std::string certificate = {};
  std::string key = {};
  /// Certificates for other names. The first certificate that matches the name requested by the
  /// client is used; if none matches, the first of all.
  std::vector<identity> more = {};
  /// Requires client certificates issued by an authority in this PEM file. Empty: none is
  /// requested.
  std::string client_authorities = {};
  /// Supported protocols (ALPN), preferred first. A client that offers only others is refused, as
  /// RFC 7301 §3.2 requires; one that offers none is served.
  std::vector<std::string> protocols = {};
  version least = version::tls12;
  /// Time limit from the accept to the end of the handshake.
  duration handshake = 10s;
  /// Whether to read the files again on SIGHUP; works only where signals begin a drain
  /// (`server.signals`). Existing connections are kept. If the files have an error, the server
  /// keeps the old certificates.
  bool reload = true;
  /// Called after each reload: with null, or the error. If not set, errors go to `server.on_error`,
  /// with an address of kind none, or to standard error.
  machinery::callback<void(const error* wrong)> on_reload = {};
  /// Called with the pin of the self-signed certificate. If not set, the pin is printed on standard
  /// error, with a client command.
  machinery::callback<void(const std::string& pin)> on_pin = {};
  /// What all servers have: limits, threads, the drain, error reports.
  bight::serve_options server = {};
};

/// Serves `at` with `handle`, as tcp::serve does; the handler is called after the handshake. A
/// failed handshake is an error of that session: see bight::serve_options::on_error.
///
/// errors  those of tcp::serve; and, before the server listens, for files that cannot be read, that
///         hold no certificate or no key, that are encrypted, or that do not match.
[[nodiscard]] BIGHT_CORO_WRAPPER task<> serve(machinery::addresses at, tcp::handler handle,
                                              serve_options options = serve_options());

/// Serves the connections of a listener; see tcp::serve.
[[nodiscard]] BIGHT_CORO_WRAPPER task<> serve(tcp::listener at, tcp::handler handle,
                                              serve_options options = serve_options());

/// The loaded certificates of a server, for programs with their own accept loop.
///
/// threads  any may accept; reload() from one at a time.
class acceptor {
 public:
  /// options  options.server is not used.
  /// errors   those of serve() for files.
  explicit acceptor(serve_options options);
  ~acceptor();
  acceptor(acceptor&&) noexcept;
  acceptor& operator=(acceptor&&) noexcept;

  /// Reads the files again, for later connections. If that fails, nothing changes.
  void reload();
  /// Performs the handshake on an accepted connection. Has no time limit: use `within`.
  [[nodiscard]] task<stream> accept(stream over) const;
  /// Returns the pin of the first certificate.
  [[nodiscard]] std::string pin() const;

 private:
  struct state;
  machinery::owned<state> state_;
};

// ── Both ────────────────────────────────────────────────────────────────────────────────────────

/// The negotiated parameters of a connection, for logs and for the protocols above TLS.
struct agreement {
  std::string protocol;     ///< "TLSv1.3"
  std::string cipher;       ///< "TLS_AES_256_GCM_SHA384"
  std::string application;  ///< selected by ALPN; empty: none
  std::string name;         ///< requested by the client (SNI); empty: none
  std::string peer;         ///< the peer's subject, "CN = …"; empty: no certificate
  std::string pin;          ///< the pin of the peer's key
  bool resumed = false;
};

/// Returns the negotiated parameters; std::nullopt if the connection does not use TLS.
[[nodiscard]] std::optional<agreement> info(const stream& connection);

/// Returns the pin of the (first) certificate in a PEM file: the SHA-256 of its public key.
[[nodiscard]] std::string pin(const std::string& certificate_file);

}  // namespace bight::tls
