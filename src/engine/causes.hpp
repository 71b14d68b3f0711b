// SPDX-License-Identifier: MIT
#pragma once

/// Why a call failed, where its error code stands for several causes. The texts are the same for a
/// kernel and a simulated machine; what they depend on, each finds out itself.

#include <bight/address.hpp>
#include <bight/machinery/op.hpp>

#include "base/names.hpp"

#include <string>

namespace bight {

/// What one machine knows. Looking does not wait, and sends nothing.
class machine_facts {
 public:
  enum class file : std::uint8_t { none, socket, link, other };

  machine_facts() = default;
  machine_facts(const machine_facts&) = delete;
  machine_facts& operator=(const machine_facts&) = delete;
  virtual ~machine_facts() = default;

  /// Whether there is a route to `to`, with an address to send from: 0, or the system's error code.
  ///
  /// broadcast  with the right to send to broadcast addresses.
  [[nodiscard]] virtual int route(const address& to, bool broadcast) const = 0;
  /// Whether the zone of an IPv6 address is an interface. True for an address without a zone.
  [[nodiscard]] virtual bool has_zone_of(const address& a) const = 0;
  /// What is at the path of a unix address. A symbolic link is not followed.
  [[nodiscard]] virtual file file_at(const address& at) const = 0;
};

/// The cause in words, with what to do about it; empty when the usual words for the code say it.
///
/// what  verb::connect and verb::send: `with` is the peer; verb::accept: `with` is to be bound.
/// code  of the system's category; a more exact one takes its place if the system's misleads.
[[nodiscard]] std::string cause_of(verb what, std::error_code& code, const address& with,
                                   const machine_facts& facts);

}  // namespace bight
