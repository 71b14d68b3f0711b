// SPDX-License-Identifier: MIT
#pragma once

/// The lookup of one name through the search list.
///
/// Each candidate is queried in the wanted families, and the answers decide together, as in glibc:
/// the first candidate with an address in either family is the host, and the other family gets that
/// host's addresses. So the addresses of two hosts are never mixed.

#include <bight/address.hpp>
#include <bight/machinery/op.hpp>

#include "base/names.hpp"

#include <array>
#include <string>
#include <vector>

namespace bight::posix {

/// The outcome of a query for one family, in the order of information: of two failures, the later
/// one in this list is reported.
enum class name_outcome : std::uint8_t {
  found,
  no_name,       ///< the name does not exist
  no_address,    ///< the name has no address of this family
  server_fails,  ///< SERVFAIL: the servers of another candidate may work
  no_answer,     ///< no server gave a usable answer
};

class name_search {
 public:
  struct half {
    name_search* home = nullptr;
    op* waiter = nullptr;
    int family = 0;  // 4 or 6
    bool wanted = false;
    bool asked = false;  // for the current candidate
    bool known = false;  // likewise
    name_outcome outcome = name_outcome::no_name;
    int status = 0;  // the library's, for `outcome`
    name_outcome worst = name_outcome::found;
    int worst_status = 0;  // of all candidates, for `worst`
    std::vector<address> found;
  };

  name_search(address name, bool ip6, bool ip4);
  name_search(const name_search&) = delete;
  name_search& operator=(const name_search&) = delete;

  /// Stores the outcome of the query of the current candidate for `h`.
  void learn(half& h, name_outcome outcome, int status) noexcept;

  enum class verdict : std::uint8_t {
    wait,     ///< the other family's answer is needed
    go_on,    ///< query the next candidate
    decided,  ///< every family with an answer has its final one
  };
  /// What to do after learn(). With go_on, the next candidate is the current one.
  [[nodiscard]] verdict judge() noexcept;

  /// Whether a wanted family of the current candidate has not been queried.
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
