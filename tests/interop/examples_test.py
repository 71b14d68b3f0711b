# SPDX-License-Identifier: MIT
"""usage: examples_test.py BUILD_DIR

The examples of the guide, with plain Python sockets as their peers. The five of the tutorial have
tests of their own.
"""

import hashlib
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from _examples import EXAMPLES, PATIENCE, Server, everything, received, run


class Examples(unittest.TestCase):
    def test_a_line_is_a_message_however_it_was_cut(self):
        with Server("line_server", "127.0.0.1:0") as server, server.connect() as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in (b"d", b"b", b"b\nli", b"ly\r\nlast"):
                peer.sendall(piece)
            self.assertEqual(received(peer, 23), b"Hello, dbb\nHello, lily\n")
            peer.shutdown(socket.SHUT_WR)
            self.assertIn(b"Goodbye: read_line: ", everything(peer))  # "last" had no end

    def test_an_endless_line_ends_its_session(self):
        with Server("line_server", "127.0.0.1:0") as server, server.connect() as peer:
            peer.sendall(b"x" * 1002)
            peer.shutdown(socket.SHUT_WR)
            self.assertIn(b"Goodbye: read_line: ", everything(peer))

    def test_the_first_of_two_answers_wins(self):
        with Server("line_server", "127.0.0.1:0") as server, socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            silence = "127.0.0.1:%d" % silent.getsockname()[1]
            done = run("first_answer", silence, server.address, "dbb")
            self.assertEqual(done.stdout, f"{server.address} says Hello, dbb\n")
            self.assertEqual(done.returncode, 0)
            done = run("first_answer", silence, silence, "dbb")
            self.assertIn("timed out after 2 s", done.stdout)
            self.assertEqual(done.returncode, 1)

    def test_a_question_that_was_lost_is_asked_again(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.settimeout(PATIENCE)
            at = "127.0.0.1:%d" % server.getsockname()[1]
            asking = subprocess.Popen([EXAMPLES / "udp_ask", at], text=True,
                                      stdout=subprocess.PIPE)
            self.assertEqual(server.recv(100), b"dbb")
            again, peer = server.recvfrom(100)
            self.assertEqual(again, b"dbb")
            server.sendto(b"Hello, dbb!", peer)
            said = asking.communicate(timeout=PATIENCE)[0]
            self.assertEqual(said.splitlines()[-1], "Hello, dbb!")
            self.assertEqual(asking.returncode, 0)

    def test_a_relay_passes_the_end_of_one_direction_on(self):
        with Server("line_server", "127.0.0.1:0") as server, \
                Server("relay", "127.0.0.1:0", server.address) as relay, relay.connect() as peer:
            peer.sendall(b"dbb\n" * 5000)
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(everything(peer), b"Hello, dbb\n" * 5000)

    def test_a_layer_throttles_an_echo_and_counts_it(self):
        with Server("throttle", "127.0.0.1:0") as server:
            with server.connect() as peer:
                begin = time.monotonic()
                peer.sendall(b"x" * 300)
                peer.shutdown(socket.SHUT_WR)
                self.assertEqual(everything(peer), b"x" * 300)
                self.assertGreater(time.monotonic() - begin, 0.2)
            status, said = server.drain()
            self.assertEqual(status, 0)
            self.assertTrue(said[-1].endswith(": 300 bytes received, 300 sent"), said)

    def test_files_are_hashed_off_the_loop_and_other_clients_do_not_wait(self):
        size = 300 << 20
        with Server("hash", "127.0.0.1:0") as server, tempfile.NamedTemporaryFile() as big:
            big.truncate(size)
            small = hashlib.sha256(b"abc").hexdigest() + "\n"
            upload = subprocess.Popen(["curl", "-sS", "-T", big.name, server.address],
                                      stdout=subprocess.PIPE, text=True)
            answered = 0
            while upload.poll() is None:
                told = subprocess.run(["curl", "-sS", "-d", "abc", server.address],
                                      capture_output=True, text=True, timeout=PATIENCE)
                self.assertEqual(told.stdout, small, told.stderr)
                answered += 1
            expected = hashlib.sha256()
            for _ in range(size >> 20):
                expected.update(bytes(1 << 20))
            self.assertEqual(upload.communicate()[0], expected.hexdigest() + "\n")
            self.assertGreater(answered, 1)
            self.assertEqual(subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}",
                                             server.address], capture_output=True, text=True,
                                            timeout=PATIENCE).stdout, "405")
            self.assertEqual(server.drain()[0], 0)

    def test_one_program_serves_tcp_udp_and_a_unix_socket_and_drains_all(self):
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/greet.sock"
            with Server("everywhere", "127.0.0.1:0", path, lines=3) as server:
                udp_at = server.said[1].rsplit(":", 1)[1]
                with server.connect() as peer:
                    self.assertEqual(received(peer, 7), b"Welcome")
                with socket.socket(socket.AF_UNIX) as peer:
                    peer.connect(path)
                    self.assertEqual(received(peer, 7), b"Welcome")
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
                    peer.settimeout(PATIENCE)
                    peer.sendto(b"dbb", ("127.0.0.1", int(udp_at)))
                    self.assertEqual(peer.recv(100), b"Hello, dbb!")
                code, said = server.drain()
                self.assertEqual(code, 0)
                self.assertEqual(len([s for s in said if s.startswith("Draining")]), 3)
            self.assertFalse(pathlib.Path(path).exists())

    def test_pages_come_on_one_connection_and_errors_are_told(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            at = "127.0.0.1:%d" % listener.getsockname()[1]

            def answer():
                peer, _ = listener.accept()
                with peer:
                    peer.settimeout(PATIENCE)
                    for _ in range(2):
                        while not peer.recv(65536).endswith(b"\r\n\r\n"):
                            pass
                        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")
            thread = threading.Thread(target=answer)
            thread.start()
            done = run("pages", f"http://{at}/one", f"http://{at}/two", "http://127.0.0.1:25/")
            thread.join(PATIENCE)
        one, two, three = done.stdout.splitlines()
        self.assertEqual(one, f"200 6 bytes of http://{at}/one")
        self.assertEqual(two, f"200 6 bytes of http://{at}/two")
        self.assertIn("forbids connections", three)
        self.assertEqual(done.returncode, 0)

    def test_a_greeting_survives_a_lossy_network_and_the_seed_says_how(self):
        first, again, other = (run("lossy_network_test", seed) for seed in ("7", "7", "8"))
        self.assertEqual((first.returncode, other.returncode), (0, 0), first.stdout)
        self.assertIn("100 of 100", first.stdout)
        self.assertEqual(first.stdout, again.stdout)
        self.assertNotEqual(first.stdout, other.stdout)

    def test_the_server_of_the_tutorial_speaks_tls_to_who_has_its_pin(self):
        with Server("tls_server", "127.0.0.1:0", lines=2) as server:
            pin, address = (line.split()[-1] for line in server.said)
            done = run("tls_client", address, pin)
            self.assertEqual(done.stdout.splitlines()[1:],
                             ["Welcome", "Hello, dbb", "Hello, lily"], done.stdout)
            self.assertTrue(done.stdout.startswith("TLSv1.3, "))
            refused = run("tls_client", address)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("self-signed", refused.stdout)


class HttpApi(unittest.TestCase):
    """http_api, judged by curl and by a browser's page that follows the events."""

    def curl(self, server, path, *arguments):
        done = subprocess.run(["curl", "-sS", "--max-time", str(PATIENCE), *arguments,
                               server.address + path], text=True, capture_output=True,
                              timeout=PATIENCE + 5)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def status(self, server, path, *arguments):
        return self.curl(server, path, "-o", "/dev/null", "-w", "%{http_code}", *arguments)

    def test_curl_lists_adds_and_deletes(self):
        with Server("http_api", "127.0.0.1:0") as server:
            self.assertEqual(json.loads(self.curl(server, "/items")), {})
            made = self.curl(server, "/items", "-i", "-d", '{"text": "buy tea"}')
            self.assertIn("201 Created", made)
            self.assertIn("Location: /items/1\n", made)
            self.assertEqual(json.loads(self.curl(server, "/items")), {"1": "buy tea"})
            for wrong in "{", "[]", '{"text": 1}', "":
                self.assertEqual(self.status(server, "/items", "-d", wrong), "422", wrong)
            self.assertEqual(self.status(server, "/items", "-T", "-", "-X", "POST"), "422")
            self.assertEqual(self.status(server, "/items", "-X", "PUT"), "405")
            self.assertEqual(self.status(server, "/items/1", "-X", "DELETE"), "204")
            self.assertEqual(self.status(server, "/items/1", "-X", "DELETE"), "404")
            self.assertEqual(self.status(server, "/items", "-I"), "200")
            self.assertEqual(self.status(server, "/no"), "404")
            with tempfile.NamedTemporaryFile() as big:
                big.truncate(2_000_000)
                self.assertEqual(self.status(server, "/items", "--data-binary", "@" + big.name),
                                 "413")
                self.assertEqual(
                    self.status(server, "/items", "-T", big.name, "-X", "POST"), "413")
            server.drain()

    def test_an_event_stream_follows_and_does_not_delay_a_drain(self):
        with Server("http_api", "127.0.0.1:0") as server:
            follower = subprocess.Popen(["curl", "-sSN", server.address + "/events"],
                                        stdout=subprocess.PIPE, text=True)
            self.addCleanup(follower.stdout.close)
            self.addCleanup(follower.wait, PATIENCE)
            self.addCleanup(follower.kill)

            def next_event():
                lines = [follower.stdout.readline() for _ in range(3)]
                self.assertEqual((lines[0], lines[2]), ("event: items\n", "\n"))
                return json.loads(lines[1].removeprefix("data: "))

            self.assertEqual(next_event(), {})
            self.curl(server, "/items", "-d", '{"text": "a"}')
            self.assertEqual(next_event(), {"1": "a"})
            self.curl(server, "/items/1", "-X", "DELETE")
            self.assertEqual(next_event(), {})
            began = time.monotonic()
            server.process.terminate()
            server.process.wait(PATIENCE)
            self.assertLess(time.monotonic() - began, 8)
            self.assertEqual(follower.wait(PATIENCE), 0)

    def test_a_page_in_a_browser_follows_the_events(self):
        browser = shutil.which("chromium")
        if browser is None:
            self.skipTest("chromium is not installed")
        # The page is a file, so the browser must be told to allow it another origin.
        with Server("http_api", "127.0.0.1:0") as server, tempfile.TemporaryDirectory() as folder:
            self.curl(server, "/items", "-d", '{"text": "from curl"}')
            page = ("<title>begin</title>"
                    f"<script>let s = new EventSource('{server.address}/events');"
                    "s.addEventListener('items', e => {document.title = e.data; s.close()})"
                    "</script>")
            (pathlib.Path(folder) / "page.html").write_text(page)
            done = subprocess.run(
                [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-web-security",
                 f"--user-data-dir={folder}/profile", "--virtual-time-budget=20000", "--dump-dom",
                 f"file://{folder}/page.html"], text=True, capture_output=True,
                timeout=3 * PATIENCE)
            self.assertIn("<title>{\"1\":\"from curl\"}</title>", done.stdout,
                          done.stderr[-2000:])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
