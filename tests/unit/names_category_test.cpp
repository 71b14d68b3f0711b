// SPDX-License-Identifier: MIT
#include "engine/posix/names_category.hpp"

#include <bight/error.hpp>

#include <ares.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace bight::posix {
namespace {

TEST(names_category, explains_the_outcomes_of_a_look_up) {
  struct {
    int status;
    const char* text;
    errc condition;
    name_outcome outcome;
  } const cases[] = {
      {ARES_ENOTFOUND, "no such host (check the spelling)", errc::name_not_found,
       name_outcome::no_name},
      {ARES_ENODATA, "the host has no address of that family", errc::name_not_found,
       name_outcome::no_address},
      {ARES_ETIMEOUT, "the name servers timed out (check the network and /etc/resolv.conf)",
       errc::name_unavailable, name_outcome::no_answer},
      {ARES_ESERVFAIL, "the name server failed (try again)", errc::name_unavailable,
       name_outcome::server_fails},
      {ARES_EREFUSED, "the name server refused the query (check /etc/resolv.conf)",
       errc::name_unavailable, name_outcome::server_fails},
      {ARES_ECONNREFUSED, "no name server could be reached, or all of them failed",
       errc::name_unavailable, name_outcome::server_fails},
      {ARES_ENOTIMP, ares_strerror(ARES_ENOTIMP), errc::name_unavailable,
       name_outcome::server_fails},
      {ARES_ECANCELLED, ares_strerror(ARES_ECANCELLED), errc::cancelled, name_outcome::no_answer},
      {ARES_EDESTRUCTION, ares_strerror(ARES_EDESTRUCTION), errc::cancelled,
       name_outcome::no_answer},
      {ARES_ENOMEM, ares_strerror(ARES_ENOMEM), errc::no_resources, name_outcome::no_answer},
      {ARES_EBADNAME, ares_strerror(ARES_EBADNAME), errc::bad_address, name_outcome::no_answer},
      {-EACCES, "cannot read /etc/hosts or /etc/resolv.conf: Permission denied",
       errc::name_unavailable, name_outcome::no_answer},
  };
  for (const auto& c : cases) {
    const std::error_code code = names_code(c.status);
    EXPECT_EQ(code.message(), c.text);
    EXPECT_EQ(code, c.condition) << c.text;
    EXPECT_EQ(outcome_of(c.status), c.outcome) << c.text;
    EXPECT_STREQ(code.category().name(), "c-ares");
  }
  EXPECT_EQ(outcome_of(ARES_SUCCESS), name_outcome::found);
}

TEST(names_category, reports_a_shortage_of_this_machine_as_a_system_error) {
  for (const int number : {EMFILE, ENFILE, ENOMEM, ENOBUFS}) {
    EXPECT_TRUE(is_shortage(number));
    EXPECT_EQ(names_code(-number), std::error_code(number, std::system_category()));
  }
  EXPECT_FALSE(is_shortage(EACCES));
}

}  // namespace
}  // namespace bight::posix
