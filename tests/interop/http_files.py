# SPDX-License-Identifier: MIT
"""`bight serve files` with curl, `bight get`, HAProxy in front of it, and requests by hand."""

import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import threading

from _cli import PATIENCE, TOOL, Serve, Tool, main, read_all, run
from _files import Files, curl


class Content(Files):
    def test_curl_gets_what_is_there(self):
        self.assertEqual(curl(self.url + "big").stdout, self.big)
        self.assertEqual(curl(self.url + "sub/").stdout, b"<p>index\n")
        self.assertEqual(curl("-L", self.url + "sub").stdout, b"<p>index\n")
        self.assertEqual(curl(self.url + "inside").stdout, b"<p>index\n")
        self.assertEqual(curl(self.url + "a%20b&%3Cc%3E.txt").stdout, b"odd\n")

    def test_a_listing_leads_to_its_files_and_shows_no_others(self):
        page = curl(self.url).stdout.decode()
        links = re.findall(r'href="([^"]+)"', page)
        self.assertEqual(links, ["./sub/", "./a%20b%26%3Cc%3E.txt", "./big", "./inside"])
        self.assertNotIn("<c>", page)
        self.assertEqual(curl(self.url + links[1][2:]).stdout, b"odd\n")

    def test_a_listing_is_a_page_with_status_200(self):
        status, head, body = self.get(b"/")
        self.assertEqual(status, 200)
        self.assertIn(b"HTTP/1.1 200 OK", head)
        self.assertIn(b"Content-Type: text/html; charset=utf-8", head)
        self.assertIn(b"Content-Length: %d" % len(body), head)

    def test_h19_nothing_outside_the_folder_can_be_had(self):
        for path in (b"/../secret", b"/sub/../../secret", b"/%2e%2e/secret", b"/..%2fsecret",
                     b"/outside", b"/absolute", b"/up/secret", b"/.hidden", b"/sub/../.hidden",
                     b"/%2ehidden", b"//etc/passwd", b"/fifo", b"/big/", b"/big%00", b"/no",
                     b"/sub/%2e%2e/%2e%2e/secret", b"/./../secret", b"/..\\secret"):
            with self.subTest(path):
                status, _, body = self.get(path)
                self.assertIn(status, (404, 400), body)
                self.assertNotIn(b"secret", body.replace(b"../secret", b""))

    def test_head_is_get_without_the_body(self):
        for path in b"/big", b"/", b"/no":
            got = self.get(path)
            head = self.get(path, method=b"HEAD")
            strip = lambda h: re.sub(rb"Date: [^\r]*", b"", h)
            self.assertEqual(strip(got[1]), strip(head[1]))
            self.assertEqual(head[2], b"")

    def test_other_methods_are_refused(self):
        for method in b"POST", b"PUT", b"DELETE", b"OPTIONS", b"CONNECT", b"get":
            status, head, _ = self.get(b"/big", method=method)
            self.assertEqual(status, 405, method)
            self.assertIn(b"Allow: GET, HEAD", head)


    def test_a_method_that_is_not_there_may_have_a_body(self):
        for fields, body in ((b"Content-Length: 5", b"hello"), (b"Content-Length: 0", b""),
                             (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
                             (b"Content-Length: 5\r\nExpect: 100-continue", b"")):
            with self.subTest(fields):
                answer = self.ask(b"POST /big HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n\r\n"
                                  + body)
                self.assertTrue(answer.startswith(b"HTTP/1.1 405 "), answer)
                self.assertEqual(answer.count(b"HTTP/1.1"), 1, answer)
        (self.folder / "upload").write_bytes(os.urandom(20_000_000))
        done = curl("-i", "-T", self.folder / "upload", "-H", "Expect:", self.url)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"HTTP/1.1 405 ", done.stdout)

    def test_the_body_of_a_get_is_no_second_request(self):
        smuggled = b"GET /no HTTP/1.1\r\nHost: x\r\n\r\n"
        for framing in b"Content-Length: %d" % len(smuggled), b"Transfer-Encoding: chunked":
            answer = self.ask(b"GET /sub/ HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n\r\n"
                              + smuggled)
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)
            self.assertEqual(answer.count(b"HTTP/1.1"), 1, answer)
            self.assertIn(b"Connection: close", answer)

    def test_a_target_may_hold_what_should_be_encoded(self):
        for name in ("a[1]|b^c.txt", "zürich.txt", "100%.txt", "100%zz", 'q"<>`{}.txt', "a\\b",
                     "a+b=c&d;e.txt"):
            (self.shared / name).write_text(name)
            raw = name.encode()
            every = b"".join(b"%%%02x" % byte for byte in raw)
            for path in raw, every, b"/sub/../" + raw, b"//" + raw, raw + b"?x=[y]", raw + b"#top":
                with self.subTest(path):
                    status, _, body = self.get(b"/" + path)
                    self.assertEqual((status, body), (200, raw))
        status, head, _ = self.get(b"/sub?x=[1]&y")
        self.assertEqual(status, 301)
        self.assertIn(b"Location: /sub/?x=%5B1%5D&y\r\n", head)

    def test_the_types_are_the_system_s(self):
        for name, wanted in (("a.HTML", "text/html; charset=utf-8"), ("b.Png", "image/png"),
                             ("c.webm", "video/webm"), ("d.woff2", "font/woff2"),
                             ("e.tar.gz", "application/gzip"),
                             ("f.LOG", "text/plain; charset=utf-8"),
                             ("png", "application/octet-stream"),
                             ("g.", "application/octet-stream"),
                             ("h.unheard", "application/octet-stream")):
            (self.shared / name).write_text("")
            _, head, _ = self.get(b"/" + name.encode())
            self.assertIn(f"Content-Type: {wanted}\r\n".encode(), head)


class Requests(Files):
    def test_many_on_one_connection_sent_at_once(self):
        one = b"GET /sub/ HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = self.ask(one * 50)
        self.assertEqual(answer.count(b"<p>index\n"), 50)

    def test_byte_by_byte(self):
        with self.server.connect() as c:
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b"GET /sub/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
                c.sendall(bytes([byte]))
            self.assertTrue(read_all(c).endswith(b"<p>index\n"))

    def test_a_line_may_end_with_lf_alone(self):
        for text in (b"GET /sub/ HTTP/1.1\nHost: x\nConnection: close\n\n",
                     b"GET /sub/ HTTP/1.1\r\nHost: x\nConnection: close\n\r\n",
                     b"\nGET /sub/ HTTP/1.0\n\n"):
            self.assertTrue(self.ask(text).endswith(b"<p>index\n"), text)
        self.assertEqual(self.ask(b"GET /sub/ HTTP/1.1\nHost: x\n\n" * 3).count(b"<p>index\n"), 3)

    def test_a_request_that_is_cut_off_is_not_answered(self):
        for text in b"GET /sub/", b"GET /sub/ HTTP/1.1\r\n", b"GET /sub/ HTTP/1.1\r\nHost: x\r\n":
            with self.server.connect() as c:
                c.sendall(text)
                c.shutdown(socket.SHUT_WR)
                with self.assertRaises(ConnectionResetError):
                    self.assertEqual(read_all(c), b"")

    def test_empty_lines_before_a_request_are_passed_over(self):
        request = b"GET /sub/ HTTP/1.1\r\nHost: x\r\n\r\n"
        for lines in b"\r\n", b"\n", b"\r\n" * 9, b"\n\n\r\n\n":
            answer = self.ask(lines + request + lines + request)
            self.assertEqual(answer.count(b"HTTP/1.1 200 "), 2, lines)
        self.assertTrue(self.ask(b"\r\n" * 20000).startswith(b"HTTP/1.1 400 "))

    def test_what_is_no_request_is_refused_and_ends_the_connection(self):
        for text in (b"GET /\r\n\r\n", b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
                     b"GET / HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x y\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
                     b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n",
                     b"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", b"GET\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", b"\x16\x03\x01\r\n\r\n",
                     b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nno\r\n\r\n"):
            answer = self.ask(text + b"GET /sub/ HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), (text, answer[:60]))
            self.assertEqual(answer.count(b"HTTP/1.1"), 1, text)
            self.assertIn(b"Connection: close", answer)

    def test_g08_a_client_of_tls_is_told_at_once(self):
        for client in (["curl", "-sSk"], [TOOL, "get", "--insecure"]):
            secure = self.url.replace("http:", "https:")
            done = subprocess.run([*client, secure], capture_output=True, timeout=PATIENCE)
            self.assertEqual((done.returncode, done.stdout), (35, b""), done.stderr)
            if client[0] == TOOL:
                self.assertIn(b'does not speak TLS; it sent "HTTP/1.1 400', done.stderr)
        self.server.until(b" uses TLS, but this server does not (see --tls)", times=2)

    def test_c08_an_endless_header_is_refused(self):
        answer = self.ask(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20000)
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer[:60])

    def test_http_1_0_is_answered_and_closed(self):
        answer = self.ask(b"GET /sub/ HTTP/1.0\r\n\r\n")
        self.assertIn(b"Connection: close", answer)
        self.assertTrue(answer.endswith(b"<p>index\n"))

    def test_many_clients(self):
        digest = hashlib.sha256(self.big).hexdigest()
        digests = []
        def fetch():
            digests.append(hashlib.sha256(curl(self.url + "big").stdout).hexdigest())
        threads = [threading.Thread(target=fetch) for _ in range(20)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(PATIENCE * 2)
        self.assertEqual(digests, [digest] * 20)

    def test_c02_a_client_that_does_not_read_disturbs_nobody(self):
        with self.server.connect() as stalled:
            stalled.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
            self.assertEqual(curl(self.url + "big").stdout, self.big)

    def test_a_file_that_shrinks_under_its_reader_ends_by_a_reset(self):
        huge = self.shared / "huge"
        with huge.open("wb") as file:
            file.truncate(200_000_000)  # far more than the buffers between hold
        with self.server.connect() as c:
            c.sendall(b"GET /huge HTTP/1.0\r\n\r\n")
            got = len(c.recv(1000))
            os.truncate(huge, 0)
            with self.assertRaises(ConnectionResetError):
                while piece := c.recv(65536):
                    got += len(piece)
        self.assertLess(got, 200_000_000)

    def test_i14_a_target_writes_no_line_of_its_own(self):
        self.get(b"/%0aAccept%20new\x1b[31m")
        self.server.signal(signal.SIGTERM)
        self.server.wait()
        self.assertNotIn(b"\x1b", self.server.output["err"] + self.server.output["out"])

    def test_json_tells_each_request(self):
        with Serve("files", self.shared, "-l", "127.0.0.1:0", "--json") as server:
            curl(f"http://{server.address}/sub/")
            server.until(b'"event":"request"', "out")
            self.assertIn(b'"method":"GET","target":"/sub/","status":200', server.output["out"])


class Together(Files):
    def test_bight_get_saves_and_checks(self):
        digest = hashlib.sha256(self.big).hexdigest()
        self.ends(run("get", self.url + "big", "-o", self.folder / "f", "--sha256", digest), 0)
        self.assertEqual((self.folder / "f").read_bytes(), self.big)
        self.ends(run("get", self.url + "big", "-o", self.folder / "g", "--sha256", "0" * 64), 1,
                  b"", "SHA-256")
        self.assertEqual([p.name for p in self.folder.glob("g*")], [])

    def test_an_interrupted_get_goes_on_where_it_was(self):
        with Tool("get", "--limit-rate", "1MB", self.url + "big", "-o", self.folder / "f") as tool:
            part = self.folder / "f.part"
            while not part.exists() or part.stat().st_size < 200_000:
                self.assertIsNone(tool.process.poll(), tool.output)
            tool.signal(signal.SIGINT)
            self.assertEqual(tool.wait(), -signal.SIGINT)
        had = part.stat().st_size
        self.assertLess(had, len(self.big))
        result = self.ends(run("get", "-v", self.url + "big", "-o", self.folder / "f"), 0,
                           says="Resuming after")
        self.assertEqual((self.folder / "f").read_bytes(), self.big)
        self.assertEqual([p.name for p in self.folder.glob("f*")], ["f"], result.stderr)

    def test_a_part_of_another_version_is_not_gone_on_with(self):
        (self.folder / "f.part").write_bytes(b"x" * 1000)
        (self.folder / "f.part.from").write_text(f'{self.url}big\n"another"\n')
        self.ends(run("get", self.url + "big", "-o", self.folder / "f"), 0)
        self.assertEqual((self.folder / "f").read_bytes(), self.big)

    def test_behind_haproxy(self):
        if not shutil.which("haproxy"):
            self.skipTest("haproxy is not installed")
        # haproxy inherits a socket that listens already: no port is guessed.
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        config = self.folder / "haproxy.cfg"
        config.write_text(f"""
defaults
    mode http
    timeout connect {PATIENCE}s
    timeout client {PATIENCE}s
    timeout server {PATIENCE}s
    http-reuse always
frontend f
    bind fd@{listener.fileno()}
    default_backend b
backend b
    server s {self.server.address}
""")
        proxy = subprocess.Popen(["haproxy", "-db", "-f", config], pass_fds=[listener.fileno()],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(proxy.wait, PATIENCE)
        self.addCleanup(proxy.kill)
        url = "http://127.0.0.1:%d/" % listener.getsockname()[1]
        for _ in range(5):
            self.assertEqual(curl("--retry", 5, url + "big").stdout, self.big)
        self.ends(run("get", url + "big", "-o", self.folder / "f"), 0)
        self.assertEqual((self.folder / "f").read_bytes(), self.big)
        self.assertEqual(curl("-r", "5-9", url + "big").stdout, self.big[5:10])


if __name__ == "__main__":
    main()
