// SPDX-License-Identifier: MIT
#include <bight/event.hpp>
#include <bight/reader.hpp>
#include <bight/scope.hpp>
#include <bight/writer.hpp>

#include "allocations.hpp"
#include "base/names.hpp"
#include "manual_scheduler.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bight {
namespace {

// Takes what is sent, at once or when `open` is set, and as much of it as `room` allows. A send
// that is cancelled, or fails, tells how much it has taken.
struct scripted_sink {
  std::vector<std::string> sent;
  std::size_t taken_at_stop = 0;  // of a send that waits and is cancelled
  bool fails = false;
  event* open = nullptr;

  task<> send(std::string_view bytes) {
    if (fails) throw error(errc::reset, "send", 0);
    if (open != nullptr) {
      auto opened = co_await attempt(open->wait());
      if (!opened) {
        sent.emplace_back(bytes.substr(0, taken_at_stop));
        throw error(errc::cancelled, "send", taken_at_stop);
      }
    }
    sent.emplace_back(bytes);
  }
};
static_assert(byte_sink<scripted_sink>);

// A source that gives its pieces at once.
struct scripted_source {
  std::vector<std::string> pieces;
  std::size_t next = 0;
  std::size_t* sends_seen = nullptr;
  scripted_sink* sink = nullptr;

  task<lease> recv(std::size_t) {
    if (sink != nullptr) *sends_seen = sink->sent.size();
    co_return next < pieces.size() ? lease::copy_of(pieces[next++]) : lease();
  }
};

void play(task<> body) {
  manual_scheduler loop;
  loop.run(std::move(body));
}

using sent_list = std::vector<std::string>;

TEST(writer, keeps_what_is_written_until_it_is_flushed) {
  play([]() -> task<> {
    scripted_sink sink;
    writer out(sink);
    co_await out.write("a");
    co_await out.write("b", std::string("c"), lease::copy_of("d"));
    EXPECT_EQ(sink.sent, sent_list());
    EXPECT_EQ(out.buffered(), 4u);
    co_await out.flush();
    co_await out.flush();  // nothing is left to do
    EXPECT_EQ(sink.sent, sent_list{"abcd"});
    EXPECT_EQ(out.buffered(), 0u);
  }());
}

TEST(writer, sends_when_it_is_full) {
  play([]() -> task<> {
    scripted_sink sink;
    writer out(sink, 4);
    co_await out.write("abc");
    EXPECT_EQ(sink.sent, sent_list());
    co_await out.write("def");
    EXPECT_EQ(sink.sent, sent_list{"abcdef"});
    co_await out.write(std::string(100, 'x'));
    EXPECT_EQ(sink.sent.back().size(), 100u);
  }());
}

TEST(writer, is_flushed_by_a_reader_that_is_about_to_wait_and_not_before) {
  play([]() -> task<> {
    scripted_sink sink;
    std::size_t seen = 0;
    scripted_source source{{"1\n2\n3", "\n4\n"}, 0, &seen, &sink};
    writer out(sink);
    reader in(source, out);
    while (auto line = co_await in.read_line()) co_await out.write("<", *line, ">");
    // 1 and 2 were there together. 3 and 4 came later, and with the end the last wait.
    EXPECT_EQ(sink.sent, (sent_list{"<1><2>", "<3><4>"}));
    EXPECT_EQ(seen, 2u);
  }());
}

// The last line ends with the stream: nothing is waited for after it.
TEST(writer, is_flushed_before_the_end_is_reported) {
  play([]() -> task<> {
    scripted_sink sink;
    scripted_source source{{"1\n2"}};
    writer out(sink);
    reader in(source, out);
    while (auto line = co_await in.read_line(9, last_line::as_it_is))
      co_await out.write("<", *line, ">");
    EXPECT_EQ(sink.sent, (sent_list{"<1>", "<2>"}));
    EXPECT_EQ(out.buffered(), 0u);
  }());
}

TEST(writer, a_failed_flush_is_reported_by_the_read) {
  play([]() -> task<> {
    scripted_sink sink;
    sink.fails = true;
    scripted_source source{{"1\n"}};
    writer out(sink);
    reader in(source, out);
    co_await out.write("lost?");
    auto line = co_await attempt(in.read_line());
    EXPECT_FALSE(static_cast<bool>(line));
    EXPECT_TRUE(line.error().is(errc::reset));
    EXPECT_EQ(out.buffered(), 5u);
    sink.fails = false;
    auto again = co_await in.read_line();
    EXPECT_EQ(*again, "1");
    EXPECT_EQ(sink.sent, sent_list{"lost?"});
  }());
}

TEST(writer, a_deadline_in_the_middle_of_a_flush_loses_and_repeats_nothing) {
  play([]() -> task<> {
    scripted_sink sink;
    event open;
    sink.open = &open;
    sink.taken_at_stop = 2;
    scripted_source source{{"1\n"}};
    writer out(sink);
    reader in(source, out);
    co_await out.write("abcdef");
    auto late = co_await attempt(within(1ms, in.read_line()));
    EXPECT_TRUE(!late && late.error().is(errc::timed_out));
    EXPECT_EQ(out.buffered(), 4u);
    co_await out.write("g");
    open.set();
    auto line = co_await in.read_line();
    EXPECT_EQ(*line, "1");
    EXPECT_EQ(sink.sent, (sent_list{"ab", "cdef", "g"}));
  }());
}

TEST(writer, bytes_written_during_a_flush_are_sent_after_it) {
  play([]() -> task<> {
    scripted_sink sink;
    event open;
    sink.open = &open;
    writer out(sink);
    co_await out.write("first");
    auto more = [](writer<scripted_sink>& to, event& go) -> task<> {
      co_await to.write(" second");
      auto busy = co_await attempt(to.flush());
      EXPECT_TRUE(!busy && busy.error().is(errc::busy));
      go.set();
    };
    co_await all(out.flush(), more(out, open));
    EXPECT_EQ(sink.sent, (sent_list{"first", " second"}));
  }());
}

// A session may write in one task and read in another.
TEST(writer, a_read_during_a_flush_does_not_fail) {
  play([]() -> task<> {
    scripted_sink sink;
    event open;
    sink.open = &open;
    scripted_source source{{"1\n"}};
    writer out(sink);
    reader in(source, out);
    co_await out.write("slow");
    auto read = [](reader<scripted_source>& from, event& go) -> task<> {
      auto line = co_await attempt(from.read_line());
      EXPECT_TRUE(static_cast<bool>(line)) << line.error().what();
      go.set();
    };
    co_await all(out.flush(), read(in, open));
    EXPECT_EQ(sink.sent, sent_list{"slow"});
  }());
}

// What fails has kept nothing, or the program would write it again.
TEST(writer, a_full_write_during_a_flush_is_sent_once) {
  play([]() -> task<> {
    scripted_sink sink;
    event open;
    sink.open = &open;
    writer out(sink, 4);
    auto write_until_it_succeeds = [](writer<scripted_sink>& to, event& go) -> task<> {
      for (int i = 0; i < 3; ++i) {
        auto written = co_await attempt(to.write("second"));
        go.set();
        if (written) break;
        co_await sleep(1ms);
      }
    };
    co_await all(out.write("first"), write_until_it_succeeds(out, open));
    co_await out.flush();
    EXPECT_EQ(sink.sent, (sent_list{"first", "second"}));
  }());
}

TEST(writer, in_a_stopped_context_writes_nothing) {
  play([]() -> task<> {
    scripted_sink sink;
    writer out(sink);
    auto in_stopped = [](writer<scripted_sink>& to) -> task<> {
      scope stopped(co_await current_context());
      stopped.stop();
      auto child = [](writer<scripted_sink>& target) -> task<> {
        auto cut = co_await attempt(target.write("never"));
        EXPECT_TRUE(!cut && cut.error().is(errc::cancelled));
      };
      stopped.spawn(child(to));
      co_await stopped.join();
    };
    co_await in_stopped(out);
    EXPECT_EQ(out.buffered(), 0u);
  }());
}

TEST(writer, allocates_nothing_for_a_write_that_fits) {
  play([]() -> task<> {
    scripted_sink sink;
    writer out(sink);
    co_await out.write(std::string(1000, 'x'));
    std::size_t made = 0;
    for (int i = 0; i < 10; ++i) {
      co_await out.flush();
      sink.sent.clear();
      const std::size_t before = allocations();
      for (int n = 0; n < 100; ++n) co_await out.write("12345", "67890");
      made = allocations() - before;
    }
    EXPECT_EQ(made, 0u);
    out.discard();
  }());
}

namespace {
void forget_a_flush() {
  play([]() -> task<> {
    scripted_sink sink;
    writer out(sink);
    co_await out.write("lost");
  }());
}
}  // namespace

TEST(writer, destroyed_with_unsent_bytes_ends_the_program) {
  EXPECT_DEATH(forget_a_flush(), "a writer was destroyed with unsent bytes");
}

TEST(writer, may_be_destroyed_with_bytes_after_a_reported_failure) {
  play([]() -> task<> {
    scripted_sink broken;
    broken.fails = true;
    {
      writer out(broken);
      co_await out.write("told");
      auto flushed = co_await attempt(out.flush());
      EXPECT_FALSE(flushed);
    }
    scripted_sink sink;
    {
      writer out(sink);
      co_await out.write("on purpose");
      out.discard();
      EXPECT_EQ(out.buffered(), 0u);
    }
    try {
      writer out(sink);
      co_await out.write("an exception passes");
      throw std::runtime_error("elsewhere");
    } catch (const std::runtime_error&) {}
    scope stopped(co_await current_context());
    stopped.spawn([&sink]() -> task<> {  // a stop, told as a value
      writer out(sink);
      co_await out.write("kept");
      static_cast<void>(co_await attempt(sleep(1h)));
      static_cast<void>(co_await attempt(out.write("refused")));
    });
    stopped.stop();
    co_await stopped.join();
    EXPECT_EQ(sink.sent, sent_list());
  }());
}

}  // namespace
}  // namespace bight
