// SPDX-License-Identifier: MIT
#pragma once

/// The packets of a world as a file that Wireshark opens.

#include <bight/sim_trace.hpp>

#include "base/names.hpp"

#include <fstream>
#include <string>

namespace bight::sim {

/// Writes each packet at the moment when it arrives, with headers as they would have been: the
/// simulator has none. Events that are no packets are left out, and so are lost packets.
///
/// errors  error(errc::denied) when the file cannot be written.
/// source  the format pcap with nanoseconds, link type RAW: draft-ietf-opsawg-pcap.
class capture {
 public:
  explicit capture(const std::string& path);
  void write(const trace_event& e);

 private:
  std::ofstream file_;
};

}  // namespace bight::sim
