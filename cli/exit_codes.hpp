// SPDX-License-Identifier: MIT
#pragma once

/// How the tool ends: curl's numbers where curl has one, so that scripts know them already.

#include <bight/error.hpp>

#include <exception>
#include <string>

namespace tool {

enum class exit_code : int {
  ok = 0,
  other = 1,
  usage = 2,
  name_not_found = 6,
  refused = 7,  ///< also unreachable, and closed before anything was said
  cut_short = 18,
  http_error = 22,  ///< a status of 400 and above
  cannot_write = 23,
  timed_out = 28,
  handshake = 35,  ///< TLS could not be agreed on
  redirects = 47,
  empty_reply = 52,
  receive_failed = 56,
  not_trusted = 60,  ///< the server's certificate
  address_in_use = 98,
  interrupted = 130,  ///< Ctrl-C: 128 + SIGINT, as shells count
};

/// The number for an error of the library.
[[nodiscard]] exit_code exit_code_of(const bight::error& e) noexcept;

/// The end of a command, with what to say about it.
class failure : public std::exception {
 public:
  failure(exit_code code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
  [[nodiscard]] exit_code code() const noexcept { return code_; }
  /// Whether there is nothing to say: the reader of our output has gone and knows it.
  [[nodiscard]] bool silent() const noexcept { return message_.empty(); }

 private:
  exit_code code_;
  std::string message_;
};

/// A failure of whoever typed the command.
[[nodiscard]] inline failure usage_error(std::string message) {
  return {exit_code::usage, std::move(message)};
}

}  // namespace tool
