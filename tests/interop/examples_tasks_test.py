# SPDX-License-Identifier: MIT
"""usage: examples_tasks_test.py BUILD_DIR

The examples with queues, semaphores, intervals and retries: chat, crawl and scan.
"""

import collections
import contextlib
import pathlib
import re
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from _examples import EXAMPLES, PATIENCE, Server, everything, received, run
from _nginx import Nginx, binary


def heard_by_all(peers, count):
    """The different texts of that length that the peers get; each is read as soon as it comes."""
    texts = {peer: bytearray() for peer in peers}
    with selectors.DefaultSelector() as waiting:
        for peer in peers:
            waiting.register(peer, selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(PATIENCE)
            if not ready:
                break
            for key, _ in ready:
                piece = key.fileobj.recv(count - len(texts[key.fileobj]))
                texts[key.fileobj] += piece
                if not piece or len(texts[key.fileobj]) == count:
                    waiting.unregister(key.fileobj)
    return {bytes(text) for text in texts.values()}


class Between(unittest.TestCase):
    def test_in_a_chat_everybody_but_the_speaker_hears(self):
        with Server("chat", "127.0.0.1:0") as server, server.connect() as one:
            one.settimeout(PATIENCE)
            with server.connect() as two:
                # Accepted in order, so whoever hears the third knows that all three are in.
                with server.connect() as three:
                    three.sendall(b"hello\n")
                    self.assertEqual(received(one, 6), b"hello\n")
                    self.assertEqual(received(two, 6), b"hello\n")
                    two.sendall(b"and you\n")
                    self.assertEqual(received(three, 8), b"and you\n")

    def test_in_a_chat_two_hundred_guests_miss_none_of_three_thousand_pasted_lines(self):
        lines = b"".join(b"%06d %s\n" % (i, b"x" * 40) for i in range(3000))
        with Server("chat", "127.0.0.1:0") as server, contextlib.ExitStack() as everybody:
            guests = [everybody.enter_context(server.connect()) for _ in range(200)]
            # Accepted in order, so whoever hears the last one knows that all are in.
            speaker = everybody.enter_context(server.connect())
            self.meet(guests[-1], speaker)
            for guest in guests[:-1]:
                self.assertEqual(received(guest, 6), b"hello\n")
            speaking = threading.Thread(target=speaker.sendall, args=(lines,), daemon=True)
            speaking.start()
            self.assertEqual(heard_by_all(guests, len(lines)), {lines})
            speaking.join(PATIENCE)
            # A guest that has said its last word still gets what was said before, and the end.
            guests[0].sendall(b"bye\n")
            guests[0].shutdown(socket.SHUT_WR)
            self.assertEqual(received(speaker, 4), b"bye\n")
            self.assertEqual(guests[0].recv(1), b"")

    def test_in_a_chat_a_guest_that_does_not_read_is_cut_and_delays_nobody(self):
        lines = b"".join(b"%06d %s\n" % (i, b"x" * 400) for i in range(2000))
        with Server("chat", "127.0.0.1:0") as server, socket.socket() as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.settimeout(PATIENCE)
            stuck.connect(("127.0.0.1", int(server.address.rsplit(":", 1)[1])))
            with server.connect() as reader, server.connect() as speaker:
                self.meet(reader, speaker)
                # The kernel holds up to 4 MB for the stuck one, its queue 1.6 MB.
                for _ in range(20):
                    self.assertEqual(self.spoken(speaker, lines, reader), lines)
                size = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(
                    f"/proc/{server.process.pid}/status").read_text())[1])
                self.assertLess(size, 400_000)  # kB; a sanitizer needs much of it
                with self.assertRaises(ConnectionResetError):
                    everything(stuck)

    def meet(self, reader, speaker):
        """Returns once the speaker's words reach the reader."""
        reader.settimeout(PATIENCE)
        speaker.sendall(b"hello\n")
        self.assertEqual(received(reader, 6), b"hello\n")

    def spoken(self, speaker, lines, reader):
        """What the reader gets while the speaker says these lines."""
        speaking = threading.Thread(target=speaker.sendall, args=(lines,), daemon=True)
        speaking.start()
        got = received(reader, len(lines))
        speaking.join(PATIENCE)
        return got

    @unittest.skipUnless(binary(), "nginx is not installed")
    def test_a_crawl_gets_every_page_of_a_site_that_is_busy_and_reports_broken_ones(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for part in ("site", "site/busy"):
                (root / part).mkdir()
            links = [f"/{i}.html" for i in range(20)] + [f"/busy/{i}.html" for i in range(10)]
            pages = links + ["/index.html#top", "mailto:a@b", "http://127.0.0.1:1/", "/broken"]
            (root / "site/index.html").write_text("".join(f'<a href="{x}">x</a>' for x in pages))
            for link in links:
                (root / f"site{link}").write_text('<a href="/">home</a>' + "x" * 1000)
            nginx = Nginx(folder, f"""
                log_format times "$status $msec";
                limit_req_zone all zone=busy:1m rate=10r/s;
                limit_req_status 429;
                server {{
                  listen <0>; root {folder}/site; access_log {folder}/access.log times;
                  location /busy/ {{ limit_req zone=busy; }}
                  location /broken {{ return 500; }}
                }}""")
            try:
                done = run("crawl", f"http://127.0.0.1:{nginx.ports[0]}/")
            finally:
                nginx.stop()
            log = [line.split() for line in (root / "access.log").read_text().splitlines()]
        self.assertIn("33 pages, 1 failed", done.stdout)
        self.assertIn("/broken: 500 Internal Server Error\n", done.stdout)
        self.assertEqual(done.returncode, 1)
        statuses = collections.Counter(status for status, _ in log)
        self.assertEqual((statuses["200"], statuses["500"]), (32, 8))
        self.assertGreater(statuses["429"], 0)
        took = max(float(t) for _, t in log) - min(float(t) for _, t in log)
        self.assertGreater(took, len(log) / 20 * 0.8)  # at most 20 a second

    def test_a_scan_finds_the_open_ports_of_a_machine_in_order(self):
        def scan(*arguments):
            return subprocess.run(["unshare", "--net", "--map-root-user", "sh", "-c",
                                   'ip link set lo up && exec "$@"', "-", *arguments],
                                  text=True, timeout=PATIENCE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        if not shutil.which("ip") or scan("true").returncode != 0:
            self.skipTest("needs the right to make network namespaces")
        ports = [1, 22, 499, 500, 501, 502, 32768, 40000, 65535]
        # The listeners are in the namespace too: Python holds them, and then becomes the scan.
        listen = ("import os, socket, sys\n"
                  f"held = [socket.create_server(('127.0.0.1', p)) for p in {ports}]\n"
                  "for s in held: os.set_inheritable(s.fileno(), True)\n"
                  "os.execvp(sys.argv[1], sys.argv[1:])\n")
        done = scan(sys.executable, "-c", listen, EXAMPLES / "scan", "127.0.0.1")
        self.assertEqual(done.stdout.split(), [str(p) for p in ports])
        self.assertEqual(done.returncode, 0)
        if shutil.which("nmap"):
            done = scan(sys.executable, "-c", listen, "nmap", "-n", "-p1-65535", "-oG", "-",
                        "127.0.0.1")
            self.assertEqual([int(p) for p in re.findall(r"(\d+)/open/", done.stdout)], ports)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
