# SPDX-License-Identifier: MIT
"""The proxies of the environment, and what no_proxy excepts from them."""

import socket
import threading

from _cli import PATIENCE, Case, environment, main, run
from _web import Site, page


def by(variables, url, *flags):
    clean = {k: v for k, v in environment().items() if not k.lower().endswith("_proxy")}
    return run("get", url, *flags, env={**clean, **variables})


DEAD = "http://127.0.0.1:1"  # refuses: exit status 7


class Proxies(Case):

    def test_http_proxy_is_asked_for_the_whole_url(self):
        with Site(page(b"by proxy")) as site:
            self.ends(by({"http_proxy": site.url}, "http://name.invalid/x"), 0, b"by proxy")
            self.assertTrue(site.requests[0].startswith(b"GET http://name.invalid/x HTTP/1.1\r\n"))

    def test_the_one_in_capitals_is_not_heeded(self):
        with Site(page(b"by proxy")) as site:
            self.ends(by({"HTTP_PROXY": site.url}, "http://name.invalid/x"), 6)

    def test_the_one_for_the_scheme_comes_first_and_an_empty_one_does_not_count(self):
        with Site(*[page(b"by proxy")] * 3) as site:
            for variables in ({"http_proxy": site.url, "all_proxy": DEAD},
                              {"http_proxy": "", "ALL_PROXY": site.url},
                              {"all_proxy": "", "ALL_PROXY": site.url}):
                self.ends(by(variables, "http://name.invalid/x"), 0, b"by proxy")

    def test_an_unusable_one_is_an_error_only_for_the_urls_that_need_it(self):
        unusable = {"https_proxy": "https://127.0.0.1:1", "all_proxy": "socks4://127.0.0.1"}
        with Site(*[page(b"x")] * 3) as site:
            self.ends(by({**unusable, "http_proxy": site.url}, "http://name.invalid/"), 0, b"x")
            self.ends(by({**unusable, "no_proxy": "127.0.0.1"}, site.url), 0, b"x")
            self.ends(by({"https_proxy": "nonsense://"}, site.url), 0, b"x")
        self.ends(by(unusable, "http://h/"), 2, b"",
                  ["all_proxy", "socks4://", "http:// or socks5"])
        self.ends(by(unusable, "https://h/"), 2, b"", ["https_proxy", "https://", "http:// or"])

    def test_blanks_and_a_path_around_the_address_do_not_count(self):
        with Site(*[page(b"by proxy")] * 2) as site:
            for value in f" {site.url} ", f"{site.url}some/path?x":
                self.ends(by({"http_proxy": value}, "http://name.invalid/x"), 0, b"by proxy")


class NoProxy(Case):
    def is_direct(self, url, none, variable="no_proxy"):
        """Whether `url`, of a server or a name that does not exist, is reached without a proxy."""
        result = by({"http_proxy": DEAD, variable: none}, url)
        self.assertIn(result.returncode, (0, 6, 7), result.stderr)
        return result.returncode != 7 or b"127.0.0.1:1" not in result.stderr

    def check(self, url, direct=(), proxied=()):
        for none in direct:
            with self.subTest(url=url, direct=none):
                self.assertTrue(self.is_direct(url, none))
        for none in proxied:
            with self.subTest(url=url, proxied=none):
                self.assertFalse(self.is_direct(url, none))

    def test_names(self):
        self.check("http://www.Example.invalid/",
                   ("*", "x,*", "example.invalid", ".example.invalid", "*.example.invalid",
                    "EXAMPLE.invalid.", "a b\texample.invalid,", "invalid", ".invalid:80",
                    "www.example.invalid:80"),
                   ("", ",", ".", "example", "ample.invalid", "w.example.invalid",
                    "example.invalid:81", "10.0.0.0/8", "x.www.example.invalid"))
        self.check("http://example.invalid./", ("example.invalid", ".example.invalid."))
        self.check("http://b\u00fccher.invalid/", ("b\u00dccher.invalid", "xn--bcher-kva.invalid"))

    def test_ip4(self):
        self.check("http://127.0.0.9:2/",
                   ("127.0.0.9", "127.0.0.0/8", "127.0.0.8/31", "0.0.0.0/0", "127.0.0.9/32",
                    "x 127.0.0.9", "127.0.0.9:2", "::ffff:127.0.0.9", "::ffff:127.0.0.0/104"),
                   ("27.0.0.9", ".0.0.9", "127.0.0.9:3", "127.0.0.10/31", "127.0.0.0/33",
                    "127.0.0.0/", "127.0.0.0/x", "127/8", "localhost", "::/0", "0.9"))

    def test_ip6(self):
        self.check("http://[::1]:2/",
                   ("::1", "[::1]", "0:0:0:0:0:0:0:1", "0000::0001", "[::1]:2", "::/8", "[::]/8",
                    "::1/128", "a, [::1] ,b"),
                   ("[::1]:3", "::2", "::1/129", "::2/127", "1", "0.0.0.0/0"))
        self.check("http://[fd00::ABCD]:2/", ("fd00::/8", "FD00:0::aBcd"), ("fe80::/10",))

    def test_capitals(self):
        self.assertTrue(self.is_direct("http://h.invalid/", "h.invalid", "NO_PROXY"))


class Socks(Case):
    def test_all_proxy_may_be_socks(self):
        listener = socket.create_server(("127.0.0.1", 0))
        heard = []

        def serve():
            c, _ = listener.accept()
            with c:
                c.settimeout(PATIENCE)
                heard.append(c.recv(3))
                c.sendall(b"\5\0")
                heard.append(c.recv(100))
                c.sendall(b"\5\0\0\1\0\0\0\0\0\0")
                heard.append(c.recv(65536))
                c.sendall(page(b"by socks"))
                c.recv(1)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        where = "socks5h://127.0.0.1:%d" % listener.getsockname()[1]
        self.ends(by({"ALL_PROXY": where}, "http://name.invalid/"), 0, b"by socks")
        thread.join(PATIENCE)
        listener.close()
        self.assertEqual(heard[1], b"\5\1\0\3\x0cname.invalid\0P")

class Secrets(Case):
    def test_i12_a_password_is_not_shown(self):
        for end in "h", "h:99999", "127.0.0.1:1":
            proxy = ("ftp" if end == "h" else "http") + "://me:s3cret@" + end
            result = by({"http_proxy": proxy}, "http://name.invalid/")
            self.assertIn(result.returncode, (2, 7))
            self.assertNotIn(b"s3cret", result.stderr)


if __name__ == "__main__":
    main()
