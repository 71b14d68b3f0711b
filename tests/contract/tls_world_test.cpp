// SPDX-License-Identifier: MIT
// Chance and time of OpenSSL can be those of a simulated world.
#include "tls/world.hpp"

#include "contract/certificates.hpp"
#include "contract/contract.hpp"
#include "contract/tls_pair.hpp"

namespace contract {

namespace {

// All that a client and a server say to each other in a handshake with that seed.
task<std::string> client_hello(std::uint64_t seed) {
  tls::seeded_chance chance([state = seed](std::span<std::byte> into) mutable {
    for (std::byte& b : into) {
      state = state * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
      b = static_cast<std::byte>(state >> 56);
    }
  });
  auto below = co_await connected();
  auto hello = [](stream peer, std::string& into) -> task<> {
    auto said = co_await peer.recv();
    into = said.str();
  };
  std::string said;
  tls::connect_options anybody;
  anybody.insecure = true;
  address to = below.there.remote();
  auto both = all(hello(std::move(below.here), said),
                  attempt(tls::connect(std::move(below.there), std::move(to), anybody)));
  static_cast<void>(co_await std::move(both));
  co_return said;
}

}  // namespace

BIGHT_TEST(tls_world, the_same_seed_gives_the_same_handshake) {
  static_cast<void>(co_await client_hello(1));  // what a loop makes once draws, too
  const auto one = co_await client_hello(1);
  const auto same = co_await client_hello(1);
  const auto other = co_await client_hello(2);
  EXPECT_GT(one.size(), 100u);
  EXPECT_EQ(one, same);
  EXPECT_NE(one, other);
  auto pair = co_await connected_by_tls();  // and without it, OpenSSL's own
  co_await pair.here.send("x");
}

BIGHT_TEST(tls_world, certificates_are_judged_by_the_date_of_the_loop) {
  loop& here = loop::of(co_await current_context());
  here.local<tls::wall_clock>().seconds = [] { return std::int64_t{4'000'000'000}; };  // 2096
  certificates files;
  const auto root = files.authority("root");
  tls::connect_options trusting;
  trusting.authorities = root.certificate;
  trusting.name = "localhost";
  tls::serve_options how;
  const certificate_plan plan;
  const auto leaf = files.make(plan, root);
  how.certificate = leaf.certificate;
  how.key = leaf.key;
  const tls::acceptor server(how);
  auto below = co_await connected();
  auto accept = [](const tls::acceptor& by, stream over) -> task<> {
    auto accepting = attempt(by.accept(std::move(over)));
    auto outcome = co_await std::move(accepting);
    EXPECT_TRUE(fails(outcome, errc::tls_alert));
  };
  auto connect = [](stream over, tls::connect_options options) -> task<> {
    auto connecting = attempt(tls::connect(std::move(over), "localhost:1", std::move(options)));
    auto outcome = co_await std::move(connecting);
    EXPECT_TRUE(fails(outcome, errc::certificate_expired));
  };
  auto both = all(accept(server, std::move(below.here)),
                  connect(std::move(below.there), std::move(trusting)));
  co_await std::move(both);
}

}  // namespace contract
