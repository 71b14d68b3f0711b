// SPDX-License-Identifier: MIT
// RAND_METHOD has been discouraged since OpenSSL 3.0; a provider would need 400 lines to say this.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tls/world.hpp"

#include "base/check.hpp"

#include <openssl/rand.h>

namespace bight::tls {

namespace {

constinit thread_local const seeded_chance::source* current = nullptr;

int draw(unsigned char* into, int count) {
  if (current == nullptr) return RAND_OpenSSL()->bytes(into, count);
  (*current)(std::as_writable_bytes(std::span(into, static_cast<std::size_t>(count))));
  return 1;
}

int ready() { return current != nullptr ? 1 : RAND_OpenSSL()->status(); }

void install() {
  static const RAND_METHOD ours{nullptr, draw, nullptr, nullptr, draw, ready};
  static const bool done = RAND_set_rand_method(&ours) == 1;
  check(done, "OpenSSL takes no source of chance but its own");
}

}  // namespace

seeded_chance::seeded_chance(source s) : source_(std::move(s)), before_(current) {
  install();
  current = &source_;
}

seeded_chance::~seeded_chance() { current = before_; }

}  // namespace bight::tls
