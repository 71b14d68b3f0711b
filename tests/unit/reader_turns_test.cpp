// SPDX-License-Identifier: MIT
// A reader among others: its last line, a second call, and the turns that it leaves to others.
#include <bight/reader.hpp>
#include <bight/scope.hpp>

#include "base/names.hpp"
#include "scripted_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

namespace bight {
namespace {

TEST(reader, a_last_line_without_a_newline_is_refused_unless_allowed) {
  for (const char* text : {"one\nthree", "one\nthree\r"}) {
    manual_scheduler loop;
    scripted_source source({text});
    script in(source);
    EXPECT_EQ(run(loop, in.read_line()), "one");
    const std::string failed = run(loop, in.read_line());
    EXPECT_NE(failed.find("read_line: the peer closed before the end of the line"), failed.npos);
    EXPECT_EQ(run(loop, in.read_line()), failed);  // it stays one, and uses up nothing
    EXPECT_EQ(run(loop, in.read_line(100, last_line::as_it_is)), std::string(text).substr(4));
    EXPECT_EQ(run(loop, in.read_line()), "none");
  }
}

TEST(reader, a_second_call_while_one_is_in_flight_is_refused) {
  manual_scheduler loop;
  auto source = scripted_source::of({{1s, "li"}, {1s, "ne\n"}});
  script in(source);
  auto first = [](script& r, std::string& into) -> task<> {
    into = text_of(co_await attempt(r.read_line()));
  };
  auto second = [](script& r, std::string& into) -> task<> {
    co_await sleep(1500ms);
    into = text_of(co_await attempt(r.recv()));  // "li" would be taken from the middle of the line
  };
  std::string line;
  std::string refused;
  auto both = [&]() -> task<> { co_await all(first(in, line), second(in, refused)); };
  loop.run(both());
  EXPECT_EQ(line, "line");
  EXPECT_NE(refused.find("in flight"), refused.npos);
}

TEST(reader, buffered_lines_let_others_run_in_between) {
  manual_scheduler loop;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "x\n";
  scripted_source source({text});
  script in(source);
  std::size_t lines = 0;
  std::size_t most = 0;
  auto read = [](script& r, std::size_t& n) -> task<> {
    while (auto line = co_await r.read_line()) ++n;
  };
  auto watch = [](const std::size_t& n, std::size_t& jump) -> task<> {
    std::size_t before = n;
    while (before < 1000) {
      co_await sleep(0s);
      jump = std::max(jump, n - std::exchange(before, n));
    }
  };
  auto both = [&]() -> task<> { co_await all(read(in, lines), watch(lines, most)); };
  loop.run(both());
  EXPECT_EQ(lines, 1000u);
  EXPECT_LE(most, 128u);
}

TEST(reader, within_zero_returns_available_messages) {
  manual_scheduler loop;
  auto source = scripted_source::of({{0s, "one\ntwo\nthr"}, {1h, "ee\n"}});
  script in(source);
  EXPECT_EQ(run(loop, in.read_line()), "one");
  EXPECT_EQ(run(loop, within(0s, in.read_line())), "two");
  EXPECT_EQ(run(loop, within(-1s, in.read_line())), "error: sleep: timed out after -1 s");
  EXPECT_EQ(in.buffered(), 3u);
}

}  // namespace
}  // namespace bight
