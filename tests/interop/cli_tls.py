# SPDX-License-Identifier: MIT
"""TLS in the tool: `bight serve --tls`, and `send`, `connect` and `get` with tls://, against each
other, OpenSSL's own tools, curl and Python's ssl."""

import base64
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import threading

import _tls
from _cli import PATIENCE, Case, Peer, Serve, Tool, needs_ip6, read_all, read_to_reset, run
from _tls import authority, good, make, openssl

HERE = "127.0.0.1:0"
WRONG = "sha256//" + "A" * 43 + "="


def pin_of(certificate):
    """As `openssl` and `base64` give it."""
    key = openssl("x509", "-in", certificate, "-noout", "-pubkey").stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=key, check=True,
                         capture_output=True, timeout=PATIENCE).stdout
    return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


class TlsCase(Case, _tls.Peers):
    def told(self, server):
        """The command that a server tells its clients, without `bight`."""
        server.until(b" --pin sha256//")
        server.until(b"=\n")
        return shlex.split(re.search(rb"\n  bight (.*)\n", server.output["err"])[1].decode())

    def pin(self, server):
        return self.told(server)[-1]

    def with_files(self, *args, files=None):
        certificate, key = files or good()
        return Serve(*args, "--tls", "--cert", certificate, "--key", key, "-l", HERE)


class MadeOnTheSpot(TlsCase):
    def test_the_command_that_is_told_works_as_it_stands(self):
        for at in HERE, "0.0.0.0:0", "localhost:0", f"unix:{self.folder}/s":
            with self.subTest(at), Serve("greet", "--tls", "-4", "-l", at) as server:
                self.ends(run(*self.told(server), stdin=b"dbb"), 0, b"WelcomeHello, dbb")

    @needs_ip6
    def test_both_loopbacks_have_one_certificate(self):
        with Serve("echo", "--tls", "-l", ":0") as server:
            pin = self.pin(server)
            for host in "127.0.0.1", "[::1]", "localhost":
                at = f"tls://{host}:{server.port}"
                self.ends(run("send", at, "--pin", pin, "x"), 0, b"x\n")

    def test_files_are_handed_over(self):
        shared = self.folder / "shared"
        shared.mkdir()
        body = os.urandom(1_000_000)
        (shared / "f").write_bytes(body)
        with Serve("files", shared, "--tls", "-l", HERE) as server:
            command = self.told(server)
            self.assertEqual(command[0], "get")
            self.assertIn(b'href="./f"', self.ends(run(*command), 0).stdout)
            command[1] += "f"
            self.ends(run(*command, cwd=self.folder), 0, body)
            self.ends(run(*command[:-1], WRONG), 60, b"", "does not match any pin")
            curl = ["curl", "-sSk", command[1], "--pinnedpubkey"]
            done = subprocess.run([*curl, command[-1]], capture_output=True, timeout=PATIENCE)
            self.assertEqual((done.returncode, done.stdout), (0, body), done.stderr)
            done = subprocess.run([*curl, WRONG], capture_output=True, timeout=PATIENCE)
            self.assertEqual(done.returncode, 90, done.stderr)
            server.until(b"at https://127.0.0.1:%d/" % server.port)

    def test_json_tells_it(self):
        with Serve("echo", "--tls", "--json", "-l", HERE) as server:
            server.until(b'"certificate"', "out")
            server.until(b"\n", "out", 2)
            events = [json.loads(line) for line in server.output["out"].splitlines()]
            self.assertEqual([e["event"] for e in events], ["listening", "certificate"])
            self.assertEqual(events[0]["proto"], "tls")
            command = shlex.split(events[1]["command"])
            self.assertEqual(command[-1], events[1]["pin"])
            result = self.ends(run("send", "--json", command[2], "--pin", command[-1], "x"), 0)
            self.assertEqual(json.loads(result.stderr.splitlines()[0])["proto"], "tls")
            server.until(b'"closed","proto":"tls"', "out")

    def test_another_run_has_another_key(self):
        pins = set()
        for _ in range(2):
            with Serve("echo", "--tls", "-l", HERE) as server:
                pins.add(self.pin(server))
        self.assertEqual(len(pins), 2)


class Handlers(TlsCase):
    def test_each_is_the_same_with_tls(self):
        trusted = ["--ca", authority()[0]]
        for handler, stdin, out in ((["greet"], b"dbb", b"WelcomeHello, dbb"),
                                    (["echo"], b"x" * 200_000, b"x" * 200_000),
                                    (["discard"], b"x" * 200_000, b""),
                                    (["text", "Back at noon"], b"", b"Back at noon")):
            with self.subTest(handler[0]), self.with_files(*handler) as server:
                at = f"tls://{server.address}"
                self.ends(run("connect", "-q", at, *trusted, stdin=stdin), 0, out)
                self.ends(run("connect", "-q", "--tls", server.address, *trusted, stdin=stdin), 0,
                          out)

    def test_turns_and_framings(self):
        with self.with_files("greet") as server:
            at = f"tls://{server.address}"
            self.ends(run("send", at, "--ca", authority()[0], "dbb", "lily", "exit"), 0,
                      b"Welcome\nHello, dbb\nHello, lily\n")
        with self.with_files("echo") as server:
            for framing in "line", "len":
                self.ends(run("send", "--tls", server.address, "--ca", authority()[0], "--framing",
                              framing, "a", "", "b"), 0, b"a\n\nb\n")

    def test_all_protocols_side_by_side(self):
        with Serve("echo", "-l", "tls://127.0.0.1:0", "-l", "tcp://127.0.0.1:0", "-l",
                   "udp://127.0.0.1:0") as server:
            pin = self.pin(server)
            self.assertEqual(sorted(p for p, _ in server.addresses), ["tcp", "tls", "udp"])
            for proto, at in server.addresses:
                trusted = ["--pin", pin] if proto == "tls" else []
                self.ends(run("send", "--wait", "100ms", f"{proto}://{at}", *trusted, proto), 0,
                          proto.encode() + b"\n")

    def test_threads_and_once(self):
        with Serve("greet", "--tls", "--threads", 2, "-l", HERE) as server:
            pin = self.pin(server)
            for _ in range(4):
                self.ends(run("send", f"tls://{server.address}", "--pin", pin, "exit"), 0,
                          b"Welcome\n")
        with Serve("echo", "--tls", "--once", "-l", HERE) as server:
            self.ends(run("send", f"tls://{server.address}", "--pin", self.pin(server), "x"), 0)
            self.assertEqual(server.wait(), 0)

    def test_a_drain_lets_sessions_finish(self):
        with Serve("greet", "--tls", "-l", HERE) as server:
            pin = self.pin(server)
            at = f"tls://{server.address}"
            with Tool("connect", "-q", at, "--pin", pin, stdin=subprocess.PIPE) as client:
                client.until(b"Welcome", "out")
                server.signal(signal.SIGTERM)
                server.until(b"for 1 connection")
                client.process.stdin.write(b"still here")
                client.process.stdin.flush()
                client.until(b"Hello, still here", "out")
                client.process.stdin.close()
                self.assertEqual(client.wait(), 0)
            self.assertEqual(server.wait(), 0)


class Servers(TlsCase):
    def test_openssl_is_served_in_both_versions(self):
        with self.with_files("echo") as server:
            for version in "-tls1_2", "-tls1_3":
                printed = self.s_client(server.port, version, "-servername", "localhost")
                self.assertIn("Verify return code: 0 (ok)", printed)
                self.assertIn("hello\n", printed)

    def test_curl_gets_files(self):
        (self.folder / "f").write_bytes(b"0123456789")
        with self.with_files("files", self.folder) as server:
            for flags, body in ([], b"0123456789"), (["-r", "2-4"], b"234"), (["--tlsv1.3"], None):
                done = subprocess.run(["curl", "-sS", "--cacert", authority()[0], *flags,
                                       f"https://127.0.0.1:{server.port}/f"], timeout=PATIENCE,
                                      capture_output=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(done.stdout, (body, b"0123456789") if body is None else (body,))

    def failed(self, server):
        server.until(b" failed: ")
        lines = [x for x in server.output["err"].decode().splitlines() if " failed: " in x]
        self.assertEqual(len(lines), 1)
        return lines[0]

    def still_serves(self, server):
        self.ends(run("send", f"tls://{server.address}", "--ca", authority()[0], "x"), 0, b"x\n")

    def test_g08_a_client_without_tls_is_told_in_one_line_and_disturbs_nobody(self):
        with self.with_files("echo") as server:
            run("send", "--wait", "1s", server.address, stdin=b"GET / HTTP/1.1\r\n\r\n")
            self.assertIn("does not speak TLS; it sent \"GET / HTTP/1.1\"", self.failed(server))
            self.still_serves(server)

    def test_a_handshake_has_a_deadline(self):
        with Serve("echo", "--tls", "--handshake", "200ms", "--cert", good()[0], "--key", good()[1],
                   "-l", HERE) as server:
            with server.connect() as c:
                c.sendall(b"\x16\x03\x01")
                self.assertEqual(read_to_reset(c), b"")
            self.assertIn("200 ms", self.failed(server))
            self.still_serves(server)

    def test_clients_show_a_certificate(self):
        certificate, key = good("lily", "clientAuth")
        with self.with_files("echo", "-v", "--ca", authority()[0]) as server:
            at = ["send", f"tls://{server.address}", "--ca", authority()[0]]
            self.ends(run(*at, "--cert", certificate, "--key", key, "x"), 0, b"x\n")
            server.until(b"certificate of CN = lily")
            self.ends(run(*at, "x"), 35, b"", "requires a client certificate")
            self.assertIn("certificate", self.failed(server))
            stranger = make("stranger", "CA:FALSE", None)
            self.ends(run(*at, "--cert", stranger[0], "--key", stranger[1], "x"), 35, b"")

    def test_files_that_are_bad_end_it_before_anything_is_served(self):
        (self.folder / "rubbish").write_text("the-secret-word")
        other = make("other", "CA:FALSE", authority())
        for certificate, key, says in ((good()[0], other[1], "does not match"),
                                       (good()[0], self.folder / "rubbish", "no private key"),
                                       (self.folder / "rubbish", good()[1], "no certificate")):
            result = self.ends(run("serve", "echo", "--tls", "--cert", certificate, "--key", key,
                                   "-l", HERE), 1, b"", says)
            self.assertEqual(result.stderr.count(b"\n"), 1)
            self.assertNotIn(b"secret-word", result.stderr)

    def test_at_a_hangup_the_files_are_read_again_and_connections_live_on(self):
        files = [self.folder / "c.pem", self.folder / "c.key"]

        def put(identity):
            for source, to in zip(identity, files):
                shutil.copy(source, to)
        first, second = good(), make("second", "CA:FALSE", authority())
        put(first)
        with self.with_files("greet", files=files) as server:
            at = f"tls://{server.address}"
            old = ["--pin", pin_of(first[0])]
            new = ["--pin", pin_of(second[0])]
            with Tool("connect", "-q", at, *old, stdin=subprocess.PIPE) as client:
                client.until(b"Welcome", "out")
                put(second)
                server.signal(signal.SIGHUP)
                server.until(b"Certificate reloaded.")
                self.ends(run("send", at, *new, "exit"), 0, b"Welcome\n")
                self.ends(run("send", at, *old, "exit"), 60, b"")
                files[1].write_text("rubbish")
                server.signal(signal.SIGHUP)
                server.until(b"no private key")
                server.until(b"keeping the old certificate")
                self.ends(run("send", at, *new, "exit"), 0, b"Welcome\n")
                client.process.stdin.write(b"still here")
                client.process.stdin.flush()
                client.until(b"Hello, still here", "out")
                client.process.stdin.close()
                self.assertEqual(client.wait(), 0)


class Clients(TlsCase):
    def secured(self, script):
        """A server of Python's, with TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*good())

        def run_script(plain):
            with context.wrap_socket(plain, server_side=True) as c:
                script(c)
        return Peer(run_script)

    def send(self, port, *args, stdin=b"", host="127.0.0.1"):
        return run("send", f"tls://{host}:{port}", *args, stdin=stdin)

    def test_openssl_is_understood_in_both_versions(self):
        for version in "-tls1_2", "-tls1_3":
            with self.s_server(version) as port:
                for host in "127.0.0.1", "localhost":
                    self.ends(self.send(port, "--ca", authority()[0], "--framing", "line", "hello",
                                        host=host), 0, b"olleh\n")
                self.ends(run("connect", "-q", "--tls", f"127.0.0.1:{port}", "--ca",
                              authority()[0], stdin=b"hello\n"), 0, b"olleh\n")

    def test_who_is_not_trusted_is_60_and_what_to_do_is_said(self):
        pin = pin_of(good()[0])
        with self.s_server() as port:
            for flags, code, says in (([], 60, "which is not trusted"),
                                      (["--ca", make("nobody", "CA:TRUE", None)[0]], 60, "trusted"),
                                      (["--pin", WRONG], 60, "does not match any pin"),
                                      (["--pin", pin], 0, ""), (["--insecure"], 0, ""),
                                      (["--pin", WRONG, "--pin", pin], 0, ""),
                                      (["--ca", authority()[0]], 0, "")):
                with self.subTest(flags):
                    self.ends(self.send(port, *flags, "--framing", "line", "x"), code,
                              b"" if code else b"x\n", says)
            self.ends(self.send(port, "--ca", "/no/such", "x"), 2, b"", "/no/such: No such file")
        alone = make("alone", "CA:FALSE", None)
        with self.s_server(certificate=alone) as port:
            self.ends(self.send(port, "x"), 60, b"", "trust its key with a pin")
        with self.s_server() as port:
            result = self.send(port, "-v", "--insecure", "--framing", "line", "x")
            self.ends(result, 0, b"x\n", ["TLSv1.3", "CN = server", pin])

    def test_a_certificate_of_ones_own_is_shown(self):
        certificate, key = good("lily", "clientAuth")
        with self.s_server("-Verify", "1", "-verify_return_error") as port:
            trusted = ["--ca", authority()[0], "--framing", "line"]
            self.ends(self.send(port, *trusted, "--cert", certificate, "--key", key, "ab"), 0,
                      b"ba\n")
            self.ends(self.send(port, *trusted, "ab"), 35, b"", "requires a client certificate")

    def test_g08_a_server_without_tls_is_35(self):
        for handler, says in ((["greet"], "it sent \"Welcome"), (["echo"], "echoes what it")):
            with Serve(*handler, "-l", HERE) as server:
                for command in "send", "connect":
                    self.ends(run(command, f"tls://{server.address}", "--insecure"), 35, b"",
                              [says, "connect without TLS"])

    def test_a_handshake_that_fails_is_35(self):
        with self.s_server("-tls1_1", "-cipher", "ALL:@SECLEVEL=0") as port:
            self.ends(self.send(port, "--insecure", "x"), 35, b"", "1.2")
        with Peer(lambda c: c.recv(1)) as peer:  # closes with bytes unread: a reset
            self.ends(self.send(peer.port, "x"), 35, b"")
        with Peer(lambda c: c.recv(65536)) as peer:
            self.ends(self.send(peer.port, "x"), 35, b"", "does it speak TLS?")

    def test_silence_in_the_handshake_is_28(self):
        quiet = threading.Event()
        with Peer(lambda c: quiet.wait(PATIENCE)) as peer:
            self.ends(self.send(peer.port, "-t", "200ms", "x"), 28, b"", "200 ms")
            quiet.set()

    def test_our_end_is_a_close_notify_and_reading_goes_on(self):
        def script(c):
            heard = read_all(c)
            c.sendall(b"heard " + heard)
            c.unwrap().close()
        for command in ["send"], ["connect", "-q"]:
            with self.subTest(command), self.secured(script) as peer:
                self.ends(run(*command, f"tls://127.0.0.1:{peer.port}", "--ca", authority()[0],
                              stdin=b"all of it"), 0, b"heard all of it")

    def test_g05_an_end_without_close_notify_is_18(self):
        def script(c):
            c.sendall(b"half")
            c.recv(65536)
            c.shutdown(socket.SHUT_RDWR)  # of the socket; Python's close says no close_notify
        with self.secured(script) as peer:
            self.ends(self.send(peer.port, "--ca", authority()[0], "x"), 18, says="close_notify")

    def test_get_takes_all_that_comes(self):
        def script(c):
            c.sendall(b"x" * 100_000)
            c.unwrap()
        with self.secured(script) as peer:
            self.ends(run("get", f"tls://127.0.0.1:{peer.port}", "--ca", authority()[0], "-o",
                          self.folder / "f"), 0, b"")
        self.assertEqual((self.folder / "f").read_bytes(), b"x" * 100_000)


if __name__ == "__main__":
    _tls.main()
