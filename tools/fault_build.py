# SPDX-License-Identifier: MIT
"""A copy of the sources in which tools/mutate and tests/planted make faults, and its build.

Each source of the library and the tool is compiled by itself and hardly optimised, so that a fault
is built in seconds. The tests stay as they are, so they are compiled together.
"""

import os
import signal
import subprocess
import sys

import house


class Copy:
    """The sources as they are, committed or not, in FOLDER/source, and a build in FOLDER/build."""

    def __init__(self, folder, jobs=os.cpu_count(), flags="-O0"):
        self.source, self.build = folder / "source", folder / "build"
        self.jobs, self.flags = str(jobs), flags

    def update(self):
        """Makes it the same as the sources. Only files that differ are written and built again."""
        names = house.files()
        if self.source.exists():
            kept = {self.source / name for name in names}
            for path in [p for p in self.source.rglob("*") if p.is_file() and p not in kept]:
                path.unlink()
        for name in names:
            data, path = (house.ROOT / name).read_bytes(), self.source / name
            if not path.is_file() or path.read_bytes() != data:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                path.chmod((house.ROOT / name).stat().st_mode)

    def prepare(self, *targets):
        """Updates it and builds it without a fault; ends the program if that fails."""
        self.update()
        ok, output = run(["cmake", "-G", "Ninja", "-S", self.source, "-B", self.build,
                          "-DCMAKE_BUILD_TYPE=Debug",
                          f"-DCMAKE_CXX_FLAGS_DEBUG={self.flags} -g0",
                          "-DCMAKE_CXX_COMPILER=clang++-19",
                          "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld",
                          "-DBIGHT_UNITY=OFF", "-DBIGHT_UNITY_TESTS=ON", "-DBIGHT_DEVELOPER=OFF",
                          "-DBIGHT_TESTS=ON"], 120)
        if not ok:
            sys.exit(output)
        print("building what is not built yet …", flush=True)
        ok, output = self.compile(*targets, limit_s=7200)
        if not ok:
            sys.exit(f"it does not build without a fault:\n{output[-3000:]}")

    def compile(self, *targets, limit_s=1200):
        """(whether it builds, the output)."""
        return run(["cmake", "--build", self.build, "-j", self.jobs, "--target", *targets],
                   limit_s)


def run(command, limit_s, env=None):
    """(whether it exits with 0 or 77 in time, its output). Nothing of it is left running."""
    words = ["env", "--default-signal=HUP"]  # nohup(1) ignores it, and tests send it
    process = subprocess.Popen(words + [str(word) for word in command], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace", env=os.environ | (env or {}),
                               start_new_session=True)
    try:
        output, _ = process.communicate(timeout=limit_s)
        return process.returncode in (0, 77), output
    except subprocess.TimeoutExpired:
        return False, "it did not end in time"
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
