// SPDX-License-Identifier: MIT
#pragma once

/// Rate-limits a log of errors: one line for each kind of error, then a count of repetitions.

#include <bight/address.hpp>
#include <bight/error.hpp>
#include <bight/machinery/callback.hpp>
#include <bight/machinery/owned.hpp>
#include <bight/time.hpp>

#include <cstddef>
#include <cstdint>

namespace bight {

/// Whether the peer reset the connection or left during a TLS handshake. Both are normal: closing
/// browsers and load balancers' health checks do so.
[[nodiscard]] bool is_reset_by_peer(const error& e) noexcept;

/// Keeps repeated errors from flooding a log. The first error of a kind is reported at once. Those
/// that follow in the same ten-second window are counted and reported together: "312 more in 10 s".
///
/// Errors with the same code are of one kind. For errc::invalid, which also stands for the
/// program's exceptions, the message must be the same too.
///
/// threads  any.
class error_digest {
 public:
  static constexpr duration window = std::chrono::seconds(10);
  /// Maximum number of kinds in a window. Errors of further kinds are counted with the last kind.
  static constexpr std::size_t kinds_max = 16;

  /// Called with an error to report, while the digest's lock is held. `more` is 0 for a single
  /// error. In a summary, `more` is the number of errors during the last `in`, and `peer` and `e`
  /// are those of the latest.
  using report = machinery::callback<void(const address& peer, const error& e, std::uint64_t more,
                                          duration in)>;

  explicit error_digest(report to);
  error_digest(const error_digest&) = delete;
  error_digest& operator=(const error_digest&) = delete;
  ~error_digest();

  /// Reports `e` or counts it.
  ///
  /// returns  true if `e` is the first error counted since the last summary. The caller must then
  ///          call summarise() after `window`.
  [[nodiscard]] bool add(const address& peer, const error& e, time_point now);
  /// Reports the counted errors, one summary for each kind, and ends the window.
  void summarise(time_point now);

 private:
  struct state;  // in the .cpp file: <mutex> includes system headers
  machinery::owned<state> state_;
};

}  // namespace bight
