// SPDX-License-Identifier: MIT
#include "cli/fold.hpp"

#include <gtest/gtest.h>

namespace tool {
namespace {

constexpr const char* help =
    "Examples:\n"
    "  bight get http://host/file.iso          save as file.iso\n"
    "\n"
    "Flags:\n"
    "  -t,--timeout T          give up if nothing is received for a minute\n"
    "  --sha256 HEX Excludes: --head\n"
    "                          expected SHA-256 of the file, in hexadecimal digits\n"
    "\n"
    "On a terminal, the body is saved in the current folder under the last part of\n"
    "the URL's path.\n";

TEST(folded, keeps_text_that_fits) {
  EXPECT_EQ(folded("short\n  -q  print nothing\n\n", 40), "short\n  -q  print nothing\n\n");
  EXPECT_EQ(folded("", 40), "");
}

TEST(folded, puts_descriptions_below_their_flags_in_a_narrow_window) {
  EXPECT_EQ(folded(help, 40),
            "Examples:\n"
            "  bight get http://host/file.iso\n"
            "      save as file.iso\n"
            "\n"
            "Flags:\n"
            "  -t,--timeout T\n"
            "      give up if nothing is received for\n"
            "      a minute\n"
            "  --sha256 HEX Excludes: --head\n"
            "      expected SHA-256 of the file, in\n"
            "      hexadecimal digits\n"
            "\n"
            "On a terminal, the body is saved in the\n"
            "current folder under the last part of\n"
            "the URL's path.\n");
}

TEST(folded, keeps_descriptions_beside_their_flags_where_there_is_room) {
  EXPECT_NE(folded(help, 58).find("  -t,--timeout T          give up if nothing is received\n"
                                  "                          for a minute\n"
                                  "  --sha256 HEX Excludes: --head\n"
                                  "                          expected SHA-256 of the file, in\n"
                                  "                          hexadecimal digits\n"),
            std::string::npos)
      << folded(help, 58);
}

TEST(folded, terminates_at_any_width) {
  for (int width = 0; width < 90; ++width) EXPECT_FALSE(folded(help, width).empty());
}

}  // namespace
}  // namespace tool
