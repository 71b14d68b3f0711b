// SPDX-License-Identifier: MIT
#pragma once

/// One name on its way through the search list.
///
/// Each candidate is asked for in the wanted families, and they decide together, as in glibc: the
/// first candidate with an address in either family is the host that is meant, and the other family
/// gets what that host has. So the addresses of two hosts are never mixed.

#include <bight/address.hpp>
#include <bight/machinery/op.hpp>

#include "base/names.hpp"

#include <array>
#include <string>
#include <vector>

namespace bight::posix {

/// How a question for one family ended. The order is that of how much it tells: of two failures,
/// the later one is reported.
enum class name_outcome : std::uint8_t {
  found,
  no_name,       ///< there is no such name
  no_address,    ///< the name has no address of this family
  server_fails,  ///< SERVFAIL: perhaps another candidate's servers work
  no_answer,     ///< no server answered, or none that we understand
};

class name_search {
 public:
  struct half {
    name_search* home = nullptr;
    op* waiter = nullptr;
    int family = 0;  // 4 or 6
    bool wanted = false;
    bool asked = false;  // with the current candidate
    bool known = false;  // the same
    name_outcome outcome = name_outcome::no_name;
    int status = 0;  // the library's, for `outcome`
    name_outcome worst = name_outcome::found;
    int worst_status = 0;  // of all candidates, for `worst`
    std::vector<address> found;
  };

  name_search(address name, bool ip6, bool ip4);
  name_search(const name_search&) = delete;
  name_search& operator=(const name_search&) = delete;

  /// The answer to the question for `h` of the current candidate.
  void learn(half& h, name_outcome outcome, int status) noexcept;

  enum class verdict : std::uint8_t {
    wait,     ///< another half's answer may change everything
    go_on,    ///< not this candidate: ask for the next
    decided,  ///< each half that is known has its final answer
  };
  /// What to do after learn(). go_on has moved to the next candidate.
  [[nodiscard]] verdict judge() noexcept;

  /// Whether a wanted family has not been asked for with the current candidate.
  [[nodiscard]] bool has_more_to_ask() const noexcept {
    return (halves[0].wanted && !halves[0].asked) || (halves[1].wanted && !halves[1].asked);
  }
  [[nodiscard]] const std::string& candidate() const noexcept { return candidates[at_]; }
  [[nodiscard]] half& of(int family) noexcept { return halves[family == 6 ? 0 : 1]; }
  [[nodiscard]] bool is_awaited() const noexcept {
    return halves[0].waiter != nullptr || halves[1].waiter != nullptr;
  }

  const address name;
  std::vector<std::string> candidates;
  std::array<half, 2> halves;  // IPv6, IPv4
  bool decided = false;

 private:
  std::size_t at_ = 0;
};

}  // namespace bight::posix
