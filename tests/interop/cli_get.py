# SPDX-License-Identifier: MIT
"""`bight get` against a scripted server: bodies, statuses, limits, and answers that lie."""

import json
import os
import socket
import struct
import threading

from _cli import PATIENCE, Case, Peer, main, on_terminal, run

OK = b"HTTP/1.1 200 OK\r\n"


class Web(Peer):
    """Answers one request with `pieces`, each in a send of its own, then closes. The request is
    kept in `request`."""

    def __init__(self, *pieces, reset=False, hold=None):
        self.request = b""

        def script(c):
            while b"\r\n\r\n" not in self.request:
                self.request += c.recv(65536)
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for piece in pieces:
                    c.sendall(piece)
                if hold:
                    hold.wait(PATIENCE)
            except OSError:
                pass  # a client that has seen enough may go
            if reset:
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        super().__init__(script)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"


class GetCase(Case):
    def get(self, answer, *flags, path=""):
        pieces = answer if isinstance(answer, list) else [answer]
        with Web(*pieces) as web:
            result = run("get", web.url + path, *flags)
        self.request = web.request
        return result


class Bodies(GetCase):
    FORMS = {
        "length": OK + b"Content-Length: 6\r\n\r\nhello\n",
        "chunked": OK + b"Transfer-Encoding: chunked\r\n\r\n"
                   b"3\r\nhel\r\n3;x=y\r\nlo\n\r\n0\r\nT: v\r\n\r\n",
        "until close": OK + b"\r\nhello\n",
        "HTTP/1.0": b"HTTP/1.0 200 Fine\r\n\r\nhello\n",
        "after interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                         + OK + b"Content-Length: 6\r\n\r\nhello\n",
        "more than announced": OK + b"Content-Length: 6\r\n\r\nhello\nHTTP/1.1 200 OK\r\n",
    }

    def test_every_framing_gives_the_same_body(self):
        for name, answer in self.FORMS.items():
            with self.subTest(name):
                self.ends(self.get(answer), 0, b"hello\n")

    def test_at_every_split(self):
        for name in "chunked", "after interim":
            answer = self.FORMS[name]
            with self.subTest(name):
                self.ends(self.get([answer[i:i + 1] for i in range(len(answer))]), 0, b"hello\n")
            for at in range(1, len(answer), 7):
                self.ends(self.get([answer[:at], answer[at:]]), 0, b"hello\n")

    def test_a_large_body_into_a_file(self):
        body = os.urandom(5_000_000)
        head = OK + b"Content-Length: %d\r\n\r\n" % len(body)
        self.ends(self.get([head, body], "-o", self.folder / "f"), 0, b"")
        self.assertEqual((self.folder / "f").read_bytes(), body)
        self.assertEqual(os.listdir(self.folder), ["f"])

    def test_no_body_by_the_rules(self):
        self.ends(self.get(b"HTTP/1.1 204 No Content\r\n\r\n"), 0, b"")
        self.ends(self.get(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"), 18, b"",
                  "without a body")
        self.ends(self.get(OK + b"Content-Length: 0\r\n\r\n", "-o", self.folder / "f"), 0, b"")
        self.assertEqual((self.folder / "f").read_bytes(), b"")

    def test_the_request_is_what_a_server_expects(self):
        self.get(self.FORMS["length"], path="a/b?c=d#e")
        lines = self.request.split(b"\r\n")
        self.assertEqual(lines[0], b"GET /a/b?c=d HTTP/1.1")
        self.assertIn(b"Accept-Encoding: gzip, deflate, br, zstd", lines)
        self.assertEqual(sum(line.startswith(b"Host: 127.0.0.1:") for line in lines), 1)
        (self.folder / "h").write_text("Authorization: Bearer s3cret\n\nX-B: 2\r\n")
        self.get(self.FORMS["length"], "-H", "user-agent: me", "-H", f"@{self.folder}/h")
        for field in b"user-agent: me", b"Authorization: Bearer s3cret", b"X-B: 2":
            self.assertIn(field, self.request.split(b"\r\n"))
        self.assertNotIn(b"User-Agent: bight", self.request)


class Headers(GetCase):
    PAGE = OK + b"Content-Type: text/html\r\nContent-Length: 6\r\n\r\nhello\n"
    HEAD = b"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 6\n"

    def test_the_seeds_line_prints_the_header_and_saves_the_body(self):
        self.ends(self.get(self.PAGE, "-i", "-o", self.folder / "sina.html"), 0, self.HEAD)
        self.assertEqual((self.folder / "sina.html").read_bytes(), b"hello\n")

    def test_include_puts_it_before_the_body(self):
        self.ends(self.get(self.PAGE, "-i"), 0, self.HEAD + b"\nhello\n")

    def test_head_asks_for_it_alone(self):
        for flags in ("-I",), ("-I", "-i"), ("-I", "-o", "-"):
            self.ends(self.get(OK + b"Content-Length: 6\r\n\r\n", *flags), 0,
                      b"HTTP/1.1 200 OK\nContent-Length: 6\n")
        self.assertTrue(self.request.startswith(b"HEAD / HTTP/1.1\r\n"))
        self.ends(self.get(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", "-I", "--no-redirect"), 0)

    def test_json_tells_the_rest(self):
        result = self.ends(self.get(self.PAGE, "--json"), 0, b"hello\n")
        events = [json.loads(line) for line in result.stderr.splitlines()]
        self.assertEqual([e["event"] for e in events], ["connected", "response", "done"])
        self.assertEqual((events[1]["status"], events[2]["bytes"]), (200, 6))


class Statuses(GetCase):
    def test_400_and_above_is_22_and_its_page_is_not_the_file(self):
        page = b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nnope\n"
        self.ends(self.get(page), 22, b"", "404 Not Found")
        self.ends(self.get(page, "-o", self.folder / "f"), 22, b"")
        self.assertEqual(os.listdir(self.folder), [])
        self.ends(self.get(page, "-i"), 22, b"HTTP/1.1 404 Not Found\nContent-Length: 5\n\nnope\n")
        self.ends(self.get(b"HTTP/1.1 500 Oh\r\n\r\n"), 22, b"")

    def test_a_redirect_says_what_to_type(self):
        for status in 301, 302, 303, 307, 308:
            answer = b"HTTP/1.1 %d Moved\r\nLocation: /there?x=1\r\n\r\nmoved" % status
            result = self.ends(self.get(answer, "--no-redirect"), 47, b"")
            self.assertRegex(result.stderr.decode(),
                             r"run: bight get http://127\.0\.0\.1:\d+/there\?x=1\n")
        for to, says in ((b"https://x/", "run: bight get https://x/"),
                         (b"http://x/$(reboot)", "x/$(reboot)"), (b"//y/z", "http://y/z")):
            answer = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % to
            result = self.ends(self.get(answer, "--no-redirect"), 47, b"", says)
            self.assertNotIn(b"bight get http://x/$", result.stderr)


class Lies(GetCase):
    def refused(self, answer, code=56, says=()):
        with self.subTest(answer[:60]):
            (self.folder / "f.part").unlink(missing_ok=True)
            result = self.ends(self.get(answer, "-o", self.folder / "f"), code, b"", says)
            self.assertNotIn("f", os.listdir(self.folder))
            self.assertEqual(result.stderr.count(b"\n"), 1)
            return result

    def test_the_end_in_the_middle_is_18(self):
        self.refused(OK + b"Content-Length: 100\r\n\r\nhalf", 18, ["4 of 100 bytes", "f.part"])
        self.assertEqual((self.folder / "f.part").read_bytes(), b"half")
        chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
        for end in b"", b"5\r\nhel", b"5\r\nhello\r\n", b"5\r\nhello\r\n0\r\n":
            self.refused(chunked + end, 18)
        self.refused(OK + b"Content-Le", 18, "header")
        self.refused(b"HTTP/1.1 100 Continue\r\n\r\n", 18)

    def test_silence_is_52(self):
        self.refused(b"", 52, "empty reply")
        with Peer(lambda c: None) as peer:
            self.ends(run("get", f"tcp://127.0.0.1:{peer.port}"), 52, b"")

    def test_a_reset_is_56_and_tells_how_far_it_came(self):
        answer = OK + b"Content-Length: 100\r\n\r\nhalf"
        done = threading.Event()
        with Web(answer, reset=True, hold=done) as web:
            threading.Timer(0.3, done.set).start()
            result = run("get", web.url, "-o", self.folder / "f")
        self.ends(result, 56, b"", ["reset", "4 of 100"])

    def test_what_is_not_http_1(self):
        for answer in (b"<html>hi</html>", b"HTTP/2.0 200 OK\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n",
                       b"HTTP/1.1 099 X\r\n\r\n", b"HTTP/1.1 1000 X\r\n\r\n",
                       b"HTTP/1.1 20 X\r\n\r\n", b"HTTP/1.1 1000 X\r\n\r\n",
                       b"HTTP/1.10 200 OK\r\n\r\n", b"SSH-2.0-OpenSSH\r\n\r\n",
                       b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"):
            self.refused(answer, says="malformed HTTP response")

    def test_framing_that_contradicts_itself(self):
        both = OK + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"
        self.refused(both)
        self.refused(OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        for bad in (b"-1", b"+1", b"", b"1,2", b"0x3", b"3 3", b"99999999999999999999", b"abc"):
            self.refused(OK + b"Content-Length: " + bad + b"\r\n\r\nabc")
        self.refused(OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")
        chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
        for bad in (b"-1\r\n", b"g\r\n", b"0x3\r\nabc\r\n", b"11111111111111111\r\n",
                    b"3\r\nabcd\r\n"):
            self.refused(chunked + bad + b"0\r\n\r\n")

    def test_fields_that_are_none(self):
        for bad in (b"X : y", b": y", b"X\0Y: z", b"X: a\0b", b"X: a\rb", b"noname"):
            self.refused(OK + bad + b"\r\n\r\n")

    def test_without_end(self):
        endless = [b"x" * 16384] * 40
        self.get([OK + b"X: "] + endless)
        for pieces in ([OK + b"X: "] + endless, [OK] + [b"X: y\r\n" * 100] * 200,
                       [b"HTTP/1.1 100 Continue\r\n\r\n" * 50], [b"HTTP/1.1 200 "] + endless,
                       [OK + b"Transfer-Encoding: chunked\r\n\r\n3;"] + endless,
                       [OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: "] + endless):
            with self.subTest(pieces[0][:50]):
                self.ends(self.get(pieces), 56, b"", "limit")

    def test_the_users_own_limit(self):
        long = OK + b"Content-Length: 2000\r\n\r\n" + b"x" * 2000
        self.ends(self.get(long, "--max-size", "1k"), 1, b"", "--max-size")
        self.ends(self.get(OK + b"\r\n" + b"x" * 2000, "--max-size", "1k"), 1, says="--max-size")
        self.ends(self.get(long, "--max-size", "2kB"), 0, b"x" * 2000)

    def test_a_header_that_is_printed_is_no_part_of_the_body(self):
        head = OK + b"Content-Length: 3\r\n\r\n"
        shown = head.replace(b"\r", b"")
        self.ends(self.get(head, "-I", "--max-size", "1"), 0, shown[:-1])
        self.ends(self.get(head + b"abc", "-i", "--max-size", "3"), 0, shown + b"abc")
        self.ends(self.get(head + b"abc", "-i", "--max-size", "2"), 1, shown, "--max-size")
        self.ends(self.get(head + b"a", "-i"), 18, shown + b"a", "; received 1 of 3 bytes")
        self.ends(self.get(head, "-i"), 18, shown, "within the body\n")
        part = b"HTTP/1.1 206 P\r\nContent-Range: bytes 0-2/3\r\nContent-Length: 3\r\n\r\n"
        self.ends(self.get(part + b"abc", "-i"), 0, part.replace(b"\r", b"") + b"abc")
        done = self.get(head + b"abc", "-i", "--json")
        self.assertIn(b'"bytes":3,', done.stderr + done.stdout)

    def test_what_a_server_says_is_shown_escaped(self):
        result = self.get(b"HTTP/1.1 302 Found\r\nLocation: http://x:\xc2\x9b31m\r\n\r\n")
        self.ends(result, 47)
        self.assertNotIn(b"\xc2\x9b", result.stderr)
        self.ends(self.get(b"HTTP/1.1 404 \x1b[31m\r\n\r\n"), 56)

    def test_silence_for_long_is_28(self):
        done = threading.Event()
        with Web(OK + b"Content-Length: 9\r\n\r\nhalf", hold=done) as web:
            self.ends(run("get", "-t", "200ms", web.url, "-o", self.folder / "f"), 28, b"",
                      ["200 ms", "4 of 9"])
            done.set()


class OnATerminal(GetCase):
    def test_a_page_is_saved_under_its_name(self):
        for path, name in ("a/page.html?x=1", "page.html"), ("", "index.html"):
            with self.subTest(path), Web(OK + b"Content-Length: 3\r\n\r\n\0\1\2") as web:
                code, shown = on_terminal("get", web.url + path, cwd=self.folder)
                self.assertEqual(code, 0, shown)
                self.assertIn(b"saved as " + name.encode(), shown)
                self.assertEqual((self.folder / name).read_bytes(), b"\0\1\2")

    def test_h19_what_is_there_stays_and_the_server_has_no_say_in_the_name(self):
        answer = (OK + b"Content-Disposition: attachment; filename=\"../evil\"\r\n"
                  b"Content-Length: 6\r\n\r\ntheirs")
        with Web(answer) as web:
            code, shown = on_terminal("get", web.url + "other", cwd=self.folder)
        self.assertEqual(code, 0, shown)
        (self.folder / "mine").write_text("mine")
        code, shown = on_terminal("get", "http://127.0.0.1:1/mine", cwd=self.folder)
        self.assertEqual(code, 23, shown)  # and nobody was asked
        self.assertIn(b"use -o mine to replace it", shown.replace(b"\r\n", b""))
        self.assertEqual((self.folder / "mine").read_text(), "mine")
        self.assertEqual(sorted(os.listdir(self.folder)), ["mine", "other"])

    def test_the_header_is_shown_and_the_body_saved(self):
        with Web(OK + b"Content-Length: 6\r\n\r\nhello\n") as web:
            code, shown = on_terminal("get", "-i", web.url, cwd=self.folder)
        self.assertEqual(code, 0)
        self.assertIn(b"HTTP/1.1 200 OK", shown)
        self.assertNotIn(b"hello", shown)
        self.assertEqual((self.folder / "index.html").read_bytes(), b"hello\n")

    def test_head_is_shown_and_nothing_saved(self):
        with Web(OK + b"Content-Length: 6\r\n\r\n") as web:
            code, shown = on_terminal("get", "-I", web.url, cwd=self.folder)
        self.assertEqual((code, os.listdir(self.folder)), (0, []))
        self.assertIn(b"HTTP/1.1 200 OK", shown)

    def test_binary_is_refused(self):
        with Web(OK + b"\r\n\0\1\2\3") as web:
            code, shown = on_terminal("get", "-o", "-", web.url)
        self.assertEqual(code, 23)
        self.assertIn(b"get %s: binary data is not printed on a terminal; use -o FILE or a pipe"
                      % web.url.encode(), shown)

    def test_text_is_shown_without_its_escapes(self):
        with Web(OK + b"\r\nplain \x1b[31m text of some length that is no binary") as web:
            code, shown = on_terminal("get", "-o", "-", web.url)
        self.assertEqual(code, 0)
        self.assertIn(b"plain \\x1b[31m text", shown)

    def test_the_bar_fits_and_goes_away(self):
        body = b"x" * 100_000
        pause = threading.Event()

        def script(c):
            c.recv(65536)
            c.sendall(OK + b"Content-Length: 500000\r\n\r\n")
            for _ in range(5):
                c.sendall(body)
                pause.wait(0.15)  # long enough for a bar

        for columns in 80, 40:
            with Peer(script) as peer:
                code, shown = on_terminal("get", f"http://127.0.0.1:{peer.port}/", "-o",
                                          self.folder / "f", columns=columns)
            self.assertEqual(code, 0)
            bars = [b for b in shown.split(b"\r\x1b[K") if b"%" in b]
            self.assertTrue(bars, shown)
            self.assertTrue(all(len(b) < columns for b in bars), bars)
            self.assertIn(b"left" if columns == 80 else b"%", bars[0])
            self.assertIn(b"500.0 kB in", shown.split(b"\r\x1b[K")[-1], shown)

    def test_no_bar_elsewhere(self):
        result = self.get(OK + b"Content-Length: 6\r\n\r\nhello\n", "-o", self.folder / "f")
        self.ends(result, 0, b"")
        self.assertEqual(result.stderr, b"")


if __name__ == "__main__":
    main()
