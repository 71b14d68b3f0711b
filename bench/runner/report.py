# SPDX-License-Identifier: MIT
"""The table, as plain text and as Markdown."""

import textwrap

import cases
import results


def machine_line(data):
    m = data["machine"]
    kind = "virtual " if m["virtual"] else ""
    call = f", a system call takes {m['system_call_ns']:,.0f} ns" if "system_call_ns" in m else ""
    return (f"{m['date']}, {m['cpu']}, {m['cores']} {kind}cores, {m['system']}, Linux "
            f"{m['kernel']}{call}, Bight {m['commit']}")


def trust_line(data):
    """What a picture says of itself where other programs were at work: it is none to show."""
    others = results.disturbed(data)
    return f"NOT TO BE TRUSTED, {others:.0%} of the runs were disturbed.\n" if others > 0.2 else ""


def noise_line(data):
    return (f"Half of all runs lie within {results.spread(data) * 100:.1f} % of their cell's "
            "median; a smaller gap is noise.")


def method_line(data):
    others = results.disturbed(data) * 100
    return (f"{data['rounds']} interleaved rounds of {data['seconds']} s; medians, and the lowest "
            f"and highest. {noise_line(data)} In {others:.0f} % of the runs another program had "
            "one of the cores for a twentieth of the time or more; they are left out where half of "
            "a cell's runs are without. ratio: the CPU of io_uring by hand divided by this one's, "
            "the median of the rounds' ratios; where it does not take part, that of the server "
            "whose ratio is 1.")


def number(value):
    if value >= 1e6:
        return f"{value / 1e6:.2f}M"
    if value >= 1e4:
        return f"{value / 1e3:.0f}k"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.3f}"


def range_of(figure, form=number):
    middle, low, high = figure
    return f"{form(middle)} ({form(low)}–{form(high)})" if low != high else form(middle)


def plain_ns(value):
    return f"{value:,.0f}"


def micros(value):
    return f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


def quotient(over, under):
    value = results.ratio(over, under)
    return "–" if value is None else f"{value:.2f}"


HEAD = ["server", "{unit}s/s", "CPU ns a {unit}", "ratio", "÷ {beside}", "of it user",
        "p50 µs", "p99 µs", "p99.9 µs", "calls", "user instr.",
        "sender's CPU ns", "lost on the way", "load busy"]


def rows_of(case, data, cells, details):
    reference = cells.get((case.name, case.reference))
    for (name, server), cell in cells.items():
        if name != case.name:
            continue
        if case.quiet:
            yield [server, range_of(cell["idle_bytes"], plain_ns),
                   f"{cell['busy'][0] * 1000:.2f}"]
            continue
        if "cpu" not in cell:
            continue
        extra = details.get((name, server), {})
        alone = cells.get((case.beside, server))
        row = [server, range_of(cell["rate"]), range_of(cell["cpu"], plain_ns),
               quotient(reference, cell), quotient(cell, alone),
               plain_ns(cell["cpu"][0] * extra["user_share"]) if "user_share" in extra else "–"]
        row += [micros(cell[p][0]) if p in cell else "–" for p in ("p50_us", "p99_us", "p999_us")]
        row += [f"{extra[k]:.{digits}f}" if extra.get(k) is not None else "–"
                for k, digits in (("calls", 3), ("instructions", 0))]
        row += [plain_ns(cell["sender_cpu"][0]) if "sender_cpu" in cell else "–"]
        row += [f"{cell[k][0] * 100:.0f} %" if k in cell else "–"
                for k in ("lost_share", "load_busy")]
        if cell["lost"][2] and "lost_share" not in cell:
            row[0] += f" (up to {cell['lost'][2]} lost)"
        yield row


def tables(data):
    """(case, head, rows) of each case that was measured."""
    cells = results.cells(data)
    details = {(d["case"], d["server"]): d for d in data["details"]}
    for case in cases.CASES:
        rows = list(rows_of(case, data, cells, details))
        if not rows:
            continue
        head = ["server", "bytes an idle connection", "CPU ms a second"] if case.quiet else \
            [h.format(unit=case.unit, beside=case.beside) for h in HEAD]
        used = [i for i in range(len(head)) if any(r[i] != "–" for r in rows)]
        yield case, [head[i] for i in used], [[r[i] for i in used] for r in rows]


def plain(data):
    parts = [machine_line(data), method_line(data)]
    for case, head, rows in tables(data):
        widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
        lines = ["  ".join(c.ljust(w) if i == 0 else c.rjust(w)
                           for i, (c, w) in enumerate(zip(r, widths))) for r in [head, *rows]]
        parts.append(f"{case.name}: {case.title}\n  " + "\n  ".join(lines))
    return "\n\n".join(parts) + "\n"


def markdown(data):
    parts = [machine_line(data), method_line(data)]
    for case, head, rows in tables(data):
        lines = ["| " + " | ".join(r) + " |" for r in [head, *rows]]
        lines.insert(1, "|---" + "|--:" * (len(head) - 1) + "|")
        lines[2:] = [f"| **{line[2:].split(' |', 1)[0]}** |{line.split(' |', 1)[1]}"
                     if line.startswith("| Bight") else line for line in lines[2:]]
        parts.append(f"**{case.name}**: {case.title}\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


# The columns of the short table; Bight's come with their share of the server by hand before them.
SHORT = ("io_uring by hand", "Bight io_uring", "epoll by hand", "Bight epoll", "Asio coroutines",
         "libuv", "tokio", "Go")


def short(data):
    """Server CPU a message in one table, and what cannot be told that way below it."""
    cells = results.cells(data)
    said = f"{machine_line(data)}; medians of {data['rounds']} rounds. {noise_line(data)}"
    lines = [textwrap.fill(said, 100), "",
             "| CPU, ns a message | " + " | ".join(SHORT) + " |",
             "|---" + "|--:" * len(SHORT) + "|"]
    for case in cases.CASES:
        found = {s: cells[case.name, s] for s in SHORT
                 if "cpu" in cells.get((case.name, s), {}) and not case.alone}
        if not found:
            continue
        row = []
        for before, server in zip(("", *SHORT), SHORT):
            text = plain_ns(found[server]["cpu"][0]) if server in found else "–"
            if server.startswith("Bight") and server in found and before in found:
                text += f" ({quotient(found[before], found[server])})"
            row.append(text)
        lines.append(f"| {case.title} | " + " | ".join(row) + " |")
    for title, wanted, figure, form in (
            ("UDP one way, datagrams a second", ("oneway64", "oneway1200"), "rate", number),
            ("User memory, bytes", ("idle10k",), "idle_bytes", plain_ns)):
        there = [c for c in cases.CASES if c.name in wanted]
        servers = [s for s in data["servers"]
                   if any(figure in cells.get((c.name, s), {}) for c in there)]
        lines += ["", f"| {title} | " + " | ".join(c.title for c in there) + " |",
                  "|---" + "|--:" * len(there) + "|"]
        for server in servers:
            row = [cells.get((c.name, server), {}).get(figure) for c in there]
            lines.append(f"| {server} | " + " | ".join(form(f[0]) if f else "–" for f in row)
                         + " |")
    return "\n".join(lines)


# What is compared with Bight on io_uring, and what its column is called.
BESIDE = {"io_uring by hand": "C, io_uring", "epoll by hand": "C, epoll",
          "Bight epoll": "Bight on epoll", "Asio coroutines": "Asio", "libuv": "libuv",
          "tokio": "tokio", "Go": "Go"}


def in_words(share, noise):
    """A share of Bight's CPU time as a reader would say it."""
    if abs(share - 1) <= noise:
        return "the same"
    if share >= 1.1:
        return f"{share:.0f} times as much" if share >= 10 else f"{share:.1f} times as much"
    return f"{abs(share - 1) * 100:.0f} % {'more' if share > 1 else 'less'}"


def compared(data):
    """The CPU time of every server, set against Bight's on io_uring, in words."""
    cells, noise = results.cells(data), results.spread(data)
    lines = ["| CPU time | Bight on io_uring, ns | " + " | ".join(BESIDE.values()) + " |",
             "|---|--:" + "|---" * len(BESIDE) + "|"]
    for case in cases.CASES:
        ours = cells.get((case.name, "Bight io_uring"))
        if ours is None or "cpu" not in ours or case.alone or case.only:
            continue
        row = []
        for server in BESIDE:
            share = results.ratio(cells.get((case.name, server)), ours)
            row.append("–" if share is None else in_words(share, noise))
        lines.append(f"| {case.title} | {plain_ns(ours['cpu'][0])} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def put(table, page):
    """Into the page, between its two marks."""
    begin, end = "<!-- written by bench/run -->\n", "<!-- to here -->"
    text = page.read_text(encoding="utf-8")
    front, rest = text.split(begin)
    page.write_text(front + begin + table + "\n" + end + rest.split(end)[1], encoding="utf-8")
