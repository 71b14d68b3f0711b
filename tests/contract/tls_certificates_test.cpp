// SPDX-License-Identifier: MIT
// Whom a client trusts, whom a server serves, and with which certificate. The names of tests begin
// with the row of the table of faults that they are for.
#include "contract/certificates.hpp"
#include "contract/contract.hpp"
#include "contract/tls_pair.hpp"
#include "contract/tls_peer.hpp"
#include "contract/tls_trial.hpp"

namespace contract {

namespace {

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

BIGHT_TEST(tls_certificates, G01_a_self_signed_certificate_is_a_distinct_error) {
  certificates files;
  const auto alone = files.make(good());
  auto outcome = co_await try_with(with_files(alone), tls::connect_options());
  EXPECT_TRUE(fails(outcome, errc::certificate_self_signed));
  EXPECT_TRUE(says(outcome, "pin"));
}

BIGHT_TEST(tls_certificates, G01_an_unknown_authority_is_a_distinct_error) {
  certificates files;
  const auto leaf = files.make(good(), files.authority("somebody"));
  auto outcome = co_await try_with(with_files(leaf), trusting(files.authority("root")));
  EXPECT_TRUE(fails(outcome, errc::certificate_unknown_authority));
  EXPECT_TRUE(says(outcome, "somebody"));
}

BIGHT_TEST(tls_certificates, G01_an_expired_certificate_is_a_distinct_error) {
  certificate_plan plan;
  plan.valid_from = -7200;
  plan.valid_until = -3600;
  co_await expect_refused(plan, errc::certificate_expired, "valid until");
}

BIGHT_TEST(tls_certificates, G01_a_certificate_of_the_future_is_a_distinct_error) {
  certificate_plan plan;
  plan.valid_from = 3600;
  co_await expect_refused(plan, errc::certificate_not_yet_valid, "clock");
}

BIGHT_TEST(tls_certificates, G01_the_default_is_to_verify) {
  auto outcome = co_await try_with(self_signed(), tls::connect_options());
  EXPECT_TRUE(fails(outcome, errc::certificate_self_signed));
}

BIGHT_TEST(tls_certificates, G01_only_insecure_accepts_anybody) {
  tls::connect_options o;
  o.insecure = true;
  auto outcome = co_await try_with(self_signed(), std::move(o));
  EXPECT_TRUE(outcome) << outcome.error().what();
}

// ── G02 ─────────────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(tls_certificates, G02_another_host_is_refused_and_the_right_ones_are_named) {
  co_await expect_refused(good(), errc::certificate_wrong_host,
                          "it is for localhost, 127.0.0.1, ::1", "example.org");
}

BIGHT_TEST(tls_certificates, G02_an_address_in_place_of_a_name_is_refused) {
  certificate_plan plan;
  plan.names = "DNS:127.0.0.1";
  co_await expect_refused(plan, errc::certificate_wrong_host, "127.0.0.1", "127.0.0.1");
}

BIGHT_TEST(tls_certificates, G02_another_address_is_refused) {
  co_await expect_refused(good(), errc::certificate_wrong_host, "not for 127.0.0.9", "127.0.0.9");
}

BIGHT_TEST(tls_certificates, G02_a_common_name_is_not_a_host_name) {
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

BIGHT_TEST(tls_certificates, G04_a_certificate_signed_by_a_non_authority_is_refused) {
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

namespace {

task<> shake(tls_peer& peer, bool& done) { done = co_await peer.shake(); }

// Of a server that shows what ours would not start with.
task<result<stream>> meet(const tls::identity& shown, tls::connect_options options) {
  auto below = co_await connected();
  tls_peer server(std::move(below.here), tls_peer::side::server, shown);
  bool done = false;
  std::optional<result<stream>> outcome;
  co_await all(shake(server, done),
               connect_over(std::move(below.there), outcome, std::move(options)));
  co_return *std::move(outcome);
}

task<> expect_too_weak(certificate_plan plan, std::string_view text) {
  certificates files;
  const auto root = files.authority("root");
  auto outcome = co_await meet(files.make(plan, root), trusting(root));
  EXPECT_TRUE(fails(outcome, errc::certificate_unusable));
  EXPECT_NE(why(outcome).find(text), std::string::npos) << why(outcome);
}

}  // namespace

BIGHT_TEST(tls_certificates, G04_a_certificate_signed_with_sha1_is_refused) {
  certificate_plan plan;
  plan.sha1 = true;
  co_await expect_too_weak(plan, "digest algorithm too weak");
}

BIGHT_TEST(tls_certificates, G04_a_certificate_with_a_short_key_is_refused) {
  certificate_plan plan;
  plan.rsa_bits = 1024;
  co_await expect_too_weak(plan, "key too weak");
}

BIGHT_TEST(tls_certificates, G04_an_intermediate_authority_signed_with_sha1_is_refused) {
  certificates files;
  const auto root = files.authority("root");
  certificate_plan plan;
  plan.common_name = "between";
  plan.constraints = "critical,CA:TRUE";
  plan.names.clear();
  plan.usage.clear();
  plan.sha1 = true;
  auto outcome = co_await meet(files.make(good(), files.make(plan, root)), trusting(root));
  EXPECT_TRUE(fails(outcome, errc::certificate_unusable)) << why(outcome);
}

BIGHT_TEST(tls_certificates, G04_a_client_with_a_certificate_signed_with_sha1_is_refused) {
  certificates files;
  const auto root = files.authority("root");
  auto how = with_files(files.make(good(), root));
  how.client_authorities = root.certificate;
  const tls::acceptor server(how);
  certificate_plan plan;
  plan.usage = "clientAuth";
  plan.sha1 = true;
  auto below = co_await connected();
  tls_peer client(std::move(below.there), tls_peer::side::client, files.make(plan, root));
  bool done = false;
  std::optional<result<stream>> outcome;
  co_await all(shake(client, done), accept_over(server, std::move(below.here), outcome));
  EXPECT_TRUE(fails(*outcome, errc::certificate_unusable)) << why(*outcome);
}

BIGHT_TEST(tls_certificates, G04_a_server_does_not_start_with_a_certificate_signed_with_sha1) {
  certificates files;
  certificate_plan plan;
  plan.sha1 = true;
  const auto leaf = files.make(plan, files.authority("root"));
  auto started = co_await attempt(tls::serve("127.0.0.1:0", hello, with_files(leaf)));
  EXPECT_TRUE(fails(started, errc::invalid));
}

BIGHT_TEST(tls_certificates, G04_a_server_does_not_start_with_a_weak_key) {
  certificates files;
  certificate_plan plan;
  plan.rsa_bits = 1024;
  auto started = co_await attempt(tls::serve("127.0.0.1:0", hello, with_files(files.make(plan))));
  EXPECT_TRUE(fails(started, errc::invalid));
}

}  // namespace contract
