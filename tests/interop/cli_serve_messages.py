# SPDX-License-Identifier: MIT
"""What `serve` prints about its sessions, and each response of `serve files`, word for word."""

import contextlib
import os
import re
import signal
import socket

from _cli import PATIENCE, Case, Serve, main, read_all
from _files import Files


class Sessions(Case):
    CASES = {"greet": ([], 3, 17), "echo": ([], 3, 3), "discard": ([], 3, 0),
             "text": (["hello"], 3, 5)}

    def test_each_handler_is_reported_with_its_bytes(self):
        for handler, (words, received, sent) in self.CASES.items():
            with self.subTest(handler), Serve(handler, *words, "--json") as server:
                with server.connect() as client:
                    peer = "127.0.0.1:%d" % client.getsockname()[1]
                    client.sendall(b"abc")
                    client.shutdown(socket.SHUT_WR)
                    self.assertEqual(len(read_all(client)), sent)
                server.until(b'"closed"', "out")
                ends = '"proto":"tcp","peer":"%s"' % peer
                self.assertEqual(server.output["out"].decode().splitlines()[1:],
                                 ['{"event":"accepted",%s}' % ends,
                                  '{"event":"closed",%s,"received":%d,"sent":%d}'
                                  % (ends, received, sent)])

    def test_a_session_and_a_datagram_are_a_line_each(self):
        with Serve("echo", "-l", "127.0.0.1:0", "-l", "udp://127.0.0.1:0") as server:
            with server.connect() as client:
                peer = "127.0.0.1:%d" % client.getsockname()[1]
            server.until(b" closed.\n")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(PATIENCE)
                client.connect(("127.0.0.1", int(server.addresses[1][1].rsplit(":", 1)[1])))
                other = "127.0.0.1:%d" % client.getsockname()[1]
                client.send(b"x")
                self.assertEqual(client.recv(10), b"x")
            server.until(b"Received from")
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)
            self.assertEqual(server.output["err"].decode(),
                             f"Listening on tcp://{server.address}, for this machine only\n"
                             f"Listening on udp://{server.addresses[1][1]}, for this machine "
                             "only\n"
                             f"Accept new connection from {peer}...\n"
                             f"Connection from {peer} closed.\n"
                             f"Received from {other}.\n")

    def test_a_server_with_tls_names_the_command_for_its_clients(self):
        path = self.folder / "s"
        local = ", for this machine only\n"
        for args, listening, command, more in (
                (["echo"], "tls://AT" + local, "connect tls://AT", ""),
                (["files", "."], "tls://AT" + local + "Serving . at https://AT/\n",
                 "get https://AT/", ""),
                (["echo", "-l", f"unix:{path}"], f"unix:{path}\n", f"connect --tls unix:{path}",
                 ""),
                (["echo", "-l", "0.0.0.0:0"], "tls://AT, open to the network\n",
                 "connect tls://localhost:PORT", " (from another machine, use this machine's name)")
        ):
            with self.subTest(args), Serve(*args, "--tls") as server:
                server.until(b"--pin ")
                server.signal(signal.SIGTERM)
                self.assertEqual(server.wait(), 0)
                printed = server.output["err"].decode().replace(server.address, "AT")
                port = server.address.rsplit(":", 1)[-1]
                self.assertEqual(
                    re.sub("sha256//[A-Za-z0-9+/]{43}=", "PIN",
                           printed.replace("localhost:" + port, "localhost:PORT")),
                    f"Listening on {listening.replace(str(path), 'AT')}"
                    "Made a self-signed certificate, valid while this server runs. To connect"
                    f"{more}:\n  bight {command.replace(str(path), 'AT')} --pin PIN\n")

    def test_a_drain_names_how_many_it_waits_for(self):
        for clients, what in (1, "1 connection. Ctrl-C again closes it now."), \
                (2, "2 connections. Ctrl-C again closes them now."):
            with Serve("echo") as server, contextlib.ExitStack() as all_clients:
                for _ in range(clients):
                    client = all_clients.enter_context(server.connect())
                    client.sendall(b"x")
                    self.assertEqual(client.recv(10), b"x")
                server.signal(signal.SIGINT)
                server.until(f"Shutting down: waiting up to 10 s for {what}\n".encode())

    def test_a_failed_session_is_reported_with_its_peer(self):
        with Serve("files", ".", "-v") as server:
            with server.connect() as client:
                peer = "127.0.0.1:%d" % client.getsockname()[1]
                client.sendall(b"GET / HTTP/1.1\r\n")
                client.shutdown(socket.SHUT_WR)
                server.until(b" failed: ")
            server.until(f"Connection from {peer} failed: read a request: the peer closed before "
                         "all data arrived\n".encode())


class Server(Files):
    def head(self, request):
        answer = self.ask(request)
        return re.sub(rb"Date: [^\r]*", b"Date: D",
                      re.sub(rb"Server: bight/[^\r]*", b"Server: S", answer)).decode()

    @staticmethod
    def page(status, text, *more, end="close"):
        return (f"HTTP/1.1 {status}\r\nDate: D\r\nServer: S\r\n" +
                "".join(line + "\r\n" for line in more) +
                f"Content-Length: {len(text)}\r\nX-Content-Type-Options: nosniff\r\n"
                f"Connection: {end}\r\n\r\n{text}")

    def test_each_response_without_a_file(self):
        plain = "Content-Type: text/plain"
        for request, wanted in (
                (b"nonsense\r\n\r\n",
                 self.page("400 Bad Request", "malformed or unsupported request\n", plain)),
                (b"GET /none HTTP/1.0\r\n\r\n",
                 self.page("404 Not Found", "no such file\n", plain)),
                (b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n",
                 self.page("404 Not Found", "no such file\n", plain, end="keep-alive")),
                (b"POST /big HTTP/1.0\r\n\r\n",
                 self.page("405 Method Not Allowed", "only GET and HEAD are supported\n",
                           "Allow: GET, HEAD", plain)),
                (b"GET /sub?a HTTP/1.0\r\n\r\n",
                 self.page("301 Moved Permanently", "", "Location: /sub/?a", plain)),
                (b"GET /big HTTP/1.0\r\nRange: bytes=3000000-\r\n\r\n",
                 self.page("416 Range Not Satisfiable", "", "Content-Range: bytes */3000000",
                           plain)),
                (b'GET /big HTTP/1.0\r\nIf-Match: "x"\r\n\r\n',
                 self.page("412 Precondition Failed", "the file has changed\n", plain))):
            with self.subTest(request):
                self.assertEqual(self.head(request), wanted)

    def test_the_header_of_a_file(self):
        os.utime(self.shared / "sub/index.html", (784111777, 784111777))
        whole = self.head(b"GET /sub/ HTTP/1.0\r\n\r\n")
        tag = re.search(r'ETag: ("[^"\r]*")\r', whole)[1]
        fields = ["Accept-Ranges: bytes", f"ETag: {tag}",
                  "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
                  "Content-Type: text/html; charset=utf-8"]
        self.assertEqual(whole, self.page("200 OK", "<p>index\n", *fields))
        self.assertEqual(self.head(b"GET /sub/ HTTP/1.0\r\nRange: bytes=3-5\r\n\r\n"),
                         self.page("206 Partial Content", "ind", *fields,
                                   "Content-Range: bytes 3-5/9"))
        self.assertEqual(self.head(b"GET /sub/ HTTP/1.0\r\nIf-None-Match: %s\r\n\r\n"
                                   % tag.encode()),
                         self.page("304 Not Modified", "", *fields).replace(
                             "Content-Length: 0\r\n", ""))


if __name__ == "__main__":
    main()
