#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The seed's five programs beside ours: every pair of Python's and Bight's client and server says
what the seed's own transcripts say, byte for byte but for the port numbers.

    python3 seed_test.py BUILD_DIR [UNITTEST_ARGUMENT…]

Without BIGHT_ENGINE each test runs on both engines.
"""

import contextlib
import functools
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

SEED = pathlib.Path(__file__).resolve().parent.parent / "seed"
BUILD = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
ENGINES = [os.environ["BIGHT_ENGINE"]] if os.environ.get("BIGHT_ENGINE") else ["uring", "epoll"]
PATIENCE = 60  # seconds; for a busy machine and a sanitizer


def on_each_engine(test):
    @functools.wraps(test)
    def run(self):
        for engine in ENGINES:
            with self.subTest(engine=engine):
                test(self, engine)

    return run


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Program:
    """A program that runs, whose output comes line by line."""

    def __init__(self, arguments, engine, folder=None):
        environment = dict(os.environ, BIGHT_ENGINE=engine, PYTHONUNBUFFERED="1")
        self.process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=folder)
        self.timer = threading.Timer(PATIENCE, self.process.kill)
        self.timer.start()

    def line(self):
        return self.process.stdout.readline()

    def rest(self):
        """All output and errors up to the end of the program, and its exit code."""
        out, err = self.process.communicate()
        self.timer.cancel()
        return out, err, self.process.returncode

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.rest()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.timer.cancel()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def seed_program(name, port, engine):
    """A program of the seed with another port in the place of 9999."""
    source = (SEED / f"{name}.py").read_text(encoding="utf-8").replace("9999", str(port))
    return Program([sys.executable, "-c", source], engine)


def our_program(name, port, engine):
    return Program([str(BUILD / "examples" / name), f"127.0.0.1:{port}"], engine)


MAKERS = {"python": seed_program, "bight": our_program}


class Transcripts(unittest.TestCase):
    def for_each_pair(self, test):
        for engine in ENGINES:
            for server in MAKERS:
                for client in MAKERS:
                    if server == client == "python" and engine != ENGINES[0]:
                        continue  # nothing of ours is in it
                    with self.subTest(engine=engine, server=server, client=client):
                        test(engine, server, client)

    def test_tcp(self):
        self.for_each_pair(self.tcp_pair)

    def tcp_pair(self, engine, server_kind, client_kind):
        port = free_port(socket.SOCK_STREAM)
        with MAKERS[server_kind]("tcp_server", port, engine) as server:
            self.assertEqual(server.line(), b"Waiting for connection...\n")
            with MAKERS[client_kind]("tcp_client", port, engine) as client:
                out, err, code = client.rest()
            self.assertEqual(out, b"Welcome\nHello, dbb\nHello, lily\n")
            self.assertEqual((err, code), (b"", 0))
            accepted = server.line()
            pattern = rb"Accept new connection from 127\.0\.0\.1:(\d+)\.\.\.\n"
            found = re.fullmatch(pattern, accepted)
            self.assertIsNotNone(found, accepted)
            expected = b"Connection from 127.0.0.1:%s closed.\n" % found[1]
            self.assertEqual(server.line(), expected)
            out, err, code = server.stop()
            self.assertEqual(out, b"")
            if server_kind == "bight":
                self.assertEqual((err, code), (b"", 0))  # a drain

    def test_udp(self):
        self.for_each_pair(self.udp_pair)

    def udp_pair(self, engine, server_kind, client_kind):
        port = free_port(socket.SOCK_DGRAM)
        with MAKERS[server_kind]("udp_server", port, engine) as server:
            self.assertEqual(server.line(), b"Bind UDP on %d...\n" % port)
            with MAKERS[client_kind]("udp_client", port, engine) as client:
                out, err, code = client.rest()
            self.assertEqual(out, b"Hello, dbb!\nHello, lily!\n")
            self.assertEqual((err, code), (b"", 0))
            first = server.line()
            self.assertRegex(first, rb"^Received from 127\.0\.0\.1:\d+\.\n$")
            self.assertEqual(server.line(), first)
            out, err, code = server.stop()
            self.assertEqual(out, b"")
            if server_kind == "bight":
                self.assertEqual((err, code), (b"", 0))

    @on_each_engine
    def test_many_clients_are_served_side_by_side(self, engine):
        # Each takes three seconds, as in Python; ten after one another would take thirty.
        port = free_port(socket.SOCK_STREAM)
        with our_program("tcp_server", port, engine) as server:
            server.line()
            clients = [MAKERS[kind]("tcp_client", port, engine)
                       for kind in ["python", "bight"] * 5]
            for client in clients:
                with client:
                    out, err, code = client.rest()
                    self.assertEqual(out, b"Welcome\nHello, dbb\nHello, lily\n")
                    self.assertEqual((err, code), (b"", 0))
            server.stop()


class BadClients(unittest.TestCase):
    @contextlib.contextmanager
    def tcp_server(self, engine):
        port = free_port(socket.SOCK_STREAM)
        with our_program("tcp_server", port, engine) as server:
            self.assertEqual(server.line(), b"Waiting for connection...\n")
            yield server, port

    def expect_good_client(self, port, engine):
        with our_program("tcp_client", port, engine) as client:
            self.assertEqual(client.rest(), (b"Welcome\nHello, dbb\nHello, lily\n", b"", 0))

    @on_each_engine
    def test_bytes_that_are_not_utf8_come_back_as_they_are(self, engine):
        # Python's server dies of these in its thread: data.decode('utf-8').
        with self.tcp_server(engine) as (server, port):
            odd = bytes(range(1, 256)) + b"\x00\xff\xfe\xc0\x80"
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
                self.assertEqual(s.recv(1024), b"Welcome")
                s.sendall(odd)
                got = b""
                while len(got) < len(odd) + 7:
                    got += s.recv(1024)
                self.assertEqual(got, b"Hello, " + odd)

    @on_each_engine
    def test_a_client_that_vanishes_disturbs_nobody(self, engine):
        with self.tcp_server(engine) as (server, port):
            for words in [b"", b"dbb"]:
                s = socket.create_connection(("127.0.0.1", port))
                if words:
                    self.assertEqual(s.recv(1024), b"Welcome")
                    s.sendall(words)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.close()
            socket.create_connection(("127.0.0.1", port)).close()
            self.expect_good_client(port, engine)
            out, err, code = server.stop()
            self.assertEqual(code, 0)
            # Each of the two resets is told, in one line; the plain close is none.
            for line in err.splitlines():
                self.assertRegex(line, rb"^bight: 127\.0\.0\.1:\d+: (recv|send) 127\.0\.0\.1:\d+: ")

    @on_each_engine
    def test_a_client_that_says_exit_at_once_is_told_nothing_more(self, engine):
        with self.tcp_server(engine) as (server, port):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
                s.sendall(b"exit")
                got = b""
                while more := s.recv(1024):
                    got += more
                self.assertEqual(got, b"Welcome")

    @on_each_engine
    def test_our_client_without_a_server_says_what_to_do(self, engine):
        port = free_port(socket.SOCK_STREAM)
        with our_program("tcp_client", port, engine) as client:
            out, err, code = client.rest()
        self.assertEqual((out, code), (b"", 1))
        self.assertEqual(err, b"bight: connect 127.0.0.1:%d: connection refused "
                              b"(is the server running?)\n" % port)

    @on_each_engine
    def test_our_server_on_a_port_in_use_says_what_to_do(self, engine):
        with self.tcp_server(engine) as (server, port):
            with our_program("tcp_server", port, engine) as second:
                out, err, code = second.rest()
            self.assertEqual((out, code), (b"", 1))
            self.assertEqual(err, b"bight: listen on 127.0.0.1:%d: address in use (another "
                                  b"program is listening there; choose another port)\n" % port)


class Fetch(unittest.TestCase):
    """fetch_sina against a server of ours that answers with given bytes, in given pieces."""

    def fetch(self, engine, pieces, reset=False):
        """(output, errors, exit code, saved bytes or None, request)."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            request = []

            def answer():
                peer, _ = listener.accept()
                with peer:
                    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    got = b""
                    while b"\r\n\r\n" not in got:
                        got += peer.recv(4096)
                    request.append(got)
                    for piece in pieces:
                        peer.sendall(piece)
                    if reset:
                        no_wait = struct.pack("ii", 1, 0)
                        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_wait)

            thread = threading.Thread(target=answer)
            thread.start()
            with tempfile.TemporaryDirectory() as folder:
                where = f"http://127.0.0.1:{listener.getsockname()[1]}/"
                with Program([str(BUILD / "examples" / "fetch_sina"), where], engine, folder) as p:
                    out, err, code = p.rest()
                saved = pathlib.Path(folder, "sina.html")
                body = saved.read_bytes() if saved.exists() else None
            thread.join()
            return out, err, code, body, request[0]

    HEADER = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html"

    def expect_page(self, engine, body, pieces):
        out, err, code, saved, request = self.fetch(engine, pieces)
        header = self.HEADER.replace(b"\r", b"") + b"\n\n"
        self.assertEqual((out, err, code), (header, b"", 0))
        self.assertEqual(saved, body)
        self.assertRegex(request, rb"^GET / HTTP/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n")

    @on_each_engine
    def test_the_header_is_printed_and_the_body_saved(self, engine):
        body = b"<html>" + bytes(range(256)) * 1000 + b"\r\n\r\n</html>"
        self.expect_page(engine, body, [self.HEADER + b"\r\n\r\n" + body])

    @on_each_engine
    def test_it_does_not_matter_how_the_page_is_cut(self, engine):
        body = bytes(range(256))
        page = self.HEADER + b"\r\n\r\n" + body
        self.expect_page(engine, body, [page[i:i + 1] for i in range(len(page))])

    @on_each_engine
    def test_an_empty_body_is_an_empty_file(self, engine):
        self.expect_page(engine, b"", [self.HEADER + b"\r\n\r\n"])

    @on_each_engine
    def test_a_page_without_the_end_of_its_header_is_a_clear_error(self, engine):
        for page in [b"", b"HTTP/1.1 200 OK\r\nServer: nginx\r\n"]:
            out, err, code, saved, _ = self.fetch(engine, [page])
            self.assertEqual((out, code, saved), (b"", 1, None))
            why = rb"^bight: GET http://[^\n]*: the (server closed|connection ended)[^\n]*\n$"
            self.assertRegex(err, why)

    @on_each_engine
    def test_a_header_without_end_is_cut_off(self, engine):
        page = self.HEADER + b"\r\n" + b"X: y\r\n" * 10_000
        out, err, code, saved, _ = self.fetch(engine, [page])
        self.assertEqual((out, code, saved), (b"", 1, None))
        self.assertRegex(err, rb"^bight: GET [^\n]* limit[^\n]*\n$")

    @on_each_engine
    def test_a_connection_that_is_reset_is_an_error(self, engine):
        page = [self.HEADER + b"\r\n\r\nhalf of"]
        out, err, code, saved, _ = self.fetch(engine, page, reset=True)
        self.assertEqual(code, 1)
        self.assertRegex(err, rb"^bight: GET http://[\d.:]+/: connection reset by the peer\n$")


if __name__ == "__main__":
    if BUILD is None:
        sys.exit(__doc__)
    del sys.argv[1]
    unittest.main()
