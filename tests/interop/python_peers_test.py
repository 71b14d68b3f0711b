#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bight against Python's socket module, as client and as server: what a peer may do to us.

    python3 python_peers_test.py BUILD_DIR [UNITTEST_ARGUMENT…]

The other side is tests/interop/peer. Without BIGHT_ENGINE each test runs on both engines.
"""

import contextlib
import functools
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import unittest

BUILD = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
ENGINES = [os.environ["BIGHT_ENGINE"]] if os.environ.get("BIGHT_ENGINE") else ["uring", "epoll"]
PATIENCE = 60


def on_each_engine(test):
    @functools.wraps(test)
    def run(self):
        for engine in ENGINES:
            with self.subTest(engine=engine):
                test(self, engine)

    return run


def checksum(data):
    value = 14695981039346656037
    for byte in data:
        value = (value ^ byte) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return b"%d %016x" % (len(data), value)


def receive_all(s):
    data = bytearray()
    while more := s.recv(65536):
        data += more
    return bytes(data)


LINES = b""
_lines = []
_size = 0
for _i in range(1_000_000):
    if _size >= 1_000_000:
        break
    _lines.append(b"line %d\n" % _i)
    _size += len(_lines[-1])
LINES = b"".join(_lines)


def start(engine, *arguments):
    return subprocess.Popen(
        [str(BUILD / "tests" / "interop" / "interop-peer"), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, BIGHT_ENGINE=engine))


class Peers(unittest.TestCase):
    @contextlib.contextmanager
    def server(self, engine, what):
        """Bight serves `what`; gives a function that connects to it, and drains it at the end."""
        process = start(engine, "serve", what)
        try:
            port = int(process.stdout.readline())

            def connect():
                return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)

            connect.port = port
            connect.process = process
            yield connect
            process.send_signal(signal.SIGTERM)
            out, self.errors = process.communicate(timeout=PATIENCE)
            self.assertEqual((out, process.returncode), (b"", 0))
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()

    @contextlib.contextmanager
    def client(self, engine, what):
        """Bight connects to us and does `what`; gives the accepted socket. Its output is kept."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(PATIENCE)
            process = start(engine, "connect", what, str(listener.getsockname()[1]))
            try:
                peer, _ = listener.accept()
                peer.settimeout(PATIENCE)
                with peer:
                    yield peer
                self.output, self.errors = process.communicate(timeout=PATIENCE)
                self.code = process.returncode
            finally:
                if process.poll() is None:
                    process.kill()
                    process.communicate()


class Servers(Peers):
    @on_each_engine
    def test_a_half_close_is_answered_with_everything(self, engine):
        data = random.Random(1).randbytes(3_000_000)
        with self.server(engine, "collect") as connect, connect() as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(s), checksum(data))

    @on_each_engine
    def test_an_echo_of_ten_megabytes_is_the_same(self, engine):
        data = random.Random(2).randbytes(10_000_000)
        with self.server(engine, "echo") as connect, connect() as s:
            sender = threading.Thread(
                target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
            sender.start()
            self.assertTrue(receive_all(s) == data)
            sender.join()

    @on_each_engine
    def test_byte_by_byte_is_the_same_as_whole(self, engine):
        text = bytes(range(256)) * 4
        with self.server(engine, "bytes") as connect, connect() as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(len(text)):
                s.send(text[i:i + 1])
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(s), text)

    @on_each_engine
    def test_a_slow_reader_gets_everything(self, engine):
        with self.server(engine, "give") as connect:
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            s.settimeout(PATIENCE)
            with s:
                s.connect(("127.0.0.1", connect.port))
                self.assertTrue(receive_all(s) == LINES)

    @on_each_engine
    def test_resets_at_any_moment_leave_the_server_serving(self, engine):
        with self.server(engine, "give") as connect:
            for i in range(100):
                s = connect()
                if i % 3 == 1:
                    s.recv(1000)
                elif i % 3 == 2:
                    s.sendall(b"x")
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.close()
            with connect() as s:
                self.assertTrue(receive_all(s) == LINES)
        for line in self.errors.splitlines():
            self.assertRegex(line, rb"^bight: 127\.0\.0\.1:\d+: send 127\.0\.0\.1:\d+: ")

    @on_each_engine
    def test_a_hundred_clients_at_once_do_not_mix(self, engine):
        with self.server(engine, "echo") as connect:
            clients = [connect() for _ in range(100)]
            for i, s in enumerate(clients):
                s.sendall(b"%d" % i * 1000)
                s.shutdown(socket.SHUT_WR)
            for i, s in enumerate(clients):
                with s:
                    self.assertEqual(receive_all(s), b"%d" % i * 1000)

    @on_each_engine
    def test_a_drain_lets_a_session_finish(self, engine):
        with self.server(engine, "echo") as connect, connect() as s:
            s.sendall(b"one")
            self.assertEqual(s.recv(10), b"one")
            connect.process.send_signal(signal.SIGTERM)
            # Reset: it came while the listener was being closed.
            with self.assertRaises((ConnectionRefusedError, ConnectionResetError)):
                while True:
                    connect().close()
            s.sendall(b"two")
            self.assertEqual(s.recv(10), b"two")
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(s), b"")
            connect.process.wait(timeout=PATIENCE)

    @on_each_engine
    def test_datagrams_of_every_kind_come_back(self, engine):
        with self.server(engine, "udp-echo") as connect:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(PATIENCE)
            with s:
                for size in [0, 1, 1472, 1473, 9000, 65507, 0]:
                    data = random.Random(size).randbytes(size)
                    s.sendto(data, ("127.0.0.1", connect.port))
                    self.assertEqual(s.recvfrom(65536)[0], data)


class Clients(Peers):
    @on_each_engine
    def test_a_half_close_of_ours_leaves_the_answer_its_way(self, engine):
        with self.client(engine, "speak") as s:
            self.assertEqual(receive_all(s), b"request")
            s.sendall(b"ans")
            s.sendall(b"wer")
        self.assertEqual((self.output, self.errors, self.code), (b"answer\n", b"", 0))

    @on_each_engine
    def test_everything_that_python_sends_arrives(self, engine):
        data = random.Random(3).randbytes(3_000_000)
        with self.client(engine, "collect") as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(s), checksum(data))
        self.assertEqual(self.code, 0)

    @on_each_engine
    def test_everything_that_we_send_arrives(self, engine):
        with self.client(engine, "give") as s:
            self.assertTrue(receive_all(s) == LINES)
        self.assertEqual(self.code, 0)

    @on_each_engine
    def test_a_reset_is_an_error_that_says_whose(self, engine):
        with self.client(engine, "speak") as s:
            self.assertEqual(receive_all(s), b"request")
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.assertEqual(self.code, 1)
        self.assertRegex(self.errors,
                         rb"^bight: recv 127\.0\.0\.1:\d+: connection reset by the peer\n$")

    @on_each_engine
    def test_a_server_that_ends_before_it_has_read_is_an_error_of_the_send(self, engine):
        with self.client(engine, "pour") as s:
            s.recv(1000)
        self.assertEqual(self.code, 1)
        self.assertRegex(self.errors, rb"^bight: send 127\.0\.0\.1:\d+: ")

    @on_each_engine
    def test_datagrams_of_every_kind_go_and_come(self, engine):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            s.settimeout(PATIENCE)
            process = start(engine, "connect", "udp-echo", str(s.getsockname()[1]))
            for _ in range(8):
                data, peer = s.recvfrom(65536)
                s.sendto(data, peer)
            out, err = process.communicate(timeout=PATIENCE)
            self.assertEqual((out, err, process.returncode), (b"all came back\n", b"", 0))


if __name__ == "__main__":
    if BUILD is None:
        sys.exit(__doc__)
    del sys.argv[1]
    unittest.main()
