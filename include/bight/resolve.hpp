// SPDX-License-Identifier: MIT
#pragma once

/// Names to addresses.

#include <bight/machinery/op.hpp>

#include <vector>

namespace bight {

namespace machinery {

/// See resolve(name, family).
class [[nodiscard]] resolve_operation : public op, public awaits<resolve_operation> {
 public:
  using value_type = std::vector<address>;
  /// both  shared by the look-ups of the two families of one name; borrowed until both have ended.
  resolve_operation(address name, int family, std::shared_ptr<void>* both = nullptr) noexcept;
  resolve_operation(resolve_operation&& other) noexcept;

  bool start(std::coroutine_handle<> h, context& c) {
    peer = &name_;
    extra = &answer_;
    return op::start(h, c);
  }
  [[nodiscard]] result<std::vector<address>> take();

 private:
  address name_;
  resolve_answer answer_;
};

}  // namespace machinery

/// The addresses of one family (4 or 6) that `name` has, with its port: the hosts file first, then
/// the name servers. A name without a last dot goes through the search list of resolv.conf.
///
/// errors  name_not_found (also: no address of that family), name_unavailable, timed_out;
///         too_many_files and no_resources when there is nothing left to look it up with.
/// cancel  the caller is free at once.
[[nodiscard]] machinery::resolve_operation resolve(address name, int family);

/// The addresses of both families, IPv6 and IPv4 by turns (RFC 8305 §4); an IP address is its own.
/// All of them belong to one name: the first of the search list that has an address of either
/// family.
[[nodiscard]] task<std::vector<address>> resolve(address name);

}  // namespace bight
