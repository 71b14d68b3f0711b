# SPDX-License-Identifier: MIT
"""Starts a server and the load on it, each on its core, and collects what the load says."""

import contextlib
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile

import machine

NOT_OFFERED = 64
READY_S = 10
DISTURBED = 0.05
READY_CALLGRIND_S = 30
SAMPLED_ROUNDS = 5
SAMPLED_S = 2


class Failed(Exception):
    pass


class NotOffered(Exception):
    pass


def pinned(core):
    cores = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {cores[core % len(cores)]})


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def running(server, case, before=(), ready_s=READY_S):
    """The server, listening. Yields (process, port); it has ended afterwards."""
    port = free_port(socket.SOCK_DGRAM if case.mode == "udp" else socket.SOCK_STREAM)
    process = subprocess.Popen(
        [*before, *server.command, case.mode, str(port)], env=os.environ | server.env | case.env,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        preexec_fn=pinned(machine.SERVER_CORE))
    try:
        if not select.select([process.stdout], [], [], ready_s)[0]:
            raise Failed("not ready in time")
        if process.stdout.readline().strip() != b"ready":
            code = process.wait(timeout=5)
            raise NotOffered() if code == NOT_OFFERED else Failed(f"ended with {code}")
        yield process, port
    finally:
        end(process)


def end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=2)
    if process.poll() is None:
        process.kill()
        process.wait()
    process.stdout.close()


def load(build, case, port, pid, seconds, *more):
    warmup = max(0.1, min(0.3, seconds / 3))
    command = [f"{build}/bench/bench_load", "--mode", case.load or case.mode,
               "--port", port, "--connections", case.connections, "--depth", case.depth,
               "--size", case.size, "--seconds", seconds, "--warmup", warmup,
               "--active", case.active, "--server-pid", pid, *case.args, *more]
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                              timeout=seconds + 60, preexec_fn=pinned(machine.LOAD_CORE))
    except subprocess.TimeoutExpired as e:
        raise Failed("the load did not come to an end") from e
    try:
        said = json.loads(done.stdout)
    except ValueError as e:
        raise Failed(done.stderr.strip() or f"the load ended with {done.returncode}") from e
    if said["errors"]:
        raise Failed(said["error"])
    return said


def once(build, case, server, seconds, *more):
    if case.alone:
        env = os.environ | server.env | case.env | {"BENCH_SECONDS": str(seconds)}
        try:
            done = subprocess.run([*server.command, case.mode, "0"], capture_output=True,
                                  text=True, env=env, timeout=seconds + 60,
                                  preexec_fn=pinned(machine.SERVER_CORE))
        except subprocess.TimeoutExpired as e:
            raise Failed("it did not come to an end") from e
        if done.returncode == NOT_OFFERED:
            raise NotOffered()
        if done.returncode != 0:
            raise Failed(done.stderr.strip())
        return json.loads(done.stdout)
    with running(server, case) as (process, port):
        return load(build, case, port, process.pid, seconds, *more)


def undisturbed(build, case, server, seconds):
    """Up to three tries, until no other program has had one of the cores for long."""
    for _ in range(3):
        said = once(build, case, server, seconds)
        waited = max(said.get("load_waited_ns", 0), said.get("server_waited_ns", 0))
        said["disturbed"] = waited > DISTURBED * said["seconds"] * 1e9
        if not said["disturbed"]:
            break
    return said


def fits(case, server):
    # Looking without sleeping is for few connections: it takes a whole core.
    if "busy_poll" in server.name and case.name != "n1":
        return False
    return server.offers(case) and case.only.lower() in server.name.lower()


def rounds(build, cases, servers, count, seconds, data):
    """Every case on every server, in turns, each round beginning with another server."""
    out = set()  # pairs that cannot be measured; each is said once
    total, at = count * len(cases) * len(servers), 0
    for number in range(count):
        for case in cases:
            turn = (number + cases.index(case)) % len(servers)
            for server in servers[turn:] + servers[:turn]:
                at += 1
                if number >= (case.rounds or count) or not fits(case, server) or \
                        (case.name, server.name) in out:
                    continue
                note(f"[{at}/{total}] round {number + 1}: {case.name}, {server.name}")
                try:
                    said = undisturbed(build, case, server, seconds)
                    data.add(case.name, server.name, number, said)
                except NotOffered:
                    out.add((case.name, server.name))
                except (Failed, OSError) as e:
                    note(f"{server.name}, {case.name}: {e}\n")
                    # One failure of many may be the machine's; a second is the server's.
                    if (case.name, server.name, "once") in out:
                        out.add((case.name, server.name))
                    out.add((case.name, server.name, "once"))
    note("")


def note(text):
    """The last line of a terminal; a line of its own where a line ends."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text.endswith("\n"):
        print(text, end="", file=sys.stderr, flush=True)


def details(build, cases, servers, data):
    """System calls, user instructions and user time. Looking makes them dearer, so apart."""
    for case in cases:
        if case.quiet or case.alone:
            continue
        user = shares_of_user(build, case, servers) if case.inside else {}
        for server in servers:
            if not fits(case, server):
                continue
            note(f"details: {case.name}, {server.name}")
            found = {}
            for name, how in (("calls", calls), ("instructions", instructions)):
                if name == "instructions" and not case.inside:
                    continue
                try:
                    found[name] = how(build, case, server)
                except NotOffered:
                    break
                except (Failed, OSError, subprocess.SubprocessError) as e:
                    note(f"{name} of {server.name}, {case.name}: {e}\n")
            if server.name in user:
                found["user_share"] = user[server.name]
            if found:
                data.add_details(case.name, server.name, found)
    note("")


def shares_of_user(build, case, servers):
    """The share of its CPU time that each server spends in its own code, by samples, in turns."""
    found = {}
    for number in range(SAMPLED_ROUNDS):
        for server in servers:
            if not fits(case, server):
                continue
            note(f"samples {number + 1}: {case.name}, {server.name}")
            try:
                said = once(build, case, server, SAMPLED_S, "--sample")
            except NotOffered:
                continue
            except (Failed, OSError) as e:
                note(f"samples of {server.name}, {case.name}: {e}\n")
                continue
            user, kernel = found.get(server.name, (0, 0))
            found[server.name] = (user + said["found_in_user"],
                                  kernel + said["found_in_kernel"] + said["found_returning"])
    return {name: user / (user + kernel) for name, (user, kernel) in found.items() if user + kernel}


def calls(build, case, server):
    """Of three runs: in one of them the load may have let the server run dry."""
    runs = [once(build, case, server, 0.3, "--count-calls") for _ in range(3)]
    return statistics.median(said["server_calls"] / max(1, said["messages"]) for said in runs)


def instructions(build, case, server):
    """Callgrind's count of two runs; connecting cancels out in their difference."""
    if shutil.which("valgrind") is None:
        raise Failed("valgrind is not installed")
    if not compiled(server.command[0]):
        return None
    counts, messages = [], []
    with tempfile.TemporaryDirectory() as folder:
        callgrind = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out")
        with running(server, case, callgrind, READY_CALLGRIND_S) as (process, port):
            callgrind_taken(process, folder, 1)  # the program's start
            for number, seconds in enumerate((0.3, 1.5), 2):
                said = load(build, case, port, process.pid, seconds)
                messages.append(said["messages"] + said["messages_warmup"])
                counts.append(callgrind_taken(process, folder, number))
    if messages[1] <= messages[0] or counts[1] <= counts[0]:
        raise Failed(f"callgrind: {counts} instructions for {messages} messages")
    return (counts[1] - counts[0]) / (messages[1] - messages[0])


def callgrind_taken(process, folder, number):
    """The instructions since the last time: they go into a file, and counting begins anew."""
    subprocess.run(["vgdb", f"--pid={process.pid}", "dump"], timeout=30, capture_output=True,
                   check=True)
    text = pathlib.Path(folder, f"out.{number}").read_text(errors="replace")
    return int(re.search(r"^(?:totals|summary): (\d+)", text, re.M)[1])


def compiled(program):
    """Interpreters and Go bring a runtime that callgrind does not follow."""
    name = os.path.basename(program)
    return not name.startswith("python") and "go" not in name.split("_")
