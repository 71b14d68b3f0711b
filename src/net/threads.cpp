// SPDX-License-Identifier: MIT
#include "net/threads.hpp"

#include <bight/deadline.hpp>
#include <bight/scope.hpp>

#include "loop/loop.hpp"
#include "loop/work.hpp"

#include <atomic>

namespace bight {

namespace {

// State shared by the threads of one server.
struct crew {
  server_factory make;
  serve_options options;
  std::vector<address> bound;
  std::atomic<unsigned> listening{0};  // workers that are listening
  std::atomic<bool> draining{false};   // set before stopping the workers: drain, not cancel
};

task<> serve_here(server_factory make, std::vector<address> at, serve_options options, bool shared,
                  bound_function told) {
  engine& e = loop::of(co_await current_context()).eng();
  const std::unique_ptr<server> one = make(e, std::move(options));
  co_await one->run(std::move(at), shared, std::move(told));
}

void tell_each(const callback<void(const address&)>& told, const std::vector<address>& bound) {
  if (!told) return;
  for (const address& a : bound) told(a);
}

task<> run_and_tell(task<> serving, event& ended) {
  std::exception_ptr failed;
  try {
    co_await std::move(serving);
  } catch (...) {
    failed = std::current_exception();
  }
  ended.set();
  if (failed != nullptr) std::rethrow_exception(failed);
}

// The main task of a worker. A stop of this task may mean "drain", so the server runs in a separate
// context that the stop does not reach directly.
task<> serve_in_worker(std::shared_ptr<crew> all) {
  context apart((co_await current_context()).sched());
  scope serving(apart);
  event ended;
  event drain;
  serve_options mine = all->options;
  mine.drain = &drain;
  mine.on_drain = {};
  auto listening = [all](const std::vector<address>&) { ++all->listening; };
  task<> loop = serve_here(all->make, all->bound, std::move(mine), true, std::move(listening));
  serving.spawn(run_and_tell(std::move(loop), ended), no_handle());
  bool stopped = false;
  try {
    co_await ended.wait();
  } catch (...) {  // cancelled; no exception may leave here while a child runs
    stopped = true;
  }
  if (stopped) {
    if (all->draining.load(std::memory_order_acquire))
      drain.set();
    else
      serving.stop();
  }
  co_await serving.join();
}

struct in_worker {
  std::shared_ptr<crew> all;
  BIGHT_CORO_WRAPPER task<> operator()() const { return serve_in_worker(all); }
};

task<> worker(std::shared_ptr<crew> all, event& retire) {
  callback<task<>()> make(in_worker{all});
  co_await race(run_on_another_loop(std::move(make)), retire.wait());
}

task<> first_loop(std::shared_ptr<crew> all, std::vector<address> at, event& bound, event& retire) {
  serve_options mine = all->options;
  mine.on_drain = [all, &retire, told = mine.on_drain](std::size_t sessions) {
    all->draining.store(true, std::memory_order_release);
    retire.set();
    if (told) told(sessions);
  };
  auto listening = [all, &bound](const std::vector<address>& where) {
    all->bound = where;
    bound.set();
  };
  co_await serve_here(all->make, std::move(at), std::move(mine), true, std::move(listening));
  retire.set();
}

// Reports the addresses once every loop listens, so that new clients are spread over all loops.
// Loops cannot wake each other except by ending, so this polls, during startup only.
task<> announce(std::shared_ptr<crew> all, event& retire) {
  while (all->listening.load() + 1 < all->options.threads && !retire.is_set()) co_await sleep(1ms);
  tell_each(all->options.on_listening, all->bound);
}

task<> workers(std::shared_ptr<crew> all, event& bound, event& retire) {
  co_await bound.wait();
  std::vector<task<>> others;
  for (unsigned i = 1; i < all->options.threads; ++i) others.push_back(worker(all, retire));
  others.push_back(announce(all, retire));
  co_await bight::all(std::move(others));
}

}  // namespace

task<> serve_on_threads(addresses to, server_factory make, serve_options options) {
  std::vector<address> at = std::move(to).parse();
  if (options.idle && *options.idle <= duration::zero())
    throw error(errc::invalid, "serve", 0,
                "serve_options::idle is not longer than zero (std::nullopt means no timeout)");
  if (at.empty()) throw error(errc::invalid, "serve", 0, "there is no address to listen on");
  options.signals |= loop::of(co_await current_context()).drains_on_signals();
  if (options.threads <= 1) {
    auto listening = [told = options.on_listening](const std::vector<address>& bound) {
      tell_each(told, bound);
    };
    co_await serve_here(std::move(make), std::move(at), std::move(options), false,
                        std::move(listening));
    co_return;
  }
  auto together = std::make_shared<crew>();
  together->make = std::move(make);
  together->options = std::move(options);
  event bound;
  event retire;
  co_await all(first_loop(together, std::move(at), bound, retire),
               workers(together, bound, retire));
}

task<> serve_open_socket(address at, server_factory make, serve_options options) {
  if (options.threads > 1)
    throw error(errc::invalid, "serve " + at.str(), 0,
                "one socket serves on one thread (give the address instead, or threads = 1)");
  co_await serve_on_threads(std::move(at), std::move(make), std::move(options));
}

}  // namespace bight
