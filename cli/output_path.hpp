// SPDX-License-Identifier: MIT
#pragma once

/// What the FILE of `-o FILE` is.

#include <cstdint>
#include <string>

namespace tool {

struct place {
  enum class kind : std::uint8_t {
    descriptor,  ///< one that the process was started with: /dev/stdout, /dev/fd/N
    device,      ///< a FIFO, a device, or a link of /proc: opened and written to, never replaced
    file,        ///< a regular file, or nothing yet
  };
  kind is = kind::file;
  int number = -1;      ///< of the descriptor
  std::string path;     ///< the name behind all links
  bool exists = false;  ///< as a regular file
};

/// Follows the links of `path`, also to a file that does not exist yet.
///
/// errors  failure(cannot_write): a folder, a loop of links, a file that may not be written to.
[[nodiscard]] place find_place(const std::string& path);

}  // namespace tool
