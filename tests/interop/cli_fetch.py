# SPDX-License-Identifier: MIT
"""`bight get` over several requests: redirects, tries, parts, proxies, names, rates."""

import gzip
import hashlib
import os
import socket
import threading
import time
import zlib

from _cli import PATIENCE, Case, Tool, environment, main, on_terminal, run
from _web import BODY, OK, Site, field, page


class Redirects(Case):
    def test_are_followed(self):
        with Site(page(b"", b"Location: /there", status=b"301 Moved"), page(b"hello\n")) as site:
            self.ends(run("get", site.url), 0, b"hello\n")
            self.assertTrue(site.requests[1].startswith(b"GET /there "))

    def test_h10_a_loop_is_47(self):
        with Site(*[page(b"", b"Location: /", status=b"302 Found")] * 12) as site:
            self.ends(run("get", site.url), 47, b"", "10 redirects")

    def test_h10_a_secret_does_not_leave_its_origin(self):
        with Site(page(b"hello\n")) as other:
            to = b"Location: " + other.url.encode()
            with Site(page(b"", to, status=b"302 Found")) as site:
                self.ends(run("get", site.url, "-H", "Authorization: s3cret", "-H",
                              "Cookie: s3cret"), 0)
                self.assertIn(b"s3cret", site.requests[0])
                self.assertNotIn(b"s3cret", other.requests[0])

    def test_h19_a_server_has_no_say_in_the_name(self):
        answer = page(b"x", b"Content-Disposition: attachment; filename=../evil")
        with Site(page(b"", b"Location: /evil.sh", status=b"302 Found"), answer) as site:
            self.ends(run("get", "-O", site.url + "good.txt", cwd=self.folder), 0)
        self.assertEqual(os.listdir(self.folder), ["good.txt"])


class Names(Case):
    def test_h19_of_the_url_and_never_out_of_the_folder(self):
        for path, name in (("a/b.txt?x=/y", "b.txt"), ("", "index.html"), ("a/", "index.html"),
                           ("%2e%2e", "index.html"), (".bashrc", "_bashrc"), ("-rf", "_rf"),
                           ("a%2fb", "a_2fb"), ("a%00b", "a_00b"), ("x" * 300, "x" * 200),
                           ("%C3%A9\u00fc b", "\u00e9\u00fc_20b"), ("%ff\u00e9", "_ff_C3_A9"),
                           ("%C2%9B", "_C2_9B"), ("x" + "\u00e9" * 150, "x" + "\u00e9" * 99)):
            with self.subTest(path), Site(page(b"x")) as site:
                self.ends(run("get", "-O", site.url + path, cwd=self.folder), 0)
                self.assertEqual(os.listdir(self.folder), [name])
                (self.folder / name).unlink()

    def test_h19_what_is_there_stays(self):
        (self.folder / "f").write_text("mine")
        os.symlink("f", self.folder / "link")
        os.symlink("nowhere", self.folder / "dangling")
        for name in "f", "link", "dangling":
            with Site(page(b"theirs")) as site:
                self.ends(run("get", "-O", site.url + name, cwd=self.folder), 23, b"",
                          f"write {name}: the file exists; use -o {name} to replace it, or -o "
                          "FILE for another name")
        self.assertEqual((self.folder / "f").read_text(), "mine")

    def test_h19_a_link_in_the_place_of_the_part_is_not_followed(self):
        (self.folder / "victim").write_text("mine")
        os.symlink("victim", self.folder / "f.part")
        (self.folder / "f.part.from").write_text('http://x/\n"t"\n')
        with Site(page(b"theirs")) as site:
            self.ends(run("get", site.url, "-o", self.folder / "f"), 0)
        self.assertEqual((self.folder / "victim").read_text(), "mine")
        self.assertEqual((self.folder / "f").read_bytes(), b"theirs")

    def test_dash_is_standard_output(self):
        with Site(page(b"x")) as site:
            self.ends(run("get", "-o", "-", site.url), 0, b"x")


HALF = page(BODY, b'ETag: "v1"')[:60_000]


def rest_of(tag):
    def answer(request):
        asked = field(request, b"Range")
        if asked and field(request, b"If-Range") == tag:
            first = int(asked[6:-1])
            return page(BODY[first:], b"ETag: " + tag, b"Content-Range: bytes %d-%d/%d" %
                        (first, len(BODY) - 1, len(BODY)), status=b"206 Partial Content")
        return page(BODY, b"ETag: " + tag)
    return answer


class Parts(Case):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "f"

    def whole(self):
        self.assertEqual(self.file.read_bytes(), BODY)
        self.assertEqual(os.listdir(self.folder), ["f"])

    def test_the_same_command_goes_on(self):
        with Site(HALF, rest_of(b'"v1"')) as site:
            self.ends(run("get", site.url, "-o", self.file), 18, says="kept in")
            self.ends(run("get", site.url, "-o", self.file, "--sha256",
                          hashlib.sha256(BODY).hexdigest()), 0)
            self.assertEqual(field(site.requests[1], b"If-Range"), b'"v1"')
            self.assertEqual(field(site.requests[1], b"Accept-Encoding"), b"identity")
        self.whole()

    def test_a_retry_goes_on(self):
        with Site(HALF, rest_of(b'"v1"')) as site:
            self.ends(run("get", "--retry", 2, site.url, "-o", self.file), 0, b"", "retrying in")
            self.assertRegex(field(site.requests[1], b"Range"), rb"^bytes=5\d{4}-$")
        self.whole()

    def test_another_version_begins_anew(self):
        with Site(HALF, rest_of(b'"v2"')) as site:
            self.ends(run("get", "--retry", 1, site.url, "-o", self.file), 0)
        self.whole()

    def test_a_server_that_gives_another_range_is_asked_for_the_whole(self):
        wrong = page(BODY[5:], b"Content-Range: bytes 5-102399/102400", status=b"206 Part")
        for answer in wrong, page(b"", b"Content-Range: bytes */5", status=b"416 No"):
            with Site(HALF, answer, page(BODY)) as site:
                self.ends(run("get", "--retry", 1, site.url, "-o", self.file), 0)
                self.assertEqual(len(site.requests), 3)
            self.whole()
            self.file.unlink()

    def test_a_weak_or_missing_validator_begins_anew(self):
        for tag in b'ETag: W/"v1"', b"X: y":
            with Site(page(BODY, tag)[:60_000], page(BODY)) as site:
                self.ends(run("get", "--retry", 1, site.url, "-o", self.file), 0)
                self.assertIsNone(field(site.requests[1], b"Range"))
            self.whole()
            self.file.unlink()

    def test_what_came_encoded_begins_anew(self):
        packed = gzip.compress(os.urandom(50_000))
        cut = page(packed, b'ETag: "v1"', b"Content-Encoding: gzip")[:30_000]
        with Site(cut, page(BODY)) as site:
            self.ends(run("get", "--retry", 1, site.url, "-o", self.file), 0)
            self.assertIsNone(field(site.requests[1], b"Range"))
        self.whole()

    def test_a_part_of_another_page_is_replaced(self):
        (self.folder / "f.part").write_bytes(b"other")
        (self.folder / "f.part.from").write_text('http://elsewhere/\n"v1"\n')
        with Site(rest_of(b'"v1"')) as site:
            self.ends(run("get", site.url, "-o", self.file), 0)
            self.assertIsNone(field(site.requests[0], b"Range"))
        self.whole()

    def test_two_at_once_do_not_mix(self):
        begun, end = threading.Event(), threading.Event()

        def slowly(_):
            begun.set()
            end.wait(PATIENCE)
            return page(BODY)
        with Site(slowly) as site, Tool("get", site.url, "-o", self.file) as first:
            begun.wait(PATIENCE)
            self.ends(run("get", site.url, "-o", self.file), 23, b"",
                      f"write {self.file}.part: another bight process is downloading it")
            end.set()
            self.assertEqual(first.wait(), 0)
        self.whole()


class Tries(Case):
    def test_what_may_pass_is_tried_again(self):
        busy = page(b"no", b"Retry-After: 0", status=b"503 Busy")
        cut = OK + b"Content-Length: 9\r\n\r\n"
        for trouble in busy, page(b"", status=b"429 Slow"), b"", cut:
            with self.subTest(trouble), Site(trouble, page(b"hello\n")) as site:
                self.ends(run("get", "--retry", 1, site.url), 0, b"hello\n", "retrying in")

    def test_what_will_not_pass_is_not(self):
        for trouble, code in ((page(b"", status=b"404 No"), 22), (b"SSH-2.0\r\n\r\n", 56)):
            with Site(trouble, page(b"hello\n")) as site:
                self.ends(run("get", "--retry", 5, site.url), code, b"")
                self.assertEqual(len(site.requests), 1)

    def test_bytes_in_a_pipe_are_not_taken_back(self):
        with Site(page(BODY)[:500], page(BODY)) as site:
            result = self.ends(run("get", "--retry", 5, site.url), 18)
            self.assertTrue(BODY.startswith(result.stdout))

    def test_the_last_try_tells_why(self):
        with Site(b"", b"") as site:
            self.ends(run("get", "--retry", 1, site.url), 52, b"", "empty reply")


class Encodings(Case):
    def test_are_taken_off(self):
        with Site(page(gzip.compress(BODY), b"Content-Encoding: gzip")) as site:
            self.ends(run("get", site.url), 0, BODY)

    def test_all_fields_are_one_list_undone_from_its_end(self):
        twice = gzip.compress(zlib.compress(BODY))
        for fields in ([b"Content-Encoding: deflate, gzip"],
                       [b"Content-Encoding: deflate", b"content-encoding: GZIP"],
                       [b"Content-Encoding: , deflate,none,", b"X: y", b"Content-Encoding: gzip"]):
            with Site(page(twice, *fields)) as site:
                self.ends(run("get", site.url), 0, BODY)
        with Site(page(gzip.compress(BODY), *[b"Content-Encoding: gzip"] * 6)) as site:
            self.ends(run("get", site.url), 56, b"", "limit")

    def test_a_word_that_is_no_coding_changes_nothing(self):
        for word in b"none", b"utf-8", b"UTF-8, identity", b"binary", b"", b"aws-chunked":
            with Site(page(BODY, b"Content-Encoding: " + word)) as site:
                self.ends(run("get", site.url), 0, BODY)

    def test_a_coding_that_nobody_asked_for_is_56_and_can_be_saved(self):
        answer = page(BODY, b"Content-Encoding: compress")
        with Site(answer, answer) as site:
            self.ends(run("get", site.url), 56, b"", "--no-decode")
            self.ends(run("get", site.url, "--no-decode"), 0, BODY)

    def test_no_decode_saves_what_is_sent(self):
        packed = gzip.compress(BODY)
        with Site(page(packed, b"Content-Encoding: gzip")) as site:
            self.ends(run("get", "--no-decode", site.url), 0, packed)
            self.assertEqual(field(site.requests[0], b"Accept-Encoding"), b"identity")

    def test_a_compressed_file_is_saved_as_it_was_published(self):
        packed = gzip.compress(BODY)
        digest = hashlib.sha256(packed).hexdigest()
        tar = b"Content-Type: application/x-tar"
        for coding in b"x-gzip", b"gzip":
            for path, kind, name in (("lib.tar.gz", tar, "f"), ("lib.TGZ?x=1", tar, "f"),
                                     ("download", tar, "lib.tar.gz"),
                                     ("download", b"Content-Type: application/x-gzip", "f")):
                with Site(page(packed, b"Content-Encoding: " + coding, kind)) as site:
                    self.ends(run("get", site.url + path, "--sha256", digest, "-o",
                                  self.folder / name), 0)
                self.assertEqual((self.folder / name).read_bytes(), packed)
        to_file = page(b"", b"Location: /lib.tar.gz", status=b"302 Found")
        from_file = page(b"", b"Location: /blob", status=b"302 Found")
        for path, redirect in ("latest", to_file), ("lib.tar.gz", from_file):
            with Site(redirect, page(packed, b"Content-Encoding: x-gzip", tar)) as site:
                self.ends(run("get", site.url + path), 0, packed)

    def test_a_published_file_is_continued(self):
        packed = gzip.compress(os.urandom(50_000))
        fields = b'ETag: "v1"', b"Content-Encoding: x-gzip"

        def rest(request):
            first = int(field(request, b"Range")[6:-1])
            return page(packed[first:], *fields, b"Content-Range: bytes %d-%d/%d" % (
                first, len(packed) - 1, len(packed)), status=b"206 Partial Content")
        with Site(page(packed, *fields)[:20_000], rest) as site:
            self.ends(run("get", "--retry", 1, site.url + "a.gz", "-o", self.folder / "a.gz"), 0)
        self.assertEqual((self.folder / "a.gz").read_bytes(), packed)

    def test_h18_a_bomb_is_56(self):
        bomb = gzip.compress(b"\0" * 50_000_000, 9)
        with Site(page(bomb, b"Content-Encoding: gzip")) as site:
            self.ends(run("get", site.url, "-o", self.folder / "f"), 56, b"",
                      ["limit", "bytes decompressed to more than 250 times their size "
                       "(--no-decode saves the body as sent)"])

    def test_a_coding_with_parameters_or_quotes_is_not_taken_for_none(self):
        for coding in b"gzip;q=1.0", b'"gzip"', b"br ; x=y":
            with Site(page(gzip.compress(b"page"), b"Content-Encoding: " + coding)) as site:
                self.ends(run("get", site.url), 56, b"", "--no-decode")

    def test_a_digest_of_what_was_decoded_says_so(self):
        packed = gzip.compress(b"page")
        with Site(page(packed, b"Content-Encoding: gzip")) as site:
            self.ends(run("get", site.url, "--sha256", hashlib.sha256(packed).hexdigest()), 1,
                      says="decompressed; --no-decode")
        self.ends(run("get", "-I", "http://127.0.0.1:1/", "--sha256", "0" * 64), 2, b"", "--sha256")

    def test_h20_what_is_packed_in_text_is_still_escaped_on_a_terminal(self):
        body = gzip.compress(b"plain \x1b[31m text of some length that is no binary")
        with Site(page(body, b"Content-Encoding: gzip")) as site:
            code, shown = on_terminal("get", "-o", "-", site.url)
        self.assertEqual(code, 0)
        self.assertIn(b"plain \\x1b[31m text", shown)


class Rates(Case):
    def test_the_largest(self):
        with Site(page(BODY)) as site:
            start = time.monotonic()
            self.ends(run("get", "--limit-rate", "200kB/s", site.url), 0, BODY)
            self.assertGreater(time.monotonic() - start, 0.2)

    def test_i13_nonsense_is_refused(self):
        for flag, value in (("--limit-rate", "-1"), ("--limit-rate", "inf"),
                            ("--limit-rate", "1x/s"),
                            ("--min-rate", "nan"), ("--retry", "-1"), ("--retry", "1e9"),
                            ("--retry", "99999999999"), ("--sha256", "xyz"),
                            ("--sha256", "0" * 63)):
            self.ends(run("get", flag, value, "http://a/"), 2, b"", flag)


if __name__ == "__main__":
    main()
