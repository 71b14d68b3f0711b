// SPDX-License-Identifier: MIT
#include "contract/tls_pair.hpp"

namespace contract {

namespace {

task<> accept_into(const tls::acceptor& server, stream below, stream& into) {
  into = co_await server.accept(std::move(below));
}

task<> connect_into(stream below, address to, tls::connect_options options, stream& into) {
  into = co_await tls::connect(std::move(below), std::move(to), std::move(options));
}

task<ends> over(const tls::acceptor& server, ends below, tls::connect_options options) {
  ends secure;
  address to = below.there.remote();
  co_await all(
      accept_into(server, std::move(below.here), secure.here),
      connect_into(std::move(below.there), std::move(to), std::move(options), secure.there));
  co_return std::move(secure);
}

}  // namespace

tls_fixture::tls_fixture() : server(tls::serve_options()) { options.pins.push_back(server.pin()); }

task<ends> tls_fixture::connect() {
  if (!listening) listening.emplace(co_await tcp::listen("127.0.0.1:0"));
  ends below;
  below.there = co_await tcp::connect(listening->local());
  below.here = co_await listening->accept();
  co_return co_await over(server, std::move(below), options);
}

task<ends> tls_over(ends below) {
  const tls_fixture f;
  co_return co_await over(f.server, std::move(below), f.options);
}

task<ends> connected_by_tls() {
  auto below = co_await connected();
  co_return co_await tls_over(std::move(below));
}

}  // namespace contract
