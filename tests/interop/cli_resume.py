# SPDX-License-Identifier: MIT
"""`bight get` goes on with a part: whatever the server answers, the file is whole or not there."""

import os

from _cli import Case, main, run
from _web import BODY, Site, field, page

TAG = b'ETag: "v1"'
HALF = page(BODY, TAG)[:60_000]
OTHER = bytes(reversed(BODY)) + b"other"
DATE = b"Date: Sun, 06 Nov 2022 10:00:00 GMT"
OLD = b"Last-Modified: Sun, 06 Nov 2022 08:00:00 GMT"


def part(body, first, last, total, *fields, length=None):
    """A 206 with body[first..last]."""
    answer = page(body[first:last + 1], b"Content-Range: bytes %d-%d/%s" % (
        first, last, b"%d" % total if isinstance(total, int) else total), *fields,
        status=b"206 Partial Content")
    if length is not None:
        answer = answer.replace(b"Content-Length: %d" % (last + 1 - first),
                                b"Content-Length: %d" % length)
    return answer


def first_of(request):
    return int(field(request, b"Range")[6:-1])


def rest(*fields, total=len(BODY), body=BODY):
    return lambda r: part(body, first_of(r), len(body) - 1, total, *fields)


class Answers(Case):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "f"

    def resumes(self, *answers, code=0, body=BODY, begin=HALF, requests=None, says=()):
        """A cut download, then the same command against `answers`."""
        with Site(begin, *answers) as site:
            self.ends(run("get", site.url, "-o", self.file), 18)
            result = self.ends(run("get", site.url, "-o", self.file), code, b"", says)
            self.assertEqual(len(site.requests) - 1, requests or len(answers))
        if code == 0:
            self.assertEqual(self.file.read_bytes(), body)
            self.assertEqual(os.listdir(self.folder), ["f"])
        else:
            self.assertFalse(self.file.exists())
        for left in self.folder.iterdir():
            left.unlink()
        return result

    def test_the_same_version_is_continued(self):
        for answer in rest(TAG), rest(TAG, total=b"*"), rest(TAG, b"X: y"):
            self.assertEqual(self.resumes(answer).stderr, b"")

    def test_a_shorter_range_is_stored_and_the_rest_requested(self):
        def short(r):
            return part(BODY, first_of(r), first_of(r) + 9_999, len(BODY), TAG)
        self.resumes(short, short, rest(TAG))

    def test_what_does_not_fit_starts_over(self):
        misfits = {
            "no validator": rest(),
            "another tag": rest(b'ETag: "v2"'),
            "a weak tag": rest(b'ETag: W/"v1"'),
            "two tags": rest(TAG, b'ETag: "v2"'),
            "a date alone": rest(OLD, DATE),
            "another start": lambda r: part(BODY, first_of(r) - 1, len(BODY) - 1, len(BODY), TAG),
            "the start": part(BODY, 0, len(BODY) - 1, len(BODY), TAG),
            "another total": rest(TAG, total=len(BODY) + 1),
            "no range": lambda r: page(BODY[first_of(r):], TAG, status=b"206 Partial Content"),
            "a range of nothing": lambda r: page(BODY[first_of(r):], TAG,
                                                 b"Content-Range: bytes */9",
                                                 status=b"206 Partial Content"),
            "two ranges": rest(TAG, b"Content-Range: bytes 0-1/2"),
            "another unit": lambda r: rest(TAG)(r).replace(b"bytes", b"lines"),
            "several parts": rest(TAG, b"Content-Type: multipart/byteranges; boundary=x"),
            "encoded": rest(TAG, b"Content-Encoding: gzip"),
            "a length that contradicts": lambda r: part(BODY, first_of(r), len(BODY) - 1,
                                                        len(BODY), TAG, length=5),
            "no more data": page(b"", b"Content-Range: bytes */59000", status=b"416 No"),
            "416 without a range": page(b"", status=b"416 No"),
            "nothing new": b"HTTP/1.1 304 Not Modified\r\n\r\n",
            "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
            "reset content": b"HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n",
        }
        for name, answer in misfits.items():
            with self.subTest(name):
                self.resumes(answer, page(OTHER), body=OTHER, says="starting over")

    def test_a_part_that_does_not_count_is_started_over_and_said_so(self):
        self.resumes(page(BODY), begin=page(BODY)[:60_000],
                     says="has no version to check")
        with Site(HALF, page(OTHER)) as site:
            self.ends(run("get", site.url, "-o", self.file), 18)
            self.ends(run("get", site.url + "other", "-o", self.file), 0, b"",
                      "from another URL; starting over")
        self.assertEqual(self.file.read_bytes(), OTHER)

    def test_the_whole_instead_of_the_rest_replaces_it(self):
        for status in b"200 OK", b"203 Fine":
            self.resumes(page(OTHER, b'ETag: "v2"', status=status), body=OTHER,
                         says="starting over")

    def test_more_than_the_range_says_starts_over(self):
        def more(r):
            first = first_of(r)
            return (b"HTTP/1.1 206 Part\r\nETag: \"v1\"\r\nContent-Range: bytes %d-%d/%d\r\n\r\n"
                    % (first, len(BODY) - 1, len(BODY))) + BODY[first:] + b"more"
        self.resumes(more, page(BODY))

    def test_less_than_the_range_says_is_18_and_kept(self):
        def less(r):
            first = first_of(r)
            return (b"HTTP/1.1 206 Part\r\nETag: \"v1\"\r\nContent-Range: bytes %d-%d/%d\r\n\r\n"
                    % (first, len(BODY) - 1, len(BODY))) + BODY[first:-9]
        self.resumes(less, code=18, says="kept in")

    def test_an_error_keeps_the_part(self):
        for status in b"404 No", b"500 Oh", b"403 No", b"412 No":
            self.resumes(page(b"no", status=status), code=22)
        with Site(HALF, page(b"no", status=b"404 No"), rest(TAG)) as site:
            for code in 18, 22, 0:
                self.ends(run("get", site.url, "-o", self.file), code)
        self.assertEqual(self.file.read_bytes(), BODY)

    def test_a_date_is_a_validator_when_it_is_strong(self):
        cut = page(BODY, OLD, DATE)[:60_000]
        self.resumes(rest(OLD, DATE), begin=cut)
        self.resumes(rest(DATE), page(BODY), begin=cut)
        for young in (b"Date: Sun, 06 Nov 2022 08:00:59 GMT", b"Date: soon", b"X: y"):
            with Site(page(BODY, OLD, young)[:60_000], page(BODY)) as site:
                self.ends(run("get", site.url, "-o", self.file), 18)
                self.ends(run("get", site.url, "-o", self.file), 0)
                self.assertIsNone(field(site.requests[1], b"Range"))

    def test_a_part_that_has_everything_is_confirmed_by_its_last_byte(self):
        def noted(site, body):
            made = self.folder / "f.part"
            made.write_bytes(body)
            s = made.stat()
            (self.folder / "f.part.from").write_text(
                f'{site.url}\n"v1"\n{s.st_dev} {s.st_ino}\n{len(BODY)}\n\n')
        with Site(rest(TAG), page(BODY)) as site:
            noted(site, BODY)
            self.ends(run("get", site.url, "-o", self.file), 0)
            self.assertEqual(field(site.requests[0], b"Range"), b"bytes=%d-" % (len(BODY) - 1))
            self.assertEqual(self.file.read_bytes(), BODY)
            noted(site, BODY + b"more")
            self.ends(run("get", site.url, "-o", self.file), 0)
            self.assertIsNone(field(site.requests[1], b"Range"))
        self.assertEqual(self.file.read_bytes(), BODY)
        self.assertEqual(os.listdir(self.folder), ["f"])

    def test_tries_see_a_file_that_changes_all_the_time(self):
        def version(n, cut):
            whole = page(BODY[n:], b'ETag: "v%d"' % n)
            return whole[:cut] if cut else whole
        with Site(version(1, 50_000), version(2, 40_000), version(3, 70_000),
                  version(4, 0)) as site:
            self.ends(run("get", "--retry", 5, site.url, "-o", self.file, timeout=60), 0)
        self.assertEqual(self.file.read_bytes(), BODY[4:])


class Unasked(Case):
    def fails(self, answer, code=18, says=()):
        for output in ["-o", self.folder / "f"], []:
            with Site(answer) as site:
                self.ends(run("get", site.url, *output), code, b"", says)
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_part_that_nobody_requested_is_18(self):
        self.fails(part(BODY, 5, 9, len(BODY), TAG), says="part of the file, but")
        self.fails(page(BODY, TAG, status=b"206 Partial Content"))
        self.fails(part(BODY, 0, 9, b"*", TAG))
        self.fails(part(BODY, 0, 9, 10, b"Content-Type: multipart/byteranges; boundary=x"))

    def test_a_beginning_is_continued_when_it_can_be(self):
        for output in ["-o", self.folder / "f"], []:
            with Site(part(BODY, 0, 999, len(BODY), TAG), rest(TAG)) as site:
                result = self.ends(run("get", site.url, *output), 0)
            body = (self.folder / "f").read_bytes() if output else result.stdout
            self.assertEqual(body, BODY)
        (self.folder / "f").unlink()
        with Site(part(BODY, 0, 999, len(BODY))) as site:
            self.ends(run("get", site.url, "-o", self.folder / "f"), 18)
        self.assertFalse((self.folder / "f").exists())

    def test_a_206_with_all_of_it_is_all_of_it(self):
        with Site(part(BODY, 0, len(BODY) - 1, len(BODY))) as site:
            self.ends(run("get", site.url), 0, BODY)

    def test_not_modified_is_no_file_unless_a_condition_was_given(self):
        answer = b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n'
        with Site(answer, answer) as site:
            self.ends(run("get", site.url, "-o", self.folder / "f"), 18, b"", "304")
            self.ends(run("get", site.url, "-o", self.folder / "f", "-H", 'If-None-Match: "v1"'), 0,
                      says="not modified")
        self.assertEqual(os.listdir(self.folder), [])

    def test_416_is_22(self):
        self.fails(page(b"", b"Content-Range: bytes */5", status=b"416 No"), code=22)

    def test_the_users_own_range_is_saved_as_it_comes_and_never_continued(self):
        with Site(part(BODY, 5, 9_000, len(BODY), TAG)[:5_000], page(BODY, TAG)) as site:
            file = self.folder / "f"
            self.ends(run("get", site.url, "-o", file, "-H", "Range: bytes=5-9000"), 18)
            self.ends(run("get", site.url, "-o", file), 0)
            self.assertIsNone(field(site.requests[1], b"Range"))
        with Site(part(BODY, 5, 9, len(BODY), TAG)) as site:
            self.ends(run("get", site.url, "-H", "Range: bytes=5-9"), 0, BODY[5:10])
        # A body that is shorter than its own Content-Range is no part, even in order.
        with Site(part(BODY, 5, 9_000, len(BODY), TAG, length=100)[:-8_896]) as site:
            self.ends(run("get", site.url, "-o", self.folder / "g", "-H", "Range: bytes=5-9000"),
                      18, b"", "Content-Range says 8996 bytes")


if __name__ == "__main__":
    main()
