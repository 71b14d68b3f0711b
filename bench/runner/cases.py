# SPDX-License-Identifier: MIT
"""What is measured. A new case is a line of the table."""

import dataclasses
import sys

import servers


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    title: str
    mode: str  # of the server: PROGRAM MODE PORT
    connections: int = 1
    depth: int = 1  # messages in flight on each
    size: int = 64
    load: str = ""  # the load's mode where it is not the server's
    active: int = 0
    unit: str = "message"
    rounds: int = 0  # at most so many: memory does not drift
    beside: str = ""  # the case without what this one adds: the CPU of both is compared
    args: tuple = ()  # more for the load
    env: dict = dataclasses.field(default_factory=dict)  # more for the servers
    only: str = ""  # servers with these words in their name
    alone: bool = False  # no load: the server prints the JSON object itself
    reference: str = servers.REFERENCE  # the server whose CPU the others' is set against
    inside: bool = False  # the second pass looks into the program: instructions, user time
    quiet: bool = False  # there are no messages: CPU a second and memory instead


CASES = [
    # The load looks for answers all the time, so that only the server's wake-up is in the figure.
    Case("n1", "echo 64 B, 1 connection", "echo", args=("--spin",)),
    Case("n100", "echo 64 B, 100 connections", "echo", 100, inside=True),
    Case("n1000", "echo 64 B, 1,000 connections", "echo", 1000),
    Case("d16", "echo 64 B, 100 connections × 16 in flight", "echo", 100, 16),
    Case("framed16", "framed 64 B, 100 connections × 16 in flight", "framed", 100, 16,
         inside=True),
    Case("k16", "echo 16 KiB, 100 connections", "echo", 100, size=16384),
    Case("discard", "bulk receive, 1 connection", "discard", unit="64 KiB"),
    Case("source", "bulk send, 1 connection", "source", unit="64 KiB"),
    Case("accept", "connect, 64 B, reply, close; 100 at a time", "accept", 100, unit="connection"),
    Case("fin", "connect, 64 B, reply, FIN by the client; 100 at a time", "echo", 100, load="fin",
         unit="connection"),
    Case("reset", "the same, reset by the client", "echo", 100, load="reset", unit="connection"),
    Case("reset_attempt", "the same, with attempt", "echo", 100, load="reset", unit="connection",
         env={"BENCH_ATTEMPT": "1"}, only="Bight", beside="reset"),
    # 64 in flight: more of the large ones do not fit into a socket's default receive buffer.
    Case("udp64", "UDP echo 64 B, 8 sockets × 8 in flight", "udp", 8, 8, inside=True),
    Case("udp1200", "UDP echo 1,200 B, 8 sockets × 8 in flight", "udp", 8, 8, 1200),
    Case("oneway64", "UDP one way, 64 B", "oneway64", size=64, unit="datagram", alone=True,
         reference="epoll by hand, single"),
    Case("oneway1200", "UDP one way, 1,200 B", "oneway1200", size=1200, unit="datagram",
         alone=True, reference="epoll by hand, single"),
    Case("timers", "a deadline set and met at once", "timers", unit="deadline", alone=True,
         reference="libuv uv_timer"),
    Case("timers_turn", "a deadline set and met in the next turn of the loop", "timers_turn",
         unit="deadline", alone=True, reference="tokio"),
    Case("threads2", "echo 64 B, 100 connections, two loops in two threads on one core", "echo",
         100, env={"BENCH_THREADS": "2"}, only="Bight", beside="n100"),
    Case("idle10k", "10,000 idle connections", "echo", 10000, load="idle", quiet=True, rounds=3),
    Case("idle10k+100", "10,000 idle and 100 active connections", "echo", 10000, load="idle",
         active=100, only="Bight", beside="n100"),
]


def chosen(names):
    known = {case.name: case for case in CASES}
    for name in names:
        if name not in known:
            sys.exit(f"no such case: {name} (there are: {', '.join(known)})")
    return [known[name] for name in names] if names else CASES
