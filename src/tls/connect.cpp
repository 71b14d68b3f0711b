// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/tls.hpp>

#include "tls/client.hpp"
#include "tls/world.hpp"

#include <fmt/format.h>

namespace bight::tls {

namespace {

// Stores the session tickets of a connection for the next one with the same key.
class tickets_of final : public ticket_taker {
 public:
  tickets_of(std::shared_ptr<ticket_shelf> shelf, std::string key)
      : shelf_(std::move(shelf)), key_(std::move(key)) {}
  void take_ticket(session_ptr ticket) override { shelf_->put(key_, std::move(ticket)); }

 private:
  std::shared_ptr<ticket_shelf> shelf_;
  std::string key_;
};

// The host that the certificate must match. A name loses its trailing dot: RFC 6066 §3.
address host_of(const address& to, const connect_options& options) {
  std::string name = options.name;
  if (name.empty() && to.kind() == address_kind::any) name = "localhost";
  if (name.empty() && !to.is_unix()) name = to.host();
  // A certificate contains no zone: zones name interfaces of this machine (RFC 6874 §3).
  if (name.find(':') != std::string::npos) name = name.substr(0, name.find('%'));
  if (name.ends_with('.')) name.pop_back();
  if (name.empty()) return {};
  // Parsing it as an address with a port distinguishes names from IP addresses and validates both.
  const bool ip6 = name.find(':') != std::string::npos;
  return address(ip6 ? fmt::format("[{}]:0", name) : name + ":0");
}

void check_rules(const address& host, const address& to, const connect_options& options) {
  for (const std::string& p : options.pins) check_pin(p);
  if (options.insecure && !options.pins.empty())
    throw error(errc::invalid, "TLS options", 0, "insecure and pins cannot be combined");
  if (host.kind() == address_kind::none && !options.insecure && options.pins.empty())
    throw error(
        errc::invalid, "TLS with " + to.str(), 0,
        "the address has no host name to check the certificate against; set a name, or a pin");
}

ssl_ptr make_ssl(const client_context& of, const address& host) {
  ssl_ptr made(SSL_new(of.context.get()));
  if (made == nullptr) throw_error("begin TLS");
  SSL_set_connect_state(made.get());
  if (host.kind() == address_kind::none) return made;
  const std::string name = host.host();
  bool set = true;
  if (host.is_ip()) {
    // No SNI: RFC 6066 §3 allows names only.
    set = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(made.get()), name.c_str()) == 1;
  } else {
    set = SSL_set_tlsext_host_name(made.get(), name.c_str()) == 1 &&
          SSL_set1_host(made.get(), name.c_str()) == 1;
  }
  if (!set) throw_error("TLS with " + name);
  return made;
}

// In TLS 1.2 a session ticket may be used again, and the server need not send a new one.
void keep_old_ticket(const stream& peer, ticket_taker& tickets) {
  SSL* ssl = connection::of(peer)->ssl();
  if (SSL_session_reused(ssl) != 1 || SSL_version(ssl) >= TLS1_3_VERSION) return;
  session_ptr used(SSL_get1_session(ssl));
  date_ticket(*used);
  tickets.take_ticket(std::move(used));
}

task<stream> shake_hands(stream over, address to, connect_options options) {
  loop& here = loop::of(co_await current_context());
  const address host = host_of(to, options);
  check_rules(host, to, options);
  auto& shelf = here.data<client_shelf>();
  std::string key = key_of(options);
  const auto context = shelf.context(options, key, here.now());
  ssl_ptr ssl = make_ssl(*context, host);
  key += fmt::format("{} {}", host.host(), to.str());
  std::shared_ptr<tickets_of> tickets;
  if (options.resume) {
    const session_ptr old = shelf.tickets()->take(key);
    if (old != nullptr && ticket_is_good(*old)) SSL_set_session(ssl.get(), old.get());
    tickets = std::make_shared<tickets_of>(shelf.tickets(), key);
  }
  stream safe = connection::attach(std::move(over), std::move(ssl), here, tickets, context);
  co_await handshake_operation(safe, &to);
  if (tickets != nullptr) keep_old_ticket(safe, *tickets);
  co_return std::move(safe);
}

task<stream> connect_both(address to, connect_options options, tcp::connect_options tcp_options) {
  stream over = co_await tcp::connect(to, std::move(tcp_options));
  co_return co_await shake_hands(std::move(over), std::move(to), std::move(options));
}

}  // namespace

task<stream> connect(address to, connect_options options, tcp::connect_options tcp_options) {
  const duration limit = options.timeout;
  check_rules(host_of(to, options), to, options);
  co_return co_await within(
      limit, connect_both(std::move(to), std::move(options), std::move(tcp_options)));
}

task<stream> connect(stream over, address to, connect_options options) {
  const duration limit = options.timeout;
  co_return co_await within(limit, shake_hands(std::move(over), std::move(to), std::move(options)));
}

}  // namespace bight::tls
