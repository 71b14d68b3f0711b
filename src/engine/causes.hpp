// SPDX-License-Identifier: MIT
#pragma once

/// Explains failed calls whose error code has several possible causes. A kernel and a simulated
/// machine share the texts; each supplies its own facts.

#include <bight/address.hpp>
#include <bight/machinery/op.hpp>

#include "base/names.hpp"

#include <string>

namespace bight {

/// Facts about one machine. Queries do not wait and send nothing.
class machine_facts {
 public:
  enum class file : std::uint8_t { none, socket, link, other };

  machine_facts() = default;
  machine_facts(const machine_facts&) = delete;
  machine_facts& operator=(const machine_facts&) = delete;
  virtual ~machine_facts() = default;

  /// Whether there is a route to `to` and a source address for it: 0, or the system's error code.
  ///
  /// broadcast  as if sending to broadcast addresses were permitted.
  [[nodiscard]] virtual int route(const address& to, bool broadcast) const = 0;
  /// Whether the zone of an IPv6 address names an interface. True for an address without a zone.
  [[nodiscard]] virtual bool has_zone_of(const address& a) const = 0;
  /// The kind of file at the path of a unix address. Does not follow symbolic links.
  [[nodiscard]] virtual file file_at(const address& at) const = 0;
};

/// The cause, with advice. Empty if the code's usual text is enough.
///
/// what  verb::connect and verb::send: `with` is the peer. verb::accept: `with` is the address to
///       bind.
/// code  in the system category; replaced by a more precise code if the system's is misleading.
[[nodiscard]] std::string cause_of(verb what, std::error_code& code, const address& with,
                                   const machine_facts& facts);

}  // namespace bight
