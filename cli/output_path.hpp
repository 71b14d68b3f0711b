// SPDX-License-Identifier: MIT
#pragma once

/// The FILE of `-o FILE`: a descriptor, a device or a regular file.

#include <cstdint>
#include <string>

namespace tool {

struct output_path {
  enum class kind : std::uint8_t {
    descriptor,  ///< inherited: /dev/stdout, /dev/fd/N
    device,      ///< a FIFO, a device, or a link in /proc: written to, never replaced
    file,        ///< a regular file, or a name that does not exist yet
  };
  kind is = kind::file;
  int number = -1;      ///< the descriptor
  std::string path;     ///< with all links resolved
  bool exists = false;  ///< whether it is an existing regular file
};

/// Resolves the links of `path`, also to a file that does not exist yet.
///
/// errors  failure(cannot_write): a folder, a loop of links, or a file that is not writable.
[[nodiscard]] output_path resolve_output_path(const std::string& path);

}  // namespace tool
