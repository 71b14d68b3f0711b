// SPDX-License-Identifier: MIT
#include "sim/capture.hpp"

#include <bight/error.hpp>

#include <algorithm>

namespace bight::sim {

namespace {

constexpr std::uint8_t protocol_tcp = 6;
constexpr std::uint8_t protocol_udp = 17;
constexpr std::size_t packet_max = 65535;

// Flags of TCP: RFC 9293 §3.1.
constexpr std::uint8_t fin = 1;
constexpr std::uint8_t syn = 2;
constexpr std::uint8_t reset = 4;
constexpr std::uint8_t push = 8;
constexpr std::uint8_t ack = 16;

// Numbers in network order.
void put(std::string& to, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) to += static_cast<char>(value >> (8 * i) & 0xFF);
}

// Numbers in this machine's order, which the file's first number identifies.
template <class Number>
void put_own(std::string& to, Number value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// The checksum of RFC 1071, continued with each part. All parts but the last have an even length.
std::uint64_t sum(std::uint64_t so_far, std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const auto high = static_cast<unsigned char>(bytes[i]);
    const auto low = i + 1 < bytes.size() ? static_cast<unsigned char>(bytes[i + 1]) : 0;
    so_far += static_cast<std::uint64_t>(high << 8 | low);
  }
  return so_far;
}

std::uint16_t folded(std::uint64_t s) {
  while (s >> 16 != 0) s = (s & 0xFFFF) + (s >> 16);
  return static_cast<std::uint16_t>(~s);
}

void set(std::string& in, std::size_t at, std::uint16_t value) {
  in[at] = static_cast<char>(value >> 8);
  in[at + 1] = static_cast<char>(value & 0xFF);
}

std::string_view ip_of(const packet_end& e) {
  return {reinterpret_cast<const char*>(e.ip.data()), e.family == 4 ? 4u : 16u};
}

std::uint8_t flags_of(happening h) {
  switch (h) {
    case happening::syn: return syn;
    case happening::syn_ack: return syn | ack;
    case happening::data: return push | ack;
    case happening::fin: return fin | ack;
    default: return reset | ack;
  }
}

// The TCP or UDP part, with its checksum over the pseudo header (RFC 9293 §3.1).
std::string transport_of(const trace_event& e, std::uint8_t protocol) {
  std::string part;
  put(part, e.from.port, 2);
  put(part, e.to.port, 2);
  const std::size_t headers = (e.from.family == 4 ? 20 : 40) + (protocol == protocol_tcp ? 20 : 8);
  const std::size_t size = std::min(e.bytes.size(), packet_max - headers);
  if (protocol == protocol_tcp) {
    const bool opens = e.what == happening::syn || e.what == happening::syn_ack;
    put(part, opens ? 0 : e.sequence + 1, 4);  // every stream starts with number 0
    put(part, e.what == happening::syn ? 0 : e.acknowledged + 1, 4);
    put(part, 5 << 4, 1);  // length of this header in words
    put(part, flags_of(e.what), 1);
    put(part, 65535, 2);  // window, which the trace does not have
    put(part, 0, 4);      // checksum, urgent
  } else {
    put(part, size + 8, 2);
    put(part, 0, 2);
  }
  part.append(reinterpret_cast<const char*>(e.bytes.data()), size);
  std::uint64_t s = sum(sum(0, ip_of(e.from)), ip_of(e.to)) + protocol + part.size();
  set(part, protocol == protocol_tcp ? 16 : 6, folded(sum(s, part)));
  return part;
}

std::string packet_of(const trace_event& e, std::uint8_t protocol) {
  const std::string part = transport_of(e, protocol);
  std::string all;
  if (e.from.family == 4) {  // RFC 791 §3.1
    put(all, 0x45, 1);
    put(all, 0, 1);
    put(all, 20 + part.size(), 2);
    put(all, e.number & 0xFFFF, 2);
    put(all, 0x4000, 2);  // do not fragment
    put(all, 64, 1);
    put(all, protocol, 1);
    put(all, 0, 2);
    all += ip_of(e.from);
    all += ip_of(e.to);
    set(all, 10, folded(sum(0, all)));
  } else {  // RFC 8200 §3
    put(all, 0x60000000, 4);
    put(all, part.size(), 2);
    put(all, protocol, 1);
    put(all, 64, 1);
    all += ip_of(e.from);
    all += ip_of(e.to);
  }
  return all + part;
}

}  // namespace

capture::capture(const std::string& path) : file_(path, std::ios::binary) {
  std::string header;
  put_own(header, std::uint32_t{0xA1B23C4D});  // nanoseconds
  put_own(header, std::uint16_t{2});
  put_own(header, std::uint16_t{4});
  put_own(header, std::uint64_t{0});
  put_own(header, static_cast<std::uint32_t>(packet_max));
  put_own(header, std::uint32_t{101});  // LINKTYPE_RAW: an IP header comes first
  file_ << header;
  if (!file_.flush()) throw error(errc::denied, "write " + path);
}

void capture::write(const trace_event& e) {
  const bool tcp = e.what <= happening::reset;
  if (!tcp && e.what != happening::datagram) return;
  if (e.from.family == 0 || e.from.family != e.to.family) return;
  const std::string packet = packet_of(e, tcp ? protocol_tcp : protocol_udp);
  constexpr std::int64_t second = 1'000'000'000;
  std::string record;
  put_own(record, static_cast<std::uint32_t>(e.at.count() / second));
  put_own(record, static_cast<std::uint32_t>(e.at.count() % second));
  put_own(record, static_cast<std::uint32_t>(packet.size()));
  put_own(record, static_cast<std::uint32_t>(packet.size()));
  file_ << record << packet << std::flush;
}

}  // namespace bight::sim
