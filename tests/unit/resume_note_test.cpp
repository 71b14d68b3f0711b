// SPDX-License-Identifier: MIT
#include "cli/resume_note.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace tool {
namespace {

std::optional<resume_note> read_back(const std::string& text) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
  std::fputs(text.c_str(), file.get());
  std::fflush(file.get());
  return resume_note::read(fileno(file.get()));
}

TEST(resume_note, names_the_version_and_the_file) {
  const auto note = read_back("http://h/\n\"v\"\n12 34\n56\ngzip\n");
  ASSERT_TRUE(note);
  EXPECT_EQ(note->point.url, "http://h/");
  EXPECT_EQ(note->point.validator, "\"v\"");
  ASSERT_TRUE(note->part);
  EXPECT_EQ(note->part->first, 12u);
  EXPECT_EQ(note->part->second, 34u);
  EXPECT_EQ(note->point.total, 56u);
  EXPECT_EQ(note->point.coding, "gzip");
}

TEST(resume_note, without_both_numbers_names_no_file) {
  for (const char* line : {"", "12", "12 ", " 34", "12 x", "x 34", "12 34 56"}) {
    const auto note = read_back("http://h/\n\"v\"\n" + std::string(line) + "\n\n\n");
    ASSERT_TRUE(note) << line;
    EXPECT_FALSE(note->part) << line;
    EXPECT_FALSE(note->point.total) << line;
  }
}

TEST(resume_note, of_two_lines_names_a_version_and_one_line_is_none) {
  const auto note = read_back("http://h/\n\"v\"\n");
  ASSERT_TRUE(note);
  EXPECT_EQ(note->point.validator, "\"v\"");
  EXPECT_FALSE(note->part);
  EXPECT_FALSE(read_back("http://h/\n"));
  EXPECT_FALSE(read_back(""));
  EXPECT_TRUE(read_back("u\n" + std::string(1000, 'v') + "\n"));
  EXPECT_FALSE(read_back("u\n" + std::string(1001, 'v') + "\n"));
}

}  // namespace
}  // namespace tool
