// SPDX-License-Identifier: MIT
#pragma once

/// Writes the packets of a world to a file for Wireshark.

#include <bight/sim_trace.hpp>

#include "base/names.hpp"

#include <fstream>
#include <string>

namespace bight::sim {

/// Writes each packet when it arrives, with plausible headers, because the simulator has none.
/// Omits lost packets and events that are not packets.
///
/// errors  error(errc::denied) if the file cannot be written.
/// source  the format pcap with nanoseconds, link type RAW: draft-ietf-opsawg-pcap.
class capture {
 public:
  explicit capture(const std::string& path);
  void write(const trace_event& e);

 private:
  std::ofstream file_;
};

}  // namespace bight::sim
