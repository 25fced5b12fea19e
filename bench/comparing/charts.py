"""Charts by gnuplot: SVG without a background, in colours that show on white and on black."""

import subprocess

import cells
import servers

INK = "#808080"
COLOURS = {
    servers.OURS: "#e8590c",
    servers.BARE: "#909090",
    "events": "#2f9e44",
    "threads": "#b08800",
    "libuv": "#1c7ed6",
    "Asio": "#9c5fd6",
    "Node": "#d6336c",
    ".NET": "#0ca678",
}
CALLS = {"reads": "#1c7ed6", "writes": "#e8590c", "dequeues": "#2f9e44", "other": "#909090"}

START = f"""
set terminal svg size 760,420 font 'sans-serif,13'
set output '{{path}}'
set border 3 linecolor rgb '{INK}'
set tics nomirror textcolor rgb '{INK}'
set grid ytics linecolor rgb '{INK}' linewidth 0.3
set title '{{title}}' textcolor rgb '{INK}'
set xlabel '{{x}}' textcolor rgb '{INK}'
set ylabel '{{y}}' textcolor rgb '{INK}'
set key outside right textcolor rgb '{INK}'
"""


def draw(path, title, x, y, lines):
    script = START.format(path=path, title=title, x=x, y=y) + "\n".join(lines) + "\n"
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def block(name, rows):
    """Data in a script of gnuplot."""
    return [f"${name} << END", *(" ".join(map(str, row)) for row in rows), "END"]


def series(measured, along, value):
    """Lines of points, one for each server."""
    blocks, plots = [], []
    for number, (server, colour) in enumerate(COLOURS.items()):
        points = [
            (getattr(cell, along), value(cell, server))
            for cell in sorted(measured, key=lambda cell: getattr(cell, along))
            if cell.median(server)
        ]
        if len(points) > 1:
            blocks += block(f"s{number}", points)
            plots.append(
                f"$s{number} with linespoints linecolor rgb '{colour}' linewidth 2"
                f" pointtype {5 + number} title '{server}'"
            )
    return [*blocks, "plot " + ", ".join(plots)] if plots else []


def by_clients(comparison, path):
    measured = comparison.of(cells.SAME, size=64, depth=1)
    lines = series(measured, "clients", lambda cell, server: cell.median(server))
    if lines:
        scale = ["set logscale x", "set xtics (1, 32, 63, 1000, 5000)", "set yrange [0:*]"]
        title = "Throughput by clients: 64 bytes, depth 1"
        draw(path, title, "clients", "messages a second", [*scale, *lines])


def by_depth(comparison, path):
    measured = comparison.of(cells.SAME, clients=32, size=64)
    lines = series(measured, "depth", lambda cell, server: 1e6 / cell.median(server))
    if lines:
        scale = ["set logscale xy", "set xtics (1, 4, 16, 64)", "set format y '%g'"]
        title = "Cost of a message by depth: 32 clients, 64 bytes"
        x = "messages outstanding for each client"
        draw(path, title, x, "µs a message", [*scale, *lines])


def kernel_calls(comparison, path):
    measured = comparison.of(cells.CALLS)
    rows = [
        [f'"{cell.mode} {cell.clients} × {cell.depth}"']
        + [cell.median(servers.OURS, kind) for kind in CALLS]
        for cell in measured
        if cell.median(servers.OURS) is not None
    ]
    if rows:
        plots = [
            f"$calls using {2 + number}:xtic(1) linecolor rgb '{colour}' title '{kind}'"
            for number, (kind, colour) in enumerate(CALLS.items())
        ]
        style = ["set style data histograms", "set style histogram rowstacked", "set boxwidth 0.7"]
        style += ["set style fill solid noborder", "set xtics rotate by 50 right"]
        style += ["set yrange [0:*]"]
        title = "Kernel calls of the server a message: 64 bytes, one worker"
        lines = [*block("calls", rows), *style, "plot " + ", ".join(plots)]
        draw(path, title, "mode, clients × depth", "calls a message", lines)


CHARTS = {  # file: (what it shows, how it is drawn)
    "performance-clients.svg": ("Throughput by clients", by_clients),
    "performance-depth.svg": ("Cost of a message by depth", by_depth),
    "performance-calls.svg": ("Kernel calls a message", kernel_calls),
}


def draw_all(comparison, folder):
    """The files that could be drawn from what was measured, and what they show."""
    drawn = {}
    for name, (shows, chart) in CHARTS.items():
        path = folder / name
        path.unlink(missing_ok=True)
        chart(comparison, path)
        if path.exists():
            drawn[name] = shows
    return drawn
