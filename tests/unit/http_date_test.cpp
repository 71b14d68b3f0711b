// SPDX-License-Identifier: MIT
#include <bight/http.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace bight::http {
namespace {

TEST(http_date, names_every_day_and_every_month) {
  constexpr std::array<const char*, 12> dates{
      "Thu, 01 Jan 1970 00:00:00 GMT", "Sun, 01 Feb 1970 00:00:00 GMT",
      "Sun, 01 Mar 1970 00:00:00 GMT", "Wed, 01 Apr 1970 00:00:00 GMT",
      "Fri, 01 May 1970 00:00:00 GMT", "Mon, 01 Jun 1970 00:00:00 GMT",
      "Wed, 01 Jul 1970 00:00:00 GMT", "Sat, 01 Aug 1970 00:00:00 GMT",
      "Tue, 01 Sep 1970 00:00:00 GMT", "Thu, 01 Oct 1970 00:00:00 GMT",
      "Sun, 01 Nov 1970 00:00:00 GMT", "Tue, 01 Dec 1970 00:00:00 GMT"};
  constexpr std::array<int, 12> first_days{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  for (std::size_t i = 0; i < dates.size(); ++i) {
    const std::int64_t moment = first_days[i] * std::int64_t{86400};
    EXPECT_EQ(date_text(moment), dates[i]);
    EXPECT_EQ(parse_date(dates[i]), moment);
  }
  EXPECT_EQ(date_text(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(http_date, is_read_in_three_forms_and_no_other) {
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"})
    EXPECT_EQ(parse_date(text), 784111777) << text;
  for (const char* text : {"", "0", "Sun, 06 Nov 1994", "1994-11-06T08:49:37Z",
                           "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 08:49:37 CET"})
    EXPECT_FALSE(parse_date(text)) << text;
}

}  // namespace
}  // namespace bight::http
