"""
The folder: the comparison of pipeport with its rivals. bench/compare sets up and builds, and runs
this, which measures every cell, prints and keeps the figures, and writes the page and its charts.
"""

import argparse
import dataclasses
import itertools
import json
import pathlib
import sys
import time

import about
import cells
import charts
import managed
import page
import wine
from figures import Comparison, Measured, number, rows
from runs import Runner
from servers import BUILD, ROOT
from targets import verdicts

SHORT = {"rounds": 1, "duration": 0.3, "warmup": 0.1}


def read_arguments():
    parser = argparse.ArgumentParser(
        prog="bench/compare",
        description="Compares pipeport with its rivals. Without options it measures everything,"
        " which takes an hour, and writes docs/performance.md and docs/performance-lane.md; with"
        " `--only lane,` it measures those of lanes, and writes the latter.",
    )
    parser.add_argument("--rounds", type=int, default=3, help="of each cell (3)")
    parser.add_argument("--duration", type=float, default=1, help="seconds of each run (1)")
    parser.add_argument("--warmup", type=float, default=0.3, help="seconds before it (0.3)")
    parser.add_argument("--short", action="store_true", help="one round of 0.3 s")
    parser.add_argument(
        "--only",
        action="append",
        metavar="WORDS",
        help="only cells whose name contains this; may be given several times",
    )
    parser.add_argument("--list", action="store_true", help="print the names of the cells")
    parser.add_argument("--json", type=pathlib.Path, help="where the figures go, or come from")
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE", help="measure nothing:"
                        " write the page from the JSON of an earlier comparison")
    parser.add_argument("--docs", type=pathlib.Path, help="where the page goes (docs, or"
                        " build-compare/docs when not everything was measured)")
    arguments = parser.parse_args()
    if arguments.short:
        vars(arguments).update(SHORT)
    return arguments


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure_once(runner, cell, server):
    try:
        return runner.run(cell, server)
    except (wine.Failed, OSError, ValueError, KeyError) as why:
        return {"failed": f"{type(why).__name__}: {why}"}


def measure(cell, runner, rounds):
    """A cell as it stands in the JSON: round after round the servers in turn."""
    runs = {server.name: [] for server in cell.servers}
    measured = {"name": cell.name, "kind": cell.kind, "mode": cell.mode, "clients": cell.clients}
    measured.update(size=cell.size, depth=cell.depth, runs=runs)
    measured.update(processors=cell.processors, one_way=cell.one_way)
    figure = Measured(measured).figure
    for turn in range(rounds):
        for server in cell.servers:
            run = measure_once(runner, cell, server)
            runs[server.name].append(run)
            shown = run.get("failed") or number(run[figure])
            say(f"    round {turn + 1}, {server.name}: {shown}")
    return measured


def print_cell(cell):
    print(f"\n{cell.name} ({cell.unit})")
    for server, median, spread, ratio in rows(cell):
        print(f"  {server:<20} {median:>10}   {spread:<24} × {ratio}")
    sys.stdout.flush()


def print_targets(comparison):
    print("\nTargets")
    words = {True: "reached    ", False: "NOT REACHED", None: "-          "}
    for v in verdicts(comparison):
        print(f"  {words[v.reached]}  {v.target}: {v.wanted}; {v.figure}")


def able(chosen):
    """The cells without those servers that cannot run here."""
    missing = {}
    for server in {server: None for cell in chosen for server in cell.servers}:
        try:
            server.prepare()
        except managed.Missing as why:
            missing[server] = why
            say(f"{server.name} is left out: {why}")
    return [
        dataclasses.replace(cell, servers=tuple(s for s in cell.servers if s not in missing))
        for cell in chosen
    ]


def measure_all(chosen, arguments, target):
    """Measures, and keeps what is there after each cell."""
    document = {
        "about": about.describe(ROOT, arguments.rounds, arguments.duration, arguments.warmup),
        "cells": [],
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    numbered = enumerate(able(chosen), 1)
    for count, group in itertools.groupby(numbered, lambda pair: pair[1].processors):
        with wine.processors(count), wine.wine_server():
            runner = Runner(wine.Wine(BUILD), arguments.duration, arguments.warmup)
            for number_, cell in group:
                minutes = (time.monotonic() - began) / 60
                say(f"[{number_}/{len(chosen)}, {minutes:.0f} min] {cell.name}")
                document["cells"].append(measure(cell, runner, arguments.rounds))
                target.write_text(json.dumps(document, indent=1) + "\n")
                print_cell(Measured(document["cells"][-1]))
    return document


def write_pages(comparison, folder):
    """The page on lanes stands by itself, so that it can be measured by itself."""
    folder.mkdir(parents=True, exist_ok=True)
    if comparison.of(cells.LANE):
        page.write_lanes(comparison, folder / "performance-lane.md")
        say(f"written: {folder / 'performance-lane.md'}")
    if any(cell.kind != cells.LANE for cell in comparison.cells):
        drawn = charts.draw_all(comparison, folder)
        page.write(comparison, drawn, folder / "performance.md")
        say(f"written: {folder / 'performance.md'}")


def main():
    arguments = read_arguments()
    everything = list(cells.every_cell())
    wanted = arguments.only or [""]
    chosen = [cell for cell in everything if any(word in cell.name for word in wanted)]
    if arguments.list:
        print("\n".join(cell.name for cell in chosen))
        return 0
    if not chosen:
        say("no cell has such a name: see --list")
        return 2
    whole = not arguments.short and chosen in (everything, list(cells.lanes()))
    if arguments.report:
        document = json.loads(arguments.report.read_text())
    else:
        document = measure_all(chosen, arguments, arguments.json or BUILD / "comparison.json")
    comparison = Comparison(document)
    print_targets(comparison)
    write_pages(comparison, arguments.docs or (ROOT if whole else BUILD) / "docs")
    return 1 if any(cell.failures(s) for cell in comparison.cells for s in cell.servers()) else 0


sys.exit(main())
