# SPDX-License-Identifier: MIT
"""The seed's own Python programs and the tool, both ways, byte for byte.

The programs are run as they are, but for their port, which is fixed and may be taken.
"""

import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

from _cli import PATIENCE, Case, Serve, main, needs_ip6, run

SEED = pathlib.Path(__file__).parent.parent / "seed"


def program(name, port):
    return [sys.executable, "-u", "-c", (SEED / name).read_text().replace("9999", str(port))]


class Python:
    """A server of the seed's, until the end of the block."""

    def __init__(self, name, kind):
        with socket.socket(socket.AF_INET, kind) as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen(program(name, self.port), stdout=subprocess.PIPE)
        self.lines = [self.process.stdout.readline()]  # it listens, or does as soon as it can

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.lines += self.process.stdout.readlines()
        self.process.stdout.close()
        self.process.wait()


def client(name, port):
    return subprocess.run(program(name, port), capture_output=True, timeout=PATIENCE)


class TheirClients(Case):
    def test_tcp_client(self):
        with Serve("greet", "-l", "127.0.0.1:0") as server:
            result = client("tcp_client.py", server.port)
            self.assertEqual(result.stdout, b"Welcome\nHello, dbb\nHello, lily\n", result.stderr)
            server.until(b" closed.\n")
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)
            said = server.output["err"].decode().splitlines()[1:]
            self.assertRegex(said[0], r"^Accept new connection from 127\.0\.0\.1:\d+\.\.\.$")
            self.assertRegex(said[1], r"^Connection from 127\.0\.0\.1:\d+ closed\.$")

    def test_the_delay_is_the_seeds_second_when_asked_for(self):
        with Serve("greet", "--delay", "1s", "-l", "127.0.0.1:0") as server:
            start = time.monotonic()
            result = client("tcp_client.py", server.port)
            self.assertEqual(result.stdout, b"Welcome\nHello, dbb\nHello, lily\n")
            self.assertGreater(time.monotonic() - start, 2)

    def test_udp_client(self):
        with Serve("greet", "-u", "-l", "127.0.0.1:0") as server:
            result = client("udp_client.py", server.port)
            self.assertEqual(result.stdout, b"Hello, dbb!\nHello, lily!\n", result.stderr)
            server.until(b"Received from 127.0.0.1:", times=2)
            self.assertTrue(re.search(rb"\nReceived from 127\.0\.0\.1:\d+\.\n",
                                      server.output["err"]))


class TheirServers(Case):
    def test_tcp_server(self):
        with Python("tcp_server.py", socket.SOCK_STREAM) as server:
            # It prints before nothing else is left to do but accept.
            self.assertEqual(server.lines[0], b"Waiting for connection...\n")
            self.ends(run("send", f":{server.port}", "dbb", "lily", "exit"), 0,
                      b"Welcome\nHello, dbb\nHello, lily\n")
            self.ends(run("send", f"127.0.0.1:{server.port}", stdin=b"dbb"), 0,
                      b"WelcomeHello, dbb")
        self.assertEqual(sum(b"Accept new connection" in line for line in server.lines), 2)

    def test_udp_server(self):
        with Python("udp_server.py", socket.SOCK_DGRAM) as server:
            self.ends(run("send", "-u", f":{server.port}", "dbb", "lily"), 0,
                      b"Hello, dbb!\nHello, lily!\n")


class OursWithOurs(Case):
    def test_tcp_and_udp(self):
        with Serve("greet", "-l", "127.0.0.1:0") as server:
            self.ends(run("send", server.address, "dbb", "lily", "exit"), 0,
                      b"Welcome\nHello, dbb\nHello, lily\n")
        with Serve("greet", "-u", "-l", "127.0.0.1:0") as server:
            self.ends(run("send", "-u", server.address, "dbb", "lily"), 0,
                      b"Hello, dbb!\nHello, lily!\n")

    @needs_ip6
    def test_ip6(self):
        with Serve("greet", "-l", "[::1]:0") as server:
            self.ends(run("send", server.address, "dbb", "exit"), 0, b"Welcome\nHello, dbb\n")
            server.until(b"Connection from [::1]:")


if __name__ == "__main__":
    main()
