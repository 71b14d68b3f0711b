// SPDX-License-Identifier: MIT
#pragma once

/// A folder whose files strangers may have, and nothing else of this machine.

#include "descriptor.hpp"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// What stands under a path.
struct entry {
  descriptor open;
  bool is_folder = false;
  std::uint64_t size = 0;
  std::time_t changed = 0;
  std::string tag;  ///< another whenever the bytes may be: a strong ETag

  /// Goes to that byte, for reading.
  [[nodiscard]] bool seek(std::uint64_t to) const noexcept;
};

class folder {
 public:
  /// errors  a usage failure when it is no folder that can be read.
  explicit folder(const std::string& path);

  /// Opens what `path` names, relative to the folder: "" is itself. The kernel sees to it that
  /// neither ".." nor a link leads out (openat2(2), RESOLVE_BENEATH); where it cannot, no link is
  /// followed at all. Names that begin with a dot are not there, nor is what is neither a file nor
  /// a folder.
  [[nodiscard]] std::optional<entry> find(const std::string& path) const;
  /// The names that find() knows in the open folder `of`, whose path is `path` ("" or with its
  /// "/"), sorted; those of folders end in "/".
  [[nodiscard]] std::vector<std::string> names(const entry& of, const std::string& path) const;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  descriptor root_;
};

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
[[nodiscard]] std::string http_date(std::time_t t);

}  // namespace tool
