# SPDX-License-Identifier: MIT
"""The tool without memory and on a disk that reports late that it is full: it ends with a sentence
and a status, and never with 0 and less than all."""

import os
import pathlib
import signal
import subprocess
import sys
import unittest

from _cli import PATIENCE, TOOL, Case, Serve, environment, main

PRELOAD = pathlib.Path(sys.argv[1]).resolve() / "tests/interop/libinterop-scarce.so"
CONTENT = bytes(range(256)) * 2000
TRIALS = 40  # of so many thousand allocations; BIGHT_TORTURE: every one
EVERY = "BIGHT_TORTURE" in os.environ


@unittest.skipUnless(PRELOAD.exists(), "a sanitizer has a malloc of its own")
class Scarce(Case):
    def setUp(self):
        super().setUp()
        self.www = self.folder / "www"
        self.www.mkdir()
        (self.www / "f.bin").write_bytes(CONTENT)
        self.file = self.folder / "saved"

    def run_with(self, scarce, *args, stdin=b""):
        env = environment(LD_PRELOAD=str(PRELOAD), BIGHT_SCARCE=scarce)
        return subprocess.run([TOOL, *map(str, args)], input=stdin, capture_output=True, env=env,
                              timeout=PATIENCE)

    def numbers(self, *args):
        counted = self.run_with("0", *args)
        self.assertEqual(counted.returncode, 0, counted.stderr)
        total = int(counted.stderr.split()[-1])
        return range(1, total + 5, 1 if EVERY else max(1, total // TRIALS))

    def sayings(self, check, *args):
        for n in self.numbers(*args):
            for scarce in str(n), f"{n}+":
                with self.subTest(scarce):
                    self.file.unlink(missing_ok=True)
                    result = self.run_with(scarce, *args)
                    self.assertGreaterEqual(result.returncode, 0, result.stderr)
                    if result.returncode == 0:
                        check(result)
                    else:
                        self.assertRegex(result.stderr, rb"bight: .+\n")

    def is_saved(self, _):
        self.assertEqual(self.file.read_bytes(), CONTENT)

    def test_get_without_memory_saves_all_or_says_so(self):
        with Serve("files", self.www, "-l", "127.0.0.1:0") as server:
            self.sayings(self.is_saved, "get", f"http://{server.address}/f.bin", "-o", self.file)

    def test_send_without_memory_prints_the_reply_or_says_so(self):
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            self.sayings(lambda r: self.assertEqual(r.stdout, b"abc\n"), "send", server.address,
                         "abc")

    def test_the_help_without_memory_ends(self):
        # Less than all of it may come: CLI11 makes it with std::ostream, which ignores bad_alloc.
        self.sayings(lambda r: None, "help", "get")

    def test_a_server_that_does_not_begin_says_so(self):
        for n in range(1, 4000, 1 if EVERY else 200):
            for scarce in str(n), f"{n}+":
                env = environment(LD_PRELOAD=str(PRELOAD), BIGHT_SCARCE=scarce)
                process = subprocess.Popen([TOOL, "serve", "echo", "-l", "127.0.0.1:0"],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                           env=env)
                with self.subTest(scarce), process.stderr as said:
                    first = said.readline()
                    process.send_signal(signal.SIGTERM)
                    rest = said.read()
                    code = process.wait(PATIENCE)
                    self.assertTrue(first.startswith((b"Listening", b"bight: ")), first + rest)
                    self.assertIn(code, (0, 1, -signal.SIGTERM))

    def test_a_file_whose_close_fails_is_not_whole(self):
        late = "Disk quota exceeded"
        with Serve("files", self.www, "-l", "127.0.0.1:0") as server:
            url = f"http://{server.address}/f.bin"
            fails = f"close:{self.file}.part"
            self.ends(self.run_with(fails, "get", url, "-o", self.file), 23, b"", late)
            self.assertFalse(self.file.exists())
            # The same file, with another name: it is written over.
            self.file.write_bytes(b"old")
            os.link(self.file, self.folder / "other name")
            fails = f"close:{self.file}"
            self.ends(self.run_with(fails, "get", url, "-o", self.file), 23, b"", late)
            self.file.unlink()
            with open(self.file, "wb") as out:
                env = environment(LD_PRELOAD=str(PRELOAD), BIGHT_SCARCE=f"close:{self.file}")
                code = subprocess.run([TOOL, "get", url], stdout=out, stderr=subprocess.DEVNULL,
                                      env=env, timeout=PATIENCE).returncode
            self.assertEqual(code, 23)
        with Serve("echo", "-l", "127.0.0.1:0") as server:
            for command in "send", "connect":
                self.file.unlink(missing_ok=True)
                at = self.file if command == "connect" else f"{self.file}.part"
                result = self.run_with(f"close:{at}", command, server.address, "-o", self.file,
                                       stdin=b"x\n")
                self.ends(result, 23, b"", late)


if __name__ == "__main__":
    main()
