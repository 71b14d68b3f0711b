# SPDX-License-Identifier: MIT
"""What a Tab completes, in the real shells. A shell that is not installed is a skipped test."""

import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import time
import unittest

from _cli import PATIENCE, TOOL, Case, environment, main, run
from _terminal import Terminal

# What is typed, and what stands there after a Tab. A blank at the end: the word is complete.
LINES = [
    ("bight ge", "bight get "),
    ("bight serve f", "bight serve files "),
    ("bight help comp", "bight help completions "),
    ("bight completions z", "bight completions zsh "),
    ("bight sim r", "bight sim replay "),
    ("bight get --no-re", "bight get --no-redirect "),
    ("bight send http://x:8 --cou", "bight send http://x:8 --count"),
    ("bight get --color al", "bight get --color always "),
    ("bight get --color=al", "bight get --color=always "),
    ("bight send :9 --framing c", "bight send :9 --framing chunk "),
    ("bight send tcp://[::1]:9 --framing=c", "bight send tcp://[::1]:9 --framing=chunk "),
    ("bight get -o my", r"bight get -o my\ file.txt "),
    ('bight get -o "my', 'bight get -o "my file.txt" '),
    ("bight get -o fold", r"bight get -o folder\ one/"),
    ("bight get --output fold", r"bight get --output folder\ one/"),
    ("bight get --output=fold", r"bight get --output=folder\ one/"),
    (r"bight get -o folder\ one/", r"bight get -o folder\ one/inner\ file "),
    (r"bight get --output=folder\ one/i", r"bight get --output=folder\ one/inner\ file "),
    ("bight send :9 --file -da", "bight send :9 --file -dash "),
    ("bight serve files fold", r"bight serve files folder\ one/"),
    ("bight serve --delay 1s -l :0 files fold", r"bight serve --delay 1s -l :0 files folder\ one/"),
    ("bight serve files -- -fold", "bight serve files -- -folder/"),
    ("bight serve files my", "bight serve files my"),
    ("bight serve text fold", "bight serve text fold"),
    ("bight get my", "bight get my"),
    ("bight get -- --col", "bight get -- --col"),
    ("bight get --retry my", "bight get --retry my"),
    ("bight get --retry=my", "bight get --retry=my"),
    ("bight connect unix:fold", r"bight connect unix:folder\ one/"),
    ("bight serve echo -l unix:fold", r"bight serve echo -l unix:folder\ one/"),
]


def flags_with_words():
    """Flags whose value is one of a few words, with those words, as the grammar itself has them."""
    for command in ["get", "send", "connect", "serve"]:
        for flag in sorted(set(re.findall(r"(--[a-z]+) (?:WHEN|HOW)\b",
                                          run("help", command).stdout.decode()))):
            told = run(command, "echo", f"{flag}=?").stderr.decode()
            yield command, flag, re.search("not one of ([a-z, ]+)", told)[1].split(", ")


class Completed(Case):
    def setUp(self):
        super().setUp()
        (self.folder / "folder one").mkdir()
        (self.folder / "-folder").mkdir()
        for name in "my file.txt", "folder one/inner file", "-dash":
            (self.folder / name).write_text("")

    def script(self, shell):
        path = self.folder / f".completions.{shell}"
        path.write_bytes(self.ends(run("completions", shell), 0).stdout)
        return path

    def needs(self, shell):
        if shutil.which(shell) is None:
            self.skipTest(f"{shell} is not installed")

    def check_lines(self, shell, start):
        self.needs(shell)
        with Terminal(*start, program=shutil.which(shell), cwd=self.folder, columns=200) as t:
            self.prepare(t)
            for typed, wanted in self.lines:
                with self.subTest(typed):
                    since = len(t.shown)
                    # Ctrl-U: an empty line. Ctrl-G: shows the line.
                    t.type(b"\x15" + typed.encode() + b"\t\x07")
                    got = t.until(rb"LINE<(.*?)>", since)[1].decode()
                    self.assertEqual(got.rstrip(" ="), wanted.rstrip())
                    if wanted.endswith(" "):
                        self.assertRegex(got, "[ =]$")
                    else:
                        self.assertFalse(got.endswith(" ") and wanted.endswith("/"), got)
            t.type(b"\x15exit\r")
            t.end()


class Bash(Completed):
    # Readline closes the quotes before it puts a slash.
    lines = LINES + [('bight get -o "fold', 'bight get -o "folder one"/')]

    def prepare(self, t):
        t.type(b"bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; PS1=; "
               b"source .completions.bash\r")
        t.type(b"bind -x '\"\\C-g\": printf \"LINE<%s>\\n\" \"$READLINE_LINE\"'; echo REA''DY\r")
        t.until(rb"READY")

    def test_completes_lines(self):
        self.script("bash")
        self.check_lines("bash", ["--norc", "--noprofile", "-i"])

    def test_completes_without_readline(self):
        """A function that is called as `complete` calls it."""
        self.needs("bash")

        def replies(*words):
            quoted = " ".join("'" + w + "'" for w in words)
            got = subprocess.run(
                ["bash", "--norc", "-c",
                 f"source {self.script('bash')}; COMP_WORDS=({quoted}); "
                 f"COMP_CWORD={len(words) - 1}; _bight bight; "
                 "printf '%s\\n' \"${COMPREPLY[@]}\""],
                capture_output=True, cwd=self.folder, timeout=PATIENCE)
            self.assertEqual(got.stderr, b"")
            return got.stdout.decode().split("\n")[:-1]

        self.assertEqual(replies("bight", "ge"), ["get"])
        self.assertEqual(replies("bight", "get", "-o", "my"), ["my file.txt"])
        self.assertEqual(replies("bight", "get", "-o", "fold"), ["folder one"])
        self.assertEqual(replies("bight", "serve", ""),
                         ["greet", "echo", "discard", "text", "files"])
        self.assertIn("--no-redirect", replies("bight", "get", ""))
        self.assertNotIn("--no-redirect", replies("bight", "get", "--", ""))
        for command, flag, words in flags_with_words():
            self.assertEqual(replies("bight", command, flag, ""), words)


class Zsh(Completed):
    # A flag that takes a value ends in "=", and some are spelled as the shell likes it.
    lines = LINES

    def prepare(self, t):
        t.type(b"PS1= PROMPT_EOL_MARK= ; unsetopt BEEP LIST_BEEP PROMPT_SP PROMPT_CR; "
               b"autoload -U compinit; compinit -u -D; source ./.completions.zsh\r")
        t.type(b"show() { print -r -- \"LINE<$BUFFER>\" }; zle -N show; bindkey -e; "
               b"bindkey '^G' show; bindkey '^U' kill-whole-line; echo REA''DY\r")
        t.until(rb"READY")

    def test_completes_lines(self):
        self.script("zsh")
        self.check_lines("zsh", ["-f", "-i"])


class Fish(Completed):
    def complete(self, line):
        got = subprocess.run(
            ["fish", "--no-config", "-c", "source .completions.fish; complete -C $argv[1]", line],
            capture_output=True, cwd=self.folder, timeout=PATIENCE,
            env=environment(HOME=str(self.folder)))
        self.assertEqual(got.stderr, b"")
        return [x.split("\t")[0] for x in got.stdout.decode().split("\n")[:-1]]

    def test_completes_lines(self):
        self.needs("fish")
        self.script("fish")
        for typed, wanted in LINES:
            if '"' in typed or " -da" in typed:  # fish takes what begins with - for a flag
                continue
            with self.subTest(typed):
                word = re.split(r"(?<!\\) ", wanted.rstrip())[-1].replace("\\", "")
                got = [x.replace("\\", "") for x in self.complete(typed)]
                self.assertEqual(got, [] if typed == wanted else [word])

    def test_completes_the_words_of_flags(self):
        self.needs("fish")
        self.script("fish")
        for command, flag, words in flags_with_words():
            self.assertEqual(sorted(self.complete(f"bight {command} {flag} ")), sorted(words))


if __name__ == "__main__":
    main()
