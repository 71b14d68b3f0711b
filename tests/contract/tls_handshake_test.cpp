// SPDX-License-Identifier: MIT
// What a peer may do while hands are shaken. The names of tests begin with the row of the table of
// faults that they are for.
#include "contract/certificates.hpp"
#include "contract/contract.hpp"
#include "contract/tls_pair.hpp"
#include "contract/tls_peer.hpp"
#include "contract/tls_trial.hpp"

namespace contract {

namespace {

using side = tls_peer::side;

task<> finish_shake(tls_peer& peer, bool& done) { done = co_await peer.shake(); }

}  // namespace

// ── G06: resets in the handshake ────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_handshake, G06_a_reset_in_any_flight_names_the_phase) {
  // Cut after so many bytes of the server's: none, in its first record, behind its first.
  static constexpr std::size_t cuts[] = {0, 3, 130};
  for (const std::size_t cut : cuts) {
    certificates files;
    certificate_plan plan;
    auto below = co_await connected();
    tls_peer peer(std::move(below.here), side::server, files.make(plan));
    std::optional<result<stream>> outcome;
    auto reset = [](tls_peer& p, std::size_t after) -> task<> {
      auto hello = co_await p.below().recv();
      BIO_write(SSL_get_rbio(p.ssl()), hello.data(), static_cast<int>(hello.size()));
      SSL_do_handshake(p.ssl());
      const std::string flight = p.written();
      if (after > 0) co_await p.below().send(std::string_view(flight).substr(0, after));
      co_await some_turns();
      p.below().abort();
    };
    co_await all(reset(peer, cut), connect_over(std::move(below.there), outcome, careless()));
    EXPECT_TRUE(fails(*outcome, errc::reset));
    EXPECT_NE(why(*outcome).find(cut == 0 ? "before it answered" : "in the handshake"),
              std::string::npos)
        << why(*outcome);
  }
}

namespace {

constexpr std::size_t record_header = 5;  // RFC 8446 §5.1: kind, version, length
constexpr std::size_t records_max = 20;   // that any handshake takes

// Shakes hands by hand, and resets the connection behind so many records of its own.
task<> shake_for(tls_peer& peer, std::size_t records) {
  for (;;) {
    ERR_clear_error();
    SSL_do_handshake(peer.ssl());
    const std::string flight = peer.written();
    for (std::size_t at = 0; at < flight.size();) {
      if (records-- == 0) {
        co_await some_turns();  // a reset may take along what has not been received yet
        peer.below().abort();
        co_return;
      }
      const auto high = static_cast<unsigned char>(flight[at + 3]);
      const auto low = static_cast<unsigned char>(flight[at + 4]);
      const std::size_t size = record_header + (std::size_t{high} << 8 | low);
      auto sent = co_await attempt(peer.below().send(std::string_view(flight).substr(at, size)));
      if (!sent) co_return;  // the other side is content, and has gone
      at += size;
    }
    auto came = co_await attempt(peer.below().recv());
    if (!came || came->empty()) co_return;
    BIO_write(SSL_get_rbio(peer.ssl()), came->data(), static_cast<int>(came->size()));
  }
}

using our_side = task<> (*)(stream, std::optional<result<stream>>&);

// Shakes hands, and goes when that worked.
task<> our_client(stream below, std::optional<result<stream>>& into) {
  co_await connect_over(std::move(below), into, careless());
  if (*into) (*into)->abort();
}

task<> our_server(stream below, std::optional<result<stream>>& into) {
  const tls_fixture f;
  co_await accept_over(f.server, std::move(below), into);
  if (*into) (*into)->abort();
}

// What our side says of a peer that resets before its first record, behind that, behind its second,
// and so on, until it has sent all that a handshake takes: `least` or more.
task<> expect_resets(side theirs, int version, our_side ours, std::size_t least) {
  certificates files;
  tls::identity identity;
  if (theirs == side::server) identity = files.make(certificate_plan());
  std::size_t records = 0;
  for (; records < records_max; ++records) {
    auto below = co_await connected();
    tls_peer peer(std::move(below.here), theirs, identity, version, version);
    std::optional<result<stream>> outcome;
    co_await all(shake_for(peer, records), ours(std::move(below.there), outcome));
    if (*outcome) break;
    EXPECT_TRUE(fails(*outcome, errc::reset)) << records << " records";
    EXPECT_NE(why(*outcome).find(records == 0 ? "before it answered" : "in the handshake ("),
              std::string::npos)
        << records << " records: " << why(*outcome);
  }
  EXPECT_GE(records, least);
  EXPECT_LT(records, records_max);
}

}  // namespace

// A server's records: hello, change of cipher (for middle boxes), extensions, certificate, proof,
// finished. OpenSSL puts some of them together, so the least is lower.
BIGHT_TEST(tls_handshake, G06_a_reset_by_a_server_of_1_3_after_any_record_is_reported) {
  co_await expect_resets(side::server, TLS1_3_VERSION, our_client, 3);
}

// Hello, certificate, key exchange, done; change of cipher, finished.
BIGHT_TEST(tls_handshake, G06_a_reset_by_a_server_of_1_2_after_any_record_is_reported) {
  co_await expect_resets(side::server, TLS1_2_VERSION, our_client, 5);
}

// Hello; change of cipher, finished.
BIGHT_TEST(tls_handshake, G06_a_reset_by_a_client_of_1_3_after_any_record_is_reported) {
  co_await expect_resets(side::client, TLS1_3_VERSION, our_server, 2);
}

// Hello; key exchange, change of cipher, finished.
BIGHT_TEST(tls_handshake, G06_a_reset_by_a_client_of_1_2_after_any_record_is_reported) {
  co_await expect_resets(side::client, TLS1_2_VERSION, our_server, 3);
}

BIGHT_TEST(tls_handshake, G06_a_close_in_the_handshake_differs_from_a_reset) {
  auto below = co_await connected();
  std::optional<result<stream>> outcome;
  auto close = [](stream peer) -> task<> {
    co_await peer.recv();
    peer.close();
  };
  co_await all(close(std::move(below.here)),
               connect_over(std::move(below.there), outcome, careless()));
  EXPECT_TRUE(fails(*outcome, errc::tls_truncated));
  EXPECT_NE(why(*outcome).find("closed the connection before it answered"), std::string::npos)
      << why(*outcome);
}

// ── G07: alerts ─────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_handshake, G07_an_alert_is_reported_by_its_number_and_its_name) {
  auto below = co_await connected();
  std::optional<result<stream>> outcome;
  auto refuse = [](stream peer) -> task<> {
    co_await peer.recv();
    co_await peer.send(std::string_view("\x15\x03\x03\x00\x02\x02\x28", 7));  // handshake_failure
    co_await recv_all(peer);
  };
  co_await all(refuse(std::move(below.here)),
               connect_over(std::move(below.there), outcome, careless()));
  EXPECT_TRUE(fails(*outcome, errc::tls_alert));
  EXPECT_NE(why(*outcome).find("alert 40, handshake failure"), std::string::npos) << why(*outcome);
}

BIGHT_TEST(tls_handshake, G07_a_client_that_refuses_tells_the_server_why) {
  const tls_fixture f;
  auto below = co_await connected();
  std::optional<result<stream>> server;
  std::optional<result<stream>> client;
  tls::connect_options strict;
  strict.name = "localhost";
  co_await all(accept_over(f.server, std::move(below.here), server),
               connect_over(std::move(below.there), client, strict));
  EXPECT_TRUE(fails(*client, errc::certificate_self_signed));
  EXPECT_TRUE(fails(*server, errc::tls_alert));
  EXPECT_NE(why(*server).find("alert 48, unknown CA"), std::string::npos) << why(*server);
}

// ── G08: no TLS at all ──────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_handshake, G08_a_server_without_tls_is_recognised) {
  auto below = co_await connected();
  std::optional<result<stream>> outcome;
  auto answer = [](stream peer) -> task<> {
    co_await peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    static_cast<void>(co_await attempt(recv_all(peer)));
  };
  co_await all(answer(std::move(below.here)),
               connect_over(std::move(below.there), outcome, careless()));
  EXPECT_TRUE(fails(*outcome, errc::tls_not_spoken));
  EXPECT_NE(
      why(*outcome).find("the server does not speak TLS; it sent \"HTTP/1.1 400 Bad Request\""),
      std::string::npos)
      << why(*outcome);
}

namespace {

// A client of TLS at a server that was started without: what it says is data there, and only the
// client can tell.
task<> expect_no_tls(tcp::handler handle, errc expected, std::string_view text) {
  served s;
  auto ask = [](served& of, errc wanted, std::string_view said) -> task<> {
    auto outcome = co_await attempt(tls::connect(of.at.front(), careless()));
    EXPECT_TRUE(fails(outcome, wanted));
    EXPECT_NE(why(outcome).find(said), std::string::npos) << why(outcome);
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", std::move(handle), s.options()),
                     ask(s, expected, text));
}

}  // namespace

BIGHT_TEST(tls_handshake, G08_a_server_that_sends_our_hello_back_is_recognised) {
  co_await expect_no_tls(echo, errc::tls_not_spoken, "it echoes what it receives");
}

BIGHT_TEST(tls_handshake, G08_a_server_that_sends_our_hello_back_byte_by_byte_is_recognised) {
  auto drip = [](stream peer) -> task<> {
    while (auto said = co_await peer.recv(1)) co_await peer.send(said);
  };
  co_await expect_no_tls(drip, errc::tls_not_spoken, "it echoes what it receives");
}

BIGHT_TEST(tls_handshake, G08_a_server_that_greets_in_plain_text_is_recognised) {
  auto greet = [](stream peer) -> task<> {
    co_await peer.send("Welcome");
    while (auto bytes = co_await peer.recv()) continue;
  };
  co_await expect_no_tls(greet, errc::tls_not_spoken, "it sent \"Welcome\"");
}

BIGHT_TEST(tls_handshake, G08_a_server_that_hangs_up_at_our_hello_is_suspected) {
  auto leave = [](stream peer) -> task<> { co_await peer.recv(); };
  co_await expect_no_tls(leave, errc::tls_truncated, "does it speak TLS?");
}

BIGHT_TEST(tls_handshake, G08_a_client_without_tls_is_recognised) {
  const tls_fixture f;
  auto below = co_await connected();
  co_await below.there.send("GET / HTTP/1.1\r\n");
  std::optional<result<stream>> outcome;
  co_await accept_over(f.server, std::move(below.here), outcome);
  EXPECT_TRUE(fails(*outcome, errc::tls_not_spoken));
  EXPECT_NE(why(*outcome).find("\"GET / HTTP/1.1\" (it must use TLS"), std::string::npos)
      << why(*outcome);
}

// ── G14: old protocols ──────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_handshake, G14_an_old_server_is_refused_and_the_minimum_version_named) {
  certificates files;
  certificate_plan plan;
  auto below = co_await connected();
  tls_peer peer(std::move(below.here), side::server, files.make(plan), TLS1_VERSION,
                TLS1_1_VERSION);
  std::optional<result<stream>> outcome;
  bool done = true;
  co_await all(finish_shake(peer, done), connect_over(std::move(below.there), outcome, careless()));
  EXPECT_FALSE(done);
  EXPECT_TRUE(fails(*outcome, errc::tls_old_protocol));
  EXPECT_NE(why(*outcome).find("1.2"), std::string::npos) << why(*outcome);
}

BIGHT_TEST(tls_handshake, G14_an_old_client_is_refused_and_the_minimum_version_named) {
  const tls_fixture f;
  auto below = co_await connected();
  tls_peer peer(std::move(below.there), side::client, {}, TLS1_VERSION, TLS1_1_VERSION);
  std::optional<result<stream>> outcome;
  bool done = true;
  co_await all(finish_shake(peer, done), accept_over(f.server, std::move(below.here), outcome));
  EXPECT_FALSE(done);
  EXPECT_TRUE(fails(*outcome, errc::tls_old_protocol));
  EXPECT_NE(why(*outcome).find("1.2"), std::string::npos) << why(*outcome);
}

}  // namespace contract
