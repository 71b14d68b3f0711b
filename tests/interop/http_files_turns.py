# SPDX-License-Identifier: MIT
"""`bight serve files`: what it must not open, whom it must not hold up, and how it drains."""

import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time

from _cli import PATIENCE, Serve, main, read_all, silent_for
from http_files import Files


class OddFiles(Files):
    def test_a_fifo_is_not_even_opened(self):
        (self.shared / "to-fifo").symlink_to("fifo")
        # A writer waits in open(2) until somebody opens the other end.
        writer = subprocess.Popen(["sh", "-c", f"echo x > '{self.shared}/fifo'"])
        self.addCleanup(writer.wait, PATIENCE)
        self.addCleanup(writer.kill)
        for path in b"/fifo", b"/to-fifo", b"/fifo/":
            for method in b"GET", b"HEAD":
                self.assertEqual(self.get(path, method=method)[0], 404)
        self.assertNotIn(b"fifo", self.get(b"/")[2])
        self.assertIsNone(writer.poll())
        self.assertEqual((self.shared / "fifo").read_bytes(), b"x\n")

    def test_a_socket_and_a_device_are_not_there(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(self.shared / "socket"))
            (self.shared / "null").symlink_to("/dev/null")
            self.assertEqual(self.get(b"/socket")[0], 404)
            self.assertEqual(self.get(b"/null")[0], 404)
            page = self.get(b"/")[2]
            self.assertNotIn(b"socket", page)
            self.assertNotIn(b"null", page)

    def test_what_cannot_be_read_now_is_not_told_as_absent(self):
        pid = self.server.process.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        for path, there in (b"/", b"big"), (b"/big", self.big[:9]), (b"/sub/", b"index"):
            with self.subTest(path), self.server.connect() as c:
                # The session has its descriptor by the first answer.
                c.sendall(b"HEAD /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertIn(b" 404 ", c.recv(4096))
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
                c.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path)
                answer = read_all(c)
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
                self.assertIn(b" 503 ", answer)
                self.assertIn(b"\r\nRetry-After: 1\r\n", answer)
                self.server.until(b"Too many open files")
            status, _, body = self.get(path)
            self.assertEqual(status, 200)
            self.assertIn(there, body)

    def test_a_file_that_becomes_a_fifo_and_back_is_never_opened_as_one(self):
        swapped = self.shared / "swapped"
        file, fifo = self.shared / "big", self.shared / "fifo"
        over = threading.Event()

        def swap():
            while not over.is_set():
                for target in file, fifo:
                    (self.shared / "next").symlink_to(target.name)
                    os.rename(self.shared / "next", swapped)

        thread = threading.Thread(target=swap)
        thread.start()
        writer = subprocess.Popen(["sh", "-c", f"echo x > '{fifo}'"])
        try:
            seen = {self.get(b"/swapped", method=b"HEAD")[0] for _ in range(300)}
            self.assertIsNone(writer.poll())
        finally:
            over.set()
            thread.join(PATIENCE)
            writer.kill()
            writer.wait(PATIENCE)
        self.assertLessEqual(seen, {200, 404})


class Turns(Files):
    def setUp(self):
        super().setUp()
        (self.shared / "many").mkdir()
        for i in range(10_000):
            os.symlink("../sub/index.html", self.shared / "many" / f"name {i:05}")

    def test_a_client_that_asks_for_much_does_not_hold_up_another(self):
        one = b"HEAD /many/%s HTTP/1.1\r\nHost: x\r\n\r\n"
        with self.server.connect() as greedy:
            began = time.monotonic()
            greedy.sendall(one % b"" * 100)
            waits = []
            while True:
                start = time.monotonic()
                self.assertEqual(self.get(b"/sub/")[0], 200)
                waits.append(time.monotonic() - start)
                if time.monotonic() - began > 3 or (
                        len(waits) > 20 and silent_for(greedy, 0)):
                    break
            self.assertLess(max(waits), 2)

    def test_a_long_listing_is_whole_and_up_to_date(self):
        def names():
            return re.findall(rb'href="\./([^"]+)"', self.get(b"/many/")[2])
        self.assertEqual(names(), [b"name%%20%05d" % i for i in range(10_000)])
        os.unlink(self.shared / "many" / "name 00000")
        time.sleep(0.02)  # a tick of the file system's clock
        (self.shared / "many" / "new").write_text("x")
        found = names()
        self.assertEqual((found[0], found[-1], len(found)),
                         (b"name%2000001", b"new", 10_000))
        (self.shared / "many" / "one too many").write_text("x")
        page = self.get(b"/many/")[2]
        self.assertTrue(page.endswith(b"<p>Only the first 10000 names are listed.\n"), page[-100:])


class Drains(Files):
    def test_a_kept_connection_does_not_hold_up_a_drain(self):
        for flags in [], ["--threads", "2"]:
            with Serve("files", self.shared, "-l", "127.0.0.1:0", "--drain", "1h",
                       *flags) as server:
                kept = [server.connect() for _ in range(4)]
                for c in kept[1:]:
                    c.sendall(b"HEAD /sub/ HTTP/1.1\r\nHost: x\r\n\r\n")
                    self.assertIn(b"Connection: keep-alive", c.recv(4096))
                server.signal(signal.SIGTERM)
                began = time.monotonic()
                self.assertEqual(server.wait(), 0)
                self.assertLess(time.monotonic() - began, 10)
                for c in kept:
                    self.assertEqual(c.recv(1), b"")
                    c.close()

    def test_a_request_that_has_begun_is_answered_and_is_the_last(self):
        with Serve("files", self.shared, "-l", "127.0.0.1:0") as server, server.connect() as c:
            c.sendall(b"GET /sub/ HTTP/1.1\r\nHost: x\r\n")
            with server.connect() as other:  # accepted later, so the first bytes have been read
                other.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertIn(b" 200 ", other.recv(4096))
            server.signal(signal.SIGTERM)
            server.until(b"for 1 connection")
            c.sendall(b"\r\n")
            answer = read_all(c)
            self.assertIn(b"Connection: close", answer)
            self.assertTrue(answer.endswith(b"<p>index\n"))
            c.close()
            self.assertEqual(server.wait(), 0)


if __name__ == "__main__":
    main()
