#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""./run and ./test on machines that are not the author's: copied, moved and read-only checkouts,
links, no network, no sudo.

apt-get, dpkg-query, sudo and cmake are small scripts here, the only ones of that name on the PATH.
So nothing is installed or built.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}

COMMANDS = """awk basename bash cat cp chmod cut date dirname env find fold grep head id ls mkdir
mktemp mv nproc readlink realpath rm sed sleep sort tail tee touch tr true""".split()

DPKG_QUERY = """#!/bin/bash
sed 's/^/installed /' "$FAKE/installed"
"""

# Answers by $APT: ok, offline, empty (lists without our packages).
APT_GET = """#!/bin/bash
echo "apt-get $*" >>"$FAKE/calls"
case "$APT $*" in
  offline*update*) echo "W: Failed to fetch http://deb.debian.org/x  Temporary failure resolving" ;;
  empty*install* | offline*install*) echo "E: Unable to locate package ninja-build"; exit 100 ;;
  *--assume-no*)
    echo "Need to get 3,000 kB/122 MB of archives."
    echo "After this operation, 500 MB of additional disk space will be used."
    exit 1
    ;;
  *install*)
    for word; do [[ $word == -* || $word == install ]] || echo "$word" >>"$FAKE/installed"; done
    ;;
esac
"""

SUDO = """#!/bin/bash
echo "sudo $*" >>"$FAKE/calls"
exec "$@"
"""

# Configures and "builds" a tool that says from where it was built.
CMAKE = """#!/bin/bash
echo "cmake $* in $PWD" >>"$FAKE/calls"
if [[ $1 == --build ]]; then
  sources=$(sed -n 's/CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$2/CMakeCache.txt")
  printf '#!/bin/bash\\necho "built from %s, run in $PWD: $*"\\n' "$sources" >"$2/bight"
  chmod +x "$2/bight"
else
  echo "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" >build/CMakeCache.txt
  touch build/build.ninja
fi
"""


class EntryPoints(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()
        self.folder.chmod(0o777)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        for name in COMMANDS:
            (self.bin / name).symlink_to(shutil.which(name))
        self.fake("dpkg-query", DPKG_QUERY)
        self.fake("apt-get", APT_GET)
        self.fake("cmake", CMAKE)
        self.state = self.folder / "state"
        self.state.mkdir()
        self.state.chmod(0o777)
        wanted = subprocess.run([ROOT / "tools/packages", "list", "nightly"], check=True,
                                capture_output=True, text=True).stdout.splitlines()
        self.installed(*wanted)
        self.checkout = self.folder / "first"
        self.checkout.mkdir()
        for name in "run", "test", "CMakePresets.json":
            shutil.copy2(ROOT / name, self.checkout)
        shutil.copytree(ROOT / "tools", self.checkout / "tools",
                        ignore=shutil.ignore_patterns("__pycache__"))
        self.checkout.chmod(0o777)

    def fake(self, name, text):
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    def installed(self, *names):
        (self.state / "installed").write_text("".join(f"{n}\n" for n in names))
        (self.state / "installed").chmod(0o666)
        (self.state / "calls").write_text("")
        (self.state / "calls").chmod(0o666)

    @property
    def calls(self):
        return (self.state / "calls").read_text()

    def do(self, *command, apt="ok", cwd=None, **how):
        """Runs a command as somebody who is not root."""
        env = {"PATH": str(self.bin), "FAKE": str(self.state), "APT": apt, "HOME": "/nonexistent",
               "TMPDIR": str(self.folder)}
        return subprocess.run(command, env=env, cwd=cwd or self.folder, text=True, timeout=60,
                              capture_output=True, **{**NOBODY, **how})

    def test_a_copied_checkout_is_built_anew_from_its_own_sources(self):
        self.assertIn(f"built from {self.checkout}", self.do(self.checkout / "run", "x").stdout)
        second = self.folder / "second"
        shutil.copytree(self.checkout, second, symlinks=True)
        for path in [second, *second.rglob("*")]:
            if path.is_dir():
                path.chmod(0o777)
        done = self.do(second / "run", "x")
        self.assertIn(f"built from {second}, run in {self.folder}: x", done.stdout)
        self.assertIn("building it anew", done.stderr)
        again = self.do(second / "run", "x")
        self.assertNotIn("anew", again.stderr)

    def test_a_moved_checkout_is_built_anew(self):
        self.do(self.checkout / "run", "x")
        moved = self.checkout.rename(self.folder / "moved")
        self.assertIn(f"built from {moved}", self.do(moved / "run", "x").stdout)

    def test_a_built_checkout_that_cannot_be_written_to_runs_the_tool_that_is_there(self):
        self.do(self.checkout / "run", "x")
        self.installed()  # and installs nothing
        self.checkout.chmod(0o555)
        done = self.do(self.checkout / "run", "--version")
        self.assertIn("built from", done.stdout)
        self.assertIn("cannot be written to: using build/bight", done.stderr)
        self.assertEqual(self.calls, "")

    def test_an_unbuilt_checkout_that_cannot_be_written_to_says_so(self):
        self.checkout.chmod(0o555)
        for command in ("run", "x"), ("test",), ("test", "unit"):
            done = self.do(self.checkout / command[0], *command[1:])
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
            self.assertIn("cannot be written to", done.stderr)

    def test_a_link_on_the_path_runs_the_checkout_it_leads_to(self):
        links = self.folder / "links"
        links.mkdir()
        (links / "bight-run").symlink_to(self.checkout / "run")
        (self.bin / "bight-run").symlink_to(links / "bight-run")
        done = self.do("bash", "-c", "bight-run send")
        self.assertIn(f"built from {self.checkout}, run in {self.folder}: send", done.stdout)

    def test_without_sudo_the_command_that_is_printed_works_as_pasted(self):
        self.installed("cmake")
        done = self.do(self.checkout / "run", "x")
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no sudo", done.stderr)
        self.assertEqual(self.calls, "")
        pasted = [line for line in done.stderr.splitlines() if line.startswith("  apt-get update")]
        self.assertEqual(len(pasted), 1, done.stderr)
        self.assertEqual(self.do("bash", "-c", pasted[0]).returncode, 0)
        self.assertRegex(self.calls, r"^apt-get update\napt-get install ")
        self.assertIn("built from", self.do(self.checkout / "run", "x").stdout)

    def test_the_size_is_known_before_the_download_starts(self):
        self.fake("sudo", SUDO)
        self.installed("cmake")
        done = self.do(self.checkout / "run", "x")
        self.assertIn("built from", done.stdout, done.stderr)
        self.assertIn("Download: 3,000 kB.", done.stderr)
        verbs = [line.split() for line in self.calls.splitlines() if line.startswith("apt-get")]
        self.assertEqual([next(w for w in words if w in ("update", "--assume-no", "-y"))
                          for words in verbs], ["update", "--assume-no", "-y"])

    def test_the_cause_of_a_failure_is_one_sentence(self):
        self.fake("sudo", SUDO)
        for apt, cause in (("offline", "the package servers cannot be reached"),
                           ("empty", "Unable to locate package ninja-build")):
            with self.subTest(apt):
                self.installed("cmake")
                done = self.do(self.checkout / "run", "x", apt=apt)
                self.assertEqual(done.returncode, 100)
                told = [line for line in done.stderr.splitlines() if "failed: " in line]
                self.assertEqual(len(told), 1, done.stderr)
                self.assertIn(cause, told[0])
                self.assertIn("  apt-get update && apt-get install", done.stderr)

    def test_a_sudo_that_refuses_is_named(self):
        self.fake("sudo", '#!/bin/bash\necho "nobody is not in the sudoers file." >&2\nexit 1\n')
        self.installed("cmake")
        self.assertIn("sudo does not permit it", self.do(self.checkout / "run", "x").stderr)

    def test_unknown_words_are_usage_errors(self):
        (self.checkout / "tests" / "interop").mkdir(parents=True)
        (self.checkout / "tests" / "interop" / "cli_get.py").touch()
        for words, says in ((["unti"], "neither a stage nor a kind"),
                            (["interop", "cli_gte"], "cli_get"),
                            (["compile_fail", "x"], "no tests/compile_fail/x.cpp"),
                            (["unit", "epoll"], "do not run on 'epoll'"),
                            (["release", "gcc", "unit"], "one stage")):
            with self.subTest(words):
                done = self.do(self.checkout / "test", *words)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(says, done.stderr)

    def test_help_names_the_stages_and_the_kinds(self):
        told = self.do(self.checkout / "test", "--help").stdout
        for word in "--quick", "--nightly", "debug", "unit", "interop cli_get":
            self.assertIn(word, told)


unittest.main()
