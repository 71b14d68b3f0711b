// SPDX-License-Identifier: MIT
#pragma once

/// Writing to files, by descriptor.

#include "descriptor.hpp"
#include "exit_codes.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace tool {

/// "write PATH: reason", with exit status 23.
[[nodiscard]] failure cannot_write(std::string_view path, std::string_view reason);
/// The same for an errno.
[[nodiscard]] failure cannot_write(std::string_view path, int error);

/// Writes all of `bytes`; `name` is for the message.
///
/// errors  failure(cannot_write).
void write_all(int fd, std::string_view bytes, const std::string& name);

/// What close(2) would say: network file systems and quotas report there what they could not write.
///
/// errors  failure(cannot_write).
void check_written(int fd, const std::string& name);

/// Gives a file another name. `fresh`: fails when there is a file of that name.
[[nodiscard]] bool rename_file(const std::string& from, const std::string& to, bool fresh) noexcept;

/// Overwrites the regular file `target` with the first `size` bytes of `from`. It stays the same
/// file: links, owner, mode and attributes are kept. Its space is reserved before the first byte is
/// written, and it is locked (flock) until the last one is.
///
/// errors  failure(cannot_write).
void copy_over(int from, std::uint64_t size, const std::string& target);

}  // namespace tool
