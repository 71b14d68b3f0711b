// SPDX-License-Identifier: MIT
// How long a look-up takes in a simulated world, and what it gives.
#include <bight/resolve.hpp>

#include "unit/sim/net.hpp"

#include <string>
#include <vector>

namespace bight::sim_test {
namespace {

using name_answer = sim::name_options::answer;
constexpr auto v4 = address_family::ip4;
constexpr auto v6 = address_family::ip6;

// The addresses or the error, and the time it took.
task<std::string> look_up(std::string name, address_family family) {
  const context& clock = co_await current_context();
  const time_point start = clock.now();
  auto asking = attempt(bight::resolve(address(name + ":5"), family));
  const auto outcome = co_await std::move(asking);
  const duration took = clock.now() - start;
  std::string text;
  if (!outcome) text = outcome.error().what();
  if (outcome)
    for (const address& a : *outcome) text += a.str() + " ";
  co_return text + "/ " + std::to_string(took / 1ms);
}

TEST(sim_names, have_an_answer_and_a_latency_for_each_family) {
  two_hosts w;
  const std::vector<address> both{"192.0.2.1:0", "192.0.2.2:0", "[2001:db8::1]:0"};
  w.net.name("x.test", both, {.latency4 = 30ms, .latency6 = 70ms});
  const std::string four = "192.0.2.1:5 192.0.2.2:5 / 30";
  EXPECT_EQ(w.a.run(look_up("x.test", v4)), four);
  EXPECT_EQ(w.a.run(look_up("X.Test.", v4)), four);
  EXPECT_EQ(w.a.run(look_up("x.test", v6)), "[2001:db8::1]:5 / 70");
  w.net.name("y.test", both, {.answer4 = name_answer::not_found, .answer6 = name_answer::failed});
  EXPECT_EQ(w.a.run(look_up("y.test", v4)), "resolve y.test: no such host (check the spelling)/ 1");
  EXPECT_EQ(w.a.run(look_up("y.test", v6)),
            "resolve y.test: the name servers did not answer (try again, or check "
            "/etc/resolv.conf)/ 1");
}

TEST(sim_names, that_nobody_answers_are_asked_for_twice) {
  two_hosts w;
  w.net.name("silent.test", {w.b.ip4()}, {.answer4 = name_answer::silent});
  EXPECT_EQ(w.a.run(look_up("silent.test", v4)), "resolve silent.test: timed out/ 10000");
  w.net.name("slow.test", {w.b.ip4()}, {.latency4 = 7s});
  EXPECT_EQ(w.a.run(look_up("slow.test", v4)), "10.0.0.2:5 / 7000");
  w.net.name("slower.test", {w.b.ip4()}, {.latency4 = 11s});
  EXPECT_EQ(w.a.run(look_up("slower.test", v4)), "resolve slower.test: timed out/ 10000");
}

TEST(sim_names, of_this_machine_are_known_without_a_server) {
  two_hosts w;
  for (const char* name : {"localhost", "LOCALHOST", "a.localhost"}) {
    EXPECT_EQ(w.a.run(look_up(name, v4)), "127.0.0.1:5 / 0") << name;
    EXPECT_EQ(w.a.run(look_up(name, v6)), "[::1]:5 / 0") << name;
  }
  EXPECT_EQ(w.a.run(look_up("nowhere.test", v4)),
            "resolve nowhere.test: no such host (check the spelling)/ 0");
  EXPECT_EQ(w.a.run(look_up("b", v6)), "[fd00::a00:2]:5 / 1");
}

}  // namespace
}  // namespace bight::sim_test
