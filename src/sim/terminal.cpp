// SPDX-License-Identifier: MIT
#include "sim/terminal.hpp"

#include "engine/pieces.hpp"

#include <algorithm>

namespace bight::sim::terminal {

bool read(universe& u, socket& s, op& o) {
  machine& m = *s.home;
  if (s.peer != 0) {
    o.code = code_of(std::errc::bad_file_descriptor);
    return true;
  }
  if (m.input.empty()) {
    o.ends_stream = m.input_ended;
    return m.input_ended;
  }
  const std::size_t n = std::min<std::size_t>({o.size, m.input.size(), buffer_pool::block_size});
  *o.got = u.bytes.copy(std::as_bytes(std::span(m.input.data(), n)));
  o.count = static_cast<std::int64_t>(n);
  m.input.erase(0, n);
  return true;
}

bool write(universe& u, socket& s, op& o) {
  if (s.peer == 0) {
    o.code = code_of(std::errc::bad_file_descriptor);
    return true;
  }
  std::string& to = s.home->outputs[s.peer - 1];
  const std::size_t before = to.size();
  while (more_pieces(o)) {
    const std::size_t n = o.pieces->size;
    to.append(static_cast<const char*>(o.pieces->data), n);
    o.count += static_cast<std::int64_t>(n);
    advance(o, n);
  }
  u.record(happening::local, {}, {}, std::as_bytes(std::span(to).subspan(before)));
  return true;
}

void give_back(universe& u, socket& s, op& o) noexcept {
  s.home->input.insert(0, o.got->view());
  typed(u, *s.home);
}

void typed(universe& u, machine& m) {
  for (std::uint32_t i = 0; i < u.sockets.end(); ++i) {
    socket& s = u.sockets[i];
    if (s.home != &m || s.kind != socket_kind::text || !s.has_waiting_receiver()) continue;
    if (read(u, s, *s.receiver)) s.owner->complete(*s.receiver);
  }
}

}  // namespace bight::sim::terminal
