// SPDX-License-Identifier: MIT
//
// Any bytes as what a session of TLS hears, cut in any way, by who stands between it and an honest
// peer: he may invent, repeat, leave out, reorder, shorten and change records. No crash; and what
// the session gives is what its peer has said, from its beginning up to some point.
//
// The first byte picks the victim, whether hands have been shaken, and the version; the second the
// cutting. In the rest each byte is itself, but for three: 0xff N is the peer's record N, 0xfe N AT
// X that with the byte AT changed by X, and 0xfd N SIZE its first SIZE bytes.
#include "base/check.hpp"
#include "tls/connection.hpp"
#include "tls/server.hpp"

#include <bight/bight.hpp>
#include <bight/sim.hpp>

#include <cstdint>

using namespace bight;
using namespace bight::machinery;

namespace {

constexpr std::string_view words[] = {"one", " and two", " and three"};
constexpr std::string_view said = "one and two and three";

constexpr std::size_t bytes_max = 16384;

struct setting {
  bool to_client = false;  // the victim
  bool shaken = false;
  int version = TLS1_3_VERSION;
  std::size_t piece = 1;
  std::string_view script;
};

// The two ends of a connection.
struct connection {
  stream near;
  stream far;
};

task<connection> connected() {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  connection made;
  made.near = co_await tcp::connect(listening.local());
  made.far = co_await listening.accept();
  co_return std::move(made);
}

const tls::server_identity& identity() {
  static const tls::server_identity one((tls::serve_options()));
  return one;
}

task<> shake_hands(stream& safe, bool as_client, int version) {
  if (as_client) {
    tls::connect_options how;
    how.pins.push_back(identity().current()->pin);
    address to = safe.remote();
    safe = co_await tls::connect(std::move(safe), std::move(to), std::move(how));
  } else {
    loop& here = loop::of(co_await current_context());
    safe = tls::begin_as_server(std::move(safe), identity(), here);
    SSL_set_max_proto_version(tls::connection::of(safe)->ssl(), version);
    co_await tls::handshake_operation(safe);
  }
}

// ── Who stands between ──────────────────────────────────────────────────────────────────────────

task<> forward(stream& from, stream& to) {
  while (auto bytes = co_await from.recv()) co_await to.send(bytes);
}

// All that comes before the end, or a second of silence.
task<std::string> overhear(stream& from) {
  std::string all;
  for (;;) {
    auto bytes = co_await attempt(within(1s, from.recv()));
    if (!bytes || bytes->empty()) co_return all;
    all += bytes->view();
  }
}

std::vector<std::string_view> records_of(std::string_view wire) {
  std::vector<std::string_view> records;
  while (wire.size() >= SSL3_RT_HEADER_LENGTH) {
    const auto high = static_cast<unsigned char>(wire[3]);
    const auto low = static_cast<unsigned char>(wire[4]);
    const std::size_t size = SSL3_RT_HEADER_LENGTH + (std::size_t{high} << 8 | low);
    records.push_back(wire.substr(0, size));
    wire.remove_prefix(records.back().size());
  }
  return records;
}

std::string forged(std::string_view script, const std::vector<std::string_view>& genuine) {
  std::string bytes;
  std::size_t i = 0;
  const auto next = [&] {
    return i < script.size() ? static_cast<unsigned char>(script[i++]) : std::uint8_t{0};
  };
  while (i < script.size() && bytes.size() < bytes_max) {
    const std::uint8_t code = next();
    if (code < 0xfd || genuine.empty()) {
      bytes += static_cast<char>(code);
      continue;
    }
    std::string record(genuine[next() % genuine.size()]);
    if (code == 0xfe) {
      const std::size_t at = next() % record.size();
      record[at] = static_cast<char>(record[at] ^ next());
    } else if (code == 0xfd) {
      record.resize(next() % record.size());
    }
    bytes += record;
  }
  return bytes;
}

task<> attack(stream& victim, std::string bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    auto sent = co_await attempt(victim.send(std::string_view(bytes).substr(at, piece)));
    if (!sent) break;
    co_await sleep(1ms);  // so that what is behind comes by itself
  }
  try {
    victim.shutdown_send();
  } catch (const error&) {
    // it has hung up
  }
}

// ── The three together ──────────────────────────────────────────────────────────────────────────

task<> hear(stream& safe, std::string& into) {
  for (;;) {
    auto bytes = co_await attempt(safe.recv(100));
    if (!bytes || bytes->empty()) break;
    into += bytes->view();
  }
  safe.close();
}

// Both shake hands, and have said a word each: the session tickets are through then.
task<> begin(const setting& how, stream& victim, stream& peer) {
  co_await all(shake_hands(victim, how.to_client, how.version),
               shake_hands(peer, !how.to_client, how.version));
  co_await peer.send("x");
  co_await victim.recv();
  co_await victim.send("x");
  co_await peer.recv();
}

task<> forward_both(stream& one, stream& other) {
  co_await all(forward(one, other), forward(other, one));
}

task<> attack_session(setting how) {
  connection to_victim = co_await connected();
  connection to_peer = co_await connected();
  co_await race(begin(how, to_victim.near, to_peer.near), forward_both(to_victim.far, to_peer.far));
  for (const std::string_view word : words) co_await to_peer.near.send(word);
  to_peer.near.shutdown_send();
  const std::string wire = co_await overhear(to_peer.far);
  std::string bytes = forged(how.script, records_of(wire));
  std::string heard;
  co_await all(attack(to_victim.far, std::move(bytes), how.piece), hear(to_victim.near, heard));
  check(said.starts_with(heard), "what nobody has said was taken for the peer's");
}

task<> stand_between(setting how, stream& victim, stream& peer) {
  if (how.to_client) {
    const std::string hello = co_await overhear(victim);
    co_await peer.send(hello);
  }
  const std::string wire = co_await overhear(peer);
  std::string bytes = forged(how.script, records_of(wire));
  co_await attack(victim, std::move(bytes), how.piece);
  peer.close();
}

task<> be_shaken(stream& safe, bool as_client, int version, std::string& heard) {
  const auto shaken = co_await attempt(shake_hands(safe, as_client, version));
  if (shaken) co_await hear(safe, heard);
}

task<> attack_handshake(setting how) {
  connection to_victim = co_await connected();
  connection to_peer = co_await connected();
  std::string heard;
  std::string nothing;
  co_await all(be_shaken(to_victim.near, how.to_client, how.version, heard),
               be_shaken(to_peer.near, !how.to_client, how.version, nothing),
               stand_between(how, to_victim.far, to_peer.far));
  check(heard.empty() && nothing.empty(), "data, where nobody has said any");
}

BIGHT_CORO_WRAPPER task<> play(const setting& how) {
  return how.shaken ? attack_session(how) : attack_handshake(how);
}

// Of one seed, so that an input gives the same keys, and the same course of things.
void in_a_world(task<> what) {
  sim::world net({.seed = 1});
  net.add("host").run(std::move(what));
}

task<> make_identity() {
  static_cast<void>(identity());
  co_return;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  in_a_world(make_identity());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  setting how;
  how.to_client = (data[0] & 1) != 0;
  how.shaken = (data[0] & 2) != 0;
  if ((data[0] & 4) != 0) how.version = TLS1_2_VERSION;
  how.piece = std::size_t{data[1]} + 1;
  how.script = {reinterpret_cast<const char*>(data) + 2, size - 2};
  in_a_world(play(how));
  return 0;
}
