# SPDX-License-Identifier: MIT
"""A folder that `bight serve files` serves, and requests to it."""

import os
import socket
import subprocess

from _cli import PATIENCE, Case, Serve, read_all


def curl(*args, **more):
    return subprocess.run(["curl", "-sS", "--max-time", str(PATIENCE), *map(str, args)],
                          capture_output=True, timeout=PATIENCE + 5, **more)


class Files(Case):
    def setUp(self):
        super().setUp()
        self.shared = self.folder / "shared"
        (self.shared / "sub").mkdir(parents=True)
        (self.folder / "secret").write_text("secret")
        self.big = os.urandom(3_000_000)
        (self.shared / "big").write_bytes(self.big)
        (self.shared / "a b&<c>.txt").write_text("odd\n")
        (self.shared / ".hidden").write_text("hidden")
        (self.shared / "sub/index.html").write_text("<p>index\n")
        (self.shared / "inside").symlink_to("sub/index.html")
        (self.shared / "outside").symlink_to("../secret")
        (self.shared / "absolute").symlink_to(self.folder / "secret")
        (self.shared / "up").symlink_to("..")
        os.mkfifo(self.shared / "fifo")
        self.server = Serve("files", self.shared, "-l", "127.0.0.1:0")
        self.addCleanup(self.server.__exit__)
        self.url = f"http://{self.server.address}/"

    def ask(self, text):
        """What the server sends for these bytes, up to its end."""
        with self.server.connect() as c:
            c.sendall(text)
            c.shutdown(socket.SHUT_WR)
            return read_all(c)

    def get(self, path, *fields, method=b"GET"):
        lines = b"".join(f + b"\r\n" for f in fields)
        answer = self.ask(method + b" " + path + b" HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split(b" ")[1]), head, body
