// SPDX-License-Identifier: MIT
// Which certificate a server shows and what is agreed, pins, and clients that show one. The names
// of tests begin with the row of the table of faults that they are for.
#include "contract/certificates.hpp"
#include "contract/contract.hpp"
#include "contract/tls_trial.hpp"

namespace contract {

// ── G13: names, protocols ───────────────────────────────────────────────────────────────────────

namespace {

// What both sides of one connection agreed on.
struct agreed {
  std::optional<tls::agreement> here;
  std::optional<tls::agreement> there;
};

task<> note_agreed(agreed& all, stream peer) {
  all.there = tls::info(peer);
  co_await peer.send("x");
  while (auto bytes = co_await peer.recv()) continue;
}

task<agreed> agree(tls::serve_options how, tls::connect_options options) {
  served s;
  agreed all;
  auto ask = [](served& of, tls::connect_options o, agreed& into) -> task<> {
    auto peer = co_await tls::connect(of.at.front(), std::move(o));
    into.here = tls::info(peer);
    co_await peer.recv();
  };
  how.server = s.options();
  co_await serve_for(s, tls::serve("127.0.0.1:0", with(all, note_agreed), std::move(how)),
                     ask(s, std::move(options), all));
  co_return all;
}

}  // namespace

BIGHT_TEST(tls_identity, G13_a_server_shows_the_certificate_for_the_requested_name) {
  certificates files;
  const auto root = files.authority("root");
  certificate_plan plan;
  plan.names = "DNS:one.example";
  plan.common_name = "one";
  auto how = with_files(files.make(plan, root));
  plan.names = "DNS:*.two.example";
  plan.common_name = "two";
  how.more.push_back(files.make(plan, root));
  const auto first = co_await agree(how, trusting(root, "one.example"));
  EXPECT_EQ(first.here->peer, "CN = one");
  EXPECT_EQ(first.there->name, "one.example");
  const auto second = co_await agree(how, trusting(root, "www.two.example"));
  EXPECT_EQ(second.here->peer, "CN = two");
  EXPECT_EQ(second.there->name, "www.two.example");
}

BIGHT_TEST(tls_identity, G13_the_zone_of_an_address_is_not_compared_with_a_certificate) {
  certificates files;
  const auto root = files.authority("root");
  certificate_plan plan;
  plan.names = "IP:fe80::1";
  const auto all = co_await agree(with_files(files.make(plan, root)), trusting(root, "fe80::1%v0"));
  EXPECT_TRUE(all.here);
}

BIGHT_TEST(tls_identity, G13_an_address_is_not_sent_as_a_name) {
  certificates files;
  const auto root = files.authority("root");
  const auto all = co_await agree(with_files(files.make(good(), root)), trusting(root, ""));
  EXPECT_EQ(all.there->name, "");
}

BIGHT_TEST(tls_identity, G13_the_first_protocol_of_the_server_that_both_speak_is_chosen) {
  certificates files;
  const auto root = files.authority("root");
  auto how = with_files(files.make(good(), root));
  how.protocols = {"b", "a"};
  auto options = trusting(root);
  options.protocols = {"c", "a", "b"};
  const auto all = co_await agree(how, options);
  EXPECT_EQ(all.here->application, "b");
  EXPECT_EQ(all.there->application, "b");
}

BIGHT_TEST(tls_identity, G13_no_protocol_in_common_is_an_error_that_says_so) {
  certificates files;
  const auto root = files.authority("root");
  auto how = with_files(files.make(good(), root));
  how.protocols = {"b"};
  auto options = trusting(root);
  options.protocols = {"c"};
  auto outcome = co_await try_with(how, options);
  EXPECT_TRUE(fails(outcome, errc::tls_alert));
  EXPECT_TRUE(says(outcome, "alert 120"));
}

// ── Pins ────────────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_identity, a_pinned_key_is_trusted_whatever_its_issuer_and_expiry) {
  certificates files;
  certificate_plan plan;
  plan.names = "DNS:elsewhere.example";
  plan.valid_from = -7200;
  plan.valid_until = -3600;
  const auto old = files.make(plan);
  tls::connect_options o;
  o.pins.push_back(tls::pin(old.certificate));
  auto outcome = co_await try_with(with_files(old), o);
  EXPECT_TRUE(outcome) << outcome.error().what();
}

BIGHT_TEST(tls_identity, another_key_than_the_pinned_one_is_refused) {
  certificates files;
  const auto root = files.authority("root");
  auto options = trusting(root);
  options.pins.push_back(tls::pin(root.certificate));
  auto outcome = co_await try_with(with_files(files.make(good(), root)), options);
  EXPECT_TRUE(fails(outcome, errc::certificate_not_pinned));
}

BIGHT_TEST(tls_identity, a_malformed_pin_is_refused_before_anything_is_sent) {
  static constexpr const char* bad[] = {"", "sha256//",
                                        "sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
                                        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!="};
  for (const char* pin : bad) {
    tls::connect_options o;
    o.pins.push_back(pin);
    auto peer = co_await attempt(tls::connect("127.0.0.1:1", o));
    EXPECT_TRUE(fails(peer, errc::invalid)) << pin;
  }
}

BIGHT_TEST(tls_identity, a_self_signed_certificate_is_trusted_by_its_reported_pin) {
  served s;
  std::string pin;
  tls::serve_options how;
  how.on_pin = [&pin](const std::string& told) { pin = told; };
  auto ask = [](served& of, const std::string& told) -> task<> {
    tls::connect_options o;
    o.pins.push_back(told);
    auto outcome = co_await try_one(of, o);
    EXPECT_TRUE(outcome) << outcome.error().what();
  };
  how.server = s.options();
  co_await serve_for(s, tls::serve("127.0.0.1:0", hello, how), ask(s, pin));
}

// ── Mutual TLS ──────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_identity, a_client_shows_the_certificate_that_a_server_asks_for) {
  certificates files;
  const auto root = files.authority("root");
  certificate_plan plan;
  plan.common_name = "lily";
  plan.usage = "clientAuth";
  plan.names.clear();
  auto how = with_files(files.make(good(), root));
  how.client_authorities = root.certificate;
  auto options = trusting(root);
  options.certificate = files.make(plan, root);
  const auto all = co_await agree(how, options);
  EXPECT_EQ(all.there->peer, "CN = lily");
}

BIGHT_TEST(tls_identity, a_client_without_a_certificate_is_told_that_it_needs_one) {
  certificates files;
  const auto root = files.authority("root");
  auto how = with_files(files.make(good(), root));
  how.client_authorities = root.certificate;
  std::string told;
  auto outcome = co_await try_with(how, trusting(root), &told);
  EXPECT_TRUE(fails(outcome, errc::tls_alert));
  EXPECT_TRUE(says(outcome, "requires a client certificate"));
  EXPECT_NE(told.find("certificate"), std::string::npos) << told;
}

BIGHT_TEST(tls_identity, a_client_of_another_authority_is_refused) {
  certificates files;
  const auto root = files.authority("root");
  certificate_plan plan;
  plan.usage = "clientAuth";
  auto how = with_files(files.make(good(), root));
  how.client_authorities = root.certificate;
  auto options = trusting(root);
  options.certificate = files.make(plan, files.authority("other"));
  auto outcome = co_await try_with(how, options);
  EXPECT_TRUE(fails(outcome, errc::tls_alert));
}

}  // namespace contract
