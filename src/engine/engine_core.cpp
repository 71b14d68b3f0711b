// SPDX-License-Identifier: MIT
#include "engine/engine_core.hpp"

#include <new>

namespace bight::machinery {

namespace {

std::uint64_t key_of(handle h) noexcept { return std::uint64_t{h.generation} << 32 | h.index; }

}  // namespace

bool engine_core::finish_later(op& o, socket_core& s) noexcept {
  if (o.takes())
    hold_receiver(o, s);
  else
    hold(o);
  finish(o);
  return false;
}

void engine_core::unqueue(runnable_queue& queue, const op& o) noexcept {
  runnable_queue rest;
  while (runnable* r = queue.pop())
    if (r != &o) rest.push(*r);
  queue = std::move(rest);
}

void engine_core::attend(handle h, attention a) noexcept {
  if (socket_core* const s = find(h))
    s->attended = a;
  else if (a == attention::none && !departed_.empty())
    departed_.erase(key_of(h));
}

attention engine_core::attended(handle h) const noexcept {
  const socket_core* const s = find(h);
  return s != nullptr ? s->attended : attention::none;
}

time_point engine_core::last_used(handle h) const noexcept {
  const socket_core* const s = find(h);
  return s != nullptr ? s->last_used : time_point::min();
}

void engine_core::remember_peer(handle h, const socket_core& s) noexcept {
  if (s.attended != attention::session) return;
  try {
    auto name = remote(h);
    if (!name || name->kind() == address_kind::none) name = local(h);
    if (name) departed_.emplace(key_of(h), *std::move(name));
  } catch (const std::bad_alloc&) {
    // The error then names nobody.
  }
}

const address* engine_core::remembered_peer(handle h) const noexcept {
  const auto known = departed_.find(key_of(h));
  return known != departed_.end() ? &known->second : nullptr;
}

}  // namespace bight::machinery
