# SPDX-License-Identifier: MIT
"""`bight get` with URLs as people type them and as servers send them in a Location."""

import socket

from _cli import Case, environment, has_ip6, main, run
from _web import Site, field, page


class Targets(Case):
    def asked(self, url, says=()):
        """The request that `url` makes of a server; in it, AT is the server's host and port."""
        with Site(page(b"x")) as site:
            self.ends(run("get", url.replace("AT", f"127.0.0.1:{site.port}")), 0, b"x", says)
            return site.requests[0]

    def test_are_percent_encoded_as_browsers_do(self):
        for typed, sent in (("/a b", "/a%20b"), ("/é?ü=€", "/%C3%A9?%C3%BC=%E2%82%AC"),
                            ("/{x}|[y]^", "/%7Bx%7D|[y]%5E"), ("/?a={x}", "/?a={x}"),
                            ("/<>\"", "/%3C%3E%22"), ("/100%", "/100%"), ("/%zz", "/%zz"),
                            ("/a\\b", "/a%5Cb"), ("/a?to=http://b c", "/a?to=http://b%20c")):
            for start in "http://AT", "AT", " http://AT", "HTTP:///AT", "http:/AT":
                with self.subTest(start + typed):
                    line = self.asked(start + typed).split(b"\r\n")[0]
                    self.assertEqual(line, f"GET {sent} HTTP/1.1".encode())

    def test_so_is_a_location(self):
        for given, sent in ((b"m o o?d e  ", b"/m%20o%20o?d%20e"), (b"/\xc3\xa9", b"/%C3%A9"),
                            (b"?\xfc", b"/?%FC"), (b"/[x]|{y}", b"/[x]|%7By%7D"),
                            (b"/%zz", b"/%zz"), (b"#x y", b"/"), (b"/a\tb", b"/a%09b")):
            with self.subTest(given):
                moved = page(b"", b"Location: " + given, status=b"302 Found")
                with Site(moved, page(b"x")) as site:
                    self.ends(run("get", site.url), 0, b"x")
                    self.assertIn(b"GET " + sent + b" HTTP/1.1\r\n", site.requests[1])

    def test_a_location_that_two_readers_take_for_two_hosts_is_47(self):
        for given in (b"//a\\@b/", b"/\\b/", b"\\\\b/", b"http:/b/", b"http:b", b"http:////b/",
                      b"http://a@b@c/", b"http://0x7f.1/", b"http://\xef\xbc\x90x7f.1/"):
            with self.subTest(given):
                moved = page(b"", b"Location: " + given, status=b"302 Found")
                with Site(moved) as site:
                    self.ends(run("get", site.url), 47, b"", "invalid redirect")

    def test_user_and_password_are_sent_and_shown_nowhere(self):
        request = self.asked("http://me%40x:s3%3Acret@AT/f")
        self.assertEqual(field(request, b"Authorization"), b"Basic bWVAeDpzMzpjcmV0")
        self.assertNotIn(b"s3", request)
        self.assertEqual(field(self.asked("me@AT"), b"Authorization"), b"Basic bWU6")
        self.assertEqual(field(self.asked("http://:pw@AT"), b"Authorization"), b"Basic OnB3")
        self.assertEqual(field(self.asked("http://@AT"), b"Authorization"), None)
        with Site(page(b"x" * 9)[:-3]) as site:
            result = run("get", "-v", "--json", f"http://me:s3cret@127.0.0.1:{site.port}/f", "-O",
                         cwd=self.folder)
            self.ends(result, 18)
            kept = b"".join(p.name.encode() + p.read_bytes() for p in self.folder.iterdir())
        self.assertIn(b"f.part", kept)
        self.assertNotIn(b"s3cret", result.stderr + result.stdout + kept)

    def test_a_field_of_the_users_replaces_them(self):
        with Site(page(b"x")) as site:
            self.ends(run("get", f"http://me:pw@127.0.0.1:{site.port}/", "-H",
                          "authorization: mine"), 0)
            self.assertNotIn(b"Basic", site.requests[0])
            self.assertIn(b"authorization: mine\r\n", site.requests[0])

    def test_they_stay_within_the_origin(self):
        with Site(page(b"x"), page(b"x")) as other:
            for to, sent in ((other.url, None),
                             (f"http://you:two@127.0.0.1:{other.port}/", b"Basic eW91OnR3bw==")):
                answers = (page(b"", b"Location: /here", status=b"302 Found"),
                           page(b"", b"Location: " + to.encode(), status=b"302 Found"))
                with Site(*answers) as site:
                    self.ends(run("get", f"http://me:pw@127.0.0.1:{site.port}/"), 0, b"x")
                    for request in site.requests:
                        self.assertEqual(field(request, b"Authorization"), b"Basic bWU6cHc=")
                self.assertEqual(field(other.requests.pop(), b"Authorization"), sent)

    def test_a_zone_is_named_to_nobody(self):
        if not has_ip6():
            self.skipTest("this machine has no IPv6")
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
        with Site(page(b"x"), page(b"x"), listener=listener) as site:
            for zone in "%251", "%1":
                self.ends(run("get", f"http://[::1{zone}]:{site.port}/"), 0, b"x")
            for request in site.requests:
                self.assertEqual(field(request, b"Host"), f"[::1]:{site.port}".encode())

    def test_a_name_that_is_not_ascii_is_looked_up_as_punycode(self):
        for target in "http://bücher.invalid/", "tcp://bücher.invalid:80":
            self.ends(run("get", target), 6, b"", "xn--bcher-kva.invalid")
        with Site(page(b"x")) as site:
            proxy = {**environment(), "http_proxy": site.url, "no_proxy": ""}
            self.ends(run("get", "http://Bücher.invalid/", env=proxy), 0, b"x")
            self.assertEqual(field(site.requests[0], b"Host"), b"xn--bcher-kva.invalid")


if __name__ == "__main__":
    main()
