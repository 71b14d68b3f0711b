// SPDX-License-Identifier: MIT
//
// The line server of the examples, unchanged: questions by the dozen, answers in their order.

#include "scenario/scenario.hpp"

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

task<> converse(unsigned who, unsigned count) {
  auto server = co_await tcp::connect("server:9999");
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

task<> talker(sim::world& net, stage& on, unsigned who, unsigned count, unsigned& done) {
  callback<task<>()> session([who, count]() -> task<> { co_await converse(who, count); });
  auto talking = until_it_works(net, on, std::move(session));
  co_await std::move(talking);
  ++done;
}

}  // namespace

void lines(sim::world& net, unsigned size) {
  auto& server = net.add("server");
  auto& client = net.add("client");
  unsigned done = 0;
  stage on(net);
  on.start(server, []() -> task<> { co_await tcp::serve(":9999", lines_example::greet, quiet()); });
  auto draw = net.random("counts");
  for (unsigned who = 0; who < size; ++who) {
    const auto count = static_cast<unsigned>(draw.log_uniform(1, 200));
    on.start(client, [&net, &on, who, count, &done]() -> task<> {
      co_await talker(net, on, who, count, done);
    });
  }
  on.drive([&] { return done == size; });
  if (on.is_cut()) return;
  server.signal(15);
  on.drive([&] { return !server.running(); });
}

}  // namespace scenario
