// SPDX-License-Identifier: MIT
#include "net/default_report.hpp"

#include <bight/error.hpp>
#include <bight/line_sink.hpp>

#include "unit/manual_scheduler.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bight {
namespace {

using namespace std::chrono_literals;

TEST(default_report, summarises_when_its_window_ends_while_the_server_runs) {
  manual_scheduler m;
  default_report report(m.sched());
  const error e(errc::too_long, "session");
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) report.add(address("127.0.0.1:1"), e);
  m.advance(error_digest::window);
  EXPECT_TRUE(line_sink::standard_error().flush(5s));
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("bight: 127.0.0.1:1: session: "), text.npos) << text;
  EXPECT_NE(text.find("bight: 2 more errors in 10 s, the last: 127.0.0.1:1: session: "), text.npos)
      << text;
}

}  // namespace
}  // namespace bight
