// SPDX-License-Identifier: MIT
#include <bight/sim_trace.hpp>

#include "base/text.hpp"

#include <fmt/format.h>

namespace bight::sim {

std::string_view name_of(happening h) noexcept {
  static constexpr std::string_view names[] = {"syn",       "syn-ack", "data",  "fin",   "reset",
                                               "datagram",  "no port", "lost",  "local", "found",
                                               "signalled", "program", "fault", "note"};
  return names[static_cast<std::size_t>(h)];
}

address packet_end::to_address() const {
  if (family == 4) return address::ip4({ip[0], ip[1], ip[2], ip[3]}, port);
  if (family == 6) return address::ip6(ip, port);
  return {};
}

std::string trace_event::str() const {
  std::string line = fmt::format("{:>8} {:>14.6f}s {:<9}", number,
                                 std::chrono::duration<double>(at).count(), name_of(what));
  if (from.family != 0) line += " " + from.to_address().str();
  if (to.family != 0) line += " > " + to.to_address().str();
  if (length > 0) line += fmt::format(" {} bytes at {}", length, sequence);
  if (!text.empty()) line.append(" ").append(text);
  if (!bytes.empty())
    line += fmt::format(" \"{}\"",
                        printable({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, 32));
  return line;
}

}  // namespace bight::sim
