// SPDX-License-Identifier: MIT
//
// The tutorial's server, unchanged, and visitors that tell it their names.

#include "scenario/scenario.hpp"

namespace scenario {

namespace greet_example {
#define main example_main
#define print mute
#include "../../examples/tcp_server.cpp"
#undef print
#undef main
}  // namespace greet_example

namespace {

// The server greets what a receive gives it, so a name that comes in pieces is greeted in pieces.
task<std::string> greeted(reader<tcp::stream>& server, std::size_t letters) {
  std::string name;
  while (name.size() < letters) {
    auto next = co_await server.read_exactly(1);
    if (next == "H") {
      auto rest = co_await server.read_exactly(6);
      sim::require(rest == "ello, ", "a greeting begins with Hello");
    } else {
      name += next.view();
    }
  }
  co_return name;
}

task<> visit(std::string name) {
  auto server = co_await tcp::connect("server:9999");
  reader in(server);
  auto welcome = co_await in.read_exactly(7);
  sim::require(welcome == "Welcome", "the server says Welcome first");
  for (int i = 0; i < 2; ++i) {
    co_await server.send(name);
    const std::string answer = co_await greeted(in, name.size());
    sim::require(answer == name, "the name that was told is the name that is greeted");
  }
  co_await server.send("exit");
  server.shutdown_send();
  while (auto rest = co_await in.recv()) {}
}

std::string drawn_name(sim::random_stream& draw) {
  std::string name(1 + draw.below(12), 'a');
  for (char& letter : name) letter = static_cast<char>('a' + draw.below(26));
  return name;
}

task<> visitor(sim::world& net, stage& on, std::string name, unsigned& done) {
  callback<task<>()> session([name]() -> task<> { co_await visit(name); });
  co_await until_it_works(net, on, std::move(session));
  ++done;
}

}  // namespace

void greet(sim::world& net, unsigned size) {
  auto& server = net.add("server");
  auto& client = net.add("client");
  unsigned done = 0;
  stage on(net);
  on.start(server, []() -> task<> { co_await tcp::serve(":9999", greet_example::greet, quiet()); });
  auto draw = net.random("names");
  for (unsigned i = 0; i < size; ++i) {
    const std::string name = drawn_name(draw);
    on.start(client,
             [&net, &on, name, &done]() -> task<> { co_await visitor(net, on, name, done); });
  }
  on.drive([&] { return done == size; });
  if (on.is_cut()) return;
  server.signal(15);
  on.drive([&] { return !server.running(); });
}

}  // namespace scenario
