// SPDX-License-Identifier: MIT
#pragma once

/// The pages that list the folders of `bight serve files`.

#include "folder.hpp"

#include <bight/task.hpp>
#include <bight/time.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// A path as it appears in a URL.
[[nodiscard]] std::string in_url(std::string_view path);

/// Makes pages, and shares each for a second: clients that ask for the same folder and read slowly
/// do not hold a page each.
///
/// threads  any.
class listings {
 public:
  explicit listings(const folder& shared) : shared_(shared) {}

  /// The page of the open folder `of`, which is at `path`. Made in small pieces; other clients get
  /// their turns in between.
  ///
  /// errors  cancelled, unreadable.
  [[nodiscard]] bight::task<std::shared_ptr<const std::string>> page(entry of, std::string path);

 private:
  struct kept {
    std::string path;
    std::string tag;  // of the folder
    bight::time_point made;
    std::shared_ptr<const std::string> page;
  };
  [[nodiscard]] std::shared_ptr<const std::string> find(const std::string& path,
                                                        const std::string& tag,
                                                        bight::time_point now);

  const folder& shared_;
  std::mutex lock_;  // over what follows
  std::vector<kept> kept_;
};

}  // namespace tool
