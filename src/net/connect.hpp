// SPDX-License-Identifier: MIT
#pragma once

/// Connecting: one attempt, and the race of many (Happy Eyeballs, RFC 8305).

#include <bight/event.hpp>
#include <bight/scope.hpp>
#include <bight/tcp.hpp>

#include "base/names.hpp"
#include "engine/engine.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bight {

/// One connect of one socket to one address; `to` is borrowed until it ends.
class [[nodiscard]] connect_operation : public op {
 public:
  using value_type = void;
  connect_operation(engine& e, handle h, address& to) noexcept : op(verb::connect, &e, h) {
    peer = &to;
  }
  [[nodiscard]] result<void> take();
};

/// One socket, connected to `to` from `from` (of kind none: the system chooses). No name, no race.
[[nodiscard]] task<result<stream>> connect_one(engine& e, address to, address from);

/// The IPv6 and the IPv4 addresses by turns, IPv6 first (RFC 8305 §4).
[[nodiscard]] std::vector<address> by_turns(std::vector<address> ip6, std::vector<address> ip4);

/// Of two failed look-ups of one name, the one that tells more.
[[nodiscard]] const error& more_telling(const error& ip6, const error& ip4) noexcept;

/// The race for a connection to one name: two look-ups and many attempts, side by side in a scope.
/// Lives in the frame of tcp::connect.
class connect_race {
 public:
  connect_race(engine& e, address to, tcp::connect_options options);

  /// Ends when there is a winner or nothing is left to try, and the losers have been awaited.
  [[nodiscard]] task<> run();

  std::optional<stream> winner;  ///< may be there even when run() was cut by a deadline
  /// Why there is no winner. `ended` is the error that run() itself ended with, if it did.
  [[nodiscard]] error failure(const error* ended) const;

 private:
  // The addresses of one family, as far as they are known.
  struct family_list {
    std::vector<address> found;
    std::size_t used = 0;
    std::optional<error> failed;  // the look-up
    time_point known_at{};
    bool known = false;

    [[nodiscard]] bool left() const noexcept { return used < found.size(); }
  };
  struct attempt_record {
    address to;
    std::error_code failed;  // none: has not ended
    std::string why;         // in words, when they say more than the code
  };

  [[nodiscard]] task<> conduct(scope& racers);
  [[nodiscard]] task<> look_up(int family);
  void drop_forbidden(family_list& list) const;
  [[nodiscard]] task<> try_one(std::size_t attempt);
  [[nodiscard]] time_point next_start() const noexcept;
  [[nodiscard]] address next_address();
  [[nodiscard]] bool all_tried() const noexcept;
  [[nodiscard]] error look_up_failure() const;
  [[nodiscard]] family_list& list(int family) noexcept { return family == 6 ? ip6_ : ip4_; }

  engine& engine_;
  address to_;
  tcp::connect_options options_;
  family_list ip6_;
  family_list ip4_;
  std::shared_ptr<void> joint_;  // of both look-ups: they decide together which host is meant
  std::vector<attempt_record> attempts_;  // in the order in which they began
  std::size_t in_flight_ = 0;
  int last_family_ = 4;  // so that IPv6 comes first
  time_point last_start_{};
  bool hurry_ = false;  // an attempt has failed since the last one began
  event changed_;
};

}  // namespace bight
