// SPDX-License-Identifier: MIT
#pragma once

/// Writes to files by descriptor.

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

/// Reports the error that close(2) would return: network file systems and quotas report failed
/// writes there.
///
/// errors  failure(cannot_write).
void check_written(int fd, const std::string& name);

/// Renames a file. `fresh`: fails if `to` exists.
[[nodiscard]] bool rename_file(const std::string& from, const std::string& to, bool fresh) noexcept;

/// Overwrites the regular file `target` with the first `size` bytes of `from`. Its links, owner,
/// mode and attributes are kept. Space is reserved before the first byte is written, and the file
/// is locked (flock) meanwhile.
///
/// errors  failure(cannot_write).
void copy_over(int from, std::uint64_t size, const std::string& target);

}  // namespace tool
