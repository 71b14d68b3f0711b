#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bight's TLS against OpenSSL's own tools and Python's ssl, as client and as server.

    python3 tls_peers_test.py BUILD_DIR [UNITTEST_ARGUMENT…]

The other side is tests/interop/peer/tls_peer.cpp.
"""

import os
import socket
import ssl
import struct
import subprocess
import threading

import _tls
from _tls import PATIENCE, authority, good, on_each_engine, scratch


def server_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*good())
    return context


class Clients(_tls.Peers):
    @on_each_engine
    def test_openssl_is_understood_in_both_versions(self):
        for flag, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
            with self.s_server(flag) as port:
                printed = self.connect(port, ca=authority()[0])
                self.assertIn(f"agreed {name} ", printed)
                self.assertIn("said olleh\n", printed)

    @on_each_engine
    def test_a_session_is_resumed(self):
        for flag in ("-tls1_2", "-tls1_3"):
            with self.s_server(flag) as port:
                printed = self.connect(port, ca=authority()[0], times=3)
                self.assertEqual([x.split("resumed=")[1] for x in printed.splitlines()
                                  if x.startswith("agreed")], ["false", "true", "true"], printed)

    @on_each_engine
    def test_a_protocol_is_agreed_on(self):
        with self.s_server("-alpn", "b,c") as port:
            self.assertIn("alpn=c ", self.connect(port, ca=authority()[0], alpn="a,c"))

    @on_each_engine
    def test_a_certificate_is_shown_when_it_is_asked_for(self):
        certificate, key = good("lily", "clientAuth")
        with self.s_server("-Verify", "1", "-verify_return_error") as port:
            printed = self.connect(port, ca=authority()[0], cert=certificate, key=key)
            self.assertIn("said olleh\n", printed)
            printed = self.connect(port, ca=authority()[0])
            self.assertIn("alert=1", printed)

    @on_each_engine
    def test_an_old_server_is_refused(self):
        with self.s_server("-tls1_1", "-cipher", "ALL:@SECLEVEL=0") as port:
            self.assertIn("old=1", self.connect(port, ca=authority()[0]))

    def connect_to(self, answer):
        """What our client prints of a server that answers its one connection like that."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                peer, _ = listener.accept()
                with peer:
                    answer(peer)

            thread = threading.Thread(target=serve)
            thread.start()
            printed = self.connect(listener.getsockname()[1], ca=authority()[0])
            thread.join(PATIENCE)
            return printed

    @on_each_engine
    def test_a_server_without_tls_is_recognised(self):
        def answer(peer):
            peer.recv(65536)
            peer.sendall(b"220 mail.example ESMTP\r\n")

        printed = self.connect_to(answer)
        self.assertIn("plain=1", printed)
        self.assertIn('"220 mail.example ESMTP"', printed)

    @on_each_engine
    def test_an_end_without_a_word_is_truncation(self):
        def answer(peer):
            with server_context().wrap_socket(peer, server_side=True) as secure:
                secure.sendall(secure.recv(100))
                os.close(secure.detach())  # no unwrap(), so no close_notify

        printed = self.connect_to(answer)
        self.assertIn("said hello\n", printed)
        self.assertIn("truncated=1", printed)

    @on_each_engine
    def test_python_is_understood(self):
        def answer(peer):
            with server_context().wrap_socket(peer, server_side=True) as secure:
                while data := secure.recv(100):
                    secure.sendall(data)
                secure.unwrap()

        self.assertEqual(self.connect_to(answer).splitlines()[1:], ["said hello", "end"])


class Servers(_tls.Peers):
    @on_each_engine
    def test_openssl_is_understood_in_both_versions(self):
        certificate, key = good()
        for flag, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
            with self.server(cert=certificate, key=key) as port:
                self.assertIn("hello\n", self.s_client(port, flag))
            self.assertIn(f"agreed {name} ", self.printed)
            self.assertIn("end\n", self.printed)

    @on_each_engine
    def test_a_session_is_resumed(self):
        certificate, key = good()
        for flag in ("-tls1_2", "-tls1_3"):
            kept = scratch() / "session"
            with self.server(cert=certificate, key=key) as port:
                self.s_client(port, flag, "-sess_out", kept)
                self.s_client(port, flag, "-sess_in", kept)
            self.assertEqual([x.split("resumed=")[1] for x in self.printed.splitlines()
                              if x.startswith("agreed")], ["false", "true"], self.printed)

    @on_each_engine
    def test_a_protocol_is_agreed_on_or_the_client_refused(self):
        certificate, key = good()
        with self.server(cert=certificate, key=key, alpn="a,b") as port:
            self.s_client(port, "-alpn", "c,b")
            refused = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-alpn", "c"], text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=PATIENCE)
            self.assertIn("alert no application protocol", refused.stdout)
        self.assertIn("alpn=b ", self.printed)

    @on_each_engine
    def test_a_client_certificate_is_asked_for_and_told(self):
        certificate, key = good()
        mine, mine_key = good("lily", "clientAuth")
        with self.server(cert=certificate, key=key, client_ca=authority()[0]) as port:
            self.s_client(port, "-cert", mine, "-key", mine_key)
            context = ssl.create_default_context(cafile=authority()[0])
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as s:
                with self.assertRaises(ssl.SSLError):  # at the first receive, with TLS 1.3
                    with context.wrap_socket(s, server_hostname="localhost") as secure:
                        secure.recv(1)
        self.assertIn("peer=CN = lily", self.printed)
        self.assertIn("certificate", self.printed.split("failed", 1)[1])

    @on_each_engine
    def test_an_old_client_is_refused(self):
        certificate, key = good()
        with self.server(cert=certificate, key=key) as port:
            old = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_1", "-cipher",
                 "ALL:@SECLEVEL=0"], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=PATIENCE)
            self.assertIn("alert protocol version", old.stdout)
        self.assertIn("1.2", self.printed)

    @on_each_engine
    def test_a_client_that_is_gone_without_a_word_is_told(self):
        certificate, key = good()
        context = ssl.create_default_context(cafile=authority()[0])
        with self.server(cert=certificate, key=key) as port:
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as s:
                secure = context.wrap_socket(s, server_hostname="localhost")
                secure.sendall(b"x")
                self.assertEqual(secure.recv(1), b"x")
                raw = socket.socket(fileno=secure.detach())
                raw.settimeout(PATIENCE)  # it does not block any more
                raw.shutdown(socket.SHUT_WR)
                with self.assertRaises(ConnectionResetError):  # nor does it look complete to us
                    while raw.recv(65536):
                        pass
                raw.close()
        self.assertIn("failed", self.printed)
        self.assertIn("data may be missing", self.printed)

    @on_each_engine
    def test_resets_leave_it_serving(self):
        certificate, key = good()
        context = ssl.create_default_context(cafile=authority()[0])
        with self.server(cert=certificate, key=key) as port:
            for sent in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60)):
                with socket.create_connection(("127.0.0.1", port), PATIENCE) as s:
                    s.sendall(sent)
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as s:
                with context.wrap_socket(s, server_hostname="localhost") as secure:
                    secure.sendall(b"x")
                    self.assertEqual(secure.recv(1), b"x")


if __name__ == "__main__":
    _tls.main()
