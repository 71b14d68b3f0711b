#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A test of the tests: the scenarios must notice each fault in tests/planted/*.patch.

usage: python3 tests/planted/planted.py BUILD_DIR [NAME…]

Each patch is applied to a copy of the sources in BUILD_DIR/planted and built. Then the scenarios
are played with one seed after the other until one fails (tests/planted/search.cpp). Without a
fault, none may fail.
"""

import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
sys.dont_write_bytecode = True
import fault_build  # noqa: E402

SEARCH = "planted_search"
SEEDS = 1000


def search(program):
    """What the scenarios noticed, or "" if all seeds pass."""
    done = subprocess.run([program, str(SEEDS)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, text=True)
    if done.returncode == 0:
        return ""
    how = {1: "fails", -signal.SIGPROF: "does not end"}.get(done.returncode, "crashes")
    seed, name = done.stdout.splitlines()[-1].split()
    return f"{name} {how} with seed {seed}"


def plant(copy, patch):
    """Applies the patch to the copy and builds it; ends the program if that fails."""
    applied = subprocess.run(["patch", "--batch", "--fuzz=0", "-p1", "-i", patch],
                             cwd=copy.source, text=True, capture_output=True)
    if applied.returncode:
        sys.exit(f"{patch.name} does not apply (tools/check_planted):\n{applied.stdout}")
    ok, output = copy.compile(SEARCH)
    if not ok:
        sys.exit(f"{patch.name} does not compile:\n{output[-3000:]}")


def main():
    build, names = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    patches = sorted((ROOT / "tests/planted").glob("*.patch"))
    if names:
        patches = [patch for patch in patches if patch.stem in names]
    copy = fault_build.Copy(build / "planted", flags="-O1")
    copy.prepare(SEARCH)
    program = copy.build / "tests" / SEARCH
    bad = 0
    if not names:
        noticed = search(program)
        print(f"without a fault: {noticed or 'nothing fails'}", flush=True)
        bad += noticed != ""
    for patch in patches:
        began = time.monotonic()
        plant(copy, patch)
        built = time.monotonic()
        noticed = search(program)
        print(f"{patch.stem}: {noticed or f'NOT NOTICED with {SEEDS} seeds'} (built in "
              f"{built - began:.0f} s, found in {time.monotonic() - built:.0f} s)", flush=True)
        bad += noticed == ""
        copy.update()
    print(f"{len(patches)} faults, {bad} not as they should be")
    return 1 if bad else 0


sys.exit(main())
