// SPDX-License-Identifier: MIT
#pragma once

/// The folder listings of `bight serve files`.

#include "folder.hpp"

#include <bight/task.hpp>
#include <bight/time.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// Percent-encodes a path for a URL.
[[nodiscard]] std::string url_encoded(std::string_view path);

/// Makes listing pages and shares each for one second, so that slow clients of the same folder do
/// not hold a page each.
///
/// threads  any.
class listings {
 public:
  explicit listings(const folder& shared) : shared_(shared) {}

  /// The page of the open folder `of` at `path`. Made in steps, so that other clients are served
  /// meanwhile.
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
