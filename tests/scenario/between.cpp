// SPDX-License-Identifier: MIT
//
// Tasks of one program share a queue, a semaphore and a mutex. They wait plainly, with deadlines
// and in races, and are cancelled. All times are multiples of a millisecond, so that deadlines
// expire in the turn in which something is handed over.

#include "scenario/scenario.hpp"

#include <fmt/format.h>

#include <vector>

namespace scenario {

namespace {

constexpr std::size_t permits = 4;

struct item {
  unsigned producer;
  unsigned number;
};

struct room {
  explicit room(sim::random_stream r, unsigned producers, unsigned each)
      : draw(r),
        pushed(producers),
        popped(producers, std::vector<bool>(each)),
        things(1 + draw.below(4)) {}

  sim::random_stream draw;
  std::vector<unsigned> pushed;  // by each producer: as many as it knows of
  std::vector<std::vector<bool>> popped;
  queue<item> things;
  semaphore some{permits};
  mutex alone;
  std::size_t held = 0;
  bool inside = false;

  duration a_while() { return 1ms * static_cast<int>(draw.below(4)); }

  // Whatever happened: each item that was pushed has been popped once, or is in the queue.
  void settle() {
    while (auto left = things.try_pop()) note(*left);
    for (std::size_t p = 0; p < pushed.size(); ++p)
      for (unsigned n = 0; n < popped[p].size(); ++n)
        sim::require(popped[p][n] == (n < pushed[p]),
                     fmt::format("item {} of {} was {}", n, p, popped[p][n] ? "made up" : "lost"));
    sim::require(some.available() == permits, "a permit is lost");
    sim::require(!alone.is_locked(), "the mutex stays locked");
  }
  void note(const item& one) {
    sim::require(!popped.at(one.producer).at(one.number), "an item is popped twice");
    popped[one.producer][one.number] = true;
  }
};

task<bool> push_once(room& r, item one) {
  switch (r.draw.below(4)) {
    case 0: co_await r.things.push(one); co_return true;
    case 1: co_return r.things.try_push(one);
    case 2: {
      auto pushed = co_await attempt(within(r.a_while(), r.things.push(one)));
      if (!pushed && !pushed.error().is(errc::timed_out)) throw error(pushed.error());
      co_return pushed.has_value();
    }
    default: {
      auto racing = race(sleep(r.a_while()), r.things.push(one));
      co_return (co_await std::move(racing)).index() == 1;
    }
  }
}

task<> produce(room& r, unsigned who, unsigned count) {
  while (r.pushed[who] < count) {
    const bool pushed = co_await push_once(r, {who, r.pushed[who]});
    if (pushed) ++r.pushed[who];
    if (r.draw.below(2) == 0) co_await sleep(r.a_while());
  }
}

// The outer optional is empty if nothing was popped, the inner one at the end of the queue.
task<std::optional<std::optional<item>>> pop_once(room& r) {
  using popped = std::optional<std::optional<item>>;
  switch (r.draw.below(4)) {
    case 0: {
      auto one = co_await r.things.pop();
      co_return popped(one);
    }
    case 1: {
      auto one = r.things.try_pop();
      if (!one) co_await sleep(1ms);
      co_return one ? popped(one) : popped();
    }
    case 2: {
      auto one = co_await attempt(within(r.a_while(), r.things.pop()));
      if (!one && !one.error().is(errc::timed_out)) throw error(one.error());
      co_return one ? popped(*one) : popped();
    }
    default: {
      auto racing = race(r.things.pop(), sleep(r.a_while()), r.things.pop());
      auto first = co_await std::move(racing);
      if (auto* one = std::get_if<0>(&first)) co_return popped(*one);
      if (auto* one = std::get_if<2>(&first)) co_return popped(*one);
      co_return popped();
    }
  }
}

task<> consume(room& r) {
  std::vector<unsigned> next(r.pushed.size());
  for (;;) {
    auto one = co_await pop_once(r);
    if (one && !*one) co_return;
    if (one) {
      r.note(**one);
      unsigned& least = next[(*one)->producer];
      sim::require((*one)->number >= least, "items come out of order");
      least = (*one)->number + 1;
    }
    if (r.draw.below(2) == 0) co_await sleep(r.a_while());
  }
}

// Pops one item and is cancelled at some moment, perhaps in the turn in which it is promised one.
task<> give_up(room& r, unsigned times) {
  scope own(co_await current_context());
  for (unsigned i = 0; i < times; ++i) {
    auto popping = own.spawn([&r]() -> task<> {
      auto one = co_await r.things.pop();
      if (one) r.note(*one);
    });
    auto napped = co_await attempt(sleep(r.a_while()));
    popping.cancel();
    if (!napped) break;
  }
  co_await own.join();
}

task<> hold(room& r, semaphore::permit mine) {
  r.held += mine.count();
  sim::require(r.held <= permits, "more permits are held than there are");
  auto napped = co_await attempt(sleep(r.a_while()));
  r.held -= mine.count();
  if (!napped) throw error(napped.error());
}

task<> acquire(room& r, unsigned times) {
  for (unsigned i = 0; i < times; ++i) {
    const std::size_t count = 1 + r.draw.below(permits);
    const auto way = r.draw.below(3);
    if (way == 0) {
      auto mine = co_await r.some.acquire(count);
      co_await hold(r, std::move(mine));
    } else if (way == 1) {
      auto racing = race(sleep(r.a_while()), r.some.acquire(count), r.some.acquire());
      auto first = co_await std::move(racing);
      if (auto* permit = std::get_if<1>(&first)) co_await hold(r, std::move(*permit));
      if (auto* permit = std::get_if<2>(&first)) co_await hold(r, std::move(*permit));
    } else {
      auto mine = co_await attempt(within(r.a_while(), r.some.acquire(count)));
      if (mine) co_await hold(r, *std::move(mine));
    }
  }
}

task<> lock(room& r, unsigned times) {
  for (unsigned i = 0; i < times; ++i) {
    const duration patience = r.draw.below(2) == 0 ? r.a_while() : 1h;
    auto guard = co_await attempt(within(patience, r.alone.lock()));
    if (!guard) {
      const bool starved = patience == 1h && guard.error().is(errc::timed_out);
      sim::require(!starved, "a task never gets the mutex");
      continue;
    }
    sim::require(!std::exchange(r.inside, true), "two tasks have the mutex");
    auto napped = co_await attempt(sleep(r.a_while()));
    r.inside = false;
    if (!napped) throw error(napped.error());
  }
}

task<> share(room& r, unsigned size, unsigned each) {
  scope consumers(co_await current_context());
  for (unsigned i = 0; i < size; ++i) consumers.spawn(consume(r));
  auto work = [&r, size, each](scope& s) -> task<> {
    for (unsigned who = 0; who < size; ++who) {
      s.spawn(produce(r, who, each));
      s.spawn(give_up(r, each));
      s.spawn(acquire(r, each));
      s.spawn(lock(r, each));
    }
    co_return;
  };
  auto worked = co_await attempt(in_scope(work));
  r.things.close();
  co_await consumers.join();
  worked.value();
}

}  // namespace

void between(sim::world& net, unsigned size) {
  auto& host = net.add("host");
  constexpr unsigned each = 8;
  room shared(net.random("between"), size, each);
  stage on(net);
  on.start(host, [&shared, size]() -> task<> { co_await share(shared, size, each); });
  on.drive([&] { return !host.running(); });
  if (!host.running()) shared.settle();
  if (on.is_cut()) return;
  for (const unsigned count : shared.pushed) sim::require(count == each, "a push never ended");
}

}  // namespace scenario
