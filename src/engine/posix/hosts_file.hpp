// SPDX-License-Identifier: MIT
#pragma once

/// The hosts file: hosts(5).

#include <bight/address.hpp>

#include "base/names.hpp"

#include <string_view>
#include <vector>

namespace bight::posix {

/// The addresses of `name` in the text of a hosts file, both families in the file's order and with
/// port 0. Names compare without regard to case and to a last dot: in this file all are absolute.
[[nodiscard]] std::vector<address> find_in_hosts(std::string_view text, std::string_view name);

/// Whether two names of hosts are the same, but for case and a last dot.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

}  // namespace bight::posix
