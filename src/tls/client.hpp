// SPDX-License-Identifier: MIT
#pragma once

/// What the clients of one loop share: contexts with what they trust, and session tickets.

#include "tls/context.hpp"
#include "tls/session.hpp"

#include <memory>
#include <string>
#include <vector>

namespace bight::tls {

/// A context and what its callbacks stand on.
struct client_context {
  context_ptr context;
  std::vector<std::string> pins;
};

/// Session tickets for connections to go on where an earlier one left off, each under everything
/// that the earlier one was asked for: whom to, and what was trusted. So nothing that one
/// connection has verified can be taken for verified by another that asks for more.
class ticket_shelf {
 public:
  static constexpr std::size_t tickets_max = 256;

  void put(const std::string& key, session_ptr ticket);
  /// The session ticket, which is used up: RFC 8446 §C.4 wants each to be used once.
  [[nodiscard]] session_ptr take(const std::string& key);

 private:
  struct entry {
    std::string key;
    session_ptr ticket;
  };
  std::vector<entry> entries_;  // the oldest first
};

/// Of each loop.
class client_shelf : public loop_local {
 public:
  static constexpr std::size_t contexts_max = 16;
  /// After so long the authorities are read again.
  static constexpr duration context_life = 1h;

  /// The context for these options; made at their first use.
  [[nodiscard]] std::shared_ptr<const client_context> context(const connect_options& options,
                                                              const std::string& key,
                                                              time_point now);
  [[nodiscard]] const std::shared_ptr<ticket_shelf>& tickets() const noexcept { return tickets_; }

 private:
  struct entry {
    std::string key;
    std::shared_ptr<const client_context> made;
    time_point since;
  };
  std::vector<entry> contexts_;
  std::shared_ptr<ticket_shelf> tickets_ = std::make_shared<ticket_shelf>();
};

/// Everything in the options that decides who is trusted and what is agreed.
[[nodiscard]] std::string key_of(const connect_options& options);

}  // namespace bight::tls
