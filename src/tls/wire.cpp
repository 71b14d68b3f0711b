// SPDX-License-Identifier: MIT
#include "tls/wire.hpp"

#include <algorithm>
#include <cstring>

namespace bight::tls {

namespace {

wire& of(BIO* b) noexcept { return *static_cast<wire*>(BIO_get_data(b)); }

int read(BIO* b, char* into, int max) {
  wire& w = of(b);
  BIO_clear_retry_flags(b);
  if (w.incoming.empty()) {
    if (w.ended) return 0;
    BIO_set_retry_read(b);
    return -1;
  }
  const lease part = w.incoming.take_front(static_cast<std::size_t>(max));
  std::memcpy(into, part.data(), part.size());
  return static_cast<int>(part.size());
}

int write(BIO* b, const char* bytes, int size) {
  wire& w = of(b);
  BIO_clear_retry_flags(b);
  // A record is slightly over 16 KiB; during a handshake OpenSSL buffers at most 4 KiB.
  const auto length = std::min(static_cast<std::size_t>(size), buffer_pool::block_size);
  try {
    w.outgoing.push_back(w.pool.copy({reinterpret_cast<const std::byte*>(bytes), length}));
  } catch (const std::bad_alloc&) {
    return -1;  // an exception must not pass through C
  }
  return static_cast<int>(length);
}

long control(BIO* b, int what, long, void*) {
  switch (what) {
    case BIO_CTRL_EOF: return of(b).ended && of(b).incoming.empty();
    case BIO_CTRL_FLUSH: return 1;
    default: return 0;
  }
}

BIO_METHOD* make_method() noexcept {
  BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "bight");
  if (m == nullptr) return nullptr;
  BIO_meth_set_read(m, read);
  BIO_meth_set_write(m, write);
  BIO_meth_set_ctrl(m, control);
  return m;
}

}  // namespace

bio_ptr wire::make_bio() {
  static BIO_METHOD* const method = make_method();  // never freed
  bio_ptr made(method != nullptr ? BIO_new(method) : nullptr);
  if (made == nullptr) throw std::bad_alloc();
  BIO_set_data(made.get(), this);
  BIO_set_init(made.get(), 1);
  return made;
}

}  // namespace bight::tls
