// SPDX-License-Identifier: MIT
#pragma once

/// Name resolution.

#include <bight/machinery/op.hpp>

#include <vector>

namespace bight {

namespace machinery {

/// See resolve(name, family).
class [[nodiscard]] resolve_operation : public op, public awaits<resolve_operation> {
 public:
  using value_type = std::vector<address>;
  /// both  state shared by the lookups of both families of one name; borrowed until both have
  ///       ended.
  resolve_operation(address name, address_family family, joint_lookup* both = nullptr) noexcept;
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

/// Returns the addresses of one family of `name`, with its port. The hosts file is used
/// first, then the name servers. A name without a trailing dot goes through the search list of
/// resolv.conf.
///
/// errors  name_not_found (also if the name has no address of that family), name_unavailable,
///         timed_out; too_many_files and no_resources if the lookup cannot be started.
/// cancel  returns at once.
[[nodiscard]] machinery::resolve_operation resolve(address name, address_family family);

/// Returns the addresses of both families, alternating IPv6 and IPv4 (RFC 8305 §4). An IP address
/// is returned unchanged. All addresses belong to one name: the first in the search list that has
/// an address of either family.
///
/// errors  as above. If only one family's lookup fails, the other's addresses are returned, except
///         after no_resources, too_many_files and cancelled.
[[nodiscard]] task<std::vector<address>> resolve(address name);

}  // namespace bight
