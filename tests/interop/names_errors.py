# SPDX-License-Identifier: MIT
"""An error of connecting names its cause: ports, source addresses, sockets' files, --retry."""

import os
import pathlib
import socket
import sys
import tempfile
import unittest

from _cli import run
from _names import own_network


class Errors(unittest.TestCase):
    def expect(self, code, *texts, args, **more):
        done = run(*args, **more)
        message = done.stderr.decode()
        self.assertEqual(done.returncode, code, message)
        for text in texts:
            self.assertIn(text, message)

    def test_retry_that_gave_up_reports_the_last_failure_and_how_often_it_tried(self):
        with tempfile.TemporaryDirectory() as folder:
            self.expect(7, "no such socket file", "gave up after", "attempts in 1.2 s",
                        args=["connect", "--retry", "--timeout", "1.2s", f"unix:{folder}/s"])
        self.expect(7, "connect 127.0.0.1:9: connection refused", "gave up after",
                    args=["connect", "--retry", "--timeout", "1200ms", "127.0.0.1:9"])
        self.expect(7, "connect localhost:9: ", "refused", "gave up after",
                    args=["connect", "--retry", "--timeout", "1200ms", "localhost:9"])

    def test_no_local_port_is_no_missing_address(self):
        path = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
        before = path.read_text()
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(8)
            path.write_text("61000 61001")
            held = [socket.create_connection(listening.getsockname()) for _ in range(2)]
            try:
                self.expect(7, "no local port is free", "ip_local_port_range",
                            args=["send", "127.0.0.1:%d" % listening.getsockname()[1], "x"])
            finally:
                path.write_text(before)
                for s in held:
                    s.close()

    def test_ip6_that_is_off_or_has_no_route_is_named(self):
        self.expect(7, "no route", "IPv6", args=["send", "[2001:db8::1]:9", "x"])
        path = pathlib.Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")
        path.write_text("1")
        try:
            self.expect(7, "no IPv6 address to connect from", args=["send", "[::1]:9", "x"])
        finally:
            path.write_text("0")

    def test_a_link_local_address_needs_its_interface(self):
        done = run("send", "[fe80::1]:9", "x")
        self.assertIn(b"%eth0", done.stderr)

    def test_a_broadcast_is_named(self):
        done = run("send", "-u", "127.255.255.255:9", "x")
        self.assertIn(b"broadcast", done.stderr)
        done = run("send", "255.255.255.255:9", "x")
        self.assertIn(b"TCP does not reach a multicast or broadcast", done.stderr)

    def test_files_that_are_no_stream_sockets_are_told_apart(self):
        with tempfile.TemporaryDirectory() as folder, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
            datagrams.bind(f"{folder}/datagrams")
            pathlib.Path(folder, "file").touch()
            self.expect(7, "no such socket file", args=["send", f"unix:{folder}/none", "x"])
            self.expect(7, "not a socket", args=["send", f"unix:{folder}/file", "x"])
            self.expect(7, "not a folder", args=["send", f"unix:{folder}/file/x", "x"])
            self.assertIn(b"datagrams", run("send", f"unix:{folder}/datagrams", "x").stderr)

    def test_a_v4_mapped_address_reaches_the_ip4_host(self):
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(8)
            port = listening.getsockname()[1]
            done = run("send", "-v", "--wait", "10ms", f"[::ffff:127.0.0.1]:{port}", "x",
                       "--timeout", "100ms")
        self.assertIn(f"Connected to tcp://127.0.0.1:{port}".encode(), done.stderr)

    @unittest.skipIf(os.geteuid() != 0, "needs another user")
    def test_a_socket_without_permission_is_named(self):
        with tempfile.TemporaryDirectory() as folder, \
                socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            os.chmod(folder, 0o755)
            listening.bind(f"{folder}/s")
            listening.listen(1)
            os.chmod(f"{folder}/s", 0o600)
            import subprocess
            from _cli import TOOL
            done = subprocess.run([TOOL, "send", f"unix:{folder}/s", "x"], user=65534,
                                  capture_output=True, timeout=20)
            if done.returncode == 126:
                self.skipTest("the tool cannot be run by another user")
            self.assertIn(b"cannot write to the socket", done.stderr)


if __name__ == "__main__":
    own_network()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
