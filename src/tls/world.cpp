// SPDX-License-Identifier: MIT
// RAND_METHOD is deprecated since OpenSSL 3.0; a provider would need 400 lines for the same.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tls/world.hpp"

#include "base/check.hpp"
#include "engine/surroundings.hpp"

#include <new>
#include <span>

#include <openssl/rand.h>

namespace bight::tls {

namespace {

int draw(unsigned char* into, int count) {
  surroundings* const world = surroundings::simulated();
  if (world == nullptr) return RAND_OpenSSL()->bytes(into, count);
  world->secrets(std::as_writable_bytes(std::span(into, static_cast<std::size_t>(count))));
  return 1;
}

int ready() { return surroundings::simulated() != nullptr ? 1 : RAND_OpenSSL()->status(); }

// The machine's date as OpenSSL reads it. Code above the engine interface must not read a clock
// directly.
long date_of_openssl() {
  const session_ptr made_now(SSL_SESSION_new());
  if (made_now == nullptr) throw std::bad_alloc();
  return SSL_SESSION_get_time(made_now.get());
}

bool is_too_old(const SSL_SESSION& ticket, std::time_t date) noexcept {
  return date - SSL_SESSION_get_time(&ticket) > SSL_SESSION_get_timeout(&ticket);
}

int give_ticket(SSL* ssl, void*) {
  if (SSL_SESSION* about_to_be_given = SSL_get_session(ssl)) date_ticket(*about_to_be_given);
  return 1;
}

SSL_TICKET_RETURN take_ticket(SSL*, SSL_SESSION* ticket, const unsigned char*, std::size_t,
                              SSL_TICKET_STATUS status, void*) {
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  try {
    if (!ticket_is_good(*ticket)) return SSL_TICKET_RETURN_IGNORE_RENEW;
  } catch (const std::bad_alloc&) {
    return SSL_TICKET_RETURN_ABORT;  // an exception must not pass through C
  }
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

}  // namespace

void draw_from_the_world() {
  if (surroundings::simulated() == nullptr) return;
  static const RAND_METHOD ours{nullptr, draw, nullptr, nullptr, draw, ready};
  static const bool done = RAND_set_rand_method(&ours) == 1;
  check(done, "OpenSSL refused the source of random numbers");
}

std::optional<std::time_t> date_of_the_world() noexcept {
  const surroundings* const world = surroundings::simulated();
  if (world == nullptr) return std::nullopt;
  return world->date();
}

void judge_by_the_world(SSL& ssl) noexcept {
  if (const auto date = date_of_the_world())
    X509_VERIFY_PARAM_set_time(SSL_get0_param(&ssl), *date);
}

void date_tickets(SSL_CTX& server) noexcept {
  if (surroundings::simulated() != nullptr)
    SSL_CTX_set_session_ticket_cb(&server, give_ticket, take_ticket, nullptr);
}

void date_ticket(SSL_SESSION& got) noexcept {
  if (const auto date = date_of_the_world()) SSL_SESSION_set_time(&got, *date);
}

bool ticket_is_good(SSL_SESSION& kept) {
  const auto date = date_of_the_world();
  if (!date) return true;
  if (is_too_old(kept, *date)) return false;
  SSL_SESSION_set_time(&kept, date_of_openssl());
  return true;
}

}  // namespace bight::tls
