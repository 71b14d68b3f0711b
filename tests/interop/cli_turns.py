# SPDX-License-Identifier: MIT
"""The tool's rules 1 and 2, the end of input and taking turns: a test for each sentence."""

import contextlib
import os
import socket
import struct
import subprocess
import threading
import time

from _cli import (PATIENCE, TOOL, Case, Peer, Serve, Tool, environment, main, read_all, run,
                  silent_for)


class Rule1EndOfInput(Case):
    def test_the_end_of_stdin_closes_our_side_and_reading_goes_on(self):
        def script(c):
            self.assertEqual(read_all(c), b"question")
            c.sendall(b"late answer")

        for command in "send", "connect":
            with self.subTest(command), Peer(script) as peer:
                self.ends(run(command, "-q", f"127.0.0.1:{peer.port}", stdin=b"question"), 0,
                          b"late answer")

    def test_the_end_of_the_peer_flushes_and_ends_well(self):
        for command in "send", "connect":
            with self.subTest(command), Peer(lambda c: c.sendall(b"bye")) as peer:
                # Our own input stays open.
                with Tool(command, f"127.0.0.1:{peer.port}", stdin=subprocess.PIPE) as tool:
                    self.assertEqual(tool.wait(), 0)
                    self.assertEqual(tool.output["out"], b"bye")

    def test_tcp_reads_on_without_a_limit_of_its_own(self):
        def script(c):
            read_all(c)
            time.sleep(1.2)  # longer than UDP's second: the claim is about time
            c.sendall(b"patience")

        with Peer(script) as peer:
            self.ends(run("send", f"127.0.0.1:{peer.port}", "x"), 0, b"patience\n")

    def test_wait_bounds_the_reading_after_our_end(self):
        gone = threading.Event()

        def script(c):
            c.sendall(b"one")
            gone.wait(PATIENCE)

        with Peer(script) as peer:
            start = time.monotonic()
            result = run("send", "--wait", "300ms", f"127.0.0.1:{peer.port}", "x")
            took = time.monotonic() - start
            gone.set()
        self.ends(result, 0, b"one\n")
        self.assertGreater(took, 0.3)
        self.assertLess(took, 5)

    def test_wait_is_time_for_the_peer_and_not_for_a_slow_reader_of_ours(self):
        answer = bytes(3_000_000)
        with Peer(lambda c: (c.recv(100), c.sendall(answer), read_all(c))) as peer:
            tool = subprocess.Popen(
                [TOOL, "send", "--wait", "300ms", f"127.0.0.1:{peer.port}", "x"],
                stdout=subprocess.PIPE, env=environment())
            time.sleep(1)
            self.assertEqual(len(tool.stdout.read()), len(answer) + 1)
            self.assertEqual(tool.wait(PATIENCE), 0)
            tool.stdout.close()

    def test_a_silent_peer_is_given_up_while_our_input_is_open(self):
        for command in (["send"], ["connect"], ["send", "-u"]):
            quiet = threading.Event()
            with self.subTest(command), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.bind(("127.0.0.1", 0))
                with contextlib.ExitStack() as stack:
                    if "-u" in command:
                        port = udp.getsockname()[1]
                    else:
                        port = stack.enter_context(Peer(lambda c: quiet.wait(PATIENCE))).port
                    with Tool(*command, "-t", "200ms", f"127.0.0.1:{port}",
                              stdin=subprocess.PIPE) as tool:
                        self.assertEqual(tool.wait(), 28)
                        self.assertIn(b"200 ms", tool.output["err"])
                    quiet.set()

    def test_a_peer_that_takes_nothing_is_given_up(self):
        quiet = threading.Event()
        with Peer(lambda c: quiet.wait(PATIENCE)) as peer:
            self.ends(run("send", "-t", "300ms", f"127.0.0.1:{peer.port}", stdin=bytes(30_000_000)),
                      28, b"", "the peer accepted no data for 300 ms")
            quiet.set()

    def test_a_peer_that_takes_little_at_a_time_is_not_given_up(self):
        sent = os.urandom(4_000_000)

        def script(c):
            # What is left here when all has been sent is read before the deadline.
            c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            taken = b""
            while piece := c.recv(100_000):
                taken += piece
                time.sleep(0.05)  # in all longer than the deadline
            self.assertEqual(taken, sent)

        with Peer(script) as peer:
            self.ends(run("send", "-t", "1500ms", f"127.0.0.1:{peer.port}", stdin=sent), 0)

    def test_what_is_typed_in_time_is_no_silence(self):
        def script(c):
            self.assertEqual(read_all(c), b"one\ntwo\nthree\n")
            c.sendall(b"all")

        with Peer(script) as peer:
            with Tool("connect", "-t", "1s", f"127.0.0.1:{peer.port}",
                      stdin=subprocess.PIPE) as tool:
                for line in b"one\n", b"two\n", b"three\n":
                    time.sleep(0.5)  # in all more than the second
                    tool.process.stdin.write(line)
                    tool.process.stdin.flush()
                tool.process.stdin.close()
                self.assertEqual(tool.wait(), 0, tool.output)
                self.assertEqual(tool.output["out"], b"all")

    def test_udp_reads_on_for_a_second_after_the_last_datagram(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.settimeout(PATIENCE)

            def answer():
                _, who = server.recvfrom(100)
                for i in range(4):
                    server.sendto(b"%d" % i, who)
                    time.sleep(0.4)  # the fourth comes 1.2 s after the question

            thread = threading.Thread(target=answer)
            thread.start()
            start = time.monotonic()
            self.ends(run("send", "-u", f"127.0.0.1:{server.getsockname()[1]}", "x"), 0,
                      b"0\n1\n2\n3\n")
            self.assertGreater(time.monotonic() - start, 2.2)
            thread.join()

    def test_ten_megabytes_both_ways_at_once_do_not_block(self):
        data = os.urandom(10_000_000)
        (self.folder / "data").write_bytes(data)
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            self.ends(run("send", server.address, stdin=data), 0, data)
            self.ends(run("send", server.address, "--file", self.folder / "data"), 0, data)


class Rule2Turns(Case):
    def test_the_next_message_waits_for_the_reply(self):
        def script(c):
            for i in b"abc":
                self.assertEqual(c.recv(100), bytes([i]))
                self.assertTrue(i == ord("c") or silent_for(c, 0.2))
                c.sendall(b"re:%c" % i)

        with Peer(script) as peer:
            self.ends(run("send", f"127.0.0.1:{peer.port}", "a", "b", "c"), 0,
                      b"re:a\nre:b\nre:c\n")

    def test_a_greeting_comes_first_and_is_no_reply(self):
        def script(c):
            c.sendall(b"hello")
            for i in b"ab":
                self.assertEqual(c.recv(100), bytes([i]))
                self.assertTrue(i == ord("b") or silent_for(c, 0.2))
                c.sendall(b"re:%c" % i)

        with Peer(script) as peer:
            self.ends(run("send", f"127.0.0.1:{peer.port}", "a", "b"), 0, b"hello\nre:a\nre:b\n")

    def test_without_a_greeting_the_first_message_goes_after_100_ms(self):
        def script(c):
            self.assertTrue(silent_for(c, 0.05))
            self.assertEqual(c.recv(100), b"a")

        with Peer(script) as peer:
            self.ends(run("send", f"127.0.0.1:{peer.port}", "a"), 0, b"")

    def test_lines_are_put_together_and_cut_apart(self):
        def script(c):
            self.assertEqual(c.recv(100), b"a\n")
            c.sendall(b"first ")
            self.assertTrue(silent_for(c, 0.2))  # half a line is no reply
            c.sendall(b"reply\n")
            self.assertEqual(c.recv(100), b"b\n")
            c.sendall(b"second\n")

        with Peer(script) as peer:
            self.ends(run("send", "--framing", "line", f"127.0.0.1:{peer.port}", "a", "b"), 0,
                      b"first reply\nsecond\n")

    def test_lines_of_stdin_take_turns_too(self):
        with Serve("greet", "-l", "127.0.0.1:0") as server:
            # "Welcome" is no length.
            self.ends(run("send", "--framing", "len", server.address, "x"), 56, says="limit")
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            for how in "line", "len":
                self.ends(run("send", "--framing", how, server.address, stdin=b"a\nbb\nlast"), 0,
                          b"a\nbb\nlast\n")

    def test_lengths_are_four_bytes_most_significant_first(self):
        def script(c):
            self.assertEqual(c.recv(100), b"\0\0\0\3abc")
            c.sendall(struct.pack(">I", 5) + b"de")
            c.sendall(b"fgh")

        with Peer(script) as peer:
            self.ends(run("send", "--framing", "len", f"127.0.0.1:{peer.port}", "abc"), 0,
                      b"defgh\n")

    def test_count_repeats_the_messages(self):
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            self.ends(run("send", server.address, "--count", 3, "a", "b"), 0, b"a\nb\n" * 3)

    def test_a_peer_that_leaves_before_the_last_message_cut_it_short(self):
        with Serve("greet", "-l", "127.0.0.1:0") as server:
            self.ends(run("send", server.address, "exit", "dbb"), 18, b"Welcome\n",
                      "closed after message 1")

    def test_the_help_says_why_lines_are_the_right_way(self):
        self.assertIn(b"use --framing line", run("help", "send").stdout)

    def test_a_peer_that_stops_reading_decides_by_its_own_end(self):
        # It reads a little and ends well: so does the sender of a stream, but not of messages.
        def script(c):
            self.assertEqual(c.recv(1), b"x")
            c.sendall(b"enough")
            c.shutdown(socket.SHUT_WR)
            read_all(c)

        with Peer(script) as peer:
            self.ends(run("send", f"127.0.0.1:{peer.port}", stdin=b"x" * 1000), 0, b"enough")


if __name__ == "__main__":
    main()
