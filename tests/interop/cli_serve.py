# SPDX-License-Identifier: MIT
"""The handlers and limits of `bight serve`, and talking by hand."""

import itertools
import json
import os
import re
import select
import signal
import socket
import subprocess

from _cli import (PATIENCE, TOOL, Case, Serve, Tool, environment, main, on_terminal, read_all,
                  read_to_reset, run, silent_for)


class Handlers(Case):
    def test_text_reaches_every_client_whole_even_one_that_talks(self):
        for words in ["Back", "at", "noon"], ["--text", "Back at noon"]:
            with Serve("text", *words, "-l", "127.0.0.1:0") as server:
                with server.connect() as quiet, server.connect() as chatty:
                    chatty.sendall(b"x" * 100_000)
                    chatty.shutdown(socket.SHUT_WR)
                    self.assertEqual(read_all(chatty), b"Back at noon")
                    self.assertEqual(read_all(quiet), b"Back at noon")
        with Serve("text", "hi", "-u", "-l", "127.0.0.1:0") as server:
            self.ends(run("send", "-u", "--wait", "100ms", server.address, "x"), 0, b"hi\n")

    def test_discard_says_nothing(self):
        with Serve("discard", "-l", "127.0.0.1:0", "--json") as server:
            self.ends(run("send", server.address, stdin=b"x" * 1_000_000), 0, b"")
            server.until(b'"received":1000000', "out")
        with Serve("discard", "-u", "-l", "127.0.0.1:0", "--json") as server:
            self.ends(run("send", "-u", "--wait", "50ms", server.address, "abc"), 0, b"")
            server.until(b'"bytes":3', "out")

    def test_echo_keeps_datagrams_apart_and_empty_ones_too(self):
        with Serve("echo", "-u", "-l", "127.0.0.1:0") as server:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(PATIENCE)
                s.connect(("127.0.0.1", server.port))
                for data in b"a", b"", b"b" * 60000:
                    s.send(data)
                    self.assertEqual(s.recv(65536), data)

    def test_a_datagram_of_each_input_line(self):
        with Serve("greet", "-u", "-l", "127.0.0.1:0") as server:
            self.ends(run("send", "-u", "--framing", "line", "--wait", "200ms", server.address,
                          stdin=b"dbb\nlily\n"), 0, b"Hello, dbb!\nHello, lily!\n")

    def test_unix_sockets_in_both_spellings(self):
        path = self.folder / "s"
        with Serve("greet", "-l", f"unix:{path}") as server:
            for at in f"unix:{path}", f"unix://{path}":
                self.ends(run("send", at, "dbb", "exit"), 0, b"Welcome\nHello, dbb\n")
            server.until(b"Accept new connection from unix:%s..." % str(path).encode())

    def test_a_name_is_served_at_its_addresses(self):
        with Serve("echo", "-l", "localhost:0") as server:
            self.ends(run("send", f"localhost:{server.port}", "x"), 0, b"x\n")
        with Serve("echo", "-4", "-l", "localhost:0") as server:
            self.assertEqual([a.rsplit(":", 1)[0] for _, a in server.addresses], ["127.0.0.1"])


def read_until_reset(connection):
    """What comes before the reset; fails at an end."""
    got = b""
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            return got
        if not part:
            raise AssertionError("it ended in order after %r" % got)
        got += part


class Limits(Case):
    def test_once_ends_after_the_first_session(self):
        with Serve("echo", "--once", "-l", "127.0.0.1:0") as server:
            self.ends(run("send", server.address, "x"), 0, b"x\n")
            self.assertEqual(server.wait(), 0)
        with Serve("greet", "--once", "-u", "-l", "127.0.0.1:0") as server:
            self.ends(run("send", "-u", "--wait", "50ms", server.address, "x"), 0, b"Hello, x!\n")
            self.assertEqual(server.wait(), 0)

    def test_max_conns_lets_the_next_one_wait(self):
        with Serve("greet", "--max-conns", 1, "-l", "127.0.0.1:0") as server:
            with server.connect() as first, server.connect() as second:
                self.assertEqual(first.recv(100), b"Welcome")
                self.assertTrue(silent_for(second, 0.2))
                first.close()
                self.assertEqual(second.recv(100), b"Welcome")

    def test_idle_ends_a_silent_session(self):
        with Serve("greet", "--idle", "200ms", "-l", "127.0.0.1:0") as server:
            with server.connect() as client:
                who = "%s:%d" % client.getsockname()
                self.assertEqual(read_until_reset(client), b"Welcome")
            server.until(f"Connection from {who} failed: ".encode())
            server.until(b"200 ms")

    def test_a_session_that_a_drain_cuts_is_reset(self):
        with Serve("greet", "--drain", "10ms", "-l", "127.0.0.1:0") as server:
            with server.connect() as client:
                self.assertEqual(client.recv(100), b"Welcome")
                server.signal(signal.SIGTERM)
                self.assertEqual(read_until_reset(client), b"")
            self.assertEqual(server.wait(), 0)

    def test_a_client_that_is_interrupted_resets_what_it_was_sending(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            at = "127.0.0.1:%d" % listener.getsockname()[1]
            with Tool("send", at, stdin=subprocess.PIPE) as sender:
                peer, _ = listener.accept()
                with peer:
                    peer.settimeout(PATIENCE)
                    sender.process.stdin.write(b"half")
                    sender.process.stdin.flush()
                    self.assertEqual(peer.recv(100), b"half")
                    sender.signal(signal.SIGINT)
                    self.assertEqual(read_until_reset(peer), b"")

    def test_a_reset_is_told_and_ends_that_session_alone(self):
        with Serve("greet", "-l", "127.0.0.1:0", "--json") as server:
            with server.connect() as client:
                self.assertEqual(client.recv(100), b"Welcome")
                mine = client.getsockname()[1]
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            server.until(b'"failed"', "out")
            event = json.loads(server.output["out"].splitlines()[-1])
            self.assertEqual(event["peer"], f"127.0.0.1:{mine}")
            self.ends(run("send", server.address, "exit"), 0, b"Welcome\n")

    def test_threads_share_a_port(self):
        with Serve("echo", "--threads", 2, "-l", "127.0.0.1:0") as server:
            for _ in range(8):
                self.ends(run("send", server.address, "x"), 0, b"x\n")


class Failures(Case):
    def reset(self, server):
        with server.connect() as client:
            self.assertEqual(client.recv(100), b"Welcome")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def test_a_reset_is_no_line_but_with_v(self):
        for flags, expected in ([], 0), (["-v"], 20):
            with Serve("greet", *flags, "-l", "127.0.0.1:0") as server:
                for _ in range(20):
                    self.reset(server)
                self.ends(run("send", server.address, "exit"), 0)
                server.until(b" closed.")
                server.signal(signal.SIGTERM)
                server.wait()
                self.assertEqual(server.output["err"].count(b"reset"), expected)
                self.assertNotIn(b"failed", server.output["err"])

    def test_a_health_check_of_a_tls_port_is_no_line(self):
        with Serve("greet", "--tls", "-l", "127.0.0.1:0") as server:
            for linger in b"\0\0\0\0\0\0\0\0", b"\1\0\0\0\0\0\0\0":
                for _ in range(5):
                    with server.connect() as client:
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.ends(run("send", "--insecure", f"tls://{server.address}", "exit"), 0)
            server.until(b" closed.")
            server.signal(signal.SIGTERM)
            server.wait()
            self.assertNotIn(b"failed", server.output["err"])

    def test_repeated_failures_are_summed_up(self):
        with Serve("greet", "--idle", "300ms", "-l", "127.0.0.1:0") as server:
            clients = [server.connect() for _ in range(50)]
            for c in clients:
                self.assertEqual(read_to_reset(c), b"Welcome")
                c.close()
            server.signal(signal.SIGTERM)
            server.wait()
            self.assertEqual(server.output["err"].count(b" failed: "), 1, server.output["err"])
            self.assertRegex(server.output["err"],
                             rb"(?m)^49 more failed in .*, the last from 127\.0\.0\.1:\d+: .*300"
                             rb" ms")


class Loops(Case):
    """Two servers that answer each other's answers (CVE-2024-2169). The test forwards between two
    sockets, as if each server's answers went to the other."""

    def answers(self, *handlers, first):
        """How often two servers answer each other before one of them stops."""
        with Serve(*handlers[0], "-u", "-l", "127.0.0.1:0") as a, \
             Serve(*handlers[1], "-u", "-l", "127.0.0.1:0") as b, \
             socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to_a, \
             socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as to_b:
            to_a.connect(("127.0.0.1", a.port))
            to_b.connect(("127.0.0.1", b.port))
            for datagram in first:
                to_a.send(datagram)
            count = 0
            while ready := select.select([to_a, to_b], [], [], 2)[0]:
                for s in ready:
                    (to_b if s is to_a else to_a).send(s.recv(65536))
                    count += 1
                self.assertLess(count, 100_000)
            return count

    def test_no_two_handlers_answer_each_other_for_ever(self):
        for pair in itertools.combinations_with_replacement(
                (["echo"], ["greet"], ["text", "foo"], ["text", "bar"]), 2):
            with self.subTest(pair):
                self.assertLess(self.answers(*pair, first=[b"x"]), 2000)

    def test_a_loop_of_many_datagrams_ends_too(self):
        many = [b"%d" % i for i in range(40)]
        self.assertGreater(self.answers(["echo"], ["echo"], first=many), 256)

    def test_a_client_that_numbers_its_datagrams_loses_none(self):
        with Serve("echo", "-u", "-l", "127.0.0.1:0") as server, \
             socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(PATIENCE)
            s.connect(("127.0.0.1", server.port))
            for i in range(3000):
                s.send(b"%d" % i)
                self.assertEqual(s.recv(100), b"%d" % i)

    def test_a_server_is_not_answered(self):
        with Serve("echo", "-u", "-l", "127.0.0.1:0") as server, \
             socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind(("127.0.0.1", 7))
            except OSError as e:
                self.skipTest(f"port 7: {e}")
            s.sendto(b"x", ("127.0.0.1", server.port))
            server.until(b"Not answered: 127.0.0.1:7 ")


class SlowReaders(Case):
    """What the server writes about its sessions must never hold them up."""

    SESSIONS = 4000

    def serve_unread(self, *flags, stream):
        """A server whose `stream` ("stdout", "stderr") is a pipe that nobody reads yet."""
        end, mine = os.pipe()
        files = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL,
                 stream: subprocess.PIPE}
        server = subprocess.Popen([TOOL, "serve", "echo", "-l", "127.0.0.1:0", *flags,
                                   "--ready-fd", str(mine)], stdin=subprocess.DEVNULL,
                                  env=environment(), pass_fds=[mine], **files)
        os.close(mine)
        self.addCleanup(server.wait, PATIENCE)
        self.addCleanup(server.kill)
        with os.fdopen(end) as ready:
            port = int(ready.readline().rsplit(":", 1)[1])
        pipe = getattr(server, stream)
        self.addCleanup(pipe.close)
        return server, port, pipe

    def ask(self, port, times):
        for _ in range(times):
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as c:
                c.sendall(b"x")
                self.assertEqual(c.recv(1), b"x")

    def test_sessions_and_sigterm_go_on_when_nobody_reads_standard_error(self):
        for flags in [], ["--threads", "2"]:
            server, port, pipe = self.serve_unread(*flags, stream="stderr")
            self.ask(port, self.SESSIONS)
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait(PATIENCE), 0)

    def test_what_was_dropped_is_counted_once_somebody_reads(self):
        server, port, pipe = self.serve_unread(stream="stderr")
        # Two lines a session, 40 bytes and more each: twice what a pipe and a sink hold.
        enough = (1 << 21) // 80
        self.ask(port, enough)
        server.send_signal(signal.SIGTERM)
        text = pipe.read().decode()
        self.assertEqual(server.wait(PATIENCE), 0)
        dropped = sum(map(int, re.findall(r"^bight: dropped (\d+) lines? of output", text, re.M)))
        self.assertGreater(dropped, 0)
        self.assertEqual(len(re.findall(r"^(?:Accept|Connection)", text, re.M)) + dropped,
                         2 * enough)

    def test_events_are_dropped_and_counted_as_events(self):
        server, port, pipe = self.serve_unread("--json", stream="stdout")
        enough = (1 << 21) // 120
        self.ask(port, enough)
        server.send_signal(signal.SIGTERM)
        events = [json.loads(line) for line in pipe.read().splitlines()]
        self.assertEqual(server.wait(PATIENCE), 0)
        dropped = sum(e["lines"] for e in events if e["event"] == "dropped")
        self.assertGreater(dropped, 0)
        told = sum(e["event"] in ("accepted", "closed", "drain") for e in events)
        self.assertIn(told + dropped, (2 * enough, 2 * enough + 1))


class ByHand(Case):
    def test_both_ways_at_once_on_a_terminal(self):
        with Serve("greet", "-l", "127.0.0.1:0") as server:
            code, shown = on_terminal("connect", server.address,
                                      keys=[(b"Welcome", b"dbb\n"), (b"Hello, dbb", b"\x04")])
        self.assertEqual(code, 0)
        self.assertIn(f"Connected to tcp://{server.address}. Ctrl-D closes the sending side, "
                      "Ctrl-C quits.\r\n".encode(), shown)

    def test_crlf(self):
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            self.ends(run("connect", "-q", "--crlf", server.address, stdin=b"a\nb\r\nc"), 0,
                      b"a\r\nb\r\nc")

    def test_hex(self):
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            self.ends(run("connect", "-q", "--hex", server.address, stdin=b"00 ff\n"), 0,
                      b"00 ff\n")
            self.ends(run("send", "--hex", server.address, "00ff", "7f"), 0, b"00 ff\n7f\n")

    def test_retry_waits_until_somebody_opens(self):
        path = self.folder / "s"
        with Tool("connect", "--retry", f"unix:{path}") as client:
            client.until(b"retrying")
            with Serve("text", "at last", "-l", f"unix:{path}"):
                self.assertEqual(client.wait(), 0)
                self.assertEqual(client.output["out"], b"at last")
        self.ends(run("connect", "--retry", "-t", "300ms", "127.0.0.1:1"), 7)

    def test_datagrams(self):
        with Serve("greet", "-u", "-l", "127.0.0.1:0") as server:
            self.ends(run("connect", "-q", "-u", server.address, stdin=b"dbb"), 0, b"Hello, dbb!")


if __name__ == "__main__":
    main()
