// SPDX-License-Identifier: MIT
#pragma once

/// The hosts file: hosts(5).

#include <bight/address.hpp>

#include "base/names.hpp"

#include <string_view>
#include <vector>

namespace bight::posix {

/// The addresses of `name` in the text of a hosts file: both families in the file's order, with
/// port 0. Ignores case and a trailing dot, because all names in this file are absolute.
[[nodiscard]] std::vector<address> find_in_hosts(std::string_view text, std::string_view name);

/// Whether two host names are equal, ignoring case and a trailing dot.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

}  // namespace bight::posix
