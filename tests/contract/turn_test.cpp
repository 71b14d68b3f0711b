// SPDX-License-Identifier: MIT
// What one turn of the loop does, and what it leaves to the next.
#include "base/names.hpp"
#include "contract/contract.hpp"

namespace contract {
namespace {

struct answered {
  served s;
  std::size_t begun = 0;
  std::size_t answers = 0;
  std::size_t late = 0;  // in a later turn than the question
};

task<> answer_once(answered& all, stream peer) {
  const scheduler& loop = (co_await current_context()).sched();
  ++all.begun;
  auto said = co_await peer.recv();
  const time_point asked = loop.now();
  co_await peer.send(said);
  if (loop.now() != asked) ++all.late;
  ++all.answers;
}

// Without a turn of the loop between the questions.
task<> ask_together(answered& all) {
  constexpr std::size_t count = 200;
  std::vector<raw::socket> clients;
  for (std::size_t i = 0; i < count; ++i) clients.push_back(raw::connect(all.s.at.front()));
  while (all.begun < count) co_await some_turns();
  co_await some_turns();
  for (const raw::socket& c : clients) c.send("x");
  while (all.answers < count) co_await some_turns(1);
}

task<> serve_together() {
  answered all;
  co_await serve_for(all.s, tcp::serve("127.0.0.1:0", with(all, &answer_once), all.s.options()),
                     ask_together(all));
  EXPECT_EQ(all.s.told(), "");
  EXPECT_EQ(all.late, 0u);
}

}  // namespace

// More than complete at once in a turn otherwise: who has been asked has a share of his own.
TEST(turn, answers_every_stream_that_it_has_received_from) {
  if (runner().engine_name() != "epoll") GTEST_SKIP() << "a send completes in a later turn";
  run_test(serve_together());
}

}  // namespace contract
