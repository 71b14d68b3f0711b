# SPDX-License-Identifier: MIT
"""`bight get --retry` and --max-time: what is tried again, and when all of it ends."""

import email.utils
import os
import socket
import threading
import time

from _cli import PATIENCE, Case, main, run
from _web import BODY, OK, Site, field, page

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: y\r\n\r\n"
NOW = b"Retry-After: 0"


def busy(status=b"503 Busy", *fields):
    return page(b"busy\n", *(fields or (NOW,)), status=status)


class Retry(Case):
    def test_of_the_answers_only_the_last_is_printed(self):
        for status in b"408", b"429", b"500", b"502", b"503", b"504":
            with Site(busy(status + b" X"), HEAD + b"abc") as site:
                self.ends(run("get", "-i", "--retry", 1, site.url), 0,
                          HEAD.replace(b"\r", b"") + b"abc")
            with Site(busy(status + b" X"), HEAD) as site:
                result = self.ends(run("get", "-I", "--retry", 1, site.url), 0)
                self.assertEqual(result.stdout, HEAD.replace(b"\r", b"")[:-1])
                self.assertTrue(all(r.startswith(b"HEAD ") for r in site.requests))

    def test_the_last_is_printed_when_it_is_no_better(self):
        for flag in "-i", "-I":
            with Site(busy(), busy()) as site:
                result = self.ends(run("get", flag, "--retry", 1, site.url), 22, says="503")
                self.assertEqual(result.stdout.count(b"HTTP/1.1 503 Busy\n"), 1)
                self.assertEqual(result.stdout.endswith(b"busy\n"), flag == "-i")

    def test_other_statuses_are_final(self):
        for status in b"404 X", b"501 X", b"505 X":
            with Site(busy(status), HEAD) as site:
                self.ends(run("get", "-I", "--retry", 1, site.url), 22)
                self.assertEqual(len(site.requests), 1)

    def test_a_connection_that_ends_before_the_header_is_tried_again(self):
        for flag in "-i", "-I":
            with Site(b"", HEAD + (b"abc" if flag == "-i" else b"")) as site:
                self.ends(run("get", flag, "--retry", 1, site.url), 0)

    def test_what_a_pipe_has_got_is_not_repeated(self):
        with Site(HEAD + b"a", HEAD + b"abc") as site:
            self.ends(run("get", "-i", "--retry", 1, site.url), 18, HEAD.replace(b"\r", b"") + b"a")
        self.assertEqual(len(site.requests), 1)

    def test_a_file_goes_on_and_its_header_is_printed_once(self):
        def rest(request):
            first = int(field(request, b"Range")[6:-1])
            return page(BODY[first:], b'ETag: "v1"', b"Content-Range: bytes %d-%d/%d" %
                        (first, len(BODY) - 1, len(BODY)), status=b"206 Partial Content")
        with Site(busy(), page(BODY, b'ETag: "v1"')[:60_000], rest) as site:
            result = self.ends(run("get", "-i", "--retry", 2, site.url, "-o", self.folder / "f"), 0)
        self.assertEqual((self.folder / "f").read_bytes(), BODY)
        self.assertNotIn(b"503", result.stdout)

    def test_a_date_says_how_long_to_wait(self):
        date = email.utils.formatdate(1e9, usegmt=True).encode()
        then = email.utils.formatdate(1e9 - 5, usegmt=True).encode()
        with Site(busy(b"503 Busy", b"Date: " + date, b"Retry-After: " + then), HEAD) as site:
            self.ends(run("get", "-I", "--retry", 1, site.url), 0, says="retrying in 0")


class MaxTime(Case):
    def test_ends_a_silent_server_with_28(self):
        done = threading.Event()

        def wait(_):
            done.wait(PATIENCE)
            return b""
        for flags in (), ("-I",), ("-i",), ("--retry", 9), ("-t", "1h"):
            done.clear()
            with Site(wait) as site:
                self.ends(run("get", "--max-time", "200ms", *flags, site.url), 28, b"",
                          ["get " + site.url, "200 ms", "--max-time"])
                done.set()

    def test_counts_what_trickles_in_and_keeps_it(self):
        done = threading.Event()

        def trickle(connection):
            with connection:
                connection.recv(65536)
                connection.sendall(OK + b'ETag: "v1"\r\nContent-Length: 1000\r\n\r\n')
                try:
                    while not done.wait(0.01):
                        connection.sendall(b"x")
                except OSError:
                    pass  # the client has ended
        listener = socket.create_server(("127.0.0.1", 0))
        serving = threading.Thread(target=lambda: trickle(listener.accept()[0]), daemon=True)
        serving.start()
        url = "http://127.0.0.1:%d/" % listener.getsockname()[1]
        result = self.ends(run("get", "--max-time", "1s", url, "-o", self.folder / "f"), 28, b"",
                           ["1 s (--max-time)", "of 1000 bytes", "f.part"])
        done.set()
        serving.join(PATIENCE)
        listener.close()
        self.assertNotIn(b"interrupted", result.stderr)
        part = (self.folder / "f.part").read_bytes()
        self.assertGreater(len(part), 0)

        def rest(request):
            first = int(field(request, b"Range")[6:-1])
            self.assertEqual(first, len(part))
            return page(b"y" * (1000 - first), b'ETag: "v1"', b"Content-Range: bytes %d-999/1000" %
                        first, status=b"206 Partial Content")
        with Site(rest, listener=socket.create_server(("127.0.0.1", int(url[17:-1])))) as site:
            self.ends(run("get", site.url, "-o", self.folder / "f"), 0)
        self.assertEqual(len((self.folder / "f").read_bytes()), 1000)

    def test_includes_waits_between_tries_and_redirects(self):
        with Site(busy(b"503 Busy", b"Retry-After: 60"), HEAD) as site:
            self.ends(run("get", "-m", "300ms", "--retry", 5, site.url), 28, b"", "--max-time")
            self.assertEqual(len(site.requests), 1)

        def slow(_):
            time.sleep(0.2)  # the work of a server, not a wait for something
            return page(b"", b"Location: /x", status=b"302 Found")
        with Site(*[slow] * 9) as site:
            self.ends(run("get", "-m", "500ms", site.url), 28, b"", "--max-time")
            self.assertLess(len(site.requests), 9)

    def test_of_other_schemes(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            target = "tcp://127.0.0.1:%d" % listener.getsockname()[1]
            self.ends(run("get", "--max-time", "200ms", target), 28, b"", ["get tcp", "--max-time"])
            # The TLS handshake never ends.
            target = target.replace("tcp", "tls")
            self.ends(run("get", "-m", "200ms", target, "--insecure"), 28, b"", "--max-time")

    def test_of_a_fifo_that_nobody_reads(self):
        os.mkfifo(self.folder / "f")
        with Site(page(b"x")) as site:
            self.ends(run("get", "-m", "200ms", site.url, "-o", self.folder / "f"), 28, b"",
                      "--max-time")

    def test_does_not_disturb_what_is_in_time(self):
        with Site(page(b"x")) as site:
            self.ends(run("get", "-m", "1h", site.url), 0, b"x")
        with Site(page(b"x")) as site:  # 0 is no limit, as for curl
            self.ends(run("get", "-m", "0", site.url), 0, b"x")
        self.ends(run("get", "-m", "1h", "http://127.0.0.1:1/"), 7, b"", "refused")
        for bad in "-1s", "x", "":
            self.ends(run("get", "-m", bad, "http://h/"), 2, b"", "--max-time")


if __name__ == "__main__":
    main()
