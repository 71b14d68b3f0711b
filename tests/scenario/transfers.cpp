// SPDX-License-Identifier: MIT
//
// Bytes one way, over TCP and over TLS, through every kind of send and receive, with deadlines and
// races that cut them all the time: not one byte is lost, doubled or moved.

#include "scenario/scenario.hpp"
#include "scenario/service.hpp"

#include <array>
#include <map>
#include <memory>

#include <fmt/format.h>

namespace scenario {

namespace {

struct transfer {
  explicit transfer(std::uint64_t key, std::uint64_t seed)
      : bytes(key),
        sends(seed, fmt::format("sends {}", key)),
        receives(seed, fmt::format("receives {}", key)) {}
  ledger bytes;
  sim::random_stream sends;
  sim::random_stream receives;
};

struct state {
  service where;
  std::map<std::uint64_t, std::unique_ptr<transfer>> all = {};
  tally operations = {};
};

constexpr std::size_t name_size = 8;

bool is_late(const error& e) { return e.is(errc::timed_out); }

duration short_time(sim::random_stream& draw) {
  return draw.log_uniform(duration(1us), duration(200ms));
}

// One receive of a kind that is drawn. False at the end.
task<bool> receive_raw(tcp::stream& peer, transfer& t, tally& count) {
  const std::size_t most = t.receives.log_uniform(1, 20'000);
  const duration limit = short_time(t.receives);
  switch (t.receives.below(4)) {
    case 0: {
      auto got = co_await count.once(peer.recv(most));
      t.bytes.received(got.value());
      co_return !got->empty();
    }
    case 1: {
      auto got = co_await count.once(within(limit, peer.recv(most)));
      if (!got && is_late(got.error())) co_return true;
      t.bytes.received(got.value());
      co_return !got->empty();
    }
    case 2: {
      std::array<std::byte, 700> room{};
      auto got = co_await count.once(within(limit, peer.recv_into(room)));
      if (!got && is_late(got.error())) co_return true;
      t.bytes.received({reinterpret_cast<const char*>(room.data()), got.value()});
      co_return got.value() > 0;
    }
    default: {
      auto racing = race(peer.recv(most), sleep(limit));
      auto won = co_await count.once(std::move(racing));
      if (won.value().index() == 1) co_return true;
      const lease& got = std::get<0>(*won);
      t.bytes.received(got);
      co_return !got.empty();
    }
  }
}

// The same by a reader.
task<bool> receive_framed(reader<tcp::stream>& in, transfer& t, tally& count) {
  const duration limit = short_time(t.receives);
  if (t.receives.below(2) == 0) {
    auto got = co_await count.once(within(limit, in.recv(t.receives.log_uniform(1, 20'000))));
    if (!got && is_late(got.error())) co_return true;
    t.bytes.received(got.value());
    co_return !got->empty();
  }
  auto got = co_await count.once(within(limit, in.read_exactly(t.receives.log_uniform(1, 3'000))));
  if (got) {
    t.bytes.received(*got);
    co_return true;
  }
  if (is_late(got.error())) co_return true;
  if (!got.error().is(errc::cut_short)) throw error(got.error());
  while (in.buffered() > 0) {
    auto rest = co_await in.recv();
    t.bytes.received(rest);
  }
  co_return false;
}

struct receiver {
  state* s;

  task<> operator()(tcp::stream peer) const {
    std::string name;
    while (name.size() < name_size) {
      auto more = co_await peer.recv(name_size - name.size());
      if (!more) co_return;
      name += more.view();
    }
    transfer& t = *s->all.at(std::stoull(name));
    bool goes_on = true;
    if (t.receives.below(2) == 0) {
      while (goes_on) goes_on = co_await receive_raw(peer, t, s->operations);
    } else {
      reader in(peer);
      while (goes_on) goes_on = co_await receive_framed(in, t, s->operations);
    }
    t.bytes.ended();
    const std::string total = fmt::format("{}\n", t.bytes.received());
    co_await peer.send(total);
  }
};

// One send, in one piece or in three, perhaps cut by a deadline: what it was told has gone.
task<> send_some(tcp::stream& to, transfer& t, std::uint64_t left, tally& count) {
  const std::string_view bytes =
      t.bytes.next(std::min<std::uint64_t>(left, t.sends.log_uniform(1, 30'000)));
  const std::size_t third = bytes.size() / 3;
  const duration limit = t.sends.below(2) == 0 ? short_time(t.sends) : duration::max();
  const std::string_view a = bytes.substr(0, third);
  const std::string_view b = bytes.substr(third, third);
  const std::string_view c = bytes.substr(2 * third);
  result<void> sent;
  if (t.sends.below(2) == 0)
    sent = co_await count.once(within(limit, to.send(bytes)));
  else
    sent = co_await count.once(within(limit, to.send(a, b, c)));
  t.bytes.sent(sent ? bytes.size() : sent.error().transferred());
  if (!sent && !is_late(sent.error())) sent.value();
}

task<> carry(state& s, std::uint64_t seed, std::uint64_t total) {
  const std::uint64_t key = s.all.size();
  transfer& t = *s.all.emplace(key, std::make_unique<transfer>(key, seed)).first->second;
  auto to = co_await s.where.connect();
  const std::string name = fmt::format("{:08}", key);
  co_await to.send(name);
  while (t.bytes.sent() < total) co_await send_some(to, t, total - t.bytes.sent(), s.operations);
  to.shutdown_send();
  reader in(to);
  auto told = co_await in.read_line();
  if (!told) throw error(errc::cut_short, "carry");
  sim::require(told->view() == std::to_string(total), "all that was sent has been received");
}

task<> carrier(sim::world& net, stage& on, state& s, std::uint64_t total, unsigned& done) {
  callback<task<>()> session(
      [&net, &s, total]() -> task<> { co_await carry(s, net.seed(), total); });
  co_await until_it_works(net, on, std::move(session));
  ++done;
}

void play_transfers(sim::world& net, unsigned size, bool secure) {
  auto& from = net.add("sender");
  // A window that is full again and again, in most worlds.
  sim::host_options narrow;
  narrow.receive_buffer = net.random("window").log_uniform(2'000, 262'144);
  auto& to = net.add("receiver", narrow);
  state s{{"receiver:9000", secure}};
  unsigned done = 0;
  stage on(net);
  on.start(to, [&s]() -> task<> {
    auto serving = s.where.serve(receiver{&s});
    co_await std::move(serving);
  });
  auto draw = net.random("totals");
  for (unsigned i = 0; i < size; ++i) {
    // Now and then more than all buffers on the way hold.
    const std::uint64_t total = draw.log_uniform(1, draw.chance(0.05) ? 1'000'000 : 60'000);
    on.start(from, [&net, &on, &s, total, &done]() -> task<> {
      co_await carrier(net, on, s, total, done);
    });
  }
  on.drive([&] { return done == size; });
  if (on.is_cut()) return;
  to.signal(15);
  on.drive([&] { return !to.running(); });
  s.operations.settle();
}

}  // namespace

void transfers(sim::world& net, unsigned size) { play_transfers(net, size, false); }
void transfers_tls(sim::world& net, unsigned size) { play_transfers(net, size, true); }

}  // namespace scenario
