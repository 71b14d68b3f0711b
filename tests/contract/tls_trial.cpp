// SPDX-License-Identifier: MIT
#include "contract/tls_trial.hpp"

namespace contract {

certificate_plan good() { return {}; }

tls::serve_options self_signed() {
  tls::serve_options how;
  how.on_pin = [](const std::string&) {};
  return how;
}

task<> hello(stream peer) {
  co_await peer.send("Welcome");
  while (auto bytes = co_await peer.recv()) continue;
}

tls::connect_options trusting(const tls::identity& authority, std::string name) {
  tls::connect_options o;
  o.authorities = authority.certificate;
  o.name = std::move(name);
  return o;
}

task<result<std::string>> try_one(const served& s, tls::connect_options options) {
  auto peer = co_await attempt(tls::connect(s.at.front(), std::move(options)));
  if (!peer) co_return peer.error();
  auto said = co_await attempt((*peer).recv());
  if (!said) co_return said.error();
  co_return said->str();
}

task<result<std::string>> try_with(tls::serve_options how, tls::connect_options options,
                                   std::string* told) {
  served s;
  std::optional<result<std::string>> outcome;
  auto ask = [](served& of, tls::connect_options o,
                std::optional<result<std::string>>& into) -> task<> {
    into.emplace(co_await try_one(of, std::move(o)));
  };
  how.server = s.options();
  co_await serve_for(s, tls::serve("127.0.0.1:0", hello, std::move(how)),
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

tls::connect_options careless() {
  tls::connect_options o;
  o.insecure = true;
  o.timeout = patience;
  return o;
}

std::string why(const result<stream>& outcome) {
  return outcome ? "it succeeded" : outcome.error().what();
}

task<> connect_over(stream below, std::optional<result<stream>>& into,
                    tls::connect_options options) {
  address to = below.remote();
  into.emplace(co_await attempt(tls::connect(std::move(below), std::move(to), std::move(options))));
}

task<> accept_over(const tls::acceptor& server, stream below, std::optional<result<stream>>& into) {
  into.emplace(co_await attempt(server.accept(std::move(below))));
}

testing::AssertionResult says(const result<std::string>& outcome, std::string_view text) {
  if (outcome) return testing::AssertionFailure() << "it succeeded";
  const std::string_view what = outcome.error().what();
  if (what.find(text) != std::string_view::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << what;
}

}  // namespace contract
