// SPDX-License-Identifier: MIT
// Whom a client trusts, whom a server serves, and with which certificate. The names of tests begin
// with the row of the table of faults that they are for.
#include "contract/certificates.hpp"
#include "contract/contract.hpp"

namespace contract {

namespace {

certificate_plan good() { return {}; }

tls::serve_options on_the_spot() {
  tls::serve_options how;
  how.on_pin = [](const std::string&) {};
  return how;
}

task<> hello(stream peer) {
  co_await peer.send("Welcome");
  while (co_await peer.recv()) {}
}

tls::connect_options trusting(const tls::identity& authority, std::string name = "localhost") {
  tls::connect_options o;
  o.authorities = authority.certificate;
  o.name = std::move(name);
  return o;
}

// Connects to a server with those options; what it said, or why there was no connection.
task<result<std::string>> try_one(const served& s, tls::connect_options options) {
  auto connecting = attempt(tls::connect(s.at.front(), std::move(options)));
  auto peer = co_await std::move(connecting);
  if (!peer) co_return peer.error();
  auto receiving = attempt((*peer).recv());
  auto said = co_await std::move(receiving);
  if (!said) co_return said.error();
  co_return said->str();
}

// The same with a server of its own.
task<result<std::string>> try_with(tls::serve_options how, tls::connect_options options,
                                   std::string* told = nullptr) {
  served s;
  std::optional<result<std::string>> outcome;
  auto ask = [](served& of, tls::connect_options o,
                std::optional<result<std::string>>& into) -> task<> {
    auto trying = try_one(of, std::move(o));
    into.emplace(co_await std::move(trying));
  };
  co_await serve_for(s, tls::serve("127.0.0.1:0", hello, std::move(how), s.options()),
                     ask(s, std::move(options), outcome));
  if (told != nullptr) *told = s.told();
  co_return *std::move(outcome);
}

tls::serve_options with_files(const tls::identity& files) {
  tls::serve_options how;
  how.certificate = files.certificate;
  how.key = files.key;
  return how;
}

testing::AssertionResult says(const result<std::string>& outcome, std::string_view text) {
  if (outcome) return testing::AssertionFailure() << "it succeeded";
  const std::string_view what = outcome.error().what();
  if (what.find(text) != std::string_view::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << what;
}

// Refused with that condition, when the certificate is by a trusted authority and as planned.
task<> expect_refused(certificate_plan plan, errc expected, std::string_view text,
                      std::string name = "localhost") {
  certificates files;
  const auto root = files.authority("root");
  const auto leaf = files.make(plan, root);
  auto outcome = co_await try_with(with_files(leaf), trusting(root, std::move(name)));
  EXPECT_TRUE(fails(outcome, expected));
  EXPECT_TRUE(says(outcome, text));
}

}  // namespace

BIGHT_TEST(tls_certificates, a_certificate_of_a_trusted_authority_is_accepted) {
  certificates files;
  const auto root = files.authority("root");
  const auto leaf = files.make(good(), root);
  auto outcome = co_await try_with(with_files(leaf), trusting(root));
  EXPECT_TRUE(outcome) << outcome.error().what();
}

// ── G01 ─────────────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_certificates, G01_a_self_signed_certificate_is_an_error_of_its_own) {
  certificates files;
  const auto alone = files.make(good());
  auto outcome = co_await try_with(with_files(alone), tls::connect_options());
  EXPECT_TRUE(fails(outcome, errc::certificate_self_signed));
  EXPECT_TRUE(says(outcome, "pin"));
}

BIGHT_TEST(tls_certificates, G01_an_unknown_authority_is_an_error_of_its_own) {
  certificates files;
  const auto leaf = files.make(good(), files.authority("somebody"));
  auto outcome = co_await try_with(with_files(leaf), trusting(files.authority("root")));
  EXPECT_TRUE(fails(outcome, errc::certificate_unknown_authority));
  EXPECT_TRUE(says(outcome, "somebody"));
}

BIGHT_TEST(tls_certificates, G01_an_expired_certificate_is_an_error_of_its_own) {
  certificate_plan plan;
  plan.valid_from = -7200;
  plan.valid_until = -3600;
  co_await expect_refused(plan, errc::certificate_expired, "valid until");
}

BIGHT_TEST(tls_certificates, G01_a_certificate_of_the_future_is_an_error_of_its_own) {
  certificate_plan plan;
  plan.valid_from = 3600;
  co_await expect_refused(plan, errc::certificate_not_yet_valid, "clock");
}

BIGHT_TEST(tls_certificates, G01_the_default_is_to_verify) {
  auto outcome = co_await try_with(on_the_spot(), tls::connect_options());
  EXPECT_TRUE(fails(outcome, errc::certificate_self_signed));
}

BIGHT_TEST(tls_certificates, G01_only_insecure_accepts_anybody) {
  tls::connect_options o;
  o.insecure = true;
  auto outcome = co_await try_with(on_the_spot(), std::move(o));
  EXPECT_TRUE(outcome) << outcome.error().what();
}

// ── G02 ─────────────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_certificates, G02_another_host_is_refused_and_the_right_ones_are_told) {
  co_await expect_refused(good(), errc::certificate_wrong_host,
                          "it is for localhost, 127.0.0.1, ::1", "example.org");
}

BIGHT_TEST(tls_certificates, G02_an_address_in_the_place_of_a_name_is_refused) {
  certificate_plan plan;
  plan.names = "DNS:127.0.0.1";
  co_await expect_refused(plan, errc::certificate_wrong_host, "127.0.0.1", "127.0.0.1");
}

BIGHT_TEST(tls_certificates, G02_another_address_is_refused) {
  co_await expect_refused(good(), errc::certificate_wrong_host, "not for 127.0.0.9", "127.0.0.9");
}

BIGHT_TEST(tls_certificates, G02_a_common_name_is_no_name_of_a_host) {
  certificate_plan plan;
  plan.common_name = "localhost";
  plan.names.clear();
  co_await expect_refused(plan, errc::certificate_wrong_host, "no host at all");
}

BIGHT_TEST(tls_certificates, G02_a_wildcard_is_one_whole_part) {
  certificate_plan plan;
  plan.names = "DNS:*.example.org,DNS:w*.example.net,DNS:*";
  certificates files;
  const auto root = files.authority("root");
  const auto leaf = files.make(plan, root);
  auto fits = co_await try_with(with_files(leaf), trusting(root, "www.example.org"));
  EXPECT_TRUE(fits) << fits.error().what();
  static constexpr const char* others[] = {"a.b.example.org", "example.org", "www.example.net",
                                           "localhost"};
  for (const char* name : others) {
    auto outcome = co_await try_with(with_files(leaf), trusting(root, name));
    EXPECT_TRUE(fails(outcome, errc::certificate_wrong_host)) << name;
  }
}

BIGHT_TEST(tls_certificates, G02_the_dot_of_the_root_is_not_part_of_a_name) {
  certificates files;
  const auto root = files.authority("root");
  auto outcome =
      co_await try_with(with_files(files.make(good(), root)), trusting(root, "localhost."));
  EXPECT_TRUE(outcome) << outcome.error().what();
}

// ── G04 ─────────────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_certificates, G04_a_certificate_for_clients_does_not_make_a_server) {
  certificate_plan plan;
  plan.usage = "clientAuth";
  co_await expect_refused(plan, errc::certificate_unusable, "purpose");
}

BIGHT_TEST(tls_certificates, G04_a_certificate_by_one_that_is_no_authority_is_refused) {
  certificates files;
  const auto root = files.authority("root");
  certificate_plan plan;
  plan.common_name = "no authority";
  const auto leaf = files.make(good(), files.make(plan, root));
  auto outcome = co_await try_with(with_files(leaf), trusting(root));
  EXPECT_TRUE(fails(outcome, errc::certificate_unusable));
}

BIGHT_TEST(tls_certificates, G04_a_path_longer_than_its_authority_allows_is_refused) {
  certificates files;
  certificate_plan plan;
  plan.constraints = "critical,CA:TRUE,pathlen:0";
  plan.common_name = "root";
  plan.names.clear();
  plan.usage.clear();
  const auto root = files.make(plan);
  plan.common_name = "between";
  plan.constraints = "critical,CA:TRUE";
  const auto leaf = files.make(good(), files.make(plan, root));
  auto outcome = co_await try_with(with_files(leaf), trusting(root));
  EXPECT_TRUE(fails(outcome, errc::certificate_unusable));
  EXPECT_TRUE(says(outcome, "path"));
}

BIGHT_TEST(tls_certificates, G04_a_server_does_not_start_with_a_weak_key) {
  certificates files;
  certificate_plan plan;
  plan.rsa_bits = 1024;
  auto starting = attempt(tls::serve("127.0.0.1:0", hello, with_files(files.make(plan))));
  auto started = co_await std::move(starting);
  EXPECT_TRUE(fails(started, errc::invalid));
}

// ── G11, G13: names, protocols ──────────────────────────────────────────────────────────────────

namespace {

// What both sides of one connection agreed on.
struct agreed {
  std::optional<tls::agreement> here;
  std::optional<tls::agreement> there;
};

task<> note(agreed& all, stream peer) {
  all.there = tls::about(peer);
  co_await peer.send("x");
  while (co_await peer.recv()) {}
}

task<agreed> agree(tls::serve_options how, tls::connect_options options) {
  served s;
  agreed all;
  auto ask = [](served& of, tls::connect_options o, agreed& into) -> task<> {
    auto peer = co_await tls::connect(of.at.front(), std::move(o));
    into.here = tls::about(peer);
    co_await peer.recv();
  };
  co_await serve_for(s, tls::serve("127.0.0.1:0", with(all, note), std::move(how), s.options()),
                     ask(s, std::move(options), all));
  co_return all;
}

}  // namespace

BIGHT_TEST(tls_certificates, G13_a_server_shows_the_certificate_for_the_name_that_is_asked_for) {
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

BIGHT_TEST(tls_certificates, G13_an_address_is_not_sent_as_a_name) {
  certificates files;
  const auto root = files.authority("root");
  const auto all = co_await agree(with_files(files.make(good(), root)), trusting(root, ""));
  EXPECT_EQ(all.there->name, "");
}

BIGHT_TEST(tls_certificates, G13_the_first_protocol_of_the_server_that_both_speak_is_chosen) {
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

BIGHT_TEST(tls_certificates, G13_no_protocol_in_common_is_an_error_that_says_so) {
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

BIGHT_TEST(tls_certificates, a_pinned_key_is_trusted_whoever_signed_for_it_and_until_when) {
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

BIGHT_TEST(tls_certificates, another_key_than_the_pinned_one_is_refused) {
  certificates files;
  const auto root = files.authority("root");
  auto options = trusting(root);
  options.pins.push_back(tls::pin(root.certificate));
  auto outcome = co_await try_with(with_files(files.make(good(), root)), options);
  EXPECT_TRUE(fails(outcome, errc::certificate_not_pinned));
}

BIGHT_TEST(tls_certificates, a_pin_that_is_none_is_refused_before_anything_is_sent) {
  static constexpr const char* bad[] = {"", "sha256//",
                                        "sha1//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
                                        "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!="};
  for (const char* pin : bad) {
    tls::connect_options o;
    o.pins.push_back(pin);
    auto connecting = attempt(tls::connect("127.0.0.1:1", o));
    auto peer = co_await std::move(connecting);
    EXPECT_TRUE(fails(peer, errc::invalid)) << pin;
  }
}

BIGHT_TEST(tls_certificates, a_certificate_made_on_the_spot_is_trusted_by_the_pin_that_is_told) {
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
  co_await serve_for(s, tls::serve("127.0.0.1:0", hello, how, s.options()), ask(s, pin));
}

// ── Mutual TLS ──────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_certificates, a_client_shows_the_certificate_that_a_server_asks_for) {
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

BIGHT_TEST(tls_certificates, a_client_without_a_certificate_is_told_that_it_needs_one) {
  certificates files;
  const auto root = files.authority("root");
  auto how = with_files(files.make(good(), root));
  how.client_authorities = root.certificate;
  std::string told;
  auto outcome = co_await try_with(how, trusting(root), &told);
  EXPECT_TRUE(fails(outcome, errc::tls_alert));
  EXPECT_TRUE(says(outcome, "wants a certificate"));
  EXPECT_NE(told.find("certificate"), std::string::npos) << told;
}

BIGHT_TEST(tls_certificates, a_client_of_another_authority_is_refused) {
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
