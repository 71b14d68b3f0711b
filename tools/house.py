# SPDX-License-Identifier: MIT
"""What the checks share: the files of the house, and how a check reports."""

import functools
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def files(*suffixes, under=""):
    """Paths relative to the root: what git tracks or would; without git, what lies there."""
    try:
        out = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-coz", "--exclude-standard"],
            cwd=ROOT, capture_output=True, check=True).stdout.decode()
        names = [n for n in out.split("\0") if n and (ROOT / n).is_file()]
    except (OSError, subprocess.CalledProcessError):
        found = (p.relative_to(ROOT) for p in ROOT.rglob("*") if p.is_file())
        names = [p.as_posix() for p in found if not re.match(r"build(-|/)|\.git/", p.as_posix())]
    return sorted(n for n in set(names) if n.startswith(under) and n.endswith(suffixes or ("",)))


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


@functools.cache
def tests():
    """Every test, as suite.name (C++) or file.name (Python)."""
    found = set()
    for name in files(".cpp", under="tests/"):
        for suite, test in re.findall(r"TEST\w*\(\s*(\w+),\s*(\w+)\s*[,)]", text(name)):
            found.add(f"{suite}.{test}")
    for name in files(".py", under="tests/interop/"):
        for test in re.findall(r"def (test_\w+)\(", text(name)):
            found.add(f"{pathlib.PurePath(name).stem}.{test}")
    return found


_TOKENS = re.compile(
    r"//[^\n]*|/\*.*?\*/"  # comments
    r'|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"'  # strings
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'",  # characters, not the ' of 1'000
    re.S)


def _blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def code_only(source):
    """C++ without its comments; every line stays on its number."""
    return _TOKENS.sub(lambda m: _blank(m) if m.group()[:2] in ("//", "/*") else m.group(), source)


def comments_only(source):
    """The comments of C++; every line stays on its number."""
    kept, at = [], 0
    for match in _TOKENS.finditer(source):
        kept.append(re.sub(r"[^\n]", " ", source[at:match.start()]))
        kept.append(match.group() if match.group()[:2] in ("//", "/*") else _blank(match))
        at = match.end()
    return "".join(kept) + re.sub(r"[^\n]", " ", source[at:])


def report(faults, all_well):
    """Prints the faults and ends with 1, or says that all is well."""
    for fault in faults:
        print(fault)
    if faults:
        sys.exit(f"{len(faults)} to mend")
    print(all_well)
