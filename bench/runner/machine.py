# SPDX-License-Identifier: MIT
"""This machine: what is installed and built, where it runs, and how it is described."""

import ctypes
import datetime
import gc
import os
import pathlib
import platform
import subprocess
import sys
import timeit

SERVER_CORE = 0
LOAD_CORE = 1

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000


def install(packages):
    """Of the file with a Debian package at the beginning of each line."""
    names = ["liburing-dev", "python3-matplotlib", "valgrind"]
    if packages.exists():
        names += [line.split()[0] for line in packages.read_text().splitlines()
                  if line.strip() and not line.startswith("#")]
    print("Installing", " ".join(names))
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=env, check=False)
    for name in dict.fromkeys(names):
        if subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", name],
                          env=env, stdout=subprocess.DEVNULL).returncode != 0:
            print(f"could not be installed: {name}", file=sys.stderr)


def build(root, folder):
    print("Building into", folder)
    # Configured each time: a peer's library may have been installed meanwhile.
    configure = ["cmake", "--preset", "bench"]
    for command in (configure, ["cmake", "--build", str(folder), "--", "-k", "0"]):
        done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode == 0:
            continue
        print(done.stdout[-4000:], file=sys.stderr)
        if command is configure:
            sys.exit("could not be configured")
        print("something could not be built: the rest is measured", file=sys.stderr)


def sysctl(name, value):
    try:
        pathlib.Path("/proc/sys/net/ipv4", name).write_text(value)
    except OSError as e:
        print(f"net.ipv4.{name}={value}: {e}", file=sys.stderr)


def isolate():
    """A network and mounts of our own: nobody else's traffic, rules or congestion control."""
    if len(os.sched_getaffinity(0)) < 2:
        print("one core only: server and load share it, and the figures say little",
              file=sys.stderr)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
        print(f"no network namespace ({os.strerror(ctypes.get_errno())}; be root for it): "
              "measuring in the present one", file=sys.stderr)
        return
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    # For counting system calls. It ends with this process's mounts.
    if not os.path.exists("/sys/kernel/tracing/events"):
        subprocess.run(["mount", "-t", "tracefs", "none", "/sys/kernel/tracing"], check=False)
    sysctl("tcp_congestion_control", "reno")
    sysctl("ip_local_port_range", "1024 65535")


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def system_call_ns():
    """What getppid(2) takes; the best of five, less what the interpreter takes for a call."""
    def best(call):
        return min(timeit.repeat(call, number=20_000, repeat=5)) / 20_000 * 1e9
    return best(os.getppid) - best(gc.isenabled)


def description(root):
    def said(*command):
        try:
            return subprocess.run(command, cwd=root, capture_output=True,
                                  text=True).stdout.strip()
        except OSError:
            return ""
    system = dict(line.split("=", 1) for line in
                  pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "system": system.get("PRETTY_NAME", "").strip('"'),
        "virtual": said("systemd-detect-virt") not in ("none", ""),
        "system_call_ns": system_call_ns(),
        "compiler": said("clang++-19", "--version").split("\n")[0],
        "commit": said("git", "-c", "safe.directory=*", "rev-parse", "--short", "HEAD"),
        "load_average": os.getloadavg()[0],
    }
