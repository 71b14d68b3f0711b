// SPDX-License-Identifier: MIT
#pragma once

/// Errors for a log: one line for each kind, and a count of those that follow.

#include <bight/address.hpp>
#include <bight/error.hpp>
#include <bight/machinery/callback.hpp>
#include <bight/time.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace bight {

/// Whether the peer has reset the connection, or left in the middle of a handshake of TLS. That is
/// ordinary: browsers that are closed and load balancers' health checks do it.
[[nodiscard]] bool is_reset_by_peer(const error& e) noexcept;

/// Keeps errors that repeat from flooding a log. The first of a kind is reported at once; those
/// that follow within ten seconds are counted, and reported together: "312 more in 10 s".
///
/// A kind is a code. Errors without a code of their own (errc::invalid, which stands for exceptions
/// of a program) are of one kind if they have the same text.
///
/// threads  any.
class error_digest {
 public:
  static constexpr duration window = std::chrono::seconds(10);
  /// Kinds in a window; what is beyond is counted with the last.
  static constexpr std::size_t kinds_max = 16;

  /// Called with an error to report, under a lock. `more` is 0 for one of them; for a summary it is
  /// the number of errors in the last `in`, and `peer` and `e` are the latest.
  using report = machinery::callback<void(const address& peer, const error& e, std::uint64_t more,
                                          duration in)>;

  explicit error_digest(report to);
  error_digest(const error_digest&) = delete;
  error_digest& operator=(const error_digest&) = delete;
  ~error_digest();

  /// Reports `e`, or counts it. Returns whether it is the first to be counted: then summarise() has
  /// to be called within a window.
  [[nodiscard]] bool add(const address& peer, const error& e, time_point now);
  /// Reports what has been counted.
  void summarise(time_point now);

 private:
  struct state;  // elsewhere: <mutex> would bring the system's headers
  std::unique_ptr<state> state_;
};

}  // namespace bight
