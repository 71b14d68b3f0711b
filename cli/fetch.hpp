// SPDX-License-Identifier: MIT
#pragma once

/// `bight get` over HTTP: attempts, each of which resumes where the previous one ended.

#include "console.hpp"
#include "download.hpp"
#include "exit_codes.hpp"

#include <bight/http.hpp>
#include <bight/task.hpp>

#include <optional>
#include <string>

namespace tool {

struct fetch_options {
  bight::http::request request;
  bight::http::options http;
  std::string output;   ///< as for output::open()
  bool fresh = false;   ///< fail if the file exists
  bool header = false;  ///< print the header as well
  std::uint64_t retries = 0;
  download::options limits;
};

/// Downloads the page. `f` and `log` are borrowed until the end.
///
/// errors  failure, whose message names the .part file; cancelled.
[[nodiscard]] bight::task<> fetch(const fetch_options& f, const console& log);

}  // namespace tool
