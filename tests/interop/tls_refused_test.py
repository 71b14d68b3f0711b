#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Certificates that must be refused: those of Python's own tests.

    python3 tls_refused_test.py BUILD_DIR [UNITTEST_ARGUMENT…]

Debian has them in libpython3.11-testsuite.
"""

import contextlib
import pathlib
import socket
import ssl
import subprocess
import sys
import sysconfig
import threading

import _tls
from _tls import PATIENCE, PEER, good, on_each_engine

# The library of this Python, or of the system's; newer ones have a folder for them.
LIBRARIES = [pathlib.Path(sysconfig.get_path("stdlib")), *pathlib.Path("/usr/lib").glob("python3*")]
CERTIFICATES = next((d for library in LIBRARIES
                     for d in (library / "test", library / "test" / "certdata")
                     if (d / "nullbytecert.pem").is_file()), None)


class Refused(_tls.Peers):
    """Certificates with a fault each, and a server of Python's that shows them."""

    def shown(self, file, **settings):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(CERTIFICATES / file)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def answer():
                peer, _ = listener.accept()
                with contextlib.suppress(OSError), peer:
                    context.wrap_socket(peer, server_side=True).close()

            thread = threading.Thread(target=answer)
            thread.start()
            printed = self.connect(listener.getsockname()[1], **settings)
            thread.join(PATIENCE)
            return printed

    @on_each_engine
    def test_G01_one_that_is_signed_by_itself_is_refused(self):
        self.assertIn("untrusted=1", self.shown("keycert.pem", name="localhost"))

    @on_each_engine
    def test_G01_one_by_an_authority_that_nobody_knows_is_refused(self):
        self.assertIn("untrusted=1", self.shown("keycert3.pem", name="localhost"))

    @on_each_engine
    def test_G02_one_for_another_host_is_refused(self):
        ca = CERTIFICATES / "pycacert.pem"
        self.assertIn("host=1", self.shown("keycert4.pem", name="localhost", ca=ca))

    @on_each_engine
    def test_G03_files_that_are_malformed_are_refused_and_break_nothing(self):
        key = good()[1]
        for name in ("nullbytecert.pem", "talos-2019-0758.pem", "badcert.pem", "nullcert.pem"):
            done = subprocess.run([PEER, "serve", f"cert={CERTIFICATES / name}", f"key={key}"],
                                  text=True, env=self.environment, timeout=PATIENCE,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertEqual(done.returncode, 1, (name, done.stdout))
            self.assertIn("bight: ", done.stdout)
            # As an authority each is either of no use or none at all.
            with self.s_server() as port:
                self.assertIn("failed" if name in ("nullbytecert.pem", "talos-2019-0758.pem")
                              else "bight: ", self.connect(port, ca=CERTIFICATES / name)
                              .replace("failed", "bight: failed"))

    @on_each_engine
    def test_G17_a_key_with_a_password_is_refused(self):
        files = CERTIFICATES / "keycert.passwd.pem"
        done = subprocess.run([PEER, "serve", f"cert={files}", f"key={files}"], text=True,
                              env=self.environment, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the key is encrypted", done.stdout)


if __name__ == "__main__":
    if CERTIFICATES is None:
        print("the certificates of Python's tests are not there: "
              "apt-get install libpython3.11-testsuite")
        sys.exit(77)
    _tls.main()
