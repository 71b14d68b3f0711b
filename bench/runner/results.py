# SPDX-License-Identifier: MIT
"""Results as a file that is whole after every measurement, and their medians."""

import json
import os
import statistics

# Of what the load says, the fields that a report needs.
KEPT = ("seconds", "messages", "bytes", "lost", "sent", "p50_us", "p99_us", "p999_us",
        "load_cpu_ns", "server_cpu_ns", "disturbed", "idle_connections",
        "private_before", "private_idle", "pss_before", "pss_idle")


class Results:
    def __init__(self, path, machine, rounds, seconds, names):
        self.path = path
        self.head = {"machine": machine, "rounds": rounds, "seconds": seconds,
                     "servers": names}
        self.runs, self.details = [], []
        path.parent.mkdir(parents=True, exist_ok=True)
        self.write()

    def add(self, case, server, number, said):
        kept = {k: said[k] for k in KEPT if k in said}
        self.runs.append({"case": case, "server": server, "round": number} | kept)
        self.write()

    def add_details(self, case, server, said):
        self.details.append({"case": case, "server": server} | said)
        self.write()

    def write(self):
        def lines(rows):
            return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]"
        head = json.dumps(self.head)[:-1]
        beside = self.path.with_suffix(".part")
        beside.write_text(f'{head},\n"runs": {lines(self.runs)},\n'
                          f'"details": {lines(self.details)}}}\n', encoding="utf-8")
        os.replace(beside, self.path)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def cells(data):
    """{(case, server): {figure: (median, min, max)}} in the order of the servers."""
    grouped = {}
    for run in data["runs"]:
        grouped.setdefault((run["case"], run["server"]), []).append(run)
    names = data["servers"]
    return {key: figures(calm(grouped[key]))
            for key in sorted(grouped, key=lambda key: names.index(key[1]))}


def calm(runs):
    """Those in which no other program had a core for long, when that is at least half of them."""
    quiet = [r for r in runs if not r.get("disturbed")]
    return quiet if len(quiet) * 2 >= len(runs) else runs


def figures(runs):
    found = {}

    def put(name, values):
        values = [v for v in values if v is not None]
        if values:
            found[name] = (statistics.median(values), min(values), max(values))
    put("rate", [r["messages"] / r["seconds"] for r in runs if r["messages"]])
    put("cpu", [r["server_cpu_ns"] / r["messages"] for r in runs if r["messages"]])
    found["rounds"] = {r["round"]: r["server_cpu_ns"] / r["messages"]
                       for r in runs if r["messages"]}
    put("busy", [r["server_cpu_ns"] / r["seconds"] / 1e9 for r in runs])
    put("load_busy", [r["load_cpu_ns"] / r["seconds"] / 1e9 for r in runs if "load_cpu_ns" in r])
    put("sender_cpu", [r["load_cpu_ns"] / r["sent"] for r in runs if r.get("sent")])
    put("lost_share", [r["lost"] / r["sent"] for r in runs if r.get("sent")])
    put("lost", [r.get("lost", 0) for r in runs])
    for name in ("p50_us", "p99_us", "p999_us"):
        put(name, [r[name] for r in runs if r["messages"] and name in r])
    put("idle_bytes", [(r["private_idle"] - r["private_before"]) / r["idle_connections"]
                       for r in runs if r.get("idle_connections")])
    return found


def ratio(over, under):
    """CPU of one cell by that of another: the median over the rounds in which both were measured.
    The machine drifts from round to round by more than they differ, and hardly within one."""
    if over is None or under is None:
        return None
    both = over["rounds"].keys() & under["rounds"].keys()
    return statistics.median(over["rounds"][r] / under["rounds"][r] for r in both) if both else None


def disturbed(data):
    """The share of runs in which another program had one of the two cores for a while."""
    return sum(1 for r in data["runs"] if r.get("disturbed")) / max(1, len(data["runs"]))


def spread(data):
    """The noise: how far a run typically lies from its cell's median, as a share of it."""
    grouped = {}
    for run in data["runs"]:
        if run["messages"]:
            grouped.setdefault((run["case"], run["server"]), []).append(run)
    away = []
    for runs in grouped.values():
        values = [r["server_cpu_ns"] / r["messages"] for r in calm(runs)]
        if len(values) > 1:
            middle = statistics.median(values)
            away += [abs(v - middle) / middle for v in values if middle]
    return statistics.median(away) if away else 0.0
