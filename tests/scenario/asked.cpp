// SPDX-License-Identifier: MIT
//
// The tutorial's UDP server and the client that asks again, unchanged.

#include "scenario/scenario.hpp"

namespace scenario {

namespace asked_example {
#define main server_main
#define print mute
#include "../../examples/udp_server.cpp"
#undef main
#define main client_main
#include "../../examples/udp_ask.cpp"
#undef print
#undef main
}  // namespace asked_example

namespace {

// The client asks three times and gives up; a person would start it again.
task<> curious(sim::world& net, stage& on, std::string name, unsigned& done) {
  callback<task<>()> session([name]() -> task<> {
    auto server = co_await udp::connect("server:9999");
    auto answer = co_await within(1s, asked_example::question(server, name));
    // A datagram is whole or not there; an old answer to the same question is as good.
    const std::string expected = "Hello, " + name + "!";
    if (answer.data != expected) throw error(errc::invalid, "ask");  // a wrong byte: asked again
    const int code = co_await asked_example::ask("server:9999", name);
    if (code != 0) throw error(errc::timed_out, "ask");
  });
  co_await until_it_works(net, on, std::move(session));
  ++done;
}

}  // namespace

void asked(sim::world& net, unsigned size) {
  auto& server = net.add("server");
  auto& client = net.add("client");
  unsigned done = 0;
  stage on(net);
  on.start(server, []() -> task<> { co_await udp::serve(":9999", asked_example::greet, quiet()); });
  for (unsigned i = 0; i < size; ++i) {
    const std::string name = "guest" + std::to_string(i);
    on.start(client,
             [&net, &on, name, &done]() -> task<> { co_await curious(net, on, name, done); });
  }
  on.drive([&] { return done == size; });
  if (on.is_cut()) return;
  server.signal(15);
  on.drive([&] { return !server.running(); });
}

}  // namespace scenario
