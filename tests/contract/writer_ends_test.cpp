// SPDX-License-Identifier: MIT
// A writer that is destroyed with bytes in it: what a peer, a deadline or a cancellation does never
// ends the program. A flush that was forgotten on a healthy stream does.
#include <bight/writer.hpp>

#include "contract/session_trial.hpp"

#include <memory>

namespace contract {

namespace {

task<ends> connected_by_unix() {
  const std::string at = "@bight-writer-ends-" + std::to_string(::getpid());
  auto listening = co_await unix_socket::listen(at);
  ends pair;
  pair.here = co_await unix_socket::connect(at);
  pair.there = co_await listening.accept();
  co_return std::move(pair);
}

BIGHT_CORO_WRAPPER task<ends> connected_by_tcp() { return connected(); }

constexpr task<ends> (*kinds[])() = {connected_by_tcp, connected_by_unix, connected_by_tls};

task<> until_it_cannot_send(const stream& s) {
  while (s.can_send()) co_await sleep(1ms);
}

// Each of these keeps an answer, and returns without a flush.

task<> receive_once(stream& s) {
  writer out(s);
  co_await out.write("answer");
  static_cast<void>(co_await attempt(s.recv()));
}

task<> receive_for_a_moment(stream& s) {
  writer out(s);
  co_await out.write("answer");
  static_cast<void>(co_await attempt(within(1ms, s.recv())));
}

task<> sleep_for_long(stream& s) {
  writer out(s);
  co_await out.write("answer");
  static_cast<void>(co_await attempt(sleep(1h)));
}

task<> return_at_once(stream& s) {
  writer out(s);
  co_await out.write("answer");
}

}  // namespace

BIGHT_TEST(writer_ends, a_reset_that_a_receive_has_reported_is_harmless) {
  for (const auto connect : kinds) {
    auto pair = co_await connect();
    pair.there.abort();
    co_await receive_once(pair.here);
  }
}

BIGHT_TEST(writer_ends, a_reset_that_nothing_has_reported_is_harmless) {
  for (const auto connect : kinds) {
    auto pair = co_await connect();
    EXPECT_TRUE(pair.here.can_send());
    pair.there.abort();
    co_await until_it_cannot_send(pair.here);
    co_await return_at_once(pair.here);
    EXPECT_FALSE(static_cast<bool>(co_await attempt(pair.here.send("late"))));
  }
}

BIGHT_TEST(writer_ends, a_deadline_is_harmless) {
  for (const auto connect : kinds) {
    auto pair = co_await connect();
    co_await receive_for_a_moment(pair.here);
    static_cast<void>(co_await attempt(within(1ms, sleep_for_long(pair.here))));
    EXPECT_TRUE(pair.here.can_send());
  }
}

BIGHT_TEST(writer_ends, a_lost_race_and_a_stopped_scope_are_harmless) {
  for (const auto connect : kinds) {
    auto pair = co_await connect();
    co_await race(sleep_for_long(pair.here), sleep(1ms));
    auto body = [](stream& s) {
      return [&s](scope& children) -> task<> {
        children.spawn(receive_once(s));
        co_await sleep(1ms);
        children.stop();
      };
    };
    co_await in_scope(body(pair.here));
  }
}

BIGHT_TEST(writer_ends, a_writer_of_a_task_that_fails_is_harmless) {
  struct session {
    stream peer;
    writer<stream> out{peer};
    explicit session(stream s) : peer(std::move(s)) {}
  };
  for (const auto connect : kinds) {
    auto pair = co_await connect();
    auto fail = [](std::unique_ptr<session> mine) -> task<> {
      co_await mine->out.write("answer");
      throw error(errc::invalid, "test");
    };
    auto failed = co_await attempt(fail(std::make_unique<session>(std::move(pair.here))));
    EXPECT_TRUE(fails(failed, errc::invalid));
    auto in_child = [&fail, &pair](scope& s) -> task<> {
      s.spawn(fail(std::make_unique<session>(std::move(pair.there))));
      co_return;
    };
    failed = co_await attempt(in_scope(in_child));
    EXPECT_TRUE(fails(failed, errc::invalid));
  }
}

BIGHT_TEST(writer_ends, a_stream_that_is_closed_moved_or_shut_down_is_harmless) {
  for (const auto connect : kinds) {
    for (const auto end : {+[](stream& s) { s.close(); }, +[](stream& s) { s.abort(); },
                           +[](stream& s) { s.shutdown_send(); },
                           +[](stream& s) { const stream gone = std::move(s); }}) {
      auto pair = co_await connect();
      writer out(pair.here);
      co_await out.write("answer");
      end(pair.here);
      EXPECT_FALSE(pair.here.can_send());
    }
  }
}

BIGHT_TEST(writer_ends, after_an_end_of_the_peer_a_send_still_works) {
  for (const auto connect : kinds) {
    auto pair = co_await connect();
    pair.there.shutdown_send();
    EXPECT_TRUE((co_await pair.here.recv()).empty());
    EXPECT_TRUE(pair.here.can_send());
    co_await pair.here.send("answer");
    EXPECT_EQ(co_await recv_exactly(pair.there, 6), "answer");
  }
}

// ── In a server ─────────────────────────────────────────────────────────────────────────────────

namespace {

task<> keep_an_answer(stream peer) {
  co_await peer.send("half");
  co_await receive_once(peer);
}

task<> keep_an_answer_and_sleep(stream peer) {
  co_await peer.send("half");
  co_await sleep_for_long(peer);
}

constexpr task<> (*keepers[])(stream) = {keep_an_answer, keep_an_answer_and_sleep};

task<> reset_it(trial& t) {
  for (int i = 0; i < 3; ++i) {
    auto peer = co_await tcp::connect(t.s.at.front());
    EXPECT_EQ(co_await recv_exactly(peer, 4), "half");
    peer.abort();
  }
}

}  // namespace

BIGHT_TEST(writer_ends, clients_that_reset_do_not_end_their_server) {
  trial t;
  co_await serve_for(t.s, tcp::serve("127.0.0.1:0", keep_an_answer, t.options()), reset_it(t));
}

BIGHT_TEST(writer_ends, a_drain_and_the_inactivity_timeout_do_not_end_a_server) {
  for (const auto handler : keepers) {
    trial drained;
    co_await play_in_a_drain(drained, handler);
    EXPECT_TRUE(fails(drained.got.end, errc::reset));
    trial idle;
    serve_options impatient = idle.options();
    impatient.idle = 20ms;
    co_await serve_for(idle.s, tcp::serve("127.0.0.1:0", handler, impatient), hear_one(idle));
    EXPECT_TRUE(fails(idle.got.end, errc::reset));
  }
}

// ── The mistake ─────────────────────────────────────────────────────────────────────────────────

namespace {

class forgotten_flush : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void forget(task<ends> (*connect)()) {
  runner().run([](task<ends> connecting) -> task<> {
    auto pair = co_await std::move(connecting);
    co_await return_at_once(pair.here);
  }(connect()));
}

void forget_at_the_peers_end() {
  runner().run([]() -> task<> {
    auto pair = co_await connected();
    pair.there.shutdown_send();
    co_await receive_once(pair.here);
  }());
}

}  // namespace

TEST_F(forgotten_flush, on_a_healthy_stream_ends_the_program) {
  for (const auto connect : kinds)
    EXPECT_DEATH(forget(connect), "a writer was destroyed with unsent bytes");
  EXPECT_DEATH(forget_at_the_peers_end(), "a writer was destroyed with unsent bytes");
}

}  // namespace contract
