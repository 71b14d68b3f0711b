// SPDX-License-Identifier: MIT
#pragma once

/// Errors, and the conditions that programs test for.
///
/// A failed operation throws `bight::error`, or returns it inside a `result` if it is wrapped in
/// `attempt(…)`. Compare `code()` with a condition below, never with a number:
///
///     if (e.code() == errc::refused) …

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace bight {

/// Error conditions. Each matches every system code with that meaning.
///
/// timed_out covers two cases. When a deadline of the program passes (`within`, a timeout in
/// some options), the stream is still usable and the call can be repeated. When the kernel gives
/// up the connection because the peer does not respond (keep-alive, TCP_USER_TIMEOUT,
/// retransmissions), the stream has failed permanently. Only the second case also matches
/// connection_timed_out:
///
///     if (e.is(errc::timed_out) && !e.is(errc::connection_timed_out)) …try again…
enum class errc {
  cancelled = 1,          ///< cancelled by a scope, `race` or a drain
  timed_out,              ///< a deadline of the program or the kernel passed
  refused,                ///< no listener at that address, or refused by a firewall
  reset,                  ///< the peer reset the connection
  closed,                 ///< the peer no longer reads, or this side was closed
  cut_short,              ///< the stream ended in the middle of a message
  too_long,               ///< a message exceeds the given limit
  unreachable,            ///< no route to the host or its network
  address_in_use,         ///< another socket is bound to that address
  address_not_available,  ///< this machine does not have that address
  denied,                 ///< no permission: a low port, a broadcast, a socket file
  bad_address,            ///< not a valid address, or not usable for this operation
  name_not_found,         ///< the name does not exist
  name_unavailable,       ///< no usable answer from the name servers; a retry may help
  too_many_files,         ///< the process or the system has no file descriptors left
  no_resources,           ///< the kernel has no buffers or memory left
  message_too_large,      ///< the datagram is larger than the path to the peer allows
  busy,                   ///< a second receive (or send) while one is in flight
  not_supported,          ///< not supported by this kernel or kind of socket

  tls_truncated,     ///< the connection ended without a TLS close_notify; data may be missing
  tls_not_spoken,    ///< the peer does not speak TLS
  tls_old_protocol,  ///< the peer supports only TLS versions that are no longer safe
  tls_alert,         ///< the peer refused or aborted with a TLS alert
  tls_failed,        ///< the peer sent invalid TLS data or keys

  certificate_self_signed,
  certificate_unknown_authority,
  certificate_expired,
  certificate_not_yet_valid,
  certificate_wrong_host,
  certificate_not_pinned,
  certificate_unusable,  ///< wrong purpose, too weak, malformed, revoked or missing

  invalid,  ///< an invalid value: an option, a pin, a frame header

  connection_timed_out,  ///< the kernel gave up the connection: the peer does not respond
};

namespace machinery {
/// Returns the category of Bight's own codes, which make_error_code() uses.
[[nodiscard]] const std::error_category& category() noexcept;
}  // namespace machinery

[[nodiscard]] std::error_code make_error_code(errc e) noexcept;
[[nodiscard]] std::error_condition make_error_condition(errc e) noexcept;

/// An error: its code, the operation and address, and advice.
///
/// what()         the whole message, e.g. "connect 127.0.0.1:9999: connection refused (is the
///                server running?)".
/// tried()        the start of the message: "connect 127.0.0.1:9999".
/// transferred()  number of bytes transferred before a transfer of several steps failed.
class error : public std::system_error {
 public:
  /// Builds the message. `reason`, if not empty, replaces the standard text and advice for `code`.
  error(std::error_code code, std::string_view tried, std::uint64_t transferred = 0,
        std::string_view reason = {});
  error(errc code, std::string_view tried, std::uint64_t transferred = 0,
        std::string_view reason = {})
      : error(make_error_code(code), tried, transferred, reason) {}

  [[nodiscard]] const char* what() const noexcept override { return message_.what(); }
  [[nodiscard]] std::string_view tried() const noexcept { return {what(), tried_length_}; }
  [[nodiscard]] std::uint64_t transferred() const noexcept { return transferred_; }

  /// Whether the code matches the condition: `e.is(errc::reset)`.
  [[nodiscard]] bool is(errc e) const noexcept { return code() == make_error_condition(e); }

 private:
  std::runtime_error message_;  // its string is shared, so copying an error never throws
  std::size_t tried_length_;
  std::uint64_t transferred_;
};

/// Returns the bight::error in `e` without throwing it. Rethrows `e` if it holds anything else.
[[nodiscard]] error error_of(std::exception_ptr e);

}  // namespace bight

template <>
struct std::is_error_condition_enum<bight::errc> : std::true_type {};
