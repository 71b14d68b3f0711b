# SPDX-License-Identifier: MIT
"""What a person sees on a terminal while a command runs."""

import os
import re
import select
import signal
import socket
import termios
import threading

from _cli import PATIENCE, Case, Peer, Serve, Tool, main, run
from _terminal import Terminal

OK = b"HTTP/1.1 200 OK\r\n"
SECONDS = rb"(\d+) s  waiting for "


class Stalling(Peer):
    """Sends `first`, waits until go() is called, then sends `rest` and closes."""

    def __init__(self, first=b"", rest=b"", request=True):
        self._go = threading.Event()
        self.first, self.rest, self.request = first, rest, request
        super().__init__(self._script)

    def go(self):
        self._go.set()

    def _script(self, c):
        if self.request:
            c.recv(65536)
        c.sendall(self.first)
        self._go.wait(PATIENCE)
        try:
            c.sendall(self.rest)
        except ConnectionError:
            pass

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/page"

    def __exit__(self, kind, *rest):
        self.go()
        super().__exit__(kind, *rest)


class Deaf:
    """A port whose queue is full: a connect hears nothing."""

    def __enter__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.clients = []
        for _ in range(3):
            c = socket.socket()
            c.setblocking(False)
            c.connect_ex(self.listener.getsockname())
            self.clients.append(c)
        return self

    def __exit__(self, *_):
        for c in [self.listener, *self.clients]:
            c.close()


class Waiting(Case):
    def test_a_server_that_does_not_answer_is_waited_for_in_sight(self):
        with Stalling(rest=OK + b"Content-Length: 3\r\n\r\nend") as peer:
            with Terminal("get", peer.url, "-o", self.folder / "f") as t:
                t.until(SECONDS + b"127.0.0.1:%d" % peer.port)
                t.until(rb"2 s  waiting")
                peer.go()
                self.assertEqual(t.end(), 0)
                self.assertEqual(len(t.lines), 1, t.lines)  # the summary
                self.assertRegex(t.lines[0], "saved as ")
                self.assertNotIn(b"\x1b", t.shown[t.shown.index(b"saved as"):])

    def test_a_stream_that_says_nothing_too(self):
        with Stalling(rest=b"all of it", request=False) as peer:
            with Terminal("get", f"tcp://127.0.0.1:{peer.port}", "-o", self.folder / "f") as t:
                t.until(rb"0 bytes  stalled [23] s")
                peer.go()
                self.assertEqual(t.end(), 0)

    def test_a_connect_that_hears_nothing_is_seen_and_ends_without_a_trace(self):
        for command in (["get", "http://127.0.0.1:%d/", "-o", self.folder / "f"],
                        ["get", "tcp://127.0.0.1:%d", "-o", self.folder / "f"],
                        ["send", "127.0.0.1:%d", "x"], ["connect", "127.0.0.1:%d"]):
            command[1] = command[1].replace("%d", "{}")
            with self.subTest(command=command[:2]), Deaf() as deaf:
                words = [str(w).format(deaf.port) for w in command]
                with Terminal(*words, "-t", "2s") as t:
                    t.until(SECONDS + rb"\S*127\.0\.0\.1:%d" % deaf.port)
                    self.assertEqual(t.end(), 28)
                    self.assertEqual([x for x in t.lines if not re.match("bight: |The replies", x)],
                                     [])

    def test_a_reply_is_waited_for_in_sight(self):
        with Stalling(rest=b"here") as peer:
            with Terminal("send", f"127.0.0.1:{peer.port}", "hi") as t:
                t.until(rb"1 s  waiting for tcp://127.0.0.1:%d" % peer.port)
                peer.go()
                self.assertEqual(t.end(), 0)
                self.assertEqual(t.lines, ["here"])

    def test_a_reply_to_what_is_typed_is_not(self):
        with Stalling(rest=b"here") as peer:
            with Terminal("send", f"127.0.0.1:{peer.port}") as t:
                t.quiet_for(1)
                t.type(b"hi\n")
                peer.go()
                t.type(b"\x04")
                self.assertEqual(t.end(), 0)
                self.assertEqual(t.frames, [])

    def test_connect_retry_is_seen_to_go_on(self):
        with Terminal("connect", "--retry", "127.0.0.1:1") as t:
            t.until(rb"retrying.*" + SECONDS)
            t.type(b"\x03")
            self.assertEqual(t.end(), 130)

    def test_the_wait_for_the_next_try_counts_down(self):
        with Terminal("get", "--retry", "1", "http://127.0.0.1:1/", "-o", self.folder / "f") as t:
            t.until(rb"retrying in 1 s.*1 s  until the next attempt")
            self.assertEqual(t.end(), 7)
            self.assertEqual(len([x for x in t.lines if "until" in x]), 0, t.lines)

    def test_a_redirect_names_the_host_that_is_waited_for(self):
        with Stalling(rest=OK + b"\r\n") as silent:
            def script(c):
                c.recv(65536)
                c.sendall(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
                          b"Location: http://localhost:%d/\r\n\r\n" % silent.port)
            with Peer(script) as peer:
                with Terminal("get", "-4", f"http://127.0.0.1:{peer.port}/", "-o",
                              self.folder / "f") as t:
                    t.until(SECONDS + b"localhost:%d" % silent.port)
                    silent.go()
                    self.assertEqual(t.end(), 0)

    def test_what_is_over_at_once_paints_nothing(self):
        with Peer(lambda c: (c.recv(65536), c.sendall(OK + b"\r\nx"))) as peer:
            with Terminal("get", f"http://127.0.0.1:{peer.port}/", "-o", self.folder / "f") as t:
                self.assertEqual(t.end(), 0)
                self.assertEqual(t.frames, [])

    def test_ctrl_c_takes_the_line_away(self):
        with Stalling() as peer:
            with Terminal("get", peer.url, "-o", self.folder / "f") as t:
                t.until(SECONDS)
                t.type(b"\x03")
                self.assertEqual(t.end(), 130)
                self.assertEqual(len(t.lines), 1, t.lines)
                self.assertRegex(t.lines[0], "^get .*: interrupted")

    def test_the_body_on_the_screen_stands_alone(self):
        with Stalling(OK + b"Content-Length: 10\r\n\r\nfirst", b"-last") as peer:
            with Terminal("get", "-o", "-", peer.url) as t:
                t.until(rb"first")
                painted = len(t.frames)
                t.quiet_for(1)
                peer.go()
                self.assertEqual(t.end(), 0)
                self.assertEqual(len(t.frames), painted)
                self.assertEqual(t.lines, ["first-last"])


class Stalls(Case):
    FIRST = OK + b"Content-Length: 5000000\r\n\r\n" + b"x" * 1000000
    REST = b"x" * 4000000

    def test_a_stall_is_named_after_the_rate_has_fallen(self):
        with Stalling(self.FIRST, self.REST) as peer:
            with Terminal("get", peer.url, "-o", self.folder / "f") as t:
                t.until(rb" 20% \[####+ +\] 1.0 MB of 5.0 MB  stalled [3-9] s")
                peer.go()
                self.assertEqual(t.end(), 0)
                rates = [float(m[1]) * {"B": 1, "kB": 1e3, "MB": 1e6}[m[2]] for m in
                         (re.search(r"  ([\d.]+) (MB|kB|B)/s", f) for f in t.frames) if m]
                self.assertGreater(len(rates), 2, t.frames)
                self.assertEqual(rates, sorted(rates, reverse=True))

    def test_so_is_one_of_unknown_length(self):
        with Stalling(OK + b"\r\n" + b"x" * 1000000) as peer:
            with Terminal("get", peer.url, "-o", self.folder / "f") as t:
                t.until(rb"1.0 MB  stalled [23] s")
                peer.go()
                self.assertEqual(t.end(), 0)

    def test_a_resumed_download_counts_what_it_had(self):
        body = bytes(range(256)) * 400
        head = b"Accept-Ranges: bytes\r\nETag: \"1\"\r\n"
        with Peer(lambda c: (c.recv(65536), c.sendall(
                OK + head + b"Content-Length: 102400\r\n\r\n" + body[:51200]))) as peer:
            port = peer.port
            run("get", f"http://127.0.0.1:{port}/f", "-o", self.folder / "f")
        go = threading.Event()
        with socket.create_server(("127.0.0.1", port)) as listener:
            def serve():
                c, _ = listener.accept()
                with c:
                    c.recv(65536)
                    c.sendall(b"HTTP/1.1 206 Partial Content\r\n" + head +
                              b"Content-Range: bytes 51200-102399/102400\r\n"
                              b"Content-Length: 51200\r\n\r\n")
                    go.wait(PATIENCE)
                    c.sendall(body[51200:])
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            with Terminal("get", f"http://127.0.0.1:{port}/f", "-o", self.folder / "f") as t:
                t.until(rb" 50% .*51.2 kB of 102.4 kB  stalled")
                go.set()
                self.assertEqual(t.end(), 0)
            thread.join(PATIENCE)
        self.assertEqual((self.folder / "f").read_bytes(), body)

    def test_narrow_windows_move_too_and_nothing_wraps(self):
        for columns, moving in (40, rb"20% 1.0 MB of 5.0 MB  stalled 3 s"), (10, rb" 20% 3 s"):
            with self.subTest(columns=columns), Stalling(self.FIRST) as peer:
                with Terminal("get", peer.url, "-o", self.folder / "f", columns=columns) as t:
                    t.until(moving)
                    self.assertLess(max(map(len, t.frames)), columns, t.frames)

    def test_a_window_that_changes_is_followed(self):
        with Stalling(self.FIRST) as peer:
            with Terminal("get", peer.url, "-o", self.folder / "f") as t:
                t.until(rb"stalled 2 s")
                before = len(t.frames)
                t.resize(20)
                t.until(rb"K 20%  stalled [345] s")
                self.assertLess(max(map(len, t.frames[before + 1:])), 20, t.frames)

    def test_a_limit_is_no_stall(self):
        with Stalling(OK + b"Content-Length: 65536\r\n\r\n" + b"x" * 65536) as peer:
            with Terminal("get", peer.url, "-o", self.folder / "f", "--limit-rate", "16k") as t:
                self.assertEqual(t.end(), 0)
                self.assertNotIn(b"stalled", t.shown)

    def test_a_slow_reader_of_ours_is_not_the_servers_stall(self):
        out, ours = os.pipe()
        with Stalling(OK + b"Content-Length: 5000000\r\n\r\n" + b"x" * 5000000) as peer:
            with Terminal("get", peer.url, stdout=ours) as t:
                os.close(ours)
                t.until(rb"output stalled [23] s")
                with os.fdopen(out, "rb") as f:
                    self.assertEqual(len(f.read()), 5000000)
                self.assertEqual(t.end(), 0)


class StrangersBytes(Case):
    """Bytes of a peer, one at a time: no control character gets through to the terminal."""
    SENT = b"a\xc2\x9b2Jb\x1b[mc\xc3\xa9\xe2\x82\xac\x9dd\xc2"
    SHOWN = rb"a\xc2\x9b2Jb\x1b[mc" + "é€".encode() + rb"\x9dd" + b"\xc2"

    def dribble(self, c, first=b""):
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        c.sendall(first)
        for byte in self.SENT:
            c.sendall(bytes([byte]))
            self.pause.wait(0.02)  # so that they are not read together

    def setUp(self):
        super().setUp()
        self.pause = threading.Event()

    def shows(self, *words, script):
        with Peer(script) as peer:
            with Terminal(*[str(w).format(peer.port) for w in words]) as t:
                t.until(re.escape(self.SHOWN))
                self.assertEqual(t.end(), 0)

    def test_of_a_page_and_of_a_stream(self):
        def page(c):
            c.recv(65536)
            self.dribble(c, OK + b"\r\n")
        self.shows("get", "-o", "-", "http://127.0.0.1:{}/", script=page)
        self.shows("get", "-o", "-", "tcp://127.0.0.1:{}", script=self.dribble)

    def test_of_a_conversation(self):
        self.shows("connect", "127.0.0.1:{}", script=lambda c: self.dribble(c, b"-"))
        self.shows("send", "127.0.0.1:{}", "x", script=lambda c: (c.recv(1), self.dribble(c)))

    def test_of_datagrams(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.settimeout(PATIENCE)
            with Terminal("send", "-u", "127.0.0.1:%d" % server.getsockname()[1], "x") as t:
                peer = server.recvfrom(100)[1]
                server.sendto(self.SENT[:2], peer)
                server.sendto(self.SENT[2:], peer)
                self.assertEqual(t.end(), 0)
                self.assertNotIn(b"\x9b", t.shown.replace("é".encode(), b""))

    def test_of_a_status_line_in_messages_and_in_json(self):
        reason = b"No\xc2\x9bway\x7f\xe2\x80\xae"

        def script(c):
            c.recv(65536)
            c.sendall(b"HTTP/1.1 404 " + reason + b"\r\nContent-Length: 0\r\n\r\n")
        for more in [], ["--json"], ["-v"]:
            with self.subTest(more=more), Peer(script) as peer:
                with Terminal("get", "http://127.0.0.1:%d/" % peer.port, *more) as t:
                    self.assertIn(t.end(), (22, 56))
                    self.assertNotRegex(t.shown, rb"\xc2\x9b|\x7f")

    def test_of_a_request_in_the_log_of_a_server(self):
        for more in [], ["--json"], ["-v"]:
            with self.subTest(more=more), Serve("files", self.folder, *more) as server:
                with server.connect() as c:
                    c.sendall(b"GET /\xc2\x9b2J\x7f\xc2 HTTP/1.1\r\nHost: a\r\n\r\n")
                    c.recv(65536)
                server.signal(signal.SIGTERM)
                server.wait()
                self.assertNotRegex(server.output["err"] + server.output["out"],
                                    rb"\xc2\x9b|\x7f")


class NothingIsPainted(Case):
    def nothing(self, *args, status=0, **how):
        with Stalling(OK + b"\r\npart", b" and rest") as peer:
            with Terminal("get", peer.url, *args, **how) as t:
                t.quiet_for(1.5)
                peer.go()
                self.assertEqual(t.end(), status)
                self.assertNotIn(b"\x1b", t.shown)
                self.assertNotIn(b"waiting", t.shown)
                self.assertNotIn(b"stalled", t.shown)
                return t.shown

    def test_with_a_terminal_that_cannot(self):
        for term in "dumb", "", None:
            with self.subTest(term=term):
                self.nothing("-o", self.folder / "f", term=term)

    def test_when_asked_to_be_quiet_or_for_json(self):
        self.assertEqual(self.nothing("-o", self.folder / "f", "-q"), b"")
        self.nothing("-o", self.folder / "f", "--json")

    def test_off_a_terminal(self):
        with Stalling(rest=OK + b"\r\n") as peer, Tool("get", peer.url, "-o", "-") as tool:
            self.assertFalse(select.select([tool.process.stderr], [], [], 1.5)[0])
            peer.go()
            self.assertEqual(tool.wait(), 0)
            self.assertEqual(tool.output["err"], b"")

    def test_from_the_background(self):
        shown = self.nothing("-o", self.folder / "f", place="bg")
        self.assertIn(b"saved as", shown)

    def test_from_the_background_it_is_not_stopped_for_it(self):
        def tostop(modes):
            modes[3] |= termios.TOSTOP
        with Stalling() as peer:
            with Terminal("get", peer.url, "-q", "-o", self.folder / "f", place="bg",
                          modes=tostop) as t:
                self.assertEqual(t.quiet_for(1.5), b"")

    def test_once_it_was_sent_to_the_background(self):
        with Stalling(rest=OK + b"\r\n") as peer:
            with Terminal("get", peer.url, "-o", self.folder / "f") as t:
                t.until(SECONDS)
                t.type(b"\x1a")
                t.until(rb"stopped %d" % signal.SIGTSTP)
                t.order(b"bg")
                self.assertEqual(t.quiet_for(1.2), b"")
                since = len(t.shown)
                peer.go()
                self.assertEqual(t.end(), 0)
                self.assertNotIn(b"\x1b", t.shown[since:])
                self.assertIn(b"saved as", t.shown[since:])

    def test_until_it_is_in_the_foreground_again(self):
        with Stalling(rest=OK + b"\r\n") as peer:
            with Terminal("get", peer.url, "-o", self.folder / "f") as t:
                t.until(SECONDS)
                t.type(b"\x1a")
                t.until(rb"stopped")
                since = len(t.shown)
                t.order(b"fg")
                t.until(SECONDS, since)
                peer.go()
                self.assertEqual(t.end(), 0)

    def test_while_a_pager_has_the_screen(self):
        def no_lines(modes):
            modes[3] &= ~termios.ICANON
        out, ours = os.pipe()
        with os.fdopen(out):
            self.nothing(stdout=ours, modes=no_lines)
            os.close(ours)


if __name__ == "__main__":
    main()
