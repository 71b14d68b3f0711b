// SPDX-License-Identifier: MIT
#include <bight/event.hpp>
#include <bight/reader.hpp>
#include <bight/scope.hpp>

#include "allocations.hpp"
#include "base/names.hpp"
#include "scripted_source.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace bight {
namespace {

TEST(reader, reads_lines_until_there_are_none) {
  manual_scheduler loop;
  scripted_source source({"one\ntw", "o\r\nthree\n"});
  script in(source);
  EXPECT_EQ(run(loop, in.read_line()), "one");
  EXPECT_EQ(run(loop, in.read_line()), "two");
  EXPECT_EQ(run(loop, in.read_line()), "three");
  EXPECT_EQ(run(loop, in.read_line()), "none");
  EXPECT_EQ(run(loop, in.read_line()), "none");
}

TEST(reader, does_not_ask_a_source_that_has_ended_again) {
  manual_scheduler loop;
  scripted_source source({"x\n"});
  script in(source);
  EXPECT_EQ(run(loop, in.read_line()), "x");
  EXPECT_EQ(run(loop, in.read_line()), "none");
  const int receives = source.receives;
  EXPECT_EQ(run(loop, in.read_line()), "none");
  EXPECT_EQ(run(loop, in.recv()), "");
  EXPECT_EQ(source.receives, receives);
}

TEST(reader, reads_a_header_a_body_and_a_message) {
  manual_scheduler loop;
  const std::string text = "Length: 5\r\n\r\nhello" + length_prefix(3) + "abc";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    std::vector<std::string> pieces;
    for (std::size_t i = 0; i < text.size(); i += size) pieces.push_back(text.substr(i, size));
    scripted_source source(pieces);
    script in(source);
    EXPECT_EQ(run(loop, in.read_until("\r\n\r\n")), "Length: 5");
    EXPECT_EQ(run(loop, in.read_exactly(5)), "hello");
    EXPECT_EQ(run(loop, in.read_message()), "abc");
    EXPECT_EQ(run(loop, in.read_message()), "none");
  }
}

TEST(reader, recv_returns_the_buffered_bytes_first) {
  manual_scheduler loop;
  scripted_source source({"line\nleft", "next"});
  script in(source);
  EXPECT_EQ(run(loop, in.read_line()), "line");
  EXPECT_EQ(in.buffered(), 4u);
  EXPECT_EQ(run(loop, in.recv(3)), "lef");
  EXPECT_EQ(run(loop, in.recv()), "t");
  EXPECT_EQ(run(loop, in.recv()), "next");
  EXPECT_EQ(run(loop, in.recv()), "");
}

TEST(reader, a_stream_that_ends_inside_a_message_is_cut_short_and_its_bytes_stay) {
  manual_scheduler loop;
  scripted_source source({"seventeen bytes.."});
  script in(source);
  EXPECT_EQ(run(loop, in.read_until("\r\n\r\n")),
            "error: read_until \"\\r\\n\\r\\n\": the peer closed before it arrived (17 bytes "
            "received)");
  EXPECT_EQ(run(loop, in.read_exactly(20)),
            "error: read_exactly 20: the peer closed before all bytes arrived (17 bytes received)");
  EXPECT_EQ(in.buffered(), 17u);
  EXPECT_EQ(run(loop, in.recv()), "seventeen bytes..");
}

// faults.md C08.
TEST(reader, a_message_over_its_maximum_is_too_long_before_more_is_read) {
  manual_scheduler loop;
  scripted_source source(std::vector<std::string>(1000, std::string(10, 'x')));
  script in(source);
  EXPECT_EQ(run(loop, in.read_line(25)),
            "error: read_line: the line is longer than the limit of 25 bytes (30 bytes received)");
  EXPECT_EQ(source.receives, 3);
  EXPECT_EQ(in.buffered(), 30u);
  EXPECT_EQ(run(loop, in.recv()), std::string(30, 'x'));
}

TEST(reader, an_announced_length_over_the_maximum_consumes_nothing) {
  manual_scheduler loop;
  scripted_source source({length_prefix(2000) + "abc"});
  script in(source);
  EXPECT_EQ(
      run(loop, in.read_message(1000)),
      "error: read_message: the message has 2000 bytes, but the limit is 1000 (7 bytes received)");
  EXPECT_EQ(in.buffered(), 7u);
}

TEST(reader, an_error_of_the_source_passes_through_and_keeps_what_came) {
  manual_scheduler loop;
  auto source = scripted_source::of(
      {{-1ns, "par"}, {-1ns, "", error(errc::reset, "recv 10.0.0.1:80")}, {-1ns, "tial\n"}});
  script in(source);
  EXPECT_EQ(run(loop, in.read_line()), "error: recv 10.0.0.1:80: connection reset by the peer");
  EXPECT_EQ(in.buffered(), 3u);
  EXPECT_EQ(run(loop, in.read_line()), "partial");
}

TEST(reader, a_deadline_in_the_middle_loses_no_byte) {
  const std::string text = "first line\nsecond\r\n" + length_prefix(7, 2) + "message";
  // Every byte comes a second after the one before; deadlines fall everywhere.
  for (const duration patience : {500ms, 1000ms, 1500ms, 3700ms}) {
    manual_scheduler loop;
    std::vector<std::string> pieces;
    for (const char c : text) pieces.emplace_back(1, c);
    scripted_source source(pieces, 1s);
    script in(source);
    auto persist = [](script& r, duration each) -> task<std::vector<std::string>> {
      std::vector<std::string> got;
      int timeouts = 0;
      while (got.size() < 3 && timeouts < 1000) {
        std::string one;
        if (got.size() < 2) {
          auto line = co_await attempt(within(each, r.read_line()));
          if (!line && line.error().is(errc::timed_out)) {
            ++timeouts;
            each += 1ms;  // or 500 ms would never see the byte that takes a second
            continue;
          }
          one = text_of(std::move(line));
        } else {
          auto message = co_await attempt(within(each, r.read_message(100, 2)));
          if (!message && message.error().is(errc::timed_out)) {
            ++timeouts;
            each += 1ms;
            continue;
          }
          one = text_of(std::move(message));
        }
        got.push_back(one);
      }
      EXPECT_GT(timeouts, 3);
      co_return got;
    };
    EXPECT_EQ(loop.run(persist(in, patience)),
              (std::vector<std::string>{"first line", "second", "message"}));
  }
}

TEST(reader, a_timeout_says_what_was_received_on) {
  manual_scheduler loop;
  auto source = scripted_source::of({{1h, "never"}});
  script in(source);
  auto op = within(5s, in.read_line());
  EXPECT_EQ(run(loop, std::move(op)), "error: sleep: timed out after 5 s");
}

TEST(reader, a_cancelled_call_takes_nothing_even_when_its_message_is_there) {
  manual_scheduler loop;
  scripted_source source({"one\ntwo\n"});
  script in(source);
  EXPECT_EQ(run(loop, in.read_line()), "one");
  auto stopped = [](script& r) -> task<std::string> {
    scope over(co_await current_context());
    over.stop();
    std::string told;
    over.spawn([&told, &r]() -> task<> { told = text_of(co_await attempt(r.read_line())); });
    co_await over.join();
    co_return told;
  };
  EXPECT_EQ(loop.run(stopped(in)), "error: read_line: cancelled");
  EXPECT_EQ(run(loop, in.read_line()), "two");
}

TEST(reader, a_call_that_loses_a_race_leaves_its_message_for_the_next) {
  manual_scheduler loop;
  // Both are ready in the same turn, and the sleep was first.
  auto source = scripted_source::of({{1s, "line\n"}});
  script in(source);
  auto run_race = [](script& r) -> task<std::size_t> {
    auto winner = co_await race(sleep(1s), r.read_line());
    co_return winner.index();
  };
  EXPECT_EQ(loop.run(run_race(in)), 0u);
  EXPECT_EQ(run(loop, in.read_line()), "line");
}

TEST(reader, a_call_that_is_ready_at_once_loses_nothing_in_a_race_that_is_over) {
  manual_scheduler loop;
  scripted_source left({"a\nb\n"});
  scripted_source right({"c\nd\n"});
  script first(left);
  script second(right);
  EXPECT_EQ(run(loop, first.read_line()) + run(loop, second.read_line()), "ac");
  auto run_race = [](script& one, script& two) -> task<std::string> {
    auto winner = co_await race(one.read_line(), two.read_line());
    co_return std::get<0>(winner)->str();
  };
  EXPECT_EQ(loop.run(run_race(first, second)), "b");
  EXPECT_EQ(run(loop, second.read_line()), "d");
}

TEST(reader, a_buffered_message_takes_neither_a_frame_nor_a_receive) {
  if (!BIGHT_ALLOCATIONS_COUNTED) GTEST_SKIP() << "ThreadSanitizer has its own operator new";
  manual_scheduler loop;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "line\n";
  scripted_source source({text});
  script in(source);
  auto all_lines = [](script& r, scripted_source& s) -> task<std::size_t> {
    (void)co_await r.read_line();
    const int receives = s.receives;
    const std::size_t before = allocations();
    for (int i = 1; i < 1000; ++i) {
      auto line = co_await r.read_line();
      EXPECT_EQ(*line, "line");
    }
    EXPECT_EQ(s.receives, receives);
    co_return allocations() - before;
  };
  EXPECT_EQ(loop.run(all_lines(in, source)), 0u);
}

TEST(reader, two_hundred_thousand_buffered_lines_do_not_grow_the_stack) {
#if defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
  GTEST_SKIP() << "g++'s sanitizers lose tail calls";
#endif
  manual_scheduler loop;
  scripted_source source({std::string(200'000, '\n')});
  script in(source);
  auto count = [](script& r) -> task<int> {
    int lines = 0;
    for (;;) {
      auto line = co_await r.read_line();
      if (!line) break;
      ++lines;
    }
    co_return lines;
  };
  EXPECT_EQ(loop.run(count(in)), 200'000);
}

TEST(reader, holds_no_buffer_of_the_source_while_it_waits) {
  struct lent_buffer : lease_block {
    std::string bytes = "partial";
    int released = 0;
  };
  struct one_buffer_source {
    lent_buffer block;
    event more;
    bool given = false;
    task<lease> recv(std::size_t) {
      if (!given) {
        given = true;
        block.release = [](lease_block& b) noexcept { ++static_cast<lent_buffer&>(b).released; };
        co_return lease(block, reinterpret_cast<const std::byte*>(block.bytes.data()), 7);
      }
      co_await more.wait();
      co_return lease();
    }
  };
  manual_scheduler loop;
  one_buffer_source source;
  reader<one_buffer_source> in(source);
  auto read = [](reader<one_buffer_source>& r) -> task<std::string> {
    co_return text_of(co_await attempt(r.read_line(100, last_line::as_it_is)));
  };
  auto ended = loop.start(read(in));
  loop.settle();
  EXPECT_FALSE(ended->done);
  EXPECT_EQ(source.block.released, 1);
  source.more.set();
  loop.settle();
  EXPECT_EQ(ended->get(), "partial");
}

TEST(reader, moves_with_what_it_holds) {
  manual_scheduler loop;
  scripted_source source({"one\ntwo\nthr", "ee\n"});
  script first(source);
  EXPECT_EQ(run(loop, first.read_line()), "one");
  script second = std::move(first);
  EXPECT_EQ(run(loop, second.read_line()), "two");
  EXPECT_EQ(run(loop, second.read_line()), "three");
}

// Random messages in random pieces, with deadlines that fall anywhere: each comes out once.
TEST(reader, survives_random_deadlines_and_fragments) {
  std::mt19937 random(6);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> sent;
    std::string text;
    for (int i = 0; i < 10; ++i) {
      sent.emplace_back(random() % 30, static_cast<char>('a' + i));
      text += length_prefix(sent.back().size(), 2) + sent.back();
    }
    std::deque<scripted_source::step> steps;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t n = 1 + random() % 12;
      steps.push_back({duration(static_cast<int>(random() % 4) - 1), text.substr(at, n)});
      at += n;
    }
    manual_scheduler loop;
    auto source = scripted_source::of(std::move(steps));
    script in(source);
    auto persist = [](script& r, unsigned seed) -> task<std::vector<std::string>> {
      std::mt19937 own(seed);
      std::vector<std::string> got;
      for (;;) {
        auto m = co_await attempt(within(duration(own() % 6), r.read_message(100, 2)));
        if (!m && m.error().is(errc::timed_out)) {
          co_await sleep(0s);
          continue;
        }
        if (!m || !*m) break;
        got.push_back((*m)->str());
      }
      co_return got;
    };
    ASSERT_EQ(loop.run(persist(in, static_cast<unsigned>(round))), sent);
  }
}

}  // namespace
}  // namespace bight
