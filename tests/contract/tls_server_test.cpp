// SPDX-License-Identifier: MIT
// A server's files, its reload, its limits. The names of tests begin with the row of the table of
// faults that they are for.
#include <bight/line_sink.hpp>

#include "contract/certificates.hpp"
#include "contract/contract.hpp"
#include "contract/tls_pair.hpp"
#include "contract/tls_peer.hpp"

#include <csignal>
#include <cstdlib>

namespace contract {

namespace {

tls::serve_options serving_files(const tls::identity& files) {
  tls::serve_options how;
  how.certificate = files.certificate;
  how.key = files.key;
  return how;
}

tls::connect_options pinned(const std::string& pin) {
  tls::connect_options o;
  o.pins.push_back(pin);
  return o;
}

// A server with these options does not start, and says so; the text is given back.
std::string refusal(tls::serve_options how) {
  try {
    const tls::acceptor made(std::move(how));
  } catch (const error& e) {
    return e.what();
  }
  return "it started";
}

}  // namespace

// ── G17: files ──────────────────────────────────────────────────────────────────────────────────

TEST(tls_server, G17_a_missing_file_is_named) {
  certificates files;
  auto good = files.make(certificate_plan());
  auto how = serving_files(good);
  how.certificate = "/nonexistent/cert.pem";
  EXPECT_EQ(refusal(how), "certificate /nonexistent/cert.pem: No such file or directory");
  how = serving_files(good);
  how.key = "/nonexistent/key.pem";
  EXPECT_EQ(refusal(how), "key /nonexistent/key.pem: No such file or directory");
}

TEST(tls_server, G17_a_key_of_another_certificate_is_refused) {
  certificates files;
  auto how = serving_files(files.make(certificate_plan()));
  how.key = files.make(certificate_plan()).key;
  EXPECT_NE(refusal(how).find("does not match the certificate"), std::string::npos);
}

TEST(tls_server, G17_an_encrypted_key_is_refused_without_a_prompt) {
  certificates files;
  auto how = serving_files(files.make(certificate_plan()));
  how.key = files.encrypted(how.key);
  EXPECT_NE(refusal(how).find("the key is encrypted"), std::string::npos) << refusal(how);
}

TEST(tls_server, G17_a_file_of_another_kind_is_refused_and_not_shown) {
  certificates files;
  auto how = serving_files(files.make(certificate_plan()));
  how.key = files.file("the-secret-word");
  EXPECT_NE(refusal(how).find("no private key found"), std::string::npos);
  EXPECT_EQ(refusal(how).find("the-secret-word"), std::string::npos);
  how = serving_files(files.make(certificate_plan()));
  how.certificate = how.key;
  EXPECT_NE(refusal(how).find("no certificate found"), std::string::npos);
}

TEST(tls_server, G17_a_certificate_without_a_key_is_refused) {
  certificates files;
  tls::serve_options how;
  how.certificate = files.make(certificate_plan()).certificate;
  EXPECT_NE(refusal(how).find("set the file of the key too"), std::string::npos);
}

BIGHT_TEST(tls_server, G17_serve_ends_at_once_when_its_files_are_bad) {
  tls::serve_options how;
  how.certificate = "/nonexistent/cert.pem";
  how.key = "/nonexistent/key.pem";
  auto outcome = co_await attempt(tls::serve("127.0.0.1:0", echo, how));
  EXPECT_TRUE(fails(outcome, errc::bad_address)) << outcome.error().what();  // ENOENT
}

// ── Reload ──────────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_server, at_a_hangup_the_files_are_read_again_and_connections_are_kept) {
  needs_kernel("raises signals of the process");
  certificates files;
  const auto first = files.make(certificate_plan());
  const auto second = files.make(certificate_plan());
  const auto served_files = files.make(certificate_plan());
  const auto put = [&](const tls::identity& from) {
    using std::filesystem::copy_options;
    std::filesystem::copy_file(from.certificate, served_files.certificate,
                               copy_options::overwrite_existing);
    std::filesystem::copy_file(from.key, served_files.key, copy_options::overwrite_existing);
  };
  put(first);
  served s;
  auto options = s.options();
  options.signals = true;
  auto client = [&](served& of) -> task<> {
    const address at = of.at.front();
    auto old = co_await tls::connect(at, pinned(tls::pin(first.certificate)));
    co_await expect_echo(old, "before");
    put(second);
    std::raise(SIGHUP);
    co_await some_turns();
    auto fresh = co_await tls::connect(at, pinned(tls::pin(second.certificate)));
    co_await expect_echo(fresh, "new");
    co_await expect_echo(old, "still there");
    std::filesystem::copy_file(files.file("rubbish"), served_files.key,
                               std::filesystem::copy_options::overwrite_existing);
    std::raise(SIGHUP);
    co_await some_turns();
    EXPECT_EQ(of.errors.size(), 1u);
    auto third = co_await tls::connect(at, pinned(tls::pin(second.certificate)));
    co_await expect_echo(third, "as before");
  };
  tls::serve_options how = serving_files(served_files);
  how.server = std::move(options);
  auto serving = tls::serve("127.0.0.1:0", echo, std::move(how));
  auto asking = client(s);
  co_await serve_for(s, std::move(serving), std::move(asking));
  EXPECT_NE(s.told().find("no private key"), std::string::npos) << s.told();
}

namespace {

task<> hang_up_once_it_listens(served& of, std::string rubbish, std::string key) {
  const address at = of.at.front();  // serve_for() waits until there is one
  std::filesystem::copy_file(rubbish, key, std::filesystem::copy_options::overwrite_existing);
  std::raise(SIGHUP);
  co_await some_turns();
}

// A server without callbacks; its files are damaged while it runs.
void serve_with_files_that_go_bad() {
  certificates files;
  const auto good = files.make(certificate_plan());
  served s;
  auto options = s.options();
  options.signals = true;
  options.on_error = {};
  tls::serve_options how = serving_files(good);
  how.server = std::move(options);
  auto serving = tls::serve("127.0.0.1:0", echo, std::move(how));
  auto hanging_up = hang_up_once_it_listens(s, files.file("rubbish"), good.key);
  runner().run(serve_for(s, std::move(serving), std::move(hanging_up)));
  line_sink::standard_error().flush(patience);
  std::exit(0);
}

void serve_without_files() {
  served s;
  tls::serve_options how;
  how.server = s.options();
  auto serving = tls::serve("127.0.0.1:0", echo, std::move(how));
  runner().run(serve_for(s, std::move(serving), some_turns()));
  line_sink::standard_error().flush(patience);
  std::exit(0);
}

}  // namespace

TEST(tls_server, without_callbacks_a_failed_reload_is_reported_on_standard_error) {
  if (on_sim()) GTEST_SKIP() << "raises signals of the process";
  EXPECT_EXIT(serve_with_files_that_go_bad(), testing::ExitedWithCode(0),
              "^bight: key .*: no private key found; .*; keeping the old certificate\n$");
}

TEST(tls_server, without_callbacks_the_pin_is_printed_on_standard_error) {
  if (on_sim()) GTEST_SKIP() << "a simulated loop has its own standard error";
  EXPECT_EXIT(serve_without_files(), testing::ExitedWithCode(0),
              "^bight: made a self-signed certificate, valid while this server runs. To connect:\n"
              "  bight connect --tls --pin sha256//[A-Za-z0-9+/]+= 127.0.0.1:[0-9]+\n$");
}

// ── Limits ──────────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_server, a_handshake_has_a_deadline_from_the_accept_on) {
  served s;
  tls::serve_options how;
  how.on_pin = [](const std::string&) {};
  how.handshake = 50ms;
  auto stall = [](served& of) -> task<> {
    auto peer = co_await tcp::connect(of.at.front());
    // A byte now and then does not help: it is the whole that has a deadline.
    co_await peer.send("\x16");
    auto end = co_await attempt(recv_all(peer));
    EXPECT_TRUE(!end || end->empty());
  };
  how.server = s.options();
  co_await serve_for(s, tls::serve("127.0.0.1:0", echo, how), stall(s));
  EXPECT_NE(s.told().find("timed out after 50 ms"), std::string::npos) << s.told();
}

BIGHT_TEST(tls_server, a_session_that_fails_is_reported_with_the_address_of_its_peer) {
  served s;
  tls::serve_options how;
  how.on_pin = [](const std::string&) {};
  std::vector<address> peers;
  auto options = s.options();
  options.on_error = [&peers](const address& peer, const error&) { peers.push_back(peer); };
  std::vector<address> clients;
  auto ask = [](served& of, std::vector<address>& who) -> task<> {
    auto peer = co_await tcp::connect(of.at.front());
    who.push_back(peer.local());
    co_await peer.send("GET / HTTP/1.1\r\n\r\n");
    static_cast<void>(co_await attempt(recv_all(peer)));
  };
  how.server = options;
  co_await serve_for(s, tls::serve("127.0.0.1:0", echo, how), ask(s, clients));
  EXPECT_EQ(peers, clients);
}

BIGHT_TEST(tls_server, several_loops_serve_with_one_certificate) {
  served s;
  tls::serve_options how;
  std::string pin;
  how.on_pin = [&pin](const std::string& told) { pin = told; };
  auto options = s.options();
  options.threads = 2;
  auto ask = [](served& of, const std::string& trusted) -> task<> {
    for (int i = 0; i < 8; ++i) {
      auto peer = co_await tls::connect(of.at.front(), pinned(trusted));
      co_await expect_echo(peer, "ping");
    }
  };
  how.server = options;
  co_await serve_for(s, tls::serve("127.0.0.1:0", echo, how), ask(s, pin));
  EXPECT_EQ(s.told(), "");
}

// ── G12, G18: what is never done ────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_server, G12_early_data_is_not_offered) {
  const tls_fixture f;
  auto below = co_await connected();
  tls_peer peer(std::move(below.there), tls_peer::side::client);
  auto serve_one = [](const tls::acceptor& server, stream over) -> task<> {
    auto safe = co_await server.accept(std::move(over));
    co_await echo(std::move(safe));
  };
  auto ask = [](tls_peer& p) -> task<> {
    const bool done = co_await p.shake();
    EXPECT_TRUE(done);
    p.say("x");
    co_await p.flush();
    std::string heard;
    while (heard.empty()) heard = co_await p.hear();
    EXPECT_EQ(SSL_SESSION_get_max_early_data(SSL_get_session(p.ssl())), 0u);
    EXPECT_TRUE(SSL_SESSION_is_resumable(SSL_get_session(p.ssl())));
    SSL_shutdown(p.ssl());
    co_await p.flush();
  };
  co_await all(serve_one(f.server, std::move(below.here)), ask(peer));
}

BIGHT_TEST(tls_server, G18_keys_are_never_logged) {
  certificates files;
  const std::string log = (files.directory() / "keys").string();
  setenv("SSLKEYLOGFILE", log.c_str(), 1);
  auto pair = co_await connected_by_tls();
  co_await pair.here.send("x");
  co_await pair.there.recv();
  unsetenv("SSLKEYLOGFILE");
  EXPECT_FALSE(std::filesystem::exists(log));
}

}  // namespace contract
