// SPDX-License-Identifier: MIT
#pragma once

/// `bight serve files DIR`: GET and HEAD for the files of a folder, by http::serve.

#include "console.hpp"
#include "folder.hpp"
#include "listing.hpp"
#include "media_types.hpp"

#include <bight/http_server.hpp>

namespace tool {

/// A folder and how it is served. All members are borrowed.
struct file_site {
  const folder& shared;
  listings& pages;
  const media_types& types;
  const console& log;
};

/// Answers one request.
[[nodiscard]] bight::task<> answer_file(const file_site& site, bight::http::exchange& x);

/// Limits of the server, and a log line for each request.
[[nodiscard]] bight::http::serve_options file_server_options(const console& log);

}  // namespace tool
