// SPDX-License-Identifier: MIT
//
// The relay of the examples, unchanged, between two hosts: what goes through it comes back, with
// both ends of both streams in their order.

#include "scenario/scenario.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>

namespace scenario {

namespace relayed_example {
#define main example_main
#define print mute
#include "../../examples/relay.cpp"
#undef print
#undef main
}  // namespace relayed_example

namespace {

// A pair of streams, from one end to the other: what each of them carries, both ways.
struct journey {
  explicit journey(std::uint64_t key) : there(2 * key), back(2 * key + 1) {}
  ledger there;
  ledger back;
};
using journeys = std::map<std::uint64_t, std::unique_ptr<journey>>;

constexpr std::size_t name_length = 8;  // of the line in front that says which journey it is

// Answers every byte with one of its own. Its last word is the end, after the end.
struct mirror {
  journeys* all;

  task<> operator()(tcp::stream peer) const {
    reader in(peer);
    auto name = co_await in.read_exactly(name_length);
    journey& mine = *all->at(std::stoull(name.str()));
    while (auto bytes = co_await in.recv()) {
      mine.there.received(bytes);
      for (std::size_t left = bytes.size(); left > 0;) {
        const std::string_view answer = mine.back.next(left);
        // Before it is sent: the other end may have it before this one is told.
        mine.back.sent(answer.size());
        co_await peer.send(answer);
        left -= answer.size();
      }
    }
    mine.there.ended();
    peer.shutdown_send();
  }
};

task<> travel_there(tcp::stream& relay, journey& mine, std::uint64_t key, std::uint64_t total) {
  const std::string name = fmt::format("{:08}", key);
  co_await relay.send(name);
  while (mine.there.sent() < total) {
    const std::string_view bytes = mine.there.next(total - mine.there.sent());
    mine.there.sent(bytes.size());
    co_await relay.send(bytes);
  }
  relay.shutdown_send();
}

task<> travel_back(tcp::stream& relay, journey& mine, std::uint64_t total) {
  while (auto bytes = co_await relay.recv()) mine.back.received(bytes);
  mine.back.ended();
  // A relay that cannot reach its target closes: in order, and before anything has been said.
  if (mine.back.received() < total) throw error(errc::cut_short, "travel");
}

task<> travel(journeys& all, std::uint64_t total) {
  const std::uint64_t key = all.size();
  journey& mine = *all.emplace(key, std::make_unique<journey>(key)).first->second;
  auto relay = co_await tcp::connect("relay:8000");
  auto ended = co_await attempt(
      bight::all(travel_there(relay, mine, key, total), travel_back(relay, mine, total)));
  if (ended) co_return;
  relay.abort();  // a journey that is given up must not look like a short one
  throw error(ended.error());
}

task<> traveller(sim::world& net, stage& on, journeys& all, std::uint64_t total, unsigned& done) {
  callback<task<>()> session([&all, total]() -> task<> { co_await travel(all, total); });
  co_await until_it_works(net, on, std::move(session));
  ++done;
}

}  // namespace

void relayed(sim::world& net, unsigned size) {
  auto& client = net.add("client");
  auto& between = net.add("relay");
  auto& sink = net.add("sink");
  journeys all;
  unsigned done = 0;
  stage on(net);
  on.start(sink, [&all]() -> task<> { co_await tcp::serve(":9000", mirror{&all}, quiet()); });
  on.start(between, []() -> task<> {
    relayed_example::relay carry{"sink:9000"};
    co_await tcp::serve(":8000", std::move(carry), quiet());
  });
  auto draw = net.random("totals");
  for (unsigned i = 0; i < size; ++i) {
    const std::uint64_t total = draw.log_uniform(1, 20'000);
    on.start(client, [&net, &on, &all, total, &done]() -> task<> {
      co_await traveller(net, on, all, total, done);
    });
  }
  on.drive([&] { return done == size; });
  if (on.is_cut()) return;
  sink.signal(15);
  between.signal(15);
  on.drive([&] { return !sink.running() && !between.running(); });
}

}  // namespace scenario
