// SPDX-License-Identifier: MIT
#pragma once

/// What can go wrong, and how a program asks which of it did.
///
/// Every operation that fails throws `bight::error`, or hands one over inside a `result` when it is
/// wrapped in `attempt(…)`. Callers compare `code()` with a condition below, never with a number:
///
///     if (e.code() == errc::refused) …

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace bight {

/// The conditions that programs branch on. Each stands for every system code of that meaning.
///
/// timed_out covers two cases. When a deadline of the program's passes (`within`, a timeout in
/// some options), the stream is unharmed and the call can be made again. When the kernel gives up
/// the connection because the peer does not answer (keep-alive, TCP_USER_TIMEOUT,
/// retransmissions), the stream has failed for good. Only the second is also
/// connection_timed_out:
///
///     if (e.is(errc::timed_out) && !e.is(errc::connection_timed_out)) …try again…
enum class errc {
  cancelled = 1,          ///< somebody asked for the end: a scope, `race`, a drain
  timed_out,              ///< a deadline passed, the program's or the kernel's
  refused,                ///< nobody listens there, or a firewall says no
  reset,                  ///< the peer threw the connection away
  closed,                 ///< the peer does not read any more, or this side was closed
  cut_short,              ///< the stream ended in the middle of a message
  too_long,               ///< a message is longer than the limit that was given
  unreachable,            ///< no route to the host or its network
  address_in_use,         ///< another socket is bound there
  address_not_available,  ///< this machine does not have that address
  denied,                 ///< the system does not allow it: a low port, a broadcast, a socket file
  bad_address,            ///< not an address, or not one that can be used for this
  name_not_found,         ///< the name does not exist
  name_unavailable,       ///< the name servers could not say; trying again may help
  too_many_files,         ///< no descriptors left, here or in the whole system
  no_resources,           ///< no buffers or memory left in the kernel
  message_too_large,      ///< a datagram larger than the way to the peer allows
  busy,                   ///< a second receive (or send) while one is in flight
  not_supported,          ///< this kernel or this kind of socket cannot do it

  tls_truncated,     ///< the connection ended without a word of TLS: bytes may be missing
  tls_not_spoken,    ///< the peer speaks something else than TLS
  tls_old_protocol,  ///< the peer speaks only versions of TLS that are not safe any more
  tls_alert,         ///< the peer refused, or gave up, and said so
  tls_failed,        ///< what the peer sent breaks the rules of TLS, or its keys

  certificate_self_signed,
  certificate_unknown_authority,
  certificate_expired,
  certificate_not_yet_valid,
  certificate_wrong_host,
  certificate_not_pinned,
  certificate_unusable,  ///< not for this purpose, or too weak, malformed, revoked, missing

  invalid,  ///< a value that cannot be used: an option, a pin, a frame header

  connection_timed_out,  ///< the kernel gave up a connection whose peer does not answer
};

namespace machinery {
/// The category of Bight's own codes: that of make_error_code().
[[nodiscard]] const std::error_category& category() noexcept;
}  // namespace machinery

[[nodiscard]] std::error_code make_error_code(errc e) noexcept;
[[nodiscard]] std::error_condition make_error_condition(errc e) noexcept;

/// A failure: its code, what was tried on which address, and what to do about it.
///
/// what()         the whole sentence, e.g. "connect 127.0.0.1:9999: connection refused (is the
///                server running?)".
/// tried()        its beginning: "connect 127.0.0.1:9999".
/// transferred()  bytes that had gone when a transfer of several steps failed: progress is never
///                lost with the error.
class error : public std::system_error {
 public:
  /// `reason` replaces the usual words for the code when it says more than they do.
  error(std::error_code code, std::string_view tried, std::uint64_t transferred = 0,
        std::string_view reason = {});
  error(errc code, std::string_view tried, std::uint64_t transferred = 0,
        std::string_view reason = {})
      : error(make_error_code(code), tried, transferred, reason) {}

  [[nodiscard]] const char* what() const noexcept override { return message_.what(); }
  [[nodiscard]] std::string_view tried() const noexcept { return {what(), tried_length_}; }
  [[nodiscard]] std::uint64_t transferred() const noexcept { return transferred_; }

  /// Whether the failure is of this kind: `e.is(errc::reset)`.
  [[nodiscard]] bool is(errc e) const noexcept { return code() == make_error_condition(e); }

 private:
  std::runtime_error message_;  // its string is shared, so copying an error never throws
  std::size_t tried_length_;
  std::uint64_t transferred_;
};

/// The error that `e` holds, found without throwing it. Throws what `e` holds when that is none.
[[nodiscard]] error error_of(std::exception_ptr e);

}  // namespace bight

template <>
struct std::is_error_condition_enum<bight::errc> : std::true_type {};
