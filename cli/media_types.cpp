// SPDX-License-Identifier: MIT
#include "media_types.hpp"

#include "text.hpp"

#include <fstream>
#include <sstream>

namespace tool {

namespace {

struct type {
  const char* ending;
  const char* name;
};
/// Common types, for machines without a table. Debian's table has no .log.
constexpr type built_in[] = {{"html", "text/html"},
                             {"htm", "text/html"},
                             {"txt", "text/plain"},
                             {"log", "text/plain"},
                             {"md", "text/markdown"},
                             {"css", "text/css"},
                             {"csv", "text/csv"},
                             {"js", "text/javascript"},
                             {"mjs", "text/javascript"},
                             {"json", "application/json"},
                             {"xml", "application/xml"},
                             {"wasm", "application/wasm"},
                             {"svg", "image/svg+xml"},
                             {"png", "image/png"},
                             {"jpg", "image/jpeg"},
                             {"jpeg", "image/jpeg"},
                             {"gif", "image/gif"},
                             {"webp", "image/webp"},
                             {"ico", "image/vnd.microsoft.icon"},
                             {"woff2", "font/woff2"},
                             {"pdf", "application/pdf"},
                             {"zip", "application/zip"},
                             {"gz", "application/gzip"},
                             {"tar", "application/x-tar"},
                             {"mp4", "video/mp4"},
                             {"webm", "video/webm"},
                             {"mp3", "audio/mpeg"}};

}  // namespace

media_types::media_types(const char* table) {
  // A line has a type and its extensions; "#" begins a comment. The first type of an extension
  // wins.
  std::ifstream file(table);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string name;
    words >> name;
    for (std::string ending; words >> ending;) by_ending_.emplace(lower(ending), name);
  }
  for (const type& t : built_in) by_ending_.emplace(t.ending, t.name);
}

std::string media_types::of(std::string_view name) const {
  name.remove_prefix(name.rfind('/') + 1);  // 0 if there is none
  const std::size_t dot = name.rfind('.');
  const auto found = dot == std::string_view::npos ? by_ending_.end()
                                                   : by_ending_.find(lower(name.substr(dot + 1)));
  if (found == by_ending_.end()) return "application/octet-stream";
  const std::string& type = found->second;
  return type.starts_with("text/") ? type + "; charset=utf-8" : type;
}

}  // namespace tool
