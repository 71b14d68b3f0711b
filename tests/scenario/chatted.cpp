// SPDX-License-Identifier: MIT
//
// The chat of the examples, unchanged. A guest that reads hears every line of a speaker from the
// first one that it hears, in order; one that never reads delays nobody.

#include "scenario/scenario.hpp"

#include <fmt/format.h>

#include <charconv>
#include <list>
#include <map>
#include <memory>
#include <set>

namespace scenario {

namespace chat_example {
#define main example_main
#define print mute
#include "../../examples/chat.cpp"
#undef print
#undef main
}  // namespace chat_example

namespace {

constexpr unsigned pasted = 60;

// Every session of a speaker has its own key.
struct party {
  unsigned listeners;
  unsigned last_key = 0;
  std::map<unsigned, std::set<unsigned>> heard = {};  // who has heard all lines of a key
  bool over = false;
};

// The numbers of "KEY.NUMBER …".
std::pair<unsigned, unsigned> parsed(std::string_view text) {
  std::pair<unsigned, unsigned> found{0, pasted};
  const char* const end = text.data() + text.size();
  const auto key = std::from_chars(text.data(), end, found.first);
  sim::require(key.ptr != end && *key.ptr == '.', fmt::format("\"{}\" was never said", text));
  std::from_chars(key.ptr + 1, end, found.second);
  sim::require(found.second < pasted, fmt::format("\"{}\" was never said", text));
  return found;
}

task<> hear(party& p, unsigned who) {
  auto server = co_await tcp::connect("server:9999");
  reader lines(server);
  std::map<unsigned, unsigned> next;
  while (auto text = co_await lines.read_line(500)) {
    const auto [key, number] = parsed(text->view());
    const auto expected = next.emplace(key, number).first;
    sim::require(number == expected->second,
                 fmt::format("line {}.{} comes where {} should", key, number, expected->second));
    ++expected->second;
    if (number + 1 == pasted) p.heard[key].insert(who);
  }
  throw error(errc::cut_short, "hear");
}

task<> until_over(const party& p) {
  while (!p.over) co_await sleep(100ms);
}

task<> listen(party& p, unsigned who) { co_await race(hear(p, who), until_over(p)); }

// Pastes its lines, and again after a while if a listener has come too late to hear all of them.
task<> speak(party& p) {
  auto server = co_await tcp::connect("server:9999");
  for (;;) {
    const unsigned key = ++p.last_key;
    std::string text;
    for (unsigned i = 0; i < pasted; ++i)
      text += fmt::format("{}.{} {}\n", key, i, std::string(i * 7 % 400, 'x'));
    co_await server.send(text);
    for (int i = 0; i < 50; ++i) {
      co_await sleep(100ms);
      if (p.heard[key].size() == p.listeners) co_return;
    }
  }
}

task<> sleep_in_the_room(party& p) {
  auto server = co_await tcp::connect("server:9999");
  co_await until_over(p);
}

}  // namespace

void chatted(sim::world& net, unsigned size) {
  auto& server = net.add("server");
  auto& here = net.add("here");
  auto& there = net.add("there");
  party p{.listeners = size + 1};
  chat_example::room room;
  unsigned spoken = 0;
  stage on(net);
  on.start(server, [&room]() -> task<> {
    chat_example::chat chat{&room};
    co_await tcp::serve(":9999", chat, quiet());
  });
  for (unsigned who = 0; who < p.listeners; ++who)
    on.start(who % 2 == 0 ? here : there, [&net, &on, &p, who]() -> task<> {
      callback<task<>()> session([&p, who]() -> task<> { co_await listen(p, who); });
      co_await until_it_works(net, on, std::move(session));
    });
  on.start(there, [&net, &on, &p]() -> task<> {
    callback<task<>()> session([&p]() -> task<> { co_await sleep_in_the_room(p); });
    co_await until_it_works(net, on, std::move(session));
  });
  for (unsigned i = 0; i < size; ++i)
    on.start(i % 2 == 0 ? there : here, [&net, &on, &p, &spoken]() -> task<> {
      callback<task<>()> session([&p]() -> task<> { co_await speak(p); });
      co_await until_it_works(net, on, std::move(session));
      ++spoken;
    });
  on.drive([&] { return spoken == size; });
  p.over = true;
  if (on.is_cut()) return;
  on.drive([&] { return !here.running() && !there.running(); });
  server.signal(15);
  on.drive([&] { return !server.running(); });
  sim::require(room.empty(), "a guest that has left is still in the room");
}

}  // namespace scenario
