# SPDX-License-Identifier: MIT
"""What the tests of the tool share: running it, servers of it, and scripted peers.

Nothing sleeps to wait for something that can be seen: servers tell their addresses on --ready-fd,
peers say by events how far they are.
"""

import os
import pathlib
import pty
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

TOOL = str(pathlib.Path(sys.argv[1]).resolve() / "bight") if len(sys.argv) > 1 else "build/bight"
# A shell that runs the tests in the background ignores SIGINT for them, and so would the tool.
signal.signal(signal.SIGINT, signal.default_int_handler)
PATIENCE = 60  # seconds that nothing here takes on a busy machine


def environment(**more):
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    env.update(TERM="xterm", **more)
    return env


def run(*args, stdin=b"", env=None, cwd=None, timeout=PATIENCE):
    """Runs the tool to its end."""
    return subprocess.run([TOOL, *map(str, args)], input=stdin, capture_output=True,
                          timeout=timeout, env=env or environment(), cwd=cwd)


class Tool:
    """The tool in the background, its output gathered as it comes."""

    def __init__(self, *args, stdin=subprocess.DEVNULL, pass_fds=()):
        self.process = subprocess.Popen([TOOL, *map(str, args)], stdin=stdin,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=environment(), pass_fds=pass_fds)
        self.output = {"out": b"", "err": b""}
        self.changed = threading.Condition()
        self.readers = [threading.Thread(target=self._gather, args=(n, f), daemon=True)
                        for n, f in (("out", self.process.stdout), ("err", self.process.stderr))]
        for r in self.readers:
            r.start()

    def _gather(self, name, file):
        while piece := os.read(file.fileno(), 65536):
            with self.changed:
                self.output[name] += piece
                self.changed.notify_all()

    def until(self, text, name="err", times=1):
        """Waits until the tool has said `text`."""
        with self.changed:
            ok = self.changed.wait_for(lambda: self.output[name].count(text) >= times, PATIENCE)
        if not ok:
            raise AssertionError(f"never said {text!r}: {self.output}")

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        code = self.process.wait(PATIENCE)
        for r in self.readers:
            r.join(PATIENCE)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        if self.process.stdin:
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.stderr.close()


class Serve(Tool):
    """`bight serve …`, listening: without `-l` on a port that the kernel chooses, for tests run
    beside each other. `addresses` holds (protocol, address) pairs."""

    def __init__(self, *args):
        if not {"-l", "--listen"} & set(args):
            args += ("-l", "127.0.0.1:0")
        end, mine = os.pipe()
        super().__init__("serve", *args, "--ready-fd", mine, pass_fds=[mine])
        os.close(mine)
        with os.fdopen(end) as ready:
            if not select.select([ready], [], [], PATIENCE)[0]:
                self.process.kill()
            self.addresses = [tuple(line.split(" ", 1)) for line in ready.read().splitlines()]
        if not self.addresses:
            self.wait()
            raise AssertionError(f"does not serve: {self.output}")

    @property
    def address(self):
        return self.addresses[0][1]

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)


class Peer:
    """A scripted TCP server for one connection: `script(connection)` runs in a thread. What it
    raises fails the test at the end."""

    def __init__(self, script):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.failure = None
        self.thread = threading.Thread(target=self._run, args=(script,), daemon=True)
        self.thread.start()

    def _run(self, script):
        try:
            connection, _ = self.listener.accept()
            connection.settimeout(PATIENCE)
            with connection:
                script(connection)
        except Exception as e:  # told in the test's thread
            self.failure = e

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        # A test that failed before it connected leaves the thread in accept; wake it.
        if kind is not None:
            self.listener.close()
        self.thread.join(PATIENCE if kind is None else 1)
        self.listener.close()
        if self.failure and kind is None:
            raise self.failure


def read_all(connection):
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def read_to_reset(connection):
    """What comes before a reset. An end instead fails the test: a session that was cut would
    look complete."""
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except ConnectionResetError:
        return data
    raise AssertionError("an end instead of a reset, after %r" % data)


def silent_for(connection, seconds):
    """Whether nothing comes: the one thing that only time can show."""
    return not select.select([connection], [], [], seconds)[0]


def on_terminal(*args, env=None, keys=(), columns=80, cwd=None):
    """Runs the tool on a terminal of its own; `keys` are (text to wait for, what to type) pairs.
    Gives the exit code and all that the terminal showed."""
    import fcntl
    import struct
    import termios
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([TOOL, *map(str, args)], stdin=terminal, stdout=terminal,
                               stderr=terminal, env=env or environment(), start_new_session=True,
                               cwd=cwd)
    os.close(terminal)
    shown = b""
    keys = list(keys)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not select.select([screen], [], [], 0.1)[0]:
            continue
        try:
            piece = os.read(screen, 65536)
        except OSError:  # the other side has closed
            break
        if not piece:
            break
        shown += piece
        while keys and keys[0][0] in shown:
            os.write(screen, keys.pop(0)[1])
    process.kill() if time.monotonic() >= end else None
    code = process.wait(PATIENCE)
    os.close(screen)
    return code, shown


def has_ip6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


needs_ip6 = unittest.skipUnless(has_ip6(), "this machine has no ::1")


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="bight-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def ends(self, result, code, out=None, says=()):
        """Asserts exit code, payload, and what standard error says."""
        text = result.stderr.decode(errors="replace")
        self.assertEqual(result.returncode, code, text)
        if out is not None:
            self.assertEqual(result.stdout, out)
        for part in [says] if isinstance(says, str) else says:
            self.assertIn(part, text)
        return result


def main():
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
