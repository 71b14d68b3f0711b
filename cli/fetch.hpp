// SPDX-License-Identifier: MIT
#pragma once

/// `bight get` over HTTP: tries, each of which goes on where the last one ended.

#include "console.hpp"
#include "download.hpp"
#include "exit_codes.hpp"

#include <bight/http.hpp>
#include <bight/task.hpp>

#include <optional>
#include <string>

namespace tool {

struct fetch_options {
  bight::http::request what;
  bight::http::options how;
  std::string output;   ///< as output::open has it
  bool fresh = false;   ///< that file must not exist yet
  bool header = false;  ///< print the header too
  std::uint64_t retries = 0;
  download::options limits;
};

/// Fetches the page and saves it. `f` and `voice` are borrowed until the end.
///
/// errors  failure, told with what is kept; cancelled.
[[nodiscard]] bight::task<> fetch(const fetch_options& f, const console& voice);

}  // namespace tool
