# SPDX-License-Identifier: MIT
"""`bight sim replay` plays one world of a test program again."""

import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()


def replay(*words):
    program = BUILD / "tests" / "scenario_tests"
    return subprocess.run(
        [BUILD / "bight", "sim", "replay", *words, "--", program, "--gtest_filter=*orld*"],
        text=True, env=dict(os.environ), timeout=60, capture_output=True)


def checksum(data):
    """RFC 1071: 0 over data that holds its own."""
    total = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def packets_of(capture):
    """The packets of a pcap file, each as (when, IP packet)."""
    at = 24
    while at < len(capture):
        seconds, nanoseconds, size, whole = struct.unpack("=IIII", capture[at:at + 16])
        assert size == whole and at + 16 + size <= len(capture)
        yield seconds * 10**9 + nanoseconds, capture[at + 16:at + 16 + size]
        at += 16 + size


class Replay(unittest.TestCase):
    def test_a_world_is_played_again_with_its_last_events(self):
        first, again = (replay("--seed", "42", "--scenario", "relay", "--last", "6")
                        for _ in range(2))
        self.assertEqual(first.returncode, 0, first.stdout + first.stderr)
        told = [line for line in (first.stdout + first.stderr).splitlines() if "hash 0x" in line]
        self.assertEqual(len(told), 1, first.stdout + first.stderr)
        self.assertIn(told[0], again.stdout + again.stderr)

    def test_its_packets_are_written_as_pcap(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "world.pcap"
            done = replay("--seed", "42", "--scenario", "relay", "--pcap", file)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            written = file.read_bytes()
        self.assertEqual(struct.unpack("=IHH", written[:8]), (0xA1B23C4D, 2, 4))
        self.assertEqual(struct.unpack("=I", written[20:24])[0], 101)
        last = 0
        packets = list(packets_of(written))
        self.assertGreater(len(packets), 10)
        for when, packet in packets:
            self.assertGreaterEqual(when, last)
            last = when
            if packet[0] >> 4 == 4:
                protocol, addresses, part = packet[9], packet[12:20], packet[20:]
                self.assertEqual(struct.unpack(">H", packet[2:4])[0], len(packet))
                self.assertEqual(checksum(packet[:20]), 0)
            else:
                protocol, addresses, part = packet[6], packet[8:40], packet[40:]
                self.assertEqual(struct.unpack(">H", packet[4:6])[0], len(part))
            self.assertIn(protocol, (6, 17))
            pseudo = addresses + struct.pack(">II", len(part), protocol)
            self.assertEqual(checksum(pseudo + part), 0)
            if protocol == 6:
                self.assertEqual(part[12], 5 << 4)

    def test_the_settings_are_in_the_environment_of_the_program(self):
        def settings(*flags):
            clean = {k: v for k, v in os.environ.items() if not k.startswith("BIGHT_SIM_")}
            done = subprocess.run([BUILD / "bight", "sim", "replay", *flags, "--", "env"],
                                  text=True, timeout=60, capture_output=True, env=clean)
            self.assertEqual(done.returncode, 0, done.stderr)
            return {line for line in done.stdout.splitlines() if line.startswith("BIGHT_SIM_")}

        self.assertEqual(settings("--seed", "1"), {"BIGHT_SIM_SEED=1", "BIGHT_SIM_EVENTS=20"})
        self.assertEqual(
            settings("--seed", "1", "--scenario", "s", "--faults", "loss", "--faults-max", "2",
                     "--size", "3", "--until", "4", "--last", "5", "--pcap", "f"),
            {"BIGHT_SIM_SEED=1", "BIGHT_SIM_SCENARIO=s", "BIGHT_SIM_FAULTS=loss",
             "BIGHT_SIM_FAULTS_MAX=2", "BIGHT_SIM_SIZE=3", "BIGHT_SIM_UNTIL=4",
             "BIGHT_SIM_EVENTS=5", "BIGHT_SIM_PCAP=f"})

    def test_what_is_missing_is_told(self):
        done = subprocess.run([BUILD / "bight", "sim", "replay", "--seed", "4"], text=True,
                              timeout=60, capture_output=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("PROGRAM", done.stderr)


if __name__ == "__main__":
    unittest.main()
