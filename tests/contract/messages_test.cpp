// SPDX-License-Identifier: MIT
// The messages of errors that a program makes by its own mistake, word for word.
#include <bight/resolve.hpp>
#include <bight/run.hpp>
#include <bight/stdio.hpp>
#include <bight/tcp.hpp>
#include <bight/udp.hpp>
#include <bight/unix_socket.hpp>

#include "contract/certificates.hpp"
#include "contract/contract.hpp"
#include "contract/tls_trial.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <string>

namespace contract {

namespace {

std::string message(const std::function<void()>& body) {
  try {
    body();
  } catch (const error& e) {
    EXPECT_EQ(e.transferred(), 0u) << e.what();
    return e.what();
  }
  return "it succeeded";
}

template <class T>
std::string message(const result<T>& outcome) {
  if (outcome) return "it succeeded";
  EXPECT_EQ(outcome.error().transferred(), 0u) << outcome.error().what();
  return outcome.error().what();
}

}  // namespace

TEST(messages, of_an_engine_name_what_it_uses) {
  const auto report = engine_chosen();
  EXPECT_EQ(report.reason, "requested by BIGHT_ENGINE");
  const char* features =
      report.name == "epoll" ? "edge-triggered, registered when needed"
      : report.name == "sim"
          ? "a simulated network, seed [0-9]+"
          : "(SINGLE_ISSUER DEFER_TASKRUN |COOP_TASKRUN )?(256|128|64|32|16|8) entries, "
            "(incremental buffers 16 x 64|buffers 64 x 16) KiB";
  EXPECT_THAT(report.features, testing::MatchesRegex(features));
  const auto forced = engine_chosen(engine_choice::epoll);
  EXPECT_EQ(forced.reason, "requested by the program");
}

BIGHT_TEST(messages, of_a_closed_stream_name_the_call) {
  auto pair = co_await connected();
  pair.here.close();
  EXPECT_EQ(message([&] { pair.here.set(options::no_delay, true); }),
            "set a socket option: the connection is closed");
  EXPECT_EQ(message([&] { static_cast<void>(pair.here.get(options::no_delay)); }),
            "get a socket option: the connection is closed");
  EXPECT_EQ(message([&] { pair.here.shutdown_send(); }),
            "shutdown (no address): the connection is closed");
}

BIGHT_TEST(messages, of_a_closed_udp_socket_name_the_call) {
  auto socket = co_await udp::bind("127.0.0.1:0");
  socket.close();
  EXPECT_EQ(message([&] { socket.set(options::broadcast, true); }),
            "set a socket option: the connection is closed");
  EXPECT_EQ(message([&] { static_cast<void>(socket.get(options::broadcast)); }),
            "get a socket option: the connection is closed");
}

BIGHT_TEST(messages, of_a_descriptor_that_is_not_open_name_the_call) {
  const auto opened = co_await attempt(stdio::open(-1));
  EXPECT_EQ(message(opened), "open descriptor -1: it is not open");
}

BIGHT_TEST(messages, of_datagrams_on_unix_sockets_say_what_they_carry) {
  const auto bound = co_await attempt(udp::bind("unix:/tmp/none"));
  EXPECT_EQ(message(bound), "bind unix:/tmp/none: unix sockets carry streams, not datagrams");
  const auto aimed = co_await attempt(udp::connect("unix:/tmp/none"));
  EXPECT_EQ(message(aimed), "connect unix:/tmp/none: unix sockets carry streams, not datagrams");
}

BIGHT_TEST(messages, of_connections_that_the_options_forbid_name_the_option) {
  tcp::connect_options none;
  none.allow = [](const address&) { return false; };
  const auto forbidden = co_await attempt(tcp::connect("127.0.0.1:9", none));
  EXPECT_EQ(message(forbidden),
            "connect 127.0.0.1:9: the program forbids connections to that address "
            "(options.allow)");
  tcp::connect_options no_attempt;
  no_attempt.max_attempts = 0;
  const auto never = co_await attempt(tcp::connect("localhost:9", no_attempt));
  EXPECT_EQ(message(never), "connect localhost:9: max_attempts is 0");
}

BIGHT_TEST(messages, of_tls_options_name_the_option) {
  certificates files;
  const auto good_files = files.make(good());
  const auto other = files.make(good());
  certificate_plan plan;
  plan.rsa_bits = 1024;
  const auto weak = files.make(plan);
  const std::string text = files.file("text\n");
  const std::string damaged = files.file(
      "-----BEGIN CERTIFICATE-----\nAAAA\n"
      "-----END CERTIFICATE-----\n");
  const std::string encrypted = files.encrypted(good_files.key);
  const std::string no_certificate =
      ": no certificate found; it must be a PEM file that begins with "
      "-----BEGIN CERTIFICATE-----";
  const auto identity = [](const std::string& certificate, const std::string& key) {
    tls::connect_options o;
    o.certificate = {certificate, key};
    return o;
  };
  const auto with = [](auto change) {
    tls::connect_options o;
    change(o);
    return o;
  };
  const std::string protocol = "TLS options: a protocol's name (ALPN) has 1 to 255 bytes";
  const std::pair<tls::connect_options, std::string> cases[] = {
      {identity(good_files.certificate, ""),
       "TLS options: a certificate needs its key: set the file of the key too"},
      {identity("", good_files.key),
       "TLS options: a key needs its certificate: set the file of the certificate too"},
      {identity("/none", good_files.key), "certificate /none: No such file or directory"},
      {identity(good_files.certificate, "/none"), "key /none: No such file or directory"},
      {identity(text, good_files.key), "certificate " + text + no_certificate},
      {identity(damaged, good_files.key), "certificate " + damaged + no_certificate},
      {identity(good_files.certificate, text),
       "key " + text +
           ": no private key found; it must be a PEM file that begins with "
           "-----BEGIN PRIVATE KEY-----"},
      {identity(good_files.certificate, encrypted),
       "key " + encrypted +
           ": the key is encrypted; decrypt it into a file that only the server can read: "
           "openssl pkey -in FILE"},
      {identity(good_files.certificate, other.key),
       "key " + other.key + ": the key does not match the certificate in " +
           good_files.certificate},
      {identity(weak.certificate, weak.key),
       "certificate " + weak.certificate +
           ": too weak: RSA keys need at least 2,048 bits, and SHA-1 signatures are refused"},
      {with([&](auto& o) { o.authorities = text; }), "certificate " + text + no_certificate},
      {with([](auto& o) { o.protocols = {"a", ""}; }), protocol},
      {with([](auto& o) { o.protocols = {std::string(256, 'a')}; }), protocol},
      {with([](auto& o) { o.pins = {"sha256//AAAA"}; }),
       "pin: a pin is sha256// and the 44 base64 characters of a key's SHA-256; the server prints "
       "it, or call bight::tls::pin() with its certificate"},
      {with([&](auto& o) {
         o.pins = {tls::pin(good_files.certificate)};
         o.insecure = true;
       }),
       "TLS options: insecure and pins cannot be combined"},
  };
  for (const auto& [how, wanted] : cases) {
    auto below = co_await connected();
    const auto outcome = co_await attempt(tls::connect(std::move(below.here), "localhost:1", how));
    EXPECT_EQ(message(outcome), wanted);
  }
  const auto outcome = co_await attempt(tls::connect("unix:/tmp/none", tls::connect_options()));
  EXPECT_EQ(message(outcome),
            "TLS with unix:/tmp/none: the address has no host name to check the certificate "
            "against; set a name, or a pin");
}

}  // namespace contract
