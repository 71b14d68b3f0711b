# SPDX-License-Identifier: MIT
"""Runs the examples of BUILD_DIR, the first argument."""

import pathlib
import socket
import subprocess
import sys

EXAMPLES = pathlib.Path(sys.argv[1]) / "examples"
PATIENCE = 30


class Server:
    """An example that serves, from its first words until it has drained."""

    def __init__(self, name, *arguments, lines=1):
        self.process = subprocess.Popen([EXAMPLES / name, *arguments], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.said = [self.process.stdout.readline().strip() for _ in range(lines)]
        self.address = self.said[0].split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.process.terminate()
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.stdout.close()

    def drain(self):
        self.process.terminate()
        rest = self.process.communicate(timeout=PATIENCE)[0]
        return self.process.returncode, rest.splitlines()

    def connect(self):
        host, port = self.address.rsplit(":", 1)
        return socket.create_connection((host, int(port)), PATIENCE)


def received(peer, count):
    data = b""
    while len(data) < count and (piece := peer.recv(count - len(data))):
        data += piece
    return data


def everything(peer):
    return b"".join(iter(lambda: peer.recv(65536), b""))


def run(name, *arguments):
    return subprocess.run([EXAMPLES / name, *arguments], text=True, timeout=PATIENCE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
