// SPDX-License-Identifier: MIT
// bench_sim [sessions N | held N | days N | soak N]: what the simulator does in a second of one
// core.
//
// sessions  greetings between two hosts, faults on, each checked byte for byte
// held      connections that are open at one time, and the memory of each
// days      virtual days of a thousand connections that ask every ten minutes, a fault each hour
// soak      the same sessions over the loopback of this machine, for N seconds, on the engine that
//           BIGHT_ENGINE names: beside the simulator, not a part of `all`
#include <bight/bight.hpp>
#include <bight/sim.hpp>

#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>
using namespace bight;

namespace {

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

std::size_t peak_bytes() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<std::size_t>(used.ru_maxrss) * 1024;
}

serve_options quiet() {
  serve_options o;
  o.on_error = [](const address&, const error&) {};
  o.max_connections = 1'000'000;
  o.idle.reset();
  return o;
}

task<> greet(stream peer) {
  reader in(peer);
  while (auto name = co_await in.read_line()) co_await peer.send("Hello, ", *name, "!\n");
}

task<> serve_greetings() { co_await tcp::serve(":9999", greet, quiet()); }

struct tally {
  std::uint64_t answered = 0;  // with every byte
  std::uint64_t failed = 0;    // and told so, by an error or a deadline
  std::uint64_t lost = 0;      // answered with other bytes, or cut without an error
};

task<> one_session(address to, std::uint64_t number, tally& counts) {
  const std::string name = std::to_string(number * 0x9e3779b97f4a7c15u);
  auto peer = co_await tcp::connect(to);
  co_await peer.send(name, "\n");
  peer.shutdown_send();
  std::string answer;
  while (auto bytes = co_await peer.recv()) answer += bytes.view();
  if (answer == "Hello, " + name + "!\n")
    ++counts.answered;
  else
    ++counts.lost;
}

task<> many_sessions(address to, std::uint64_t first, std::uint64_t count, tally& counts) {
  for (std::uint64_t i = first; i < first + count; ++i) {
    auto outcome = co_await attempt(within(120s, one_session(to, i, counts)));
    if (!outcome) ++counts.failed;
  }
}

task<> all_sessions(address to, std::uint64_t total, tally& counts) {
  constexpr std::uint64_t side_by_side = 50;
  std::vector<task<>> clients;
  for (std::uint64_t i = 0; i < side_by_side; ++i)
    clients.push_back(many_sessions(to, i * total, total / side_by_side, counts));
  co_await all(std::move(clients));
}

void sessions(std::uint64_t total) {
  constexpr std::uint64_t each = 1000;
  tally counts;
  std::uint64_t faults = 0;
  std::uint64_t events = 0;
  const double before = cpu_seconds();
  for (std::uint64_t seed = 1; seed * each <= total; ++seed) {
    sim::world net({.seed = seed, .faults = sim::fault_plan::drawn(seed)});
    auto& server = net.add("server");
    auto& client = net.add("client");
    server.start(serve_greetings);
    client.run(all_sessions(server.ip4(9999), each, counts));
    faults += net.faults_struck();
    events += net.events();
    net.end();
  }
  const double used = cpu_seconds() - before;
  const std::uint64_t done = counts.answered + counts.failed + counts.lost;
  print("sessions {}, a second {:.0f}, answered {}, failed {}, lost {}, faults {}, events {}", done,
        static_cast<double>(done) / used, counts.answered, counts.failed, counts.lost, faults,
        events);
}

task<> hold(address to, std::size_t count, std::vector<stream>& into) {
  for (std::size_t i = 0; i < count; ++i) into.push_back(co_await tcp::connect(to));
}

task<> ask_all(std::vector<stream>& of, std::size_t& answers) {
  for (stream& s : of) {
    co_await s.send("you\n");
    const auto answer = co_await s.recv();
    answers += answer == "Hello, you!\n";
  }
}

void held(std::size_t total) {
  constexpr std::size_t each = 20'000;  // one host has 28,232 ports for this
  const double start = cpu_seconds();
  sim::world net;
  auto& server = net.add("server");
  server.start(serve_greetings);
  const std::size_t before = peak_bytes();
  std::vector<std::vector<stream>> streams((total + each - 1) / each);
  std::size_t answers = 0;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    auto& client = net.add("client" + std::to_string(i));
    streams[i].reserve(each);
    client.run(hold(server.ip4(9999), std::min(each, total - i * each), streams[i]));
    client.run(ask_all(streams[i], answers));
  }
  print("held {}, bytes each {}, answers {}, seconds {:.2f}", net.alive().sockets / 2,
        (peak_bytes() - before) / total, answers, cpu_seconds() - start);
  streams.clear();
  net.end();
}

task<> ask_for_days(address to, duration all_in_all, tally& counts) {
  for (duration passed{}; passed < all_in_all;) {
    auto connected = co_await attempt(tcp::connect(to));
    if (!connected) {
      ++counts.failed;
      co_await sleep(10min);
      passed += 10min;
      continue;
    }
    for (stream peer = *std::move(connected); passed < all_in_all;) {
      co_await sleep(10min);
      passed += 10min;
      auto sent = co_await attempt(peer.send("you\n"));
      auto answer = co_await attempt(within(1min, peer.recv()));
      if (!sent || !answer || answer->empty()) {
        ++counts.failed;
        break;
      }
      ++(*answer == "Hello, you!\n" ? counts.answered : counts.lost);
    }
  }
}

task<> crowd(address to, duration all_in_all, tally& counts) {
  std::vector<task<>> clients;
  for (int i = 0; i < 1000; ++i) clients.push_back(ask_for_days(to, all_in_all, counts));
  co_await all(std::move(clients));
}

void days(std::uint64_t count) {
  tally counts;
  const double before = cpu_seconds();
  const duration all_in_all = 24h * static_cast<int>(count);
  sim::world net;
  auto& server = net.add("server");
  auto& client = net.add("client");
  server.start(serve_greetings);
  for (std::uint64_t hour = 1; hour < 24 * count; ++hour) {
    const duration at = 1h * static_cast<int>(hour);
    if (hour % 2 == 0) {
      net.after(at, [&net, &server, &client] { net.partition(server, client); });
      net.after(at + 5min, [&net] { net.heal(); });
    } else {
      net.after(at, [&server] { server.crash(); });
      net.after(at + 1min, [&server] { server.restart(); });
    }
  }
  client.run(crowd(server.ip4(9999), all_in_all, counts));
  print("days {}, answered {}, failed {}, lost {}, events {}, seconds {:.2f}", count,
        counts.answered, counts.failed, counts.lost, net.events(), cpu_seconds() - before);
  net.end();
}

task<> one_after_the_other(address to, std::uint64_t first, const event& over, tally& counts) {
  for (std::uint64_t i = first; !over.is_set(); ++i) {
    auto outcome = co_await attempt(within(120s, one_session(to, i, counts)));
    if (!outcome) ++counts.failed;
  }
}

task<> over_loopback(duration time, tally& counts) {
  constexpr std::uint64_t side_by_side = 50;
  event listening;
  event over;
  event drain;
  address at;
  serve_options how = quiet();
  how.signals = false;
  how.drain = &drain;
  how.on_listening = [&at, &listening](const address& a) {
    at = a;
    listening.set();
  };
  auto everything = [&at, &listening, &over, &drain, &how, &counts, time](scope& s) -> task<> {
    s.spawn(tcp::serve("127.0.0.1:0", greet, how));
    co_await listening.wait();
    std::vector<task<>> clients;
    for (std::uint64_t i = 0; i < side_by_side; ++i)
      clients.push_back(one_after_the_other(at, i << 32, over, counts));
    auto asking = all(std::move(clients));
    auto clock = [](duration wait, event& set) -> task<> {
      co_await sleep(wait);
      set.set();
    };
    s.spawn(clock(time, over));
    co_await std::move(asking);
    drain.set();
  };
  co_await in_scope(everything);
}

bool soak(std::uint64_t seconds) {
  tally counts;
  runner real;
  real.run(over_loopback(1s * static_cast<int>(seconds), counts));
  print("soak on {}, {} s: answered {}, failed {}, lost {}", real.engine_name(), seconds,
        counts.answered, counts.failed, counts.lost);
  return counts.lost == 0 && counts.answered > 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "all";
  const std::uint64_t n = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  if (what == "sessions" || what == "all") sessions(n > 0 ? n : 200'000);
  if (what == "held" || what == "all") held(n > 0 ? n : 200'000);
  if (what == "days" || what == "all") days(n > 0 ? n : 7);
  if (what == "soak") return soak(n > 0 ? n : 60) ? 0 : 1;
}
