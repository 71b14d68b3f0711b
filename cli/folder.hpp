// SPDX-License-Identifier: MIT
#pragma once

/// The folder that `serve files` publishes. Nothing outside of it can be reached.

#include "descriptor.hpp"

#include <dirent.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// An open file or folder.
struct entry {
  descriptor open;
  bool is_folder = false;
  std::uint64_t size = 0;
  std::time_t changed = 0;
  std::string tag;  ///< a strong ETag: changes whenever the bytes may have changed

  /// Sets the position for reading.
  [[nodiscard]] bool seek(std::uint64_t to) const noexcept;
};

/// A name in a folder.
struct listed {
  std::string name;  ///< with a trailing "/" for a folder
  std::uint64_t size = 0;
  std::time_t changed = 0;

  [[nodiscard]] bool is_folder() const noexcept { return name.ends_with('/'); }
};

/// Thrown for something that exists but cannot be read now: no descriptors, no memory, a failing
/// disk. It is not reported as missing.
struct unreadable {
  int reason;  ///< an errno

  /// Whether a later attempt may succeed.
  [[nodiscard]] bool passes() const noexcept;
};

class folder {
 public:
  /// errors  a usage failure if it is not a readable folder.
  explicit folder(const std::string& path);

  /// Opens `path` relative to the folder; "" is the folder itself. The kernel ensures that neither
  /// ".." nor a link leads out (openat2(2), RESOLVE_BENEATH); without openat2, no link is followed.
  /// Hidden names are not found. FIFOs, sockets and devices are not found, and never opened.
  ///
  /// errors  unreadable.
  [[nodiscard]] std::optional<entry> find(const std::string& path) const;

  /// Lists the names that find() would find, in steps.
  class names {
   public:
    /// of    the open folder, borrowed for the constructor.
    /// path  its path: "" or with a trailing "/".
    ///
    /// errors  unreadable, also of read().
    names(const folder& shared, const entry& of, std::string path);

    /// Reads up to `count` more names; false if there are no more.
    [[nodiscard]] bool read(std::size_t count);
    /// The names read so far, unordered.
    [[nodiscard]] std::vector<listed>& found() noexcept { return all_; }
    /// Whether all names are listed; false if the limit was reached.
    [[nodiscard]] bool complete() const noexcept { return complete_; }

   private:
    struct close_folder {
      void operator()(DIR* d) const noexcept;
    };
    const folder& shared_;
    std::string path_;
    std::unique_ptr<DIR, close_folder> open_;
    std::vector<listed> all_;
    bool complete_ = true;
  };

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  // Inspects a name; none if find() would not find it.
  [[nodiscard]] std::optional<listed> look(int in, const dirent& one,
                                           const std::string& path) const;

  std::string path_;
  descriptor root_;
};

}  // namespace tool
