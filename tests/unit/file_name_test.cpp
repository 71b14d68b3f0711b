// SPDX-License-Identifier: MIT
// The name that a page is saved under: no character of it may mean anything to a shell or a file
// system.
#include "cli/resume.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tool {
namespace {

std::string saved_as(const std::string& path) {
  return file_name_of(bight::http::url("http://h" + path));
}

TEST(file_name, is_the_last_part_of_the_path) {
  EXPECT_EQ(saved_as("/a/b/c.txt"), "c.txt");
  EXPECT_EQ(saved_as("/a/b/c.txt?d=/e/f"), "c.txt");
  EXPECT_EQ(saved_as("/a/"), "index.html");
  EXPECT_EQ(saved_as("/"), "index.html");
  EXPECT_EQ(saved_as(""), "index.html");
}

TEST(file_name, keeps_letters_digits_and_seven_marks) {
  const std::string kept = "azAZ09.-_+=,";
  EXPECT_EQ(saved_as("/" + kept), kept);
}

TEST(file_name, has_no_other_characters) {
  for (const char c : std::string("!$&'()*:;@~"))
    EXPECT_EQ(saved_as(std::string("/a") + c + "b").find(c), std::string::npos) << c;
  for (const char* part : {"%2Fetc", "%00x", "%0Ax", "%1Bx", "%20x", "%22x", "%7Fx", "%5Cx"}) {
    const std::string name = saved_as(std::string("/a") + part);
    for (const char c : std::string_view("/\n\x1B \"\x7F\\\0", 8))
      EXPECT_EQ(name.find(c), std::string::npos) << name;
  }
}

TEST(file_name, is_not_hidden_is_no_flag_and_is_not_cut_in_a_character) {
  EXPECT_EQ(saved_as("/.profile"), "_profile");
  EXPECT_EQ(saved_as("/-rf"), "_rf");
  EXPECT_EQ(saved_as("/" + std::string(300, 'a')), std::string(200, 'a'));
  EXPECT_EQ(saved_as("/" + std::string(199, 'a') + "%C3%A9"), std::string(199, 'a'));
}

}  // namespace
}  // namespace tool
