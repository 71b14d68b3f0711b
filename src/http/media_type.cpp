// SPDX-License-Identifier: MIT
#include <bight/http_server.hpp>

#include "base/names.hpp"

namespace bight::http {

namespace {

struct type {
  const char* ending;
  const char* name;
};
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

std::string media_type(std::string_view name) {
  name.remove_prefix(name.rfind('/') + 1);  // 0 if there is none
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return "application/octet-stream";
  for (const type& t : built_in) {
    if (!same_name(name.substr(dot + 1), t.ending)) continue;
    const std::string found = t.name;
    return found.starts_with("text/") ? found + "; charset=utf-8" : found;
  }
  return "application/octet-stream";
}

}  // namespace bight::http
