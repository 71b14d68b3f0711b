// SPDX-License-Identifier: MIT
#pragma once

/// Connecting: a single attempt, and a race of several (Happy Eyeballs, RFC 8305).

#include <bight/event.hpp>
#include <bight/scope.hpp>
#include <bight/tcp.hpp>

#include "base/names.hpp"
#include "engine/engine.hpp"
#include "engine/joint_lookup.hpp"

#include <optional>
#include <string>
#include <vector>

namespace bight {

/// Connects one socket to one address. `to` is borrowed until the operation ends.
class [[nodiscard]] connect_operation : public op {
 public:
  using value_type = void;
  connect_operation(engine& e, handle h, address& to) noexcept : op(verb::connect, &e, h) {
    peer = &to;
  }
  [[nodiscard]] result<void> take();
};

/// Connects a socket to `to` from `from` (kind none: the system chooses). `to` must not be a name.
[[nodiscard]] task<result<stream>> connect_one(engine& e, address to, address from);

/// Interleaves the addresses, IPv6 first (RFC 8305 §4).
[[nodiscard]] std::vector<address> by_turns(std::vector<address> ip6, std::vector<address> ip4);

/// The more informative error of two failed lookups of one name.
[[nodiscard]] const error& more_telling(const error& ip6, const error& ip4) noexcept;

/// The race for a connection to one name: two lookups and several attempts, concurrent in one
/// scope. Its owner is the frame of tcp::connect.
class connect_race {
 public:
  connect_race(engine& e, address to, tcp::connect_options options);

  /// Ends when there is a winner or nothing is left to try, and all other attempts have ended.
  [[nodiscard]] task<> run();

  std::optional<stream> winner;  ///< may be set even if a deadline ended run()
  /// Why there is no winner. `ended` is the error that ended run(), or null.
  [[nodiscard]] error failure(const error* ended) const;

 private:
  // The addresses of one family, and the state of their lookup.
  struct family_list {
    std::vector<address> found;
    std::size_t used = 0;
    std::optional<error> failed;  // the lookup's error
    time_point known_at{};
    bool known = false;

    [[nodiscard]] bool left() const noexcept { return used < found.size(); }
  };
  struct attempt_record {
    address to;
    std::error_code failed;  // none: still in flight
    std::string why;         // a more specific text than the code's, or empty
  };

  [[nodiscard]] task<> conduct(scope& racers);
  [[nodiscard]] task<> look_up(address_family family);
  void drop_forbidden(family_list& list) const;
  [[nodiscard]] task<> try_one(std::size_t attempt);
  [[nodiscard]] time_point next_start() const noexcept;
  [[nodiscard]] address next_address();
  [[nodiscard]] bool all_tried() const noexcept;
  [[nodiscard]] error look_up_failure() const;
  [[nodiscard]] family_list& list(address_family f) noexcept {
    return f == address_family::ip6 ? ip6_ : ip4_;
  }

  engine& engine_;
  address to_;
  tcp::connect_options options_;
  family_list ip6_;
  family_list ip4_;
  joint_lookup joint_;  // shared by both lookups: they decide together which host is meant
  std::vector<attempt_record> attempts_;  // in start order
  std::size_t in_flight_ = 0;
  address_family last_family_ = address_family::ip4;  // so that IPv6 comes first
  time_point last_start_{};
  bool hurry_ = false;  // an attempt has failed since the last one started
  event changed_;
};

}  // namespace bight
