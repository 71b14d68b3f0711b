# SPDX-License-Identifier: MIT
"""What the tests of TLS with other programs share: certificates, and the programs."""

import contextlib
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

BUILD = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None
PEER = BUILD / "tests" / "interop" / "interop-tls-peer" if BUILD else None
PATIENCE = 60
# The system's authorities, and not those that this environment names.
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("SSL_CERT_")}


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, timeout=PATIENCE,
                          capture_output=True)


@functools.cache
def scratch():
    return pathlib.Path(tempfile.mkdtemp(prefix="bight-tls-"))


@functools.cache
def authority():
    return make("root", "CA:TRUE", None)


@functools.cache
def good(name="server", usage="serverAuth"):
    return make(name, "CA:FALSE", authority(), usage)


def make(name, constraints, issuer, usage="serverAuth"):
    """A certificate and its key, in files; signed by `issuer`, or by itself."""
    certificate, key = scratch() / f"{name}.pem", scratch() / f"{name}.key"
    by = ["-CA", issuer[0], "-CAkey", issuer[1]] if issuer else []
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"] if issuer else []
    uses = ["-addext", f"extendedKeyUsage={usage}"] if issuer else []
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/CN={name}", "-days", 2, "-keyout", key, "-out", certificate,
            "-addext", f"basicConstraints=critical,{constraints}",
            *names, *uses, *by)
    return certificate, key


def on_each_engine(test):
    engines = [os.environ["BIGHT_ENGINE"]] if os.environ.get("BIGHT_ENGINE") else ["uring", "epoll"]

    @functools.wraps(test)
    def run(self):
        for engine in engines:
            with self.subTest(engine=engine):
                self.environment = dict(CLEAN, BIGHT_ENGINE=engine)
                test(self)

    return run


class Peers(unittest.TestCase):
    @contextlib.contextmanager
    def server(self, **settings):
        """Bight serves; gives its port. What it printed is in self.printed at the end."""
        arguments = [f"{k}={v}" for k, v in settings.items()]
        process = subprocess.Popen([PEER, "serve", *arguments], text=True, env=self.environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            yield int(process.stdout.readline())
            process.send_signal(signal.SIGTERM)
            self.printed = process.communicate(timeout=PATIENCE)[0]
            self.assertEqual(process.returncode, 0, self.printed)
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def connect(self, port, **settings):
        """Bight connects; gives what it printed."""
        arguments = [f"{k}={v}" for k, v in settings.items()]
        done = subprocess.run([PEER, "connect", str(port), *arguments], text=True,
                              env=self.environment, timeout=PATIENCE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        return done.stdout

    @contextlib.contextmanager
    def s_server(self, *arguments, certificate=None, reverse=True):
        """openssl s_server, that gives lines back the other way round; gives its port."""
        files = certificate or good()
        process = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", files[0], "-key", files[1],
             "-CAfile", authority()[0], *(["-rev"] if reverse else []), *arguments],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            for line in process.stdout:
                if line.startswith("ACCEPT"):
                    break
            drain = threading.Thread(target=lambda: process.stdout.read(), daemon=True)
            drain.start()
            yield int(line.split(":")[-1])
        finally:
            process.kill()
            process.wait()
            drain.join(PATIENCE)
            process.stdin.close()
            process.stdout.close()

    def s_client(self, port, *arguments, text="hello\n"):
        """openssl s_client, that says `text` and hears the answer; gives what it printed."""
        process = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", authority()[0],
             "-verify_return_error", *arguments],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            process.stdin.write(text)
            process.stdin.flush()
            printed = ""
            for line in process.stdout:
                printed += line
                if line.endswith(text):  # perhaps in the middle of what it prints of a ticket
                    break
            process.stdin.close()
            printed += process.stdout.read()
            process.wait(PATIENCE)
            return printed
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def main():
    if shutil.which("openssl") is None:
        print("openssl is not installed: apt-get install openssl")
        sys.exit(77)
    try:
        unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
    finally:
        shutil.rmtree(scratch(), ignore_errors=True)
