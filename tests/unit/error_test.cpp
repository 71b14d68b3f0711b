// SPDX-License-Identifier: MIT
#include <bight/error.hpp>

#include "base/names.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace bight {
namespace {

static_assert(std::is_nothrow_copy_constructible_v<error>);
static_assert(std::is_nothrow_copy_assignable_v<error>);
static_assert(std::is_base_of_v<std::system_error, error>);

std::error_code posix(std::errc e) { return std::make_error_code(e); }
std::error_code system_code(std::errc e) { return {static_cast<int>(e), std::system_category()}; }

TEST(error, a_code_of_the_system_is_one_condition) {
  struct row {
    std::errc code;
    errc condition;
  };
  constexpr row rows[] = {
      {std::errc::operation_canceled, errc::cancelled},
      {std::errc::timed_out, errc::timed_out},
      {std::errc::connection_refused, errc::refused},
      {std::errc::connection_reset, errc::reset},
      {std::errc::connection_aborted, errc::reset},
      {std::errc::broken_pipe, errc::closed},
      {std::errc::not_connected, errc::closed},
      {std::errc::bad_file_descriptor, errc::closed},
      {std::errc::network_unreachable, errc::unreachable},
      {std::errc::host_unreachable, errc::unreachable},
      {std::errc::address_in_use, errc::address_in_use},
      {std::errc::address_not_available, errc::address_not_available},
      {std::errc::permission_denied, errc::denied},
      {std::errc::operation_not_permitted, errc::denied},
      {std::errc::too_many_files_open, errc::too_many_files},
      {std::errc::too_many_files_open_in_system, errc::too_many_files},
      {std::errc::no_buffer_space, errc::no_resources},
      {std::errc::message_size, errc::message_too_large},
      {std::errc::operation_not_supported, errc::not_supported},
      {std::errc::invalid_argument, errc::invalid},
  };
  for (const row& r : rows) {
    for (const std::error_code code : {posix(r.code), system_code(r.code)}) {
      int conditions = 0;
      for (int c = 1; c <= static_cast<int>(errc::invalid); ++c)
        conditions += code == make_error_condition(static_cast<errc>(c)) ? 1 : 0;
      EXPECT_EQ(conditions, 1) << code.message();
      EXPECT_TRUE(error(code, "x").is(r.condition)) << code.message();
    }
  }
}

TEST(error, each_condition_equals_its_own_code_and_no_other) {
  for (int a = 1; a <= static_cast<int>(errc::invalid); ++a)
    for (int b = 1; b <= static_cast<int>(errc::invalid); ++b)
      EXPECT_EQ(make_error_code(static_cast<errc>(a)) == static_cast<errc>(b), a == b);
}

TEST(error, every_condition_has_a_text) {
  for (int c = 1; c <= static_cast<int>(errc::invalid); ++c)
    EXPECT_NE(make_error_code(static_cast<errc>(c)).message(), "unknown error") << c;
  EXPECT_EQ(category().message(9999), "unknown error");
}

TEST(error, an_error_code_of_a_foreign_category_equals_no_condition) {
  struct foreign : std::error_category {
    const char* name() const noexcept override { return "foreign"; }
    std::string message(int) const override { return "foreign words"; }
  };
  static const foreign other;
  const error e({static_cast<int>(std::errc::connection_reset), other}, "tls");
  EXPECT_FALSE(e.is(errc::reset));
  EXPECT_STREQ(e.what(), "tls: foreign words");
}

TEST(error, the_message_says_what_failed_why_and_what_to_do) {
  const error e(posix(std::errc::connection_refused), "connect 127.0.0.1:9999");
  EXPECT_STREQ(e.what(), "connect 127.0.0.1:9999: connection refused (is the server running?)");
  EXPECT_EQ(e.tried(), "connect 127.0.0.1:9999");
  EXPECT_EQ(e.transferred(), 0u);
}

TEST(error, a_reason_replaces_the_usual_text) {
  const error e(errc::timed_out, "recv", 7, "timed out after 5 s");
  EXPECT_STREQ(e.what(), "recv: timed out after 5 s");
  EXPECT_EQ(e.transferred(), 7u);
}

TEST(error, without_an_operation_the_message_begins_with_the_reason) {
  const error e(errc::cancelled, "");
  EXPECT_STREQ(e.what(), "cancelled");
  EXPECT_EQ(e.tried(), "");
}

TEST(error, an_unknown_code_of_the_system_keeps_its_text) {
  const error e(posix(std::errc::text_file_busy), "open");
  EXPECT_EQ(std::string(e.what()), "open: " + posix(std::errc::text_file_busy).message());
}

TEST(error, a_copy_shares_its_text) {
  const error e(errc::reset, "recv 10.0.0.1:80", 3);
  const error copy = e;
  EXPECT_EQ(static_cast<const void*>(e.what()), static_cast<const void*>(copy.what()));
  EXPECT_EQ(copy.tried(), "recv 10.0.0.1:80");
}

TEST(error, is_caught_as_a_system_error_and_compares_with_conditions) {
  try {
    throw error(posix(std::errc::broken_pipe), "send");
  } catch (const std::system_error& e) {
    EXPECT_TRUE(e.code() == errc::closed);
    EXPECT_TRUE(e.code() == std::errc::broken_pipe);
    EXPECT_STREQ(e.what(), "send: the connection is closed");
  }
}

}  // namespace
}  // namespace bight
