// SPDX-License-Identifier: MIT
//
// The line server of the examples, unchanged, over TCP and over TLS: questions by the dozen,
// answers in their order.

#include "scenario/scenario.hpp"
#include "scenario/service.hpp"

#include <fmt/format.h>

namespace scenario {

namespace lines_example {
#define main example_main
#define print mute
#include "../../examples/line_server.cpp"
#undef print
#undef main
}  // namespace lines_example

namespace {

task<> converse(const service& with, unsigned who, unsigned count) {
  auto server = co_await with.connect();
  writer out(server);
  reader in(server, out);
  for (unsigned i = 0; i < count; ++i) {
    const std::string name = fmt::format("{}.{}\n", who, i);
    co_await out.write(name);
  }
  for (unsigned i = 0; i < count; ++i) {
    auto answer = co_await in.read_line();
    if (!answer || answer->view().starts_with("Goodbye")) throw error(errc::cut_short, "converse");
    const std::string expected = fmt::format("Hello, {}.{}", who, i);
    sim::require(*answer == expected,
                 fmt::format("\"{}\" comes where \"{}\" should", answer->view(), expected));
  }
  server.shutdown_send();
  auto rest = co_await in.read_line();
  sim::require(!rest || rest->view().starts_with("Goodbye"), "nothing comes behind the answers");
}

task<> talker(sim::world& net, stage& on, const service& with, unsigned who, unsigned count,
              unsigned& done) {
  callback<task<>()> session(
      [&with, who, count]() -> task<> { co_await converse(with, who, count); });
  co_await until_it_works(net, on, std::move(session));
  ++done;
}

void play(sim::world& net, unsigned size, bool secure) {
  auto& server = net.add("server");
  auto& client = net.add("client");
  unsigned done = 0;
  service greeting{"server:9999", secure};
  stage on(net);
  on.start(server, [&greeting]() -> task<> { co_await greeting.serve(lines_example::greet); });
  auto draw = net.random("counts");
  for (unsigned who = 0; who < size; ++who) {
    const auto count = static_cast<unsigned>(draw.log_uniform(1, 200));
    on.start(client, [&net, &on, &greeting, who, count, &done]() -> task<> {
      co_await talker(net, on, greeting, who, count, done);
    });
  }
  on.drive([&] { return done == size; });
  if (on.is_cut()) return;
  server.signal(15);
  on.drive([&] { return !server.running(); });
}

}  // namespace

void lines(sim::world& net, unsigned size) { play(net, size, false); }
void lines_tls(sim::world& net, unsigned size) { play(net, size, true); }

}  // namespace scenario
