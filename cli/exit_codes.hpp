// SPDX-License-Identifier: MIT
#pragma once

/// The exit statuses of the tool. The numbers are curl's where curl has one.

#include <bight/error.hpp>

#include <exception>
#include <string>

namespace tool {

enum class exit_code : int {
  ok = 0,
  other = 1,
  usage = 2,
  name_not_found = 6,
  refused = 7,  ///< also unreachable, and closed before any data
  cut_short = 18,
  http_error = 22,  ///< a status of 400 and above
  cannot_write = 23,
  timed_out = 28,
  handshake = 35,  ///< the TLS handshake failed
  redirects = 47,
  empty_reply = 52,
  receive_failed = 56,
  not_trusted = 60,  ///< the server's certificate
  address_in_use = 98,
  interrupted = 130,  ///< Ctrl-C: 128 + SIGINT, as in shells
};

/// The exit status for an error of the library.
[[nodiscard]] exit_code exit_code_of(const bight::error& e) noexcept;

/// Ends a command with an exit status and a message.
class failure : public std::exception {
 public:
  failure(exit_code code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
  [[nodiscard]] exit_code code() const noexcept { return code_; }
  /// Whether nothing is printed: the reader of our output has exited.
  [[nodiscard]] bool silent() const noexcept { return message_.empty(); }

 private:
  exit_code code_;
  std::string message_;
};

/// A failure with exit status 2: the command line is wrong.
[[nodiscard]] inline failure usage_error(std::string message) {
  return {exit_code::usage, std::move(message)};
}

}  // namespace tool
