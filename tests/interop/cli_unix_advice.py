# SPDX-License-Identifier: MIT
"""What the tool advises about unix sockets: nothing about ports or hosts."""

import os
import socket
import subprocess
import unittest

from _cli import PATIENCE, TOOL, Case, environment, main, run


class Advice(Case):
    def setUp(self):
        super().setUp()
        self.path = self.folder / "a socket"

    def told(self, *words, code=7, says=(), cwd=None):
        result = self.ends(run(*words, cwd=cwd), code, says=says)
        for wrong in b"port", b"host", b"spelling":
            self.assertNotIn(wrong, result.stderr)

    def test_a_file_that_outlived_its_server(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(self.path))
        for command in (["send", "X", "hi"], ["connect", "X"], ["get", "X"]):
            self.told(*[f"unix:{self.path}" if w == "X" else w for w in command],
                      says="no server is listening on that socket (is it running?)")

    def test_an_abstract_name_that_nobody_has(self):
        self.told("send", "unix:@bight nobody", "hi",
                  says="no server is listening under that name (is it running?)")

    def test_what_is_no_socket_or_is_missing(self):
        (self.folder / "file").write_text("")
        self.told("send", f"unix:{self.folder}/file", "hi", says="not a socket (check the path)")
        self.told("send", f"unix:{self.folder}", "hi", says="not a socket (check the path)")
        self.told("send", f"unix:{self.folder}/file/s", "hi", says="not a folder (check the path)")
        self.told("send", f"unix:{self.path}", "hi",
                  says=f"connect unix:{self.path}: no such socket file")
        self.told("serve", "echo", "-l", f"unix:{self.path}/s", code=2, says="create it first")
        self.told("serve", "echo", "-l", f"unix:{self.folder}/file", code=98, says="another path")

    def test_tls_with_a_server_that_has_none(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(self.path))
            s.listen()
            s.settimeout(PATIENCE)
            with subprocess.Popen([TOOL, "send", "--tls", "--insecure", f"unix:{self.path}", "x"],
                                  stderr=subprocess.PIPE, env=environment()) as tool:
                with s.accept()[0] as c:
                    c.sendall(b"220 ready\r\n")
                    self.assertIn(b"(connect without TLS, or check the address)",
                                  tool.stderr.read())

    def test_mistakes_of_writing(self):
        for address, says in (("unix:~/x", "unix:$HOME/path"),
                              ("/tmp/x", "write unix:/tmp/x"), ("./x", "write unix:./x"),
                              ("../x", "write unix:../x"), ("unix:", "the path of the socket"),
                              ("unix:" + "x" * 200, "200 bytes; unix sockets allow 107")):
            with self.subTest(address=address):
                self.ends(run("send", address, "x"), 2, b"", says)
        self.ends(run("send", "--tls", "unix:x", "x"), 2, b"", "use --pin or --insecure")

    @unittest.skipIf(os.geteuid(), "only root can become nobody")
    def test_a_socket_of_somebody_else(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(self.path))
            s.listen()
            os.chmod(self.path, 0o600)
            os.chmod(self.folder, 0o755)
            # An open descriptor: the build may be where nobody may look.
            tool = os.open(TOOL, os.O_RDONLY)
            result = subprocess.run([f"/proc/self/fd/{tool}", "send", f"unix:{self.path}", "x"],
                                    capture_output=True, user=65534, pass_fds=[tool],
                                    timeout=PATIENCE, env=environment())
            os.close(tool)
        self.ends(result, 1, b"", "cannot write to the socket")

    def test_a_url_for_a_stream_may_end_in_a_slash(self):
        self.ends(run("get", "tcp://127.0.0.1:1/"), 7, b"", "127.0.0.1:1: connection refused")
        self.ends(run("get", "tcp://127.0.0.1:1/x"), 2, b"", "is not a port")


if __name__ == "__main__":
    main()
