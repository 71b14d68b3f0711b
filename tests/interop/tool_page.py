# SPDX-License-Identifier: MIT
"""The sessions in docs/TOOL.md: each is run again and must print what the page shows.

usage: tests/interop/tool_page.py BUILD_DIR             compares
       tests/interop/tool_page.py BUILD_DIR --record    writes what is printed now into the page

A session is a code block of kind `console`: a line that begins with "$ " is a command, what follows
is its output. The blocks of a section run in one folder, in order. A block that begins with
`bight serve` runs beside the blocks after it, up to the end of the section; then Ctrl-C ends it.
Ports, times, rates and pins may differ.
"""

import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from _cli import PATIENCE, TOOL, environment, has_ip6

BUILD = pathlib.Path(TOOL).parent
ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "TOOL.md"
SECTION = re.compile(r"^(?=#{2,3} )", re.M)
BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.M | re.S)
PIN = re.compile(r"sha256//[\w+/]{43}=")
MARK = "\x01"


def commands_of(block):
    """(command, output) pairs."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.M)
    assert parts[0] == "", f"output without a command: {parts[0]!r}"
    return list(zip(parts[1::2], parts[2::2]))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def whole_lines(text):
    return text + "\n" if text and not text.endswith("\n") else text


def comparable(text):
    """`text` without what differs from run to run."""
    text = PIN.sub("PIN", text)
    text = re.sub(r"(127\.0\.0\.1|\[::1\]):[1-6]\d{4}\b", r"\1:PORT", text)
    text = re.sub(r'"port":\d+', '"port":PORT', text)
    text = re.sub(r'"ms":\d+', '"ms":MS', text)
    text = re.sub(r"\b[\d.]+ (?:bytes|kB|MB|GB)/s", "RATE", text)
    text = re.sub(r"\breceived \d+ of", "received N of", text)
    text = re.sub(r"\bafter [\d.]+ (bytes|kB|MB)", "after SIZE", text)
    text = re.sub(r"\b[\d.]+ m?s\b", "TIME", text)
    text = re.sub(r"hash 0x[0-9a-f]{16}", "hash HASH", text)
    text = re.sub(r"^Date: .*$", "Date: DATE", text, flags=re.M)
    text = re.sub(r"^(ETag|Last-Modified): .*$", r"\1: …", text, flags=re.M)
    return re.sub(r"\bTLS_\w+", "CIPHER", text)


class Section:
    """The sessions of one section, in a folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = {}  # of the page: the one that is used instead
        self.pin = ""
        self.env = environment(PATH=f"{BUILD}:{os.environ['PATH']}", NO_COLOR="1")
        self.env.update(TERM="dumb", LC_ALL="C")
        for name in list(self.env):
            if name.lower().endswith("_proxy"):
                del self.env[name]
        program = BUILD / "tests" / "scenario_tests"
        if program.exists():
            own = folder / "my_test"
            own.write_text(f"#!/bin/sh\n{program} '--gtest_filter=*Worlds.*/relay' 2>&1 |"
                           " grep -E '^ +[0-9]+ |^scenario '\n")
            own.chmod(0o755)

    def mine(self, command):
        """`command` with ports that are free, and with the pin of the server that runs."""
        if command.startswith("bight serve") and not re.search(r" -l\b", command):
            command += " -l :9999"

        def port(found):
            return ":%d" % self.ports.setdefault(found[1], free_port())
        command = re.sub(r":(9999|8080)\b", port, command)
        return PIN.sub(self.pin, command) if self.pin else command

    def theirs(self, text):
        """What was printed, with the ports of the page."""
        for shown, used in self.ports.items():
            text = re.sub(rf"\b{used}\b", shown, text)
        return text.replace(str(self.folder), "/tmp/session")

    def run(self, block):
        """Runs a block and returns its text as it is now; for a server, a function that ends the
        server and returns the text."""
        commands = [c for c, _ in commands_of(block)]
        if commands[0].startswith("bight serve"):
            return self.serve(commands[0])
        script = "status=0\n" + "".join(
            f"printf '{MARK}'; (exit $status); {self.mine(c)}\nstatus=$?\n" for c in commands)
        screen, terminal = pty.openpty()
        process = subprocess.Popen(["bash", "--norc", "-c", script], stdin=subprocess.DEVNULL,
                                   stdout=terminal, stderr=terminal, env=self.env,
                                   cwd=self.folder, start_new_session=True)
        os.close(terminal)
        printed = b""
        while select.select([screen], [], [], PATIENCE)[0]:
            try:
                piece = os.read(screen, 65536)
            except OSError:  # the other side has closed
                break
            if not piece:
                break
            printed += piece
        else:
            process.kill()
        process.wait()
        os.close(screen)
        outputs = printed.decode().replace("\r\n", "\n").split(MARK)[1:]
        if self.pin:
            commands = [PIN.sub(self.pin, c) for c in commands]
        return "".join(f"$ {c}\n{self.theirs(whole_lines(o))}" for c, o in zip(commands, outputs))

    def serve(self, command):
        ready, mine = os.pipe()
        log = open(self.folder / ".log", "w+b")
        process = subprocess.Popen(
            ["bash", "-c", f"exec {self.mine(command)} --ready-fd {mine}"], stdout=log,
            stderr=log, stdin=subprocess.DEVNULL, env=self.env, cwd=self.folder, pass_fds=[mine])
        os.close(mine)
        with os.fdopen(ready) as lines:
            if not select.select([lines], [], [], PATIENCE)[0]:
                process.kill()
            lines.read()
        found = PIN.search((self.folder / ".log").read_text())
        self.pin = found[0] if found else ""

        def end():
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)
            log.seek(0)
            text = self.theirs(log.read().decode())
            log.close()
            return f"$ {command}\n{text}"
        return end


def played(section):
    """The section's blocks as they are now."""
    folder = tempfile.mkdtemp(prefix="bight-page-")
    try:
        here = Section(pathlib.Path(folder))
        results = [here.run(block) for block in BLOCK.findall(section)]
        return [r if isinstance(r, str) else r() for r in results]
    finally:
        shutil.rmtree(folder)


class Page(unittest.TestCase):
    maxDiff = None

    def test_the_sessions_print_what_the_page_shows(self):
        if not has_ip6():
            self.skipTest("this machine has no ::1, and the page shows it")
        for section in SECTION.split(PAGE.read_text()):
            for shown, now in zip(BLOCK.findall(section), played(section)):
                if "./my_test" in shown and "my_test:" in now:
                    continue  # built without the tests
                with self.subTest(section.splitlines()[0]):
                    self.assertEqual(comparable(now), comparable(shown))

    def test_the_exit_statuses_are_those_of_the_help(self):
        text = subprocess.run([TOOL, "--help"], capture_output=True, text=True).stdout
        help_says = set(re.findall(r"\b\d+\b", text[text.index("Exit status:"):])) - {"400"}
        table = PAGE.read_text().split("## Exit status")[1].split("\n## ")[0]
        self.assertEqual(set(re.findall(r"^\| (\d+) ", table, re.M)), help_says)

    def test_the_variables_that_are_read_are_in_the_page(self):
        table = PAGE.read_text().split("## Environment")[1]
        for source in [*(ROOT / "cli").glob("*.cpp"), *(ROOT / "src").rglob("*.cpp")]:
            for name in re.findall(r'getenv\("(\w+)"', source.read_text()):
                if not name.startswith("BIGHT_SIM_"):
                    self.assertIn(f"`{name}`", table)

    def test_the_events_of_json_are_in_their_page(self):
        table = (ROOT / "docs" / "CLI-JSON.md").read_text()
        for source in (ROOT / "cli").glob("*.cpp"):
            for name in re.findall(r'\bevent\("(\w+)"', source.read_text()):
                self.assertIn(f"| `{name}` |", table)


def record():
    sections = []
    for section in SECTION.split(PAGE.read_text()):
        now = iter(played(section))
        sections.append(BLOCK.sub(lambda _: next(now), section))
    PAGE.write_text("".join(sections))


if __name__ == "__main__":
    if "--record" in sys.argv:
        record()
    else:
        unittest.main(argv=sys.argv[:1])
