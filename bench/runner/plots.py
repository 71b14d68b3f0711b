# SPDX-License-Identifier: MIT
"""One plot a question, as SVG: horizontal bars, the shortest on top, Bight's in colour."""

import sys

import report
import results

BIGHT, BY_HAND, PEER = "#1f6feb", "#57606a", "#c9d1d9"
FAR = 25  # times the middle one
INK, FAINT = "#24292f", "#6e7781"

# file: case, figure, title
PLOTS = {
    "echo": ("n100", "cpu", "Server CPU for a 64-byte echo, 100 connections", "ns"),
    "framed": ("framed16", "cpu", "Server CPU for a framed 64-byte message, 16 in flight", "ns"),
    "udp": ("udp64", "cpu", "Server CPU for a 64-byte UDP echo", "ns"),
    "oneway": ("oneway64", "cpu", "Receiver's CPU for a 64-byte UDP datagram, one way", "ns"),
    "idle": ("idle10k", "idle_bytes", "User memory of an idle connection", "bytes"),
}


def draw(data, folder):
    try:
        import matplotlib
    except ImportError:
        print("no plots: apt-get install python3-matplotlib", file=sys.stderr)
        return
    matplotlib.use("svg")
    # Text stays text, and the same figures give the same file.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bight",
                                "font.family": ["Helvetica", "Arial", "DejaVu Sans"],
                                "font.size": 11, "text.color": INK})
    import logging
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    cells = results.cells(data)
    for name, (case, figure, title, unit) in PLOTS.items():
        bars = [(cell[figure], server) for (c, server), cell in cells.items()
                if c == case and figure in cell]
        if bars:
            bar_plot(sorted(bars), title, unit, data, folder / f"{name}.svg")


def colour(server):
    return BIGHT if server.startswith("Bight") else BY_HAND if "by hand" in server else PEER


def bar_plot(bars, title, unit, data, path):
    from matplotlib import pyplot
    height = 0.9 + 0.34 * len(bars)
    figure, axes = pyplot.subplots(figsize=(8.4, height), facecolor="white")
    # Room for the longest name.
    left = max(0.19, 0.0115 * max(len(server) for _, server in bars))
    figure.subplots_adjust(left=left, right=0.9, top=1 - 0.42 / height, bottom=0.34 / height)
    values = [max(0.0, b[0][0]) for b in bars]
    places = range(len(bars))
    axes.barh(places, values, height=0.68, color=[colour(s) for _, s in bars])
    axes.invert_yaxis()
    axes.set_yticks(places, [s for _, s in bars])
    for label, (_, server) in zip(axes.get_yticklabels(), bars):
        if server.startswith("Bight"):
            label.set_color(BIGHT)
            label.set_fontweight("bold")
    # One that is far behind all would press the others into a line: its bar is cut, and says so.
    limit = min(max(values), FAR * values[len(values) // 2] or max(values)) or 1
    for place, value in zip(places, values):
        cut = value > limit
        axes.text(min(value, limit) + limit * 0.01, place,
                  f"{value:,.0f} {unit}" + (" →" if cut else ""), va="center", fontsize=10)
    axes.set_xlim(0, limit)
    axes.set_xticks([])
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    figure.text(0.012, 1 - 0.14 / height, title, fontsize=13, fontweight="bold", va="top")
    figure.text(0.012, 0.1 / height, report.trust_line(data) + report.machine_line(data),
                fontsize=8, color=FAINT)
    figure.savefig(path, format="svg", metadata={"Date": None})
    pyplot.close(figure)
