// SPDX-License-Identifier: MIT
// What a peer may do to a session that has begun; the beginning is in tls_handshake_test.cpp. The
// names of tests begin with the row of the table of faults that they are for.
#include "tls/connection.hpp"

#include "contract/certificates.hpp"
#include "contract/contract.hpp"
#include "contract/tls_pair.hpp"
#include "contract/tls_peer.hpp"
#include "contract/tls_trial.hpp"

namespace contract {

namespace {

using side = tls_peer::side;

task<> shake_hands(tls_peer& peer, bool& done) { done = co_await peer.shake(); }

// Our client, and a server by hand that has shaken hands with it.
struct by_hand {
  stream ours;
  std::unique_ptr<tls_peer> peer;
};

task<by_hand> client_with_peer(int most = TLS1_3_VERSION) {
  certificates files;
  certificate_plan plan;
  const auto identity = files.make(plan);
  auto below = co_await connected();
  by_hand all;
  all.peer = std::make_unique<tls_peer>(std::move(below.here), side::server, identity,
                                        TLS1_2_VERSION, most);
  std::optional<result<stream>> outcome;
  bool done = false;
  co_await bight::all(shake_hands(*all.peer, done),
                      connect_over(std::move(below.there), outcome, careless()));
  EXPECT_TRUE(done);
  all.ours = std::move(*outcome).value();
  co_return std::move(all);
}

}  // namespace

// ── G05: ends ───────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_faults, G05_an_end_without_close_notify_is_truncation) {
  auto both = co_await client_with_peer();
  both.peer->say("half of it");
  co_await both.peer->flush();
  both.peer->below().close();
  auto said = co_await both.ours.recv();
  EXPECT_EQ(said, "half of it");
  for (int i = 0; i < 2; ++i) {
    auto end = co_await attempt(both.ours.recv());
    EXPECT_TRUE(fails(end, errc::tls_truncated));
  }
}

BIGHT_TEST(tls_faults, G05_an_end_in_the_middle_of_a_record_is_truncation) {
  auto both = co_await client_with_peer();
  both.peer->say("a word");
  const std::string record = both.peer->written();
  co_await both.peer->below().send(std::string_view(record).substr(0, record.size() - 1));
  both.peer->below().close();
  auto end = co_await attempt(both.ours.recv());
  EXPECT_TRUE(fails(end, errc::tls_truncated));
}

BIGHT_TEST(tls_faults, G05_a_close_notify_is_an_end) {
  auto both = co_await client_with_peer();
  SSL_shutdown(both.peer->ssl());
  co_await both.peer->flush();
  auto end = co_await both.ours.recv();
  EXPECT_TRUE(end.empty());
}

BIGHT_TEST(tls_faults, G05_a_close_sends_close_notify) {
  auto both = co_await client_with_peer();
  co_await both.ours.send("bye");
  both.ours.close();
  std::string heard;
  while (SSL_get_shutdown(both.peer->ssl()) == 0) heard += co_await both.peer->hear();
  EXPECT_EQ(heard, "bye");
  EXPECT_EQ(SSL_get_shutdown(both.peer->ssl()), SSL_RECEIVED_SHUTDOWN);
}

BIGHT_TEST(tls_faults, G19_data_after_the_end_is_not_accepted) {
  auto both = co_await client_with_peer(TLS1_2_VERSION);
  both.peer->say("before");
  const std::string before = both.peer->written();
  // Recorded before the end is said, and sent behind it: OpenSSL itself would not write it.
  SSL_shutdown(both.peer->ssl());
  co_await both.peer->below().send(before, both.peer->written(), before);
  auto said = co_await both.ours.recv();
  EXPECT_EQ(said, "before");
  for (int i = 0; i < 2; ++i) {
    auto end = co_await both.ours.recv();
    EXPECT_TRUE(end.empty());
  }
}

// ── G09: records of any size ────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_faults, G09_records_of_one_byte_are_the_same_as_one_record) {
  auto both = co_await client_with_peer();
  const std::string text = pattern::first(3000);
  for (const char byte : text) both.peer->say({&byte, 1});
  co_await both.peer->flush();
  std::size_t receives = 0;
  std::string came;
  while (came.size() < text.size()) {
    auto part = co_await both.ours.recv();
    came += part.view();
    ++receives;
  }
  EXPECT_TRUE(came == text);
  EXPECT_LT(receives, 100u) << "what had come was not put together";
}

BIGHT_TEST(tls_faults, G09_bytes_one_by_one_are_the_same_as_all_at_once) {
  auto both = co_await client_with_peer();
  const std::string text = pattern::first(20'000);
  both.peer->say(text);
  const std::string wire = both.peer->written();
  auto drip = [](stream& to, const std::string& bytes) -> task<> {
    for (const char byte : bytes) co_await to.send(std::string_view(&byte, 1));
  };
  std::string came;
  auto hear = [](stream& from, std::size_t count, std::string& into) -> task<> {
    into = co_await recv_exactly(from, count);
  };
  co_await all(drip(both.peer->below(), wire), hear(both.ours, text.size(), came));
  EXPECT_TRUE(came == text);
}

BIGHT_TEST(tls_faults, G09_a_flood_of_empty_records_ends_the_handshake) {
  auto below = co_await connected();
  std::optional<result<stream>> outcome;
  // RFC 8446 §5 has these dropped, and OpenSSL does so for a while.
  auto flood = [](stream peer) -> task<> {
    co_await peer.recv();
    std::string records;
    for (int i = 0; i < 1000; ++i) records.append("\x14\x03\x03\x00\x01\x01", 6);
    static_cast<void>(co_await attempt(peer.send(records)));
    static_cast<void>(co_await attempt(recv_all(peer)));
  };
  co_await all(flood(std::move(below.here)),
               connect_over(std::move(below.there), outcome, careless()));
  EXPECT_TRUE(fails(*outcome, errc::tls_failed));
}

BIGHT_TEST(tls_faults, G09_a_flood_of_warnings_ends_the_session) {
  auto both = co_await client_with_peer(TLS1_2_VERSION);
  for (int i = 0; i < 100; ++i) {
    SSL_renegotiate(both.peer->ssl());  // each is refused by a warning, and asked for by one
    SSL_do_handshake(both.peer->ssl());
  }
  co_await both.peer->flush();
  both.peer->below().shutdown_send();
  auto outcome = co_await attempt(both.ours.recv());
  EXPECT_FALSE(outcome);
}

// ── G10: keys changed again and again ───────────────────────────────────────────────────────────

BIGHT_TEST(tls_faults, G10_a_key_update_is_answered) {
  auto both = co_await client_with_peer();
  SSL_key_update(both.peer->ssl(), SSL_KEY_UPDATE_REQUESTED);
  both.peer->say("after");
  co_await both.peer->flush();
  auto said = co_await both.ours.recv();
  EXPECT_EQ(said, "after");
  co_await both.ours.send("answer");
  const auto heard = co_await both.peer->hear();
  EXPECT_EQ(heard, "answer");
}

BIGHT_TEST(tls_faults, G10_a_storm_of_key_updates_ends_the_session) {
  auto both = co_await client_with_peer();
  for (int i = 0; i < 100; ++i) {
    SSL_key_update(both.peer->ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(both.peer->ssl());
  }
  both.peer->say("at last");
  co_await both.peer->flush();
  auto outcome = co_await attempt(both.ours.recv());
  EXPECT_TRUE(fails(outcome, errc::tls_failed)) << (outcome ? outcome->str() : "");
}

BIGHT_TEST(tls_faults, G10_renegotiation_is_refused) {
  auto both = co_await client_with_peer(TLS1_2_VERSION);
  SSL_renegotiate(both.peer->ssl());
  SSL_do_handshake(both.peer->ssl());
  both.peer->say("anyway");
  co_await both.peer->flush();
  auto outcome = co_await attempt(both.ours.recv());
  // No handshake; the request is answered by an alert, and what else came is data.
  EXPECT_TRUE(outcome && *outcome == "anyway") << (outcome ? "" : outcome.error().what());
}

// ── G15: OpenSSL's queue of errors ──────────────────────────────────────────────────────────────

BIGHT_TEST(tls_faults, G15_errors_of_one_connection_are_not_reported_for_another) {
  auto good = co_await connected_by_tls();
  auto bad = co_await client_with_peer();
  co_await bad.peer->below().send("this is no record of TLS at all, but long enough for one");
  auto outcome = co_await attempt(bad.ours.recv());
  EXPECT_TRUE(fails(outcome, errc::tls_failed));
  // And errors that somebody else has left behind.
  ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
  co_await good.here.send("hello");
  auto said = co_await good.there.recv();
  EXPECT_EQ(said, "hello");
}

// ── G16: to read in order to write, and the reverse ─────────────────────────────────────────────

namespace {

// Sends all of the text in parts of odd sizes: parts are put together in a buffer that is another
// each time.
task<> send_in_parts(stream& to, const std::string& text) {
  std::vector<piece> parts;
  for (std::size_t at = 0; at < text.size(); at += 1000)
    parts.emplace_back(std::string_view(text).substr(at, 1000));
  co_await to.send(std::span<piece>(parts));
  to.shutdown_send();
}

// What that peer hears up to the end; what OpenSSL answers on its own leaves on the way.
task<> hear_all(tls_peer& peer, std::string& into) {
  while (SSL_get_shutdown(peer.ssl()) == 0) {
    into += co_await peer.hear();
    co_await peer.flush();
  }
}

}  // namespace

// A session of 1.2 that shakes hands once more must hear from its peer before it may send. Ours
// never does so by itself, nor when it is asked to (G10); here it is made to.
BIGHT_TEST(tls_faults, G16_a_send_that_must_wait_for_input_continues_where_it_was) {
  auto both = co_await client_with_peer(TLS1_2_VERSION);
  SSL_set_options(both.peer->ssl(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
  SSL* ours = tls::connection::of(both.ours)->ssl();
  SSL_clear_options(ours, SSL_OP_NO_RENEGOTIATION);
  EXPECT_EQ(SSL_renegotiate(ours), 1);
  const std::string text = pattern::first(60'000);
  std::string heard;
  co_await all(send_in_parts(both.ours, text), hear_all(*both.peer, heard));
  EXPECT_TRUE(heard == text) << heard.size() << " bytes";
  EXPECT_EQ(SSL_total_renegotiations(ours), 1);
}

// A receive that finds that the peer wants new keys must send in between, while a send of ours is
// stuck: the answer goes out between its records, and nothing is lost or changed.
BIGHT_TEST(tls_faults, G16_a_receive_that_must_send_first_does_so_in_the_middle_of_a_send) {
  auto both = co_await client_with_peer();
  const std::string text = pattern::first(20'000'000);
  std::string heard;
  // It says nothing for a while, then wants keys changed, and only then takes what was sent.
  auto peer = [](by_hand& all, std::string& into) -> task<> {
    co_await some_turns();
    for (int i = 0; i < 5; ++i) {
      SSL_key_update(all.peer->ssl(), SSL_KEY_UPDATE_REQUESTED);
      all.peer->say("word");
    }
    co_await all.peer->flush();
    co_await some_turns();
    co_await hear_all(*all.peer, into);
  };
  auto listen = [](stream& from) -> task<> {
    const auto said = co_await recv_exactly(from, 20);
    EXPECT_EQ(said, "wordwordwordwordword");
  };
  co_await all(send_in_parts(both.ours, text), listen(both.ours), peer(both, heard));
  EXPECT_TRUE(heard == text) << heard.size() << " bytes";
}

BIGHT_TEST(tls_faults, a_broken_record_ends_both_directions) {
  auto both = co_await client_with_peer();
  both.peer->say("a word");
  std::string record = both.peer->written();
  record.back() = static_cast<char>(record.back() ^ 1);
  co_await both.peer->below().send(record);
  auto outcome = co_await attempt(both.ours.recv());
  EXPECT_TRUE(fails(outcome, errc::tls_failed));
  auto sent = co_await attempt(both.ours.send("x"));
  EXPECT_TRUE(fails(sent, errc::tls_failed));
}

}  // namespace contract
