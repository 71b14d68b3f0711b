# SPDX-License-Identifier: MIT
"""`bight serve files`: ranges, and requests that are meant for one version of a file."""

import email.utils
import re

from _cli import main
from _files import Files, curl


class Ranges(Files):
    def test_head_has_no_ranges(self):
        status, head, _ = self.get(b"/big", b"Range: bytes=0-9", method=b"HEAD")
        self.assertEqual(status, 200)
        self.assertIn(b"Content-Length: 3000000\r\n", head)

    def test_a_client_may_ask_for_one_version_alone(self):
        _, head, _ = self.get(b"/big", method=b"HEAD")
        tag = re.search(rb"ETag: ([^\r]+)", head)[1]
        date = re.search(rb"Last-Modified: ([^\r]+)", head)[1]
        old, new = b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sat, 01 Jan 2050 00:00:00 GMT"
        for fields, status in (
                ([b"If-Match: " + tag], 200), ([b"If-Match: *"], 200),
                ([b'If-Match: "a,b", ' + tag], 200), ([b'If-Match: "x"', b"If-Match: " + tag], 200),
                ([b"If-Match: W/" + tag], 412), ([b'If-Match: "x"'], 412),
                ([b'If-Match: "x,' + tag[1:]], 412), ([b"If-Match: x"], 412),
                ([b"If-Match: W/"], 412),
                ([b"If-Match: " + tag, b"If-Unmodified-Since: " + old], 200),
                ([b"If-Unmodified-Since: " + date], 200), ([b"If-Unmodified-Since: " + new], 200),
                ([b"If-Unmodified-Since: " + old], 412), ([b"If-Unmodified-Since: yesterday"], 200),
                ([b"If-Unmodified-Since: Sunday, 06-Nov-94 08:49:37 GMT"], 412),
                ([b"If-Unmodified-Since: Sun Nov  6 08:49:37 1994"], 412),
                ([b'If-None-Match: "x"', b"If-None-Match: W/" + tag], 304),
                ([b'If-None-Match: "x' + tag[1:]], 200),
                ([b"If-Modified-Since: " + new], 304), ([b"If-Modified-Since: " + old], 200),
                ([b"If-Modified-Since: " + date, b"If-None-Match: x"], 200),
                ([b"If-Match: *", b"If-None-Match: *"], 304),
                ([b"If-Match: " + tag, b"Range: bytes=0-9"], 206),
                ([b"Range: bytes=0-9", b"Range: bytes=20-29"], 200)):
            with self.subTest(fields):
                self.assertEqual(self.get(b"/big", *fields)[0], status)

    def test_one_range(self):
        size = len(self.big)
        for text, first, last in ((b"0-0", 0, 1), (b"5-9", 5, 10), (b"100-", 100, size),
                                  (b"-7", size - 7, size), (b"0-99999999", 0, size),
                                  (b"-99999999", 0, size), (b"5-" + b"9" * 20, 5, size),
                                  (b"-" + b"9" * 20, 0, size)):
            status, head, body = self.get(b"/big", b"Range: bytes=" + text)
            self.assertEqual(status, 206, text)
            self.assertIn(b"Content-Range: bytes %d-%d/%d" % (first, last - 1, size), head)
            self.assertEqual(body, self.big[first:last])
        for text in b"Bytes=5-9", b"bytes= 5-9", b"bytes=5-9, ,", b"BYTES=,\t5-9 ":
            status, _, body = self.get(b"/big", b"Range: " + text)
            self.assertEqual((status, body), (206, self.big[5:10]), text)

    def test_what_is_no_range_means_the_whole(self):
        for text in (b"bytes=", b"bytes=-", b"bytes=5-4", b"bytes=0-1,3-4", b"lines=1-2",
                     b"bytes=a-b", b"bytes=+1-2", b"bytes=1-2x", b"bytes=9" + b"9" * 20 + b"x-",
                     b"bytes 0-1"):
            status, _, body = self.get(b"/big", b"Range: " + text)
            self.assertEqual((status, len(body)), (200, len(self.big)), text)

    def test_behind_the_end(self):
        for text in b"3000000-", b"9999999-99999999", b"-0", b"9" * 20 + b"-":
            status, head, _ = self.get(b"/big", b"Range: bytes=" + text)
            self.assertEqual(status, 416, text)
            self.assertIn(b"Content-Range: bytes */3000000", head)

    def test_a_range_of_what_has_changed_is_the_whole(self):
        _, head, _ = self.get(b"/big", method=b"HEAD")
        tag = re.search(rb"ETag: ([^\r]+)", head)[1]
        date = re.search(rb"Last-Modified: ([^\r]+)", head)[1]
        email.utils.parsedate_to_datetime(date.decode())
        for condition, status in ((tag, 206), (date, 206), (b'"other"', 200), (b"W/" + tag, 200),
                                  (b"Sun, 06 Nov 1994 08:49:37 GMT", 200)):
            got = self.get(b"/big", b"Range: bytes=0-9", b"If-Range: " + condition)[0]
            self.assertEqual(got, status, condition)
        (self.shared / "big").write_bytes(self.big[::-1])
        self.assertEqual(self.get(b"/big", b"Range: bytes=0-9", b"If-Range: " + tag)[0], 200)

    def test_what_a_client_has_is_not_sent_again(self):
        _, head, _ = self.get(b"/big", method=b"HEAD")
        tag = re.search(rb"ETag: ([^\r]+)", head)[1]
        date = re.search(rb"Last-Modified: ([^\r]+)", head)[1]
        for field in (b"If-None-Match: " + tag, b'If-None-Match: "x", W/' + tag,
                      b"If-None-Match: *", b"If-Modified-Since: " + date):
            status, _, body = self.get(b"/big", field)
            self.assertEqual((status, body), (304, b""), field)
        other = b'If-None-Match: "x"'
        self.assertEqual(self.get(b"/big", other, b"If-Modified-Since: " + date)[0], 200)

    def test_curl_resumes(self):
        (self.folder / "copy").write_bytes(self.big[:1_000_000])
        curl("-C", "-", "-o", self.folder / "copy", self.url + "big")
        self.assertEqual((self.folder / "copy").read_bytes(), self.big)


if __name__ == "__main__":
    main()
