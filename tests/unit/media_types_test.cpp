// SPDX-License-Identifier: MIT
#include "cli/media_types.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>

namespace {

TEST(media_types, without_a_table_the_common_ones_are_known) {
  const tool::media_types types("/nowhere/mime.types");
  EXPECT_EQ(types.of("a/b.html"), "text/html; charset=utf-8");
  EXPECT_EQ(types.of("PICTURE.JPEG"), "image/jpeg");
  EXPECT_EQ(types.of("x.tar.gz"), "application/gzip");
  for (const char* name : {"html", "a.html/b", "", ".", "a.", "a.unheard", "html."})
    EXPECT_EQ(types.of(name), "application/octet-stream") << name;
}

TEST(media_types, the_common_ones_are_these) {
  constexpr std::pair<const char*, const char*> common[] = {
      {"html", "text/html; charset=utf-8"},
      {"htm", "text/html; charset=utf-8"},
      {"txt", "text/plain; charset=utf-8"},
      {"log", "text/plain; charset=utf-8"},
      {"md", "text/markdown; charset=utf-8"},
      {"css", "text/css; charset=utf-8"},
      {"csv", "text/csv; charset=utf-8"},
      {"js", "text/javascript; charset=utf-8"},
      {"mjs", "text/javascript; charset=utf-8"},
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
  const tool::media_types types("/nowhere/mime.types");
  for (const auto& [ending, type] : common)
    EXPECT_EQ(types.of("a." + std::string(ending)), type) << ending;
}

TEST(media_types, a_table_wins) {
  const std::string path = testing::TempDir() + "bight_mime_types";
  std::ofstream(path) << "# a comment\napplication/none\n\napplication/x-mine\tMine html # more\n"
                         "application/x-later mine\n";
  const tool::media_types types(path.c_str());
  EXPECT_EQ(types.of("a.mine"), "application/x-mine");
  EXPECT_EQ(types.of("a.html"), "application/x-mine");
  EXPECT_EQ(types.of("a.more"), "application/octet-stream");
  EXPECT_EQ(types.of("a.css"), "text/css; charset=utf-8");
  std::remove(path.c_str());
}

}  // namespace
