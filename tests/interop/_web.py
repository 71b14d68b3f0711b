# SPDX-License-Identifier: MIT
"""A scripted web server for the tests of `bight get`."""

import re
import socket
import threading

from _cli import PATIENCE

OK = b"HTTP/1.1 200 OK\r\n"
BODY = bytes(range(256)) * 400  # 102,400 bytes that know their place


def page(body, *fields, status=b"200 OK"):
    lines = b"".join(f + b"\r\n" for f in fields)
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), lines, body)


class Site:
    """A server whose script gives for each request, in order, the bytes to send; then it closes."""

    def __init__(self, *answers, listener=None):
        self.listener = listener or socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.requests = []
        self.answers = list(answers)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        for answer in self.answers:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    request += piece
                self.requests.append(request)
                try:
                    self._send(connection, answer(request) if callable(answer) else answer)
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(1)
                except OSError:
                    pass  # a client that has seen enough may go

    @staticmethod
    def _send(connection, answer):
        connection.sendall(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def field(request, name):
    found = re.search(rb"\r\n" + name + rb": ([^\r]*)", request)
    return found[1] if found else None
