// SPDX-License-Identifier: MIT
#pragma once

/// TLS: connect and serve as tcp does, encrypted. What comes out is a `bight::stream`, so the same
/// handler serves both:
///
///     run(tcp::serve(":8080", greet));
///     run(tls::serve(":8443", greet, {.certificate = "cert.pem", .key = "key.pem"}));
///
/// TLS 1.2 and 1.3, by OpenSSL. A stream of these differs from a plain one in this:
///
/// end      An empty receive means that the peer has said that it is done. A connection that ends
///          without that fails with errc::tls_truncated: bytes may be missing.
/// close    says that to the peer, and does not wait: the connection lingers in the loop until the
///          word has left, for a second at most. abort() says nothing.
/// options  are those of the socket below; id(), local() and remote() too.
/// cancel   as everywhere: no byte is lost. A send that was cancelled tells exactly how many bytes
///          were encrypted; those leave with the next send or the close.
///
/// Never used: renegotiation, compression, data before the handshake is over (0-RTT).

#include <bight/tcp.hpp>

#include <optional>
#include <string>
#include <vector>

namespace bight::tls {

using stream = bight::stream;

/// Versions of the protocol.
enum class version : std::uint8_t { tls12, tls13 };

/// A certificate with its key, both in PEM files. The certificates of the authorities between it
/// and the root follow it in the same file.
struct identity {
  std::string certificate;
  std::string key;
};

// ── Clients ─────────────────────────────────────────────────────────────────────────────────────

/// Whom a client trusts, and what it asks for. The default is right for the web: the system's
/// authorities, and the certificate must be for the host that was asked for.
struct connect_options {
  /// The name that the certificate must be for, and that the server is asked for (SNI). Empty: the
  /// host of the address.
  std::string name = {};
  /// A file of authorities (PEM) to trust instead of the system's.
  std::string authorities = {};
  /// Keys to trust, each as `tls::pin` writes it, and curl's --pinnedpubkey: "sha256//…". When any
  /// is given the server must have one of them, and nothing else about its certificate counts: not
  /// its authority, its name or its dates (as RFC 7671 §5.1 has it for keys in the DNS).
  std::vector<std::string> pins = {};
  /// Accepts any certificate: encrypted, with whoever answers. For experiments.
  bool insecure = false;
  /// For servers that ask for one: the client's own certificate.
  identity certificate = {};
  /// Protocols to offer (ALPN, RFC 7301), best first: {"h2", "http/1.1"}. `info()` tells which was
  /// chosen; a server that knows none of them may refuse, or choose none.
  std::vector<std::string> protocols = {};
  version least = version::tls12;
  /// Whether a connection may go on where an earlier one to the same host and port, with the same
  /// options, left off: a round trip or two of arithmetic less. Kept for each loop.
  bool resume = true;
  /// From the TCP connection to the end of the handshake.
  duration timeout = 10s;
};

/// Connects to `to` and shakes hands.
///
/// errors  those of tcp::connect; certificate_self_signed, certificate_unknown_authority,
///         certificate_expired, certificate_not_yet_valid, certificate_wrong_host,
///         certificate_not_pinned, certificate_unusable; tls_not_spoken when the server speaks
///         something else; tls_old_protocol; tls_alert when it refuses; tls_failed, tls_truncated,
///         timed_out, reset, …. The text says what is wrong with whose certificate, and what to do.
/// cancel  no connection is left behind.
/// source  RFC 8446; RFC 6125 for names, without wildcards in a part and without common names.
[[nodiscard]] task<stream> connect(address to, connect_options options = connect_options(),
                                   tcp::connect_options below = tcp::connect_options());

/// The same over a stream that is connected already: a tunnel through a proxy, a unix socket, TLS
/// itself. `to` is who is to be on its other side.
[[nodiscard]] task<stream> connect(stream over, address to,
                                   connect_options options = connect_options());

// ── Servers ─────────────────────────────────────────────────────────────────────────────────────

/// Who a server is, and whom it serves.
struct serve_options {
  /// PEM files. Both empty, and no `more`: a certificate is made on the spot, for development. It
  /// lasts as long as the program; `on_pin` is told how a client can trust it.
  std::string certificate = {};
  std::string key = {};
  /// For other names: the first certificate that fits the name that a client asks for is used, and
  /// the first of all when none does.
  std::vector<identity> more = {};
  /// Asks clients for a certificate, and refuses those whose is not from an authority in this file.
  std::string client_authorities = {};
  /// Protocols that the server speaks (ALPN), best first. A client that offers others only is
  /// refused, as RFC 7301 §3.2 wants; one that offers none is served.
  std::vector<std::string> protocols = {};
  version least = version::tls12;
  /// From the accept to the end of the handshake.
  duration handshake = 10s;
  /// Whether the files are read again at SIGHUP. Connections live on with what they began with;
  /// when something is wrong with the files, the server goes on with what it had.
  bool reload = true;
  /// Told each time that the files have been read again: null, or what is wrong with them. When
  /// not set, `on_error` is told what is wrong.
  machinery::callback<void(const error* wrong)> on_reload = {};
  /// Told the pin of the certificate that was made on the spot; writes it to standard error, with
  /// the command of a client, when not set.
  machinery::callback<void(const std::string& pin)> on_pin = {};
};

/// Serves `handle` at `at`, as tcp::serve does; the handler gets a connection once its handshake is
/// over. A handshake that fails is an error of that session: see serve_options::on_error.
///
/// errors  those of tcp::serve; before anything is served: files that cannot be read, are no
///         certificate or no key, are encrypted, or do not belong together.
[[nodiscard]] task<> serve(address at, tcp::handler handle, serve_options how = serve_options(),
                           bight::serve_options options = bight::serve_options());
[[nodiscard]] BIGHT_CORO_WRAPPER task<> serve(
    const char* at, tcp::handler handle, serve_options how = serve_options(),
    bight::serve_options options = bight::serve_options());
[[nodiscard]] task<> serve(std::vector<address> at, tcp::handler handle,
                           serve_options how = serve_options(),
                           bight::serve_options options = bight::serve_options());

class server_identity;

/// What serve() has for its connections, for servers of one's own: the certificates, loaded.
///
/// threads  any may accept; reload() from one at a time.
class acceptor {
 public:
  /// errors  those of serve() about files.
  explicit acceptor(serve_options how);
  ~acceptor();
  acceptor(acceptor&&) noexcept;
  acceptor& operator=(acceptor&&) noexcept;

  /// Reads the files again, for the connections that come. When that fails nothing has changed.
  void reload();
  /// Shakes hands over a connection that was accepted. The deadline is the caller's.
  [[nodiscard]] task<stream> accept(stream over) const;
  /// The pin of the first certificate.
  [[nodiscard]] std::string pin() const;

 private:
  std::shared_ptr<server_identity> identity_;
};

// ── Both ────────────────────────────────────────────────────────────────────────────────────────

/// What was agreed, for logs and for protocols above.
struct agreement {
  std::string protocol;     ///< "TLSv1.3"
  std::string cipher;       ///< "TLS_AES_256_GCM_SHA384"
  std::string application;  ///< what ALPN chose; empty: nothing
  std::string name;         ///< that the client asked for; empty: none
  std::string peer;         ///< the peer's subject, "CN = …"; empty: it showed no certificate
  std::string pin;          ///< the peer's key
  bool resumed = false;
};

/// What was agreed on this connection; none when it is not one of TLS.
[[nodiscard]] std::optional<agreement> info(const stream& connection);

/// The pin of the (first) certificate in a PEM file: the SHA-256 of its public key.
[[nodiscard]] std::string pin(const std::string& certificate_file);

}  // namespace bight::tls
