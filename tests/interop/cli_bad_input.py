# SPDX-License-Identifier: MIT
"""Usage errors are found before anything is sent: exit status 2, nothing on standard output, and
one line that says what was wrong. The exact messages are in cli_words.py."""

from _cli import Case, main, run

NEVER = "127.0.0.1:1"  # nobody listens there; nothing below gets so far


class Addresses(Case):
    FORMS = {
        "": "empty",
        "9999": ":9999",
        ":": "not a port",
        ":65536": "not a port",
        ":-1": "not a port",
        ":+1": "not a port",
        ":0x50": "not a port",
        ":1 ": "not a port",
        "host:http": "not a port",
        ":0": "port 0",
        "127.0.0.1:0": "port 0",
        "::1": "brackets",
        "::1:9999": "brackets",
        "[::1:9999": "",
        "[::1]]:1": "",
        "[]:1": "",
        "[gg::1]:1": "IPv6",
        "127.1:1": "IPv4",
        "0x7f.1:1": "IPv4",
        "127.0.0.01:1": "IPv4",
        "256.0.0.1:1": "IPv4",
        "-host:1": "name",
        "a b:1": "name",
        "a\nb:1": "\\x0a",
        "\x1b[31m:1": "\\x1b",
        "a" * 64 + ".b:1": "name",
        ".".join(["a" * 60] * 5) + ":1": "name",
        "tpc://a:1": "did you mean tcp?",
        "ftp://a:1": "unknown scheme",
        "https://a": "write tls://",
        "http://a": "bight get",
        "tcp://": "empty",
        "tcp://a:1/path": "not a port",
        "unix:": "missing",
        "unix://host/path": "no host",
        "unix:/" + "x" * 200: "allow",
    }

    def test_each_form_is_refused_with_its_reason(self):
        for form, reason in self.FORMS.items():
            for command in ["send", "--", form, "x"], ["connect", "--", form]:
                with self.subTest(form=form, command=command[0]):
                    result = self.ends(run(*command), 2, b"", ["bight: ", reason])
                    self.assertEqual(result.stderr.count(b"\n"), 1)
        for form, reason in self.FORMS.items():
            if form.endswith(":0"):
                continue  # a server may draw its port
            with self.subTest(form=form, command="serve"):
                self.ends(run("serve", "echo", "-l", form), 2, b"", reason)


class Values(Case):
    def test_times(self):
        for bad in ("", "abc", "-1", "-1s", "+1s", "1e3", "1e99", "0x10", "inf", "infinity", "nan",
                    "NaN", "1.s", ".5s", "1..5s", "1,5s", "1 s", "1s ", "1S", "1w", "1ss",
                    "9" * 400, "400d", "99999999999999999999", "１s"):
            for flag in (["serve", "echo", f"--delay={bad}"], ["send", NEVER, "x", "-t", bad],
                         ["send", NEVER, "x", "--wait", bad]):
                with self.subTest(flag):
                    # An empty --flag= is a flag without its value.
                    self.ends(run(*flag), 2, b"", "bight: ")
        self.ends(run("serve", "echo", "--delay", "-1s"), 2,
                  says="cannot be negative; write a time as")

    def test_good_times_and_sizes_are_taken(self):
        for good in "0", "5", "500ms", "1.5s", "100us", "3m", "2min", "1h", "1d":
            self.ends(run("send", "-t", "5s", "--wait", good, NEVER, "x"), 7)
        for good in "0", "512", "64k", "64KiB", "10MB", "1.5G", "1T":
            self.ends(run("get", "--max-size", good, f"http://{NEVER}/"), 7)

    def test_sizes_and_counts(self):
        for bad in "-1", "1e3", "inf", "nan", "64q", "1kb/s", "999999999T", "", "0x10":
            self.ends(run("get", "--max-size", bad, f"http://{NEVER}/"), 2, b"")
        for flag in "--max-conns", "--threads":
            for bad in "0", "-1", "1.5", "x", "99999999999999999999", "1e3", "":
                self.ends(run("serve", "echo", flag, bad), 2, b"")
        for bad in "-1", "x", "99", "0", "2000000":
            self.ends(run("serve", "echo", "--ready-fd", bad), 2, b"")

    def test_hex(self):
        for bad in "0", "0g", "0x00", "00 1", "é":
            self.ends(run("send", "--hex", NEVER, bad), 2 if bad else 0, b"")

    def test_files(self):
        self.ends(run("send", NEVER, "--file", self.folder / "none"), 7)  # nobody is asked first
        self.ends(run("get", "-H", f"@{self.folder}/none", f"http://{NEVER}/"), 2)
        self.ends(run("get", "-H", f"@{self.folder}", f"http://{NEVER}/"), 2)


class Messages(Case):
    def test_a_message_may_look_like_anything(self):
        for message in "[a,b]", "[]", "help", "serve", "", "-5", "{}", "'", "a=b", "é":
            self.ends(run("send", NEVER, "--", message), 7)
        self.ends(run("send", NEVER, "--", "-x", "--help"), 7)


class Urls(Case):
    def test_each_url_is_refused_with_its_reason(self):
        for url, reason in {
            "": "host is missing",
            "http://": "host is missing",
            "http:///": "host is missing",
            "http:////a/": "two slashes",
            "http://a b/": "name",
            "http://a/\r\nX: y": "control",
            "http://a\r\n/": "control",
            "http://a/\x01b": "control",
            "http://a\\b/": "\\",
            "http://\udcfc/": "international",
            "http://é-/": "international",
            "http://０x7f.1/": "IPv4",
            "http://a:65536/": "port",
            "http://a:0/": "port 0",
            "http://::1/": "brackets",
            "http://127.1/": "IPv4",
            "http://0x7f.0.0.1/": "IPv4",
            "http://a%2fb/": "name",
            "http://a%00/": "NUL",
            "http://a@b@c/": "%40",
            "http://" + "a" * 300 + "/": "name",
            "http://a/" + "b" * 17000: "longer",
            "ftp://a/": "only http",
        }.items():
            with self.subTest(url):
                self.ends(run("get", url), 2, b"", reason)

    def test_a_password_is_not_repeated(self):
        for url in ("http://me:secret@a:x/", "http://a@secret@b/", "http://me:sec/secret@a/",
                    "me:sec#secret@a/", "http:/me:sec?secret@a", "ftp://me:secret@a/"):
            result = self.ends(run("get", url), 2, b"")
            self.assertNotIn(b"sec", result.stderr)

    def test_fields(self):
        for field in ("none", ": v", "a b: c", "a: b\r\nc: d", "a: b\nc: d", "a\r: b", "é: b",
                      "Content-Length: 3", "transfer-encoding: chunked", "Connection: keep-alive",
                      "a: \x01"):
            with self.subTest(field):
                self.ends(run("get", "-H", field, f"http://{NEVER}/"), 2, b"", "-H")
        (self.folder / "h").write_text("Authorization: Bearer secret\x01\n")
        result = self.ends(run("get", "-H", f"@{self.folder}/h", f"http://{NEVER}/"), 2)
        self.assertNotIn(b"secret", result.stderr)


if __name__ == "__main__":
    main()
