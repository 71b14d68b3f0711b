# SPDX-License-Identifier: MIT
"""What strangers see first: listings, the lines of a server of files, and what is said about usual
mistakes."""

import os
import re
import socket

from _cli import Case, Peer, Serve, main, on_terminal, run


class Listing(Case):
    def setUp(self):
        super().setUp()
        (self.folder / "sub").mkdir()
        (self.folder / "empty").mkdir()
        for name, size in ("b10", 1_500_000), ("b9", 7), ("a<b>&.txt", 0), ("sub/inner", 1):
            (self.folder / name).write_bytes(b"x" * size)
        os.utime(self.folder / "b9", (1580700000, 1580700000))
        (self.folder / "link").symlink_to("b9")

    def page(self, server, path=""):
        return self.ends(run("get", f"http://{server.address}/{path}"), 0).stdout.decode()

    def test_shows_folders_first_then_files_with_sizes_and_dates(self):
        with Serve("files", self.folder, "-l", "127.0.0.1:0") as server:
            page = self.page(server)
            rows = re.findall(r'<tr><td><a href="\./([^"]+)">[^<]+</a><td>([^<]*)<td>([^<\n]*)',
                              page)
            self.assertEqual([(name, size) for name, size, _ in rows],
                             [("empty/", ""), ("sub/", ""), ("a%3Cb%3E%26.txt", "0 bytes"),
                              ("b9", "7 bytes"), ("b10", "1.5 MB"), ("link", "7 bytes")])
            self.assertEqual(dict((n, d) for n, _, d in rows)["b9"], "2020-02-03 03:20")
            self.assertIn("<title>Index of /</title>", page)
            self.assertIn("a&lt;b&gt;&amp;.txt</a>", page)
            self.assertNotIn('href="../"', page)
            self.assertIn('<a href="../">', self.page(server, "sub/"))
            self.assertIn("This folder is empty", self.page(server, "empty/"))

    def test_is_made_for_narrow_windows_and_needs_no_script(self):
        with Serve("files", self.folder, "-l", "127.0.0.1:0") as server:
            page = self.page(server)
            self.assertIn('<meta name="viewport" content="width=device-width', page)
            self.assertIn("color-scheme: light dark", page)
            self.assertNotIn("<script", page)


class ServerOfFiles(Case):
    def test_logs_a_line_for_each_request(self):
        (self.folder / "f").write_bytes(b"x" * 2000)
        with Serve("files", self.folder, "-l", "127.0.0.1:0") as server:
            run("get", f"http://{server.address}/f")
            run("get", "-I", f"http://{server.address}/none")
            with server.connect() as c:
                c.sendall(b"\x16\x03\x01\x00\x05hello")
                c.recv(1000)
            server.until(b"invalid request 400")
            peer = rb"127\.0\.0\.1:\d+ "
            self.assertRegex(server.output["err"], peer + rb"GET /f 200, 2\.0 kB\n" + peer +
                             rb"HEAD /none 404\n" + peer + rb"uses TLS, but this server does not")
            self.assertNotIn(b"Accept", server.output["err"])
            self.assertNotIn(b"failed", server.output["err"])

    def test_names_urls_that_others_can_open(self):
        for flags in (["--public", "-l", ":0"], ["-l", "0.0.0.0:0"], ["-l", "127.0.0.1:0"],
                      ["-6", "--public", "-l", ":0"]):
            with self.subTest(flags=flags), Serve("files", self.folder, *flags) as server:
                server.until(b" at http://")
                for url in re.findall(rb"Serving \S+ at (\S+)", server.output["err"]):
                    self.assertNotRegex(url, rb"//0\.0\.0\.0|\[::\]")
                    self.ends(run("get", url.decode()), 0)

    def test_on_a_unix_socket_names_a_client(self):
        with Serve("files", self.folder, "-l", f"unix:{self.folder}/s") as server:
            server.until(b"at http://localhost/ (curl --unix-socket %s/s http://localhost/)"
                         % str(self.folder).encode())


class Help(Case):
    def test_fits_into_a_narrow_window(self):
        for words in ["get", "--help"], ["help", "serve"], ["--help"]:
            shown = on_terminal(*words, columns=40)[1].decode().replace("\r\n", "\n")
            # A word that is longer stays whole.
            for line in shown.split("\n"):
                self.assertTrue(len(line) <= 40 or " " not in line.strip(), line)
            wide = on_terminal(*words, columns=80)[1].replace(b"\r\n", b"\n")
            self.assertEqual(wide, run(*words).stdout)


class Mistakes(Case):
    def test_https_where_http_is_spoken(self):
        with Serve("files", self.folder, "-l", "127.0.0.1:0") as server:
            self.ends(run("get", f"https://{server.address}/"), 35, b"", "(try http://)")

    def test_http_where_tls_is_spoken(self):
        with Serve("files", self.folder, "--tls", "-l", "127.0.0.1:0") as server:
            self.ends(run("get", f"http://{server.address}/"), 52, b"", "write https://)")
            self.ends(run("get", f"https://{server.address}/"), 60, b"",
                      "(see --pin, --ca and --insecure)")
            self.ends(run("send", "--tls", server.address, "x"), 60, b"",
                      "(see --pin, --ca and --insecure)")
        with Peer(lambda c: (c.recv(1000), c.sendall(b"\x15\x03\x01\x00\x02\x02\x46"))) as peer:
            self.ends(run("get", f"http://127.0.0.1:{peer.port}/"), 56, b"",
                      "write https://)")

    def test_a_wrong_answer_is_not_taken_for_tls(self):
        answer = b"HTTP/1.1 200 OK\r\nno field\r\n\r\n"
        with Peer(lambda c: (c.recv(1000), c.sendall(answer))) as peer:
            result = self.ends(run("get", f"http://127.0.0.1:{peer.port}/"), 56, b"")
            self.assertNotIn(b"https", result.stderr)

    def test_a_folder_that_is_not_there(self):
        with Serve("files", self.folder, "-l", "127.0.0.1:0") as server:
            self.ends(run("get", f"http://{server.address}/", "-o", self.folder / "no/f"), 23, b"",
                      "(does the folder exist?)")

    def test_a_port_behind_the_folder(self):
        self.ends(run("serve", "files", ".", "8080"), 2, b"", "-l :8080 sets the port")

    def test_flags_of_curl_and_other_servers(self):
        for command, flag, says in (("get", "-L", "redirects are followed"),
                                    ("get", "-k", "--insecure"), ("get", "-s", "-q"),
                                    ("get", "-c", "run the same command again"),
                                    ("get", "-f", "exit status 22"), ("send", "-k", "--insecure"),
                                    ("serve", "-p", "-l :PORT"), ("serve", "--port", "-l :PORT"),
                                    ("serve", "--port=80", "-l :PORT")):
            with self.subTest(flag=flag):
                self.ends(run(command, "echo", flag), 2, b"", says)


if __name__ == "__main__":
    main()
