// SPDX-License-Identifier: MIT
#include "engine/posix/hosts_file.hpp"

#include <gmock/gmock.h>

#include <string>

namespace bight::posix {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* file =
    "127.0.0.1\tlocalhost\n"
    "192.0.2.1 db.test DB # not.db\n"
    "#192.0.2.2 db\n"
    "  2001:db8::1 db\r\n"
    "192.0.2.1 other db\n"
    "not-an-address db\n"
    "192.0.2.256 db\n"
    "fe80::1%eth0 link\n"
    "::ffff:192.0.2.9 mapped\n"
    "192.0.2.4\n"
    "192.0.2.6 cut#off # not.db\n"
    "192.0.2.5 last";

TEST(hosts_file, all_lines_of_a_name_count_in_both_families) {
  EXPECT_THAT(find_in_hosts(file, "db"),
              ElementsAre(address("192.0.2.1:0"), address("[2001:db8::1]:0")));
}

TEST(hosts_file, names_compare_without_case_and_last_dot) {
  EXPECT_THAT(find_in_hosts(file, "DB.Test."), ElementsAre(address("192.0.2.1:0")));
  EXPECT_THAT(find_in_hosts(file, "last"), ElementsAre(address("192.0.2.5:0")));
  EXPECT_THAT(find_in_hosts(file, "link"), ElementsAre(address("[fe80::1%eth0]:0")));
  EXPECT_THAT(find_in_hosts(file, "mapped"), ElementsAre(address("192.0.2.9:0")));
}

TEST(hosts_file, comments_and_addresses_are_not_names) {
  EXPECT_THAT(find_in_hosts(file, "not.db"), IsEmpty());
  EXPECT_THAT(find_in_hosts(file, "192.0.2.4"), IsEmpty());
  EXPECT_THAT(find_in_hosts(file, "d"), IsEmpty());
  EXPECT_THAT(find_in_hosts(file, "off"), IsEmpty());
  EXPECT_THAT(find_in_hosts(file, "cut"), ElementsAre(address("192.0.2.6:0")));
  EXPECT_THAT(find_in_hosts("", "db"), IsEmpty());
}

}  // namespace
}  // namespace bight::posix
