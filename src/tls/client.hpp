// SPDX-License-Identifier: MIT
#pragma once

/// Shared by the clients of one loop: contexts with their trust settings, and session tickets.

#include "tls/connection.hpp"
#include "tls/context.hpp"

#include <memory>
#include <string>
#include <vector>

namespace bight::tls {

/// A context and the data its callbacks use.
struct client_context {
  context_ptr context;
  std::vector<std::string> pins;
};

/// Session tickets for resumption. Each is stored under a key of everything the original connection
/// required: its peer and its trust settings. So a connection with stricter requirements cannot
/// inherit a weaker verification.
class ticket_shelf {
 public:
  static constexpr std::size_t tickets_max = 256;

  void put(const std::string& key, session_ptr ticket);
  /// Removes and returns the session ticket: RFC 8446 §C.4 requires that each be used once.
  [[nodiscard]] session_ptr take(const std::string& key);

 private:
  struct entry {
    std::string key;
    session_ptr ticket;
  };
  std::vector<entry> entries_;  // oldest first
};

/// One per loop.
class client_shelf : public loop_data {
 public:
  static constexpr std::size_t contexts_max = 16;
  /// The trusted certificates are read again after this time.
  static constexpr duration context_life = 1h;

  /// The context for these options, created on first use.
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

/// A key of everything in the options that affects trust or negotiation.
[[nodiscard]] std::string key_of(const connect_options& options);

}  // namespace bight::tls
