// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/line_sink.hpp>
#include <bight/stdio.hpp>
#include <bight/tls.hpp>

#include "loop/loop.hpp"
#include "tls/connection.hpp"
#include "tls/server.hpp"

#include <fmt/format.h>

namespace bight::tls {

namespace {

// One connection: the handshake, then the handler. `peer` and `talk` are parameters because
// parameters live until the frame is destroyed, but local variables do not. The error report of a
// failed session still needs the connection, to get the peer's address.
task<> secured(stream peer, std::shared_ptr<server_identity> identity, tcp::handler handle,
               std::optional<task<>> talk) {
  loop& here = loop::of(co_await current_context());
  peer = begin_as_server(std::move(peer), *identity, here);
  co_await within(identity->options().handshake, handshake_operation(peer));
  talk.emplace(handle(std::move(peer)));
  co_await *std::move(talk);
}

struct secured_handler {
  std::shared_ptr<server_identity> identity;
  tcp::handler handle;
  BIGHT_CORO_WRAPPER task<> operator()(stream peer) const {
    return secured(std::move(peer), identity, handle, std::nullopt);
  }
};

using error_callback = callback<void(const address&, const error&)>;

void reload(server_identity& identity, const error_callback& on_error) {
  const auto& on_reload = identity.options().on_reload;
  try {
    identity.reload();
    if (on_reload) on_reload(nullptr);
  } catch (const error& e) {
    if (on_reload)
      on_reload(&e);
    else if (on_error)
      on_error({}, e);
    else
      line_sink::standard_error().line(
          fmt::format("bight: {}; keeping the old certificate", e.what()));
  }
}

task<> reload_at_hangup(std::shared_ptr<server_identity> identity, error_callback on_error) {
  for (;;) {
    co_await next_hangup();
    reload(*identity, on_error);
  }
}

void tell_pin(const server_identity& identity, const address& at) {
  const std::string pin = identity.current()->pin;
  if (identity.options().on_pin) return identity.options().on_pin(pin);
  line_sink::standard_error().line(fmt::format(
      "bight: made a self-signed certificate, valid while this server runs. To connect:\n"
      "  bight connect --tls --pin {} {}",
      pin, at.str()));
}

// Serves `at` (addresses or a listener) by tcp::serve with a handler that does the handshake first.
template <class At>
task<> serve_secured(At at, tcp::handler handle, serve_options how) {
  bight::serve_options options = std::move(how.server);
  auto identity = std::make_shared<server_identity>(std::move(how));
  if (identity->self_signed())
    options.on_listening = [identity, told = false,
                            also = options.on_listening](const address& a) mutable {
      if (!std::exchange(told, true)) tell_pin(*identity, a);
      if (also) also(a);
    };
  options.signals |= loop::of(co_await current_context()).drains_on_signals();
  const bool reloads = identity->options().reload && options.signals && !identity->self_signed();
  const auto on_error = options.on_error;
  secured_handler secure{identity, std::move(handle)};
  auto serving = tcp::serve(std::move(at), std::move(secure), std::move(options));
  if (reloads) {
    // The signal wait must begin before the server announces that it listens.
    co_await race(reload_at_hangup(identity, on_error), std::move(serving));
  } else {
    co_await std::move(serving);
  }
}

}  // namespace

task<> serve(addresses at, tcp::handler handle, serve_options options) {
  return serve_secured(std::move(at), std::move(handle), std::move(options));
}

task<> serve(tcp::listener at, tcp::handler handle, serve_options options) {
  return serve_secured(std::move(at), std::move(handle), std::move(options));
}

std::optional<agreement> info(const stream& peer) {
  const connection* s = connection::of(peer);
  if (s == nullptr) return std::nullopt;
  SSL* ssl = s->ssl();
  const auto text = [](const char* t) { return std::string(t != nullptr ? t : ""); };
  agreement a;
  a.protocol = text(SSL_get_version(ssl));
  a.cipher = text(SSL_get_cipher_name(ssl));
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &chosen, &size);
  if (size > 0) a.application.assign(reinterpret_cast<const char*>(chosen), size);
  a.name = text(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  if (const X509* shown = SSL_get0_peer_certificate(ssl)) {
    a.peer = text_of(X509_get_subject_name(shown));
    a.pin = pin_of(*shown);
  }
  a.resumed = SSL_session_reused(ssl) == 1;
  return a;
}

}  // namespace bight::tls
