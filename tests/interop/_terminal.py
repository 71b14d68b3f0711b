# SPDX-License-Identifier: MIT
"""A terminal with a session of its own, and jobs in it, as a shell has them."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from _cli import PATIENCE, TOOL, environment

# The leader of the session: starts the job, takes the terminal when the job stops, and obeys lines
# on descriptor 3: "bg" continues it in the background, "fg" in the foreground.
LEADER = r"""
import fcntl, os, signal, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
place = sys.argv[1]
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    if place == "fg": os.tcsetpgrp(0, os.getpgrp())
    for s in signal.SIGTTOU, signal.SIGPIPE: signal.signal(s, signal.SIG_DFL)
    os.close(3)
    os.execv(sys.argv[2], sys.argv[2:])
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    if not os.WIFSTOPPED(status): break
    os.write(1, b"[stopped %d]\r\n" % os.WSTOPSIG(status))
    if os.read(3, 3) == b"fg\n": os.tcsetpgrp(0, job)
    os.kill(-job, signal.SIGCONT)
code = os.waitstatus_to_exitcode(status)
os._exit(code if code >= 0 else 128 - code)
"""


class Terminal:
    """The tool as a job on a terminal. `shown` holds all bytes that the terminal was sent."""

    def __init__(self, *args, columns=80, term="xterm", place="fg", stdout=None, modes=None,
                 cwd=None, program=TOOL):
        self.screen, terminal = pty.openpty()
        self._terminal = terminal  # open: the size and the modes stay
        self.resize(columns)
        if modes:
            now = termios.tcgetattr(terminal)
            modes(now)
            termios.tcsetattr(terminal, termios.TCSANOW, now)
        env = environment()
        env.pop("TERM")
        if term is not None:
            env["TERM"] = term
        orders, self.orders = os.pipe()
        os.set_inheritable(orders, True)
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"import os; os.dup2({orders}, 3)\n" + LEADER, place, program,
             *map(str, args)], stdin=terminal, stdout=terminal if stdout is None else stdout,
            stderr=terminal, env=env, cwd=cwd, pass_fds=[orders])
        os.close(orders)
        self.shown = b""

    def resize(self, columns):
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def type(self, keys):
        os.write(self.screen, keys)

    def order(self, line):
        os.write(self.orders, line + b"\n")

    def _read(self, seconds):
        if not select.select([self.screen], [], [], seconds)[0]:
            return b""
        piece = os.read(self.screen, 65536)
        self.shown += piece
        return piece

    def until(self, pattern, since=0):
        """Waits until what was shown from `since` on matches; returns the match."""
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.shown[since:], re.DOTALL)):
            if time.monotonic() > end or (self.process.poll() is not None and not self._read(0.2)):
                raise AssertionError(f"never showed {pattern!r}: {self.shown[since:]!r}")
            self._read(0.1)
        return found

    def quiet_for(self, seconds):
        """What comes in that time: the one thing that only time can show."""
        since = len(self.shown)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)
        return self.shown[since:]

    def end(self):
        """Waits for the end of the job; returns its exit status."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"does not end: {self.shown!r}")
            self._read(0.05)
        while self._read(0.1):
            pass
        return self.process.returncode

    @property
    def frames(self):
        """What was painted: each text in the line that is erased again."""
        return [re.split(rb"[\r\n\x1b]", f)[0].decode()
                for f in self.shown.split(b"\r\x1b[K")[1:] if f and f[:1] not in b"\r\n\x1b"]

    @property
    def lines(self):
        """What the screen shows in the end."""
        return lines_of(self.shown)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.orders)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait(PATIENCE)
        os.close(self._terminal)
        os.close(self.screen)


def lines_of(shown):
    """The lines of a terminal that knows carriage returns and erasing to the end of a line."""
    lines, column = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|.", shown.decode(errors="replace"), re.DOTALL):
        if part == "\n":
            lines.append("")
            column = 0
        elif part == "\r":
            column = 0
        elif part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        elif not part.startswith("\x1b"):
            lines[-1] = lines[-1][:column].ljust(column) + part + lines[-1][column + 1:]
            column += 1
    return [line for line in lines if line]
