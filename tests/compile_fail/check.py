#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that one source is refused for the right reason.

usage: check.py SOURCE COMPILER_ID COMPILER [FLAG...]

The source's first lines say:
    // expect: REGEX      searched in what the compiler prints
    // compiler: clang    optional: only this family sees the fault (clang or gcc)
"""

import re
import subprocess
import sys

SKIPPED = 77


def main():
    source, compiler_id, *command = sys.argv[1:]
    family = "gcc" if compiler_id == "GNU" else "clang"
    head = open(source, encoding="utf-8").read().splitlines()[:10]
    found = (re.match(r"// (expect|compiler): (.+)", line) for line in head)
    marks = dict(m.groups() for m in found if m)
    if "expect" not in marks:
        sys.exit(f"{source}: no `// expect: REGEX` in its first lines")
    if marks.get("compiler", family).strip() != family:
        print(f"skipped: {family} cannot see this fault; it is for {marks['compiler']}")
        sys.exit(SKIPPED)

    command += ["-fsyntax-only", source]
    broken = subprocess.run(command, capture_output=True, text=True)
    said = broken.stdout + broken.stderr
    if broken.returncode == 0:
        sys.exit(f"{source}: compiles, and must not: nothing stops a user from this fault")
    if not re.search(marks["expect"].strip(), said):
        sys.exit(f"{source}: refused, but not with /{marks['expect']}/. The compiler said:\n{said}")


main()
