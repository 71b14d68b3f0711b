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
            packets = file.read_bytes()
        self.assertIn(struct.unpack("<I", packets[:4])[0], (0xA1B2C3D4, 0xA1B23C4D))
        self.assertGreater(len(packets), 24 + 16)

    def test_what_is_missing_is_told(self):
        done = subprocess.run([BUILD / "bight", "sim", "replay", "--seed", "4"], text=True,
                              timeout=60, capture_output=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("PROGRAM", done.stderr)


if __name__ == "__main__":
    unittest.main()
