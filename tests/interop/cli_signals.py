# SPDX-License-Identifier: MIT
"""Signals and the clients of the tool. Those of servers are in cli_rules.py."""

import contextlib
import itertools
import os
import signal
import subprocess
import threading

from _cli import PATIENCE, TOOL, Case, Peer, Tool, environment, main


class Clients(Case):
    def test_a_client_that_is_interrupted_dies_of_the_signal(self):
        for command, number in itertools.product(
                ("send", "connect", "get"), (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)):
            quiet = threading.Event()
            with Peer(lambda c: (c.sendall(b"here"), quiet.wait(PATIENCE))) as peer:
                with Tool(command, f"tcp://127.0.0.1:{peer.port}", stdin=subprocess.PIPE) as tool:
                    tool.until(b"here", "out")
                    tool.signal(number)
                    self.assertEqual(tool.wait(), -number, command)
                quiet.set()

    def test_ctrl_c_ends_the_loop_of_a_shell(self):
        quiet = threading.Event()
        with Peer(lambda c: (c.sendall(b"here"), quiet.wait(PATIENCE))) as peer:
            loop = f"for i in 1 2 3; do {TOOL} get tcp://127.0.0.1:{peer.port}; done; echo again"
            # Ctrl-C reaches the shell too, which stops if its command died of it.
            shell = subprocess.Popen(["bash", "-c", loop], stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, start_new_session=True)
            self.assertEqual(shell.stdout.read(4), b"here")
            os.killpg(shell.pid, signal.SIGINT)
            self.assertEqual(shell.stdout.read(), b"")
            self.assertEqual(shell.wait(PATIENCE), -signal.SIGINT)
            shell.stdout.close()
            quiet.set()

    def test_an_interrupt_does_not_wait_for_the_reader_of_standard_error(self):
        full, end = os.pipe()
        os.set_blocking(end, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(end, bytes(4096))
        os.set_blocking(end, True)
        quiet = threading.Event()
        with Peer(lambda c: (c.sendall(b"here"), quiet.wait(PATIENCE))) as peer:
            tool = subprocess.Popen([TOOL, "get", f"tcp://127.0.0.1:{peer.port}"],
                                    stdout=subprocess.PIPE, stderr=end, env=environment())
            self.assertEqual(tool.stdout.read(4), b"here")
            tool.send_signal(signal.SIGTERM)
            self.assertEqual(tool.wait(PATIENCE), -signal.SIGTERM)
            tool.stdout.close()
            quiet.set()
        os.close(full)
        os.close(end)

    def test_a_signal_that_was_ignored_stays_ignored(self):
        # A shell ignores SIGINT for what a script runs in the background, nohup(1) SIGHUP.
        def script(c):
            c.sendall(b"here")
            quiet.wait(PATIENCE)
            c.sendall(b"whole")

        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            quiet = threading.Event()
            with self.subTest(number), Peer(script) as peer:
                tool = subprocess.Popen([TOOL, "get", f"tcp://127.0.0.1:{peer.port}"],
                                        stdout=subprocess.PIPE, env=environment(),
                                        preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
                self.assertEqual(tool.stdout.read(4), b"here")
                tool.send_signal(number)
                quiet.set()
                self.assertEqual(tool.stdout.read(), b"whole")
                self.assertEqual(tool.wait(PATIENCE), 0)
                tool.stdout.close()


if __name__ == "__main__":
    main()
