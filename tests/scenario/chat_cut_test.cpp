// SPDX-License-Identifier: MIT
//
// In the chat of the examples, over a network with loss and a partition: a guest that stops reading
// is cut when its queue is full, and another one that reads misses nothing.

#include "scenario/scenario.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <list>
#include <memory>

namespace scenario {

namespace cut_example {
#define main example_main
#define print mute
#include "../../examples/chat.cpp"
#undef print
#undef main
}  // namespace cut_example

namespace {

constexpr unsigned batch = 1000;

struct cut_party {
  unsigned said = 0;
  unsigned heard = 0;
  bool over = false;
};

task<> talk(cut_party& p, const cut_example::room& room) {
  auto server = co_await tcp::connect("server:9999");
  while (room.size() < 3) co_await sleep(10ms);
  // The stuck one is cut by the end of the tenth batch: 4 MB.
  while (room.size() == 3 && p.said < 20 * batch) {
    std::string text;
    for (unsigned i = 0; i < batch; ++i)
      text += fmt::format("{:08}{}\n", p.said++, std::string(400, 'x'));
    co_await server.send(text);
    while (p.heard < p.said) co_await sleep(10ms);
  }
  p.over = true;
}

task<> attend(cut_party& p) {
  auto server = co_await tcp::connect("server:9999");
  reader lines(server);
  while (!p.over) {
    auto text = co_await attempt(within(1s, lines.read_line(500)));
    if (!text && text.error().is(errc::timed_out)) continue;
    sim::require(*text && (*text)->view().starts_with(fmt::format("{:08}", p.heard)),
                 "a guest that reads misses no line");
    ++p.heard;
  }
}

task<> stop_reading(const cut_party& p) {
  auto server = co_await tcp::connect("server:9999");
  while (!p.over) co_await sleep(100ms);
  co_await sleep(1min);  // for the reset to arrive
  for (;;) {
    auto bytes = co_await attempt(server.recv());
    if (!bytes) {
      sim::require(bytes.error().is(errc::reset), bytes.error().what());
      co_return;
    }
    sim::require(!bytes->empty(), "a guest that is cut sees a reset, not an end");
  }
}

}  // namespace

TEST(chat, cuts_a_guest_that_stops_reading_and_loses_no_line_of_others) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    sim::world_options options;
    options.seed = seed;
    sim::world net(options);
    auto& server = net.add("server");
    auto& client = net.add("client");
    net.between(server, client) = {.latency = 20ms, .jitter = 5ms, .loss = 0.02};
    net.after(3s, [&] { net.partition(server, client); });
    net.after(6s, [&] { net.heal(); });
    cut_party p;
    cut_example::room room;
    server.start([&room]() -> task<> {
      cut_example::chat chat{&room};
      co_await tcp::serve(":9999", chat, quiet());
    });
    client.start(
        [&p, &room]() -> task<> { co_await all(talk(p, room), attend(p), stop_reading(p)); });
    net.run_until([&] { return !client.running(); });
    EXPECT_EQ(p.heard, p.said);
    EXPECT_LT(p.said, 20 * batch);
    EXPECT_GT(p.said, 4 * batch);
  }
}

}  // namespace scenario
