# SPDX-License-Identifier: MIT
"""Who is measured: Bight on both engines, the servers by hand, and what bench/peers names."""

import dataclasses
import json
import os
import pathlib
import sys

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
REFERENCE = "io_uring by hand"


@dataclasses.dataclass(frozen=True)
class Server:
    name: str
    command: tuple
    needs: str
    env: dict = dataclasses.field(default_factory=dict)
    modes: tuple = ()  # empty: it says so itself, by its exit code
    cases: tuple = ()  # empty: all

    def missing(self):
        return "" if os.path.exists(self.needs) else f"not here: {self.needs}"

    def offers(self, case):
        return (not self.modes or case.mode in self.modes) and \
            (not self.cases or case.name in self.cases)


# What a server by hand or on Bight offers; the others are programs for one case.
SERVERS = ("echo", "framed", "accept", "discard", "source", "udp")
ONE_WAY = ("oneway64", "oneway1200")


def own(name, program, *arguments, modes=SERVERS, **env):
    return Server(name, (program, *arguments), program, env, modes)


def every(build):
    folder = f"{build}/bench"
    found = [
        own(REFERENCE, f"{folder}/reference_uring"),
        own("epoll by hand", f"{folder}/reference_epoll"),
        own("Bight io_uring", f"{folder}/bench_bight", BIGHT_ENGINE="uring"),
        own("Bight epoll", f"{folder}/bench_bight", BIGHT_ENGINE="epoll"),
    ]
    one_way = f"{folder}/bench_oneway"
    by_hand = f"{folder}/reference_oneway"
    found += [
        own("epoll by hand, single", by_hand, "single", modes=ONE_WAY),
        own("epoll by hand, recvmmsg", by_hand, "batch", modes=ONE_WAY),
        own("epoll by hand, GSO + GRO", by_hand, "offload", modes=ONE_WAY),
        own("Bight io_uring, many", one_way, "many", modes=ONE_WAY, BIGHT_ENGINE="uring"),
        own("Bight epoll, many", one_way, "many", modes=ONE_WAY, BIGHT_ENGINE="epoll"),
        own("Bight io_uring, single", one_way, "single", modes=ONE_WAY, BIGHT_ENGINE="uring"),
        own("Bight epoll, single", one_way, "single", modes=ONE_WAY, BIGHT_ENGINE="epoll"),
        own("Asio coroutines, single", f"{folder}/peer_oneway_asio", modes=ONE_WAY),
        own("Bight within()", f"{folder}/bench_timers", "deadline",
            modes=("timers", "timers_turn")),
        own("Bight scheduler", f"{folder}/bench_timers", "timer", modes=("timers",)),
        own("Asio steady_timer", f"{folder}/peer_timers_asio", modes=("timers",)),
        own("libuv uv_timer", f"{folder}/peer_timers_libuv", modes=("timers",)),
        own("io_uring by hand, busy_poll", f"{folder}/reference_uring", modes=("echo",),
            BENCH_BUSY_POLL="50"),
        own("epoll by hand, busy_poll", f"{folder}/reference_epoll", modes=("echo",),
            BENCH_BUSY_POLL="50"),
        # 50 µs: longer than the rounds' way there and back, so that they never sleep.
        own("Bight io_uring, busy_poll", f"{folder}/bench_bight", modes=("echo",),
            BIGHT_ENGINE="uring", BENCH_BUSY_POLL="50"),
        own("Bight epoll, busy_poll", f"{folder}/bench_bight", modes=("echo",),
            BIGHT_ENGINE="epoll", BENCH_BUSY_POLL="50"),
    ]
    table = PEERS / "peers.json"
    for peer in json.loads(table.read_text(encoding="utf-8")) if table.exists() else []:
        fill = {"build": build, "source": PEERS}
        found.append(Server(peer["name"], tuple(c.format(**fill) for c in peer["command"]),
                            peer["needs"].format(**fill), peer["env"], tuple(peer["modes"]),
                            tuple(peer.get("cases", ()))))
    return found


def beside(program):
    """Another build of Bight's server, to compare with this one."""
    return [own(f"Bight {name}, beside", program, BIGHT_ENGINE=engine)
            for name, engine in (("io_uring", "uring"), ("epoll", "epoll"))] if program else []


def chosen(build, words, other=None):
    wanted = []
    for server in every(build) + beside(other):
        if words and not any(w.lower() in server.name.lower() for w in words):
            continue
        if server.missing():
            print(f"skipped: {server.name}: {server.missing()}", file=sys.stderr)
        else:
            wanted.append(server)
    if not wanted:
        sys.exit("no server to measure; bench/run --list names them")
    return wanted
