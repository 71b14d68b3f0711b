# SPDX-License-Identifier: MIT
"""What `get`, `send` and `connect` print about connections and responses, word for word. Messages
that need no peer are in cli_words.py."""

import gzip
import re
import socket
import struct

from _cli import Case, Peer, environment, main, read_all, run

OK = b"HTTP/1.1 200 OK\r\n"
PART = b"HTTP/1.1 206 Partial Content\r\nContent-Range: "
INSECURE = " (if the server uses TLS, write https://)"
NO_DECODE = " (--no-decode saves the body as sent)"
DIGEST = "f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2"  # of "test\n"


def quietly(script):
    """A script for a Peer whose client may reset the connection."""
    def run_script(connection):
        try:
            script(connection)
        except ConnectionError:
            pass
    return run_script


def reset(connection):
    connection.recv(100)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reply(data):
    """Answers the first message with these bytes, then closes."""
    return lambda connection: (connection.recv(65536), connection.sendall(data))


class MessagesCase(Case):
    def check(self, script, args, status, wanted, **settings):
        """Runs the tool with a peer, whose address replaces AT in the arguments, in environment
        variables and in `wanted`."""
        with Peer(quietly(script)) as peer:
            at = f"127.0.0.1:{peer.port}"
            result = run(*[a.replace("AT", at) for a in args], cwd=self.folder, env=environment(
                **{name: value.replace("AT", at) for name, value in settings.items()}))
        printed = re.sub('"ms":[0-9]+', '"ms":0', result.stderr.decode().replace(at, "AT"))
        self.assertEqual(printed, wanted + "\n")
        self.assertEqual(result.returncode, status)


class Responses(MessagesCase):
    """`bight get` of a page: the response, more flags, the exit status, the message."""

    CASES = {
        "status": (b"HTTP/1.1 404 Not Found\r\n\r\n", [], 22, "404 Not Found"),
        "redirect": (b"HTTP/1.1 301 Moved\r\nLocation: /b\r\n\r\n", ["--no-redirect"], 47,
                     "301 Moved: moved to http://AT/b; run: bight get http://AT/b"),
        "redirect, no command": (b"HTTP/1.1 308 Moved\r\nLocation: /b;c\r\n\r\n",
                                 ["--no-redirect"], 47, "308 Moved: moved to http://AT/b;c"),
        "redirect, invalid": (b"HTTP/1.1 302 Moved\r\nLocation: http://[\r\n\r\n",
                              ["--no-redirect"], 47,
                              'invalid redirect: URL "http://[": the bracket of the IPv6 '
                              "address is not closed"),
        "redirect, not to HTTP": (b"HTTP/1.1 303 Moved\r\nLocation: ftp://a/\r\n\r\n", [], 47,
                                  'invalid redirect: URL "ftp://a/": only http:// and https:// '
                                  "are supported"),
        "empty": (b"", [], 52, "the server closed the connection without sending data (empty "
                  "reply)" + INSECURE),
        "cut header": (b"HTTP/1.1 200", [], 18, "the connection ended within the header"),
        "cut body": (OK + b"Content-Length: 10\r\n\r\nhello", [], 18,
                     "the connection ended within the body; received 5 of 10 bytes"),
        "cut file": (OK + b"Content-Length: 10\r\n\r\nhello", ["-o", "f"], 18,
                     "the connection ended within the body; received 5 of 10 bytes, kept in "
                     "f.part"),
        "cut, unknown size": (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                              ["-o", "g"], 18,
                              "the connection ended within the body; received 5 bytes, kept in "
                              "g.part"),
        "not HTTP": (b"220 smtp\r\n\r\n", [], 56, "malformed HTTP response: it does not begin "
                     "with HTTP/1.0 or HTTP/1.1"),
        "TLS": (b"\x15\x03\x01\x00\x02\x02\x46", [], 56,
                "malformed HTTP response: the server sent TLS" + INSECURE),
        "length": (OK + b"Content-Length: x\r\n\r\n", [], 56, "malformed HTTP response: its "
                   "Content-Length is not a number, or contradicts another field"),
        "transfer coding": (OK + b"Transfer-Encoding: gzip\r\n\r\n", [], 56,
                            "malformed HTTP response: unsupported Transfer-Encoding (only "
                            "chunked, in HTTP/1.1, without Content-Length)"),
        "chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", [], 56, "malformed HTTP "
                  "response: a chunk does not begin with its size in hexadecimal"),
        "fields": (OK + b"A: b\r\n" * 257 + b"\r\n", [], 56,
                   "the response exceeds a limit: more than 256 fields"),
        "long line": (OK + b"A: " + b"b" * 100000, [], 56,
                      "the response exceeds a limit: the header is larger than 65536 bytes"),
        "coding, damaged": (OK + b"Content-Encoding: gzip\r\n\r\nno gzip at all", [], 56,
                            "invalid gzip data: incorrect header check" + NO_DECODE),
        "coding, more": (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"") + b"more", [],
                         56, "invalid gzip data: data after the end" + NO_DECODE),
        "coding, cut": (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"test\n")[:10], [],
                        18, "the compressed content is incomplete"),
        "coding, not requested": (OK + b"Content-Encoding: compress\r\n\r\nx", [], 56,
                                  'the response has the Content-Encoding "compress", which was '
                                  "not requested" + NO_DECODE),
        "coding, nested": (OK + b"Content-Encoding: gzip, gzip, gzip, gzip, gzip, gzip\r\n\r\nx",
                           [], 56, "the response exceeds a limit: 6 nested content codings"),
        "size": (OK + b"Content-Length: 1025\r\n\r\n" + b"x" * 1025, ["--max-size", "1k"], 1,
                 "the size is 1.0 kB, but --max-size allows 1.0 kB"),
        "received": (OK + b"\r\n" + b"x" * 1025, ["--max-size", "1k"], 1,
                     "received more than 1.0 kB, the limit of --max-size"),
        "digest": (OK + b"Content-Length: 5\r\n\r\ntest\n", ["--sha256", "0" * 64], 1,
                   f"SHA-256 does not match: the file has {DIGEST}; received 5 of 5 bytes"),
        "digest, decoded": (OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"test\n"),
                            ["--sha256", "0" * 64], 1,
                            f"SHA-256 does not match: the file has {DIGEST} (the body was "
                            "decompressed; --no-decode saves it as sent); received 5 bytes"),
        "not modified": (b"HTTP/1.1 304 Not Modified\r\n\r\n", [], 18,
                         "the server answered 304 without a body"),
        "part": (PART + b"bytes 0-4/10\r\nContent-Length: 5\r\n\r\nhello", [], 18,
                 "the server sent only part of the file; received 5 of 10 bytes"),
        "part, longer": (PART + b"bytes 0-4/5\r\n\r\nhello!", [], 18,
                         "the server sent more than its Content-Range says"),
        "part, shorter": (PART + b"bytes 0-4/5\r\n\r\nhel", [], 18,
                          "the connection closed before the end of the range; received 3 of 5 "
                          "bytes"),
        "own range": (PART + b"bytes 0-4/9\r\n\r\nhel", ["-H", "Range: bytes=0-4"], 18,
                      "the server's Content-Range says 5 bytes; received 3 bytes"),
    }

    def test_each_failed_download_has_its_message(self):
        for name, (answer, flags, status, wanted) in self.CASES.items():
            with self.subTest(name):
                if wanted.startswith("invalid redirect") and flags:
                    wanted = "302 Moved: " + wanted
                self.check(reply(answer), ["get", "http://AT/p", *flags], status,
                           "bight: get http://AT/p: " + wanted)

    def test_a_page_that_is_not_modified_is_no_failure(self):
        self.check(reply(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
                   ["get", "http://AT/p", "-o", "f", "-H", 'If-None-Match: "a"'], 0,
                   "http://AT/p: not modified")

    def test_verbose(self):
        with Peer(reply(OK + b"Content-Length: 5\r\n\r\nhello")) as peer:
            result = run("get", "-v", f"http://127.0.0.1:{peer.port}/p", "-o", self.folder / "f")
        self.assertRegex(result.stderr.decode(),
                         rf"^GET http://127\.0\.0\.1:{peer.port}/p from "
                         rf"tcp://127\.0\.0\.1:{peer.port}\n"
                         rf"http://127\.0\.0\.1:{peer.port}/p: 5 bytes in \d+\.?\d* m?s "
                         rf"\(\S+ \S+/s\), saved as {re.escape(str(self.folder))}/f\n$")

    def test_json(self):
        self.check(reply(b"HTTP/1.1 204 \xc2\x80\xc2\x9f\xc2\xa0\xff\r\n\r\n"),
                   ["get", "--json", "http://AT/p", "-o", "-"], 0,
                   '{"event":"connected","proto":"tcp","peer":"tcp://AT"}\n'
                   '{"event":"response","status":204,"reason":"\\u0080\\u009f\u00a0\ufffd",'
                   '"type":"","url":"http://AT/p"}\n'
                   '{"event":"done","url":"http://AT/p","bytes":0,"file":"","ms":0}')
        self.check(reply(b"HTTP/1.1 404 Not Found\r\nContent-Type: a/b\r\n\r\n"),
                   ["get", "--json", "http://AT/p"], 22,
                   '{"event":"connected","proto":"tcp","peer":"tcp://AT"}\n'
                   '{"event":"response","status":404,"reason":"Not Found","type":"a/b",'
                   '"url":"http://AT/p"}\n'
                   '{"event":"error","message":"get http://AT/p: 404 Not Found","exit":22}')


class Proxies(MessagesCase):
    REASONS = ["general failure", "not allowed by its rules", "network unreachable",
               "host unreachable", "connection refused by the server", "connection timed out",
               "command not supported", "address type not supported", "unknown reason"]

    @staticmethod
    def answers(*answers):
        def script(connection):
            for answer in answers:
                connection.recv(1000)
                connection.sendall(answer)
        return script

    def refused(self, script, proxy, status, reason):
        url = "https://192.0.2.1/"
        self.check(script, ["get", url], status,
                   f"bight: get {url}: ask the proxy AT for {url[:-1]}: {reason}",
                   all_proxy=proxy)

    def test_socks(self):
        for code, reason in enumerate(self.REASONS, 1):
            self.refused(self.answers(b"\5\0", bytes([5, code, 0, 1, 0])), "socks5://AT", 7,
                         "the proxy refused: " + reason)
        self.refused(self.answers(b"\5\xff"), "socks5://AT", 7,
                     "the proxy refused: it requires a user name and password")
        self.refused(self.answers(b"\5\2", b"\1\1"), "socks5://a:b@AT", 7,
                     "the proxy refused: wrong user name or password")
        for answers in [b"\4\0"], [b"\5\0", b"\4\0\0\1\0"], [b"\5\0", b"\5\0\0\2\0"]:
            self.refused(self.answers(*answers), "socks5://AT", 56, "the reply is not SOCKS5")
        self.refused(self.answers(b"\5\2", b"\5\0"), "socks5://a:b@AT", 56,
                     "the reply is not SOCKS5")
        self.refused(self.answers(b"\5\0", b"\5\0"), "socks5://AT", 18,
                     "the proxy closed before the end of its reply")

    def test_http(self):
        for answer, status, reason in (
                (b"407 A", 7, "the proxy answered 407 A (it requires a user name and password)"),
                (b"403 No", 7, "the proxy answered 403 No"),
                (b"300 No", 7, "the proxy answered 300 No"),
                (b"200 OK\r\n\r\nx", 56, "the proxy sent data before a request")):
            self.refused(self.answers(b"HTTP/1.1 " + answer + b"\r\n\r\n"), "http://AT", status,
                         reason)
        self.refused(self.answers(b""), "http://AT", 52,
                     "the server closed the connection without sending data (empty reply)")


class Conversations(MessagesCase):
    SILENT = "bight: nothing received for 200 ms (use -t to wait longer)"

    def test_a_silent_peer(self):
        self.check(read_all, ["send", "-t", "200ms", "AT", "x", "y"], 28, self.SILENT)
        self.check(lambda c: (c.sendall(b"hi"), read_all(c)),
                   ["send", "-t", "200ms", "AT", "x", "y"], 28, self.SILENT)
        self.check(read_all, ["get", "-t", "200ms", "tcp://AT"], 28,
                   "bight: get tcp://AT: recv AT: timed out after 200 ms")
        self.check(read_all, ["get", "-t", "200ms", "http://AT/"], 28,
                   "bight: get http://AT/: timed out after 200 ms")
        for url in "tcp://AT", "http://AT/":
            self.check(read_all, ["get", "-m", "200ms", url], 28,
                       f"bight: get {url}: timed out after 200 ms (--max-time)")

    def test_a_peer_that_closes_early(self):
        self.check(lambda c: None, ["send", "AT", "x", "y"], 18,
                   "bight: the peer closed before the first message was sent")
        self.check(reply(b"r"), ["send", "AT", "x", "y", "z"], 18,
                   "bight: the peer closed after message 1; the rest was not sent")
        self.check(reply(b"r"), ["send", "AT", "x", "y", "-o", "f"], 18,
                   "The replies received so far are in f.part\n"
                   "bight: the peer closed after message 1; the rest was not sent")
        self.check(lambda c: None, ["get", "tcp://AT"], 52,
                   "bight: get tcp://AT: the server closed the connection without sending data "
                   "(empty reply)")
        self.check(reset, ["send", "AT", "x"], 56,
                   "bight: recv AT: connection reset by the peer")

    def test_a_message_that_is_cut_or_too_long(self):
        self.check(reply(b"part"), ["send", "--framing", "line", "AT", "x"], 18,
                   "bight: read_line: the peer closed before the end of the line (4 bytes "
                   "received)")
        self.check(reply(b"\0\0\0\x05ab"), ["send", "--framing", "len", "AT", "x"], 18,
                   "bight: read_message: the peer closed before the whole message arrived (6 "
                   "bytes received)")
        self.check(reply(b"HTTP/1.1"), ["send", "--framing", "len", "AT", "x"], 56,
                   "bight: read_message: the message has 1213486160 bytes, but the limit is "
                   "16777216 (8 bytes received)")

    def test_verbose_and_json(self):
        self.check(reply(b"r"), ["send", "-v", "AT", "x"], 0, "Connected to tcp://AT")
        self.check(reply(b"r"), ["send", "-v", "--color", "always", "AT", "x"], 0,
                   "\x1b[2mConnected to tcp://AT\x1b[0m")
        self.check(reset, ["send", "--color", "always", "AT", "x"], 56,
                   "\x1b[1;31mbight:\x1b[0m recv AT: connection reset by the peer")
        self.check(reply(b"r"), ["connect", "AT"], 0, "Connected to tcp://AT.")
        self.check(reply(b"r"), ["send", "--json", "AT", "x"], 0,
                   '{"event":"connected","proto":"tcp","peer":"tcp://AT"}\n'
                   '{"event":"done","replies":1,"received":2}')

    def test_input_that_cannot_be_read(self):
        self.check(read_all, ["send", "AT", "--file", "none"], 2,
                   "bight: --file none: No such file or directory")
        self.check(read_all, ["send", "AT", "--file", "."], 1, "bight: read .: Is a directory")

    def test_datagrams(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.1", 0))
            at = "127.0.0.1:%d" % peer.getsockname()[1]
            for args, status, wanted in (
                    (["send", "-v", "x", "--wait", "100ms"], 0,
                     f"Sending to udp://{at}\nNo reply from udp://{at} within 100 ms. UDP does "
                     "not guarantee delivery.\n"),
                    (["send", "x", "-t", "200ms"], 28, self.SILENT + "\n"),
                    (["send", "x", "--json", "--wait", "1ms"], 0,
                     '{"event":"done","replies":0,"received":0}\n'),
                    (["connect"], 0, f"Sending datagrams to udp://{at}.\n")):
                words = [args[0], "-u", at, *[a for a in args[1:] if a != "x"]]
                result = run(*words, *(["x"] if "x" in args else []))
                self.assertEqual((result.returncode, result.stderr.decode()), (status, wanted))

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            at = "127.0.0.1:%d" % free.getsockname()[1]
        refused = f"connect {at}: connection refused (is the server running?)"
        for args, status, wanted in (
                (["send", at, "x"], 7, f"bight: {refused}\n"),
                (["send", "-u", at, "x"], 7,
                 f"bight: recv {at}: connection refused (is the server running?)\n"),
                (["connect", "--retry", "-t", "100ms", at], 7,
                 f"{refused}; retrying (Ctrl-C stops)\n"
                 f"bight: {refused}; gave up after 1 attempt in 100 ms\n"),
                (["get", "--retry", "1", f"http://{at}/"], 7,
                 f"bight: get http://{at}/: {refused}; retrying in 1 s\n"
                 f"bight: get http://{at}/: {refused}\n"),
                (["sim", "replay", "--seed", "1", "--", "/none/x"], 1,
                 "bight: sim replay: cannot run /none/x: No such file or directory\n")):
            result = run(*args)
            self.assertEqual((result.returncode, result.stderr.decode()), (status, wanted))


if __name__ == "__main__":
    main()
