// SPDX-License-Identifier: MIT
#pragma once

/// A folder whose files strangers may have, and nothing else of this machine.

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

/// A name in a folder.
struct listed {
  std::string name;  ///< of a folder with "/" at its end
  std::uint64_t size = 0;
  std::time_t changed = 0;

  [[nodiscard]] bool is_folder() const noexcept { return name.ends_with('/'); }
};

/// Something is there, and cannot be read now: no descriptors, no memory, a disk that fails. It is
/// not told as absent.
struct unreadable {
  int reason;  ///< an errno

  /// Whether a later try may find it better.
  [[nodiscard]] bool passes() const noexcept;
};

class folder {
 public:
  /// errors  a usage failure when it is no folder that can be read.
  explicit folder(const std::string& path);

  /// Opens what `path` names, relative to the folder: "" is itself. The kernel makes sure that
  /// neither ".." nor a link leads out (openat2(2), RESOLVE_BENEATH); where it cannot, no link is
  /// followed at all. Names that begin with a dot are not found, nor is anything but files and
  /// folders: FIFOs, sockets and devices are not even opened.
  ///
  /// errors  unreadable.
  [[nodiscard]] std::optional<entry> find(const std::string& path) const;

  /// The names in a folder that find() would find, read in steps.
  class names {
   public:
    /// of    the open folder, borrowed for the constructor.
    /// path  of it: "" or with its "/".
    ///
    /// errors  unreadable, also of read().
    names(const folder& shared, const entry& of, std::string path);

    /// Looks at so many names more; false when there are no more.
    [[nodiscard]] bool read(std::size_t count);
    /// Those read so far, in no order.
    [[nodiscard]] std::vector<listed>& found() noexcept { return all_; }
    /// Whether there are no more than a listing may have.
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
  // Looks at a name; none when find() would not find it.
  [[nodiscard]] std::optional<listed> look(int in, const dirent& one,
                                           const std::string& path) const;

  std::string path_;
  descriptor root_;
};

}  // namespace tool
