"""A whole run against its peers on one machine, as ratios: `python -m benchmarks.run`.

Every figure is user and system time of a process of its own, and its peak memory, as the operating system counts
them. The workbooks are built once and kept in `--dir`. The exit code is 1 where a promise is not held.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import partial, wraps
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

LAST_DAY = date(2026, 5, 20)
NEXT_RUN = LAST_DAY + timedelta(days=7)
SIZES = ((200, 2_000), (2_000, 20_000), (20_000, 200_000))
"""Deals and tasks."""
GRID = 1_048_576
"""Rows of a sheet."""
MOST_CPU, MOST_MEMORY, MOST_GROWTH, MOST_GRID_MEMORY = 0.30, 600, 11.0, 2048
"""Promised: CPU as a share of openpyxl's load, MB, times for ten times the rows, MB for the full grid."""
TIMES = 3
"""The two figures that decide are taken so often, in turn, and the least of each counts: other work only ever adds."""


class Cost(NamedTuple):
    """What a process took."""

    cpu: float
    """Seconds, user and system."""
    memory: int
    """MB at the peak."""
    code: int
    said: str


# ------------------------------------------------------------------- workbooks


def built(folder: Path, deals: int, tasks: int) -> Path:
    """The demo firm of that size, its last run on LAST_DAY."""
    place = folder / f"demo_{deals}_{tasks}"
    path = place / "demo_en.xlsx"
    if not path.exists():
        shutil.rmtree(place, ignore_errors=True)
        options = ["--deals", str(deals), "--tasks", str(tasks), "--as-of", str(LAST_DAY), "--lang", "en"]
        call = [sys.executable, "-m", "sheets_crm", "demo", "--dir", str(place), *options]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
    return path


def full_grid(folder: Path, small: Path) -> Path:
    """The small firm with tasks down to the last row of the sheet."""
    path = folder / "full_grid.xlsx"
    if path.exists():
        return path
    with (
        zipfile.ZipFile(small) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out,
    ):
        for name in source.namelist():
            if (
                name != "xl/worksheets/sheet3.xml"
            ):  # the sheets stand as the template puts them: Tasks is the third
                out.writestr(name, source.read(name))
                continue
            head, rest = source.read(name).split(b"<sheetData>", 1)
            rows, tail = rest.split(b"</sheetData>", 1)
            with out.open(name, "w", force_zip64=True) as part:
                part.write(head + b"<sheetData>" + rows[: rows.index(b"</row>") + 6])
                for first in range(2, GRID, 10_000):
                    part.write(b"".join(map(_task, range(first, min(first + 10_000, GRID + 1)))))
                part.write(b"</sheetData>" + tail)
    return path


def _task(row: int) -> bytes:
    due = 46_000 + row % 160
    cells = (
        b'<c r="A%d"><v>%d</v></c>' % (row, due),
        b'<c r="B%d" t="str"><v>D%04d</v></c>' % (row, row % 200 + 1),
        b'<c r="E%d" t="str"><v>Call</v></c>' % row,
        b'<c r="F%d" t="str"><v>Call about offer %d</v></c>' % (row, row),
        b'<c r="I%d"><v>%d</v></c>' % (row, due),
        b'<c r="K%d" t="str"><v>Agreed to go on, offer %d is with their lawyer</v></c>' % (row, row),
    )
    return b'<row r="%d">%b</row>' % (row, b"".join(cells))


# ------------------------------------------------------------------- measuring


def measured(*call: str) -> Cost:
    """A process and what it took. POSIX only: elsewhere nobody counts a child's memory."""
    # Everyone's bytecode is there already, as an installation leaves it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([sys.executable, "-m", *call], stdout=out, stderr=err, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        said = out.read().decode() + err.read().decode()
    kilobytes = used.ru_maxrss if sys.platform != "darwin" else used.ru_maxrss // 1024
    return Cost(used.ru_utime + used.ru_stime, kilobytes // 1024, process.returncode, said)


def run_cost(path: Path) -> Cost:
    """The command `run`, a week after the last one, on a copy."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        copy = shutil.copy(path, Path(folder) / path.name)
        return measured("sheets_crm", "run", str(copy), "--as-of", str(NEXT_RUN), "--record", "--no-color")


def _load(path: Path) -> Any:
    from openpyxl import load_workbook

    return load_workbook(path)


def _load_edit_save(path: Path) -> None:
    book = _load(path)
    sheet = book["Deals"]
    column = sheet.max_column + 1
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, column, "to fix")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        book.save(Path(folder) / path.name)


def _pandas(path: Path) -> None:
    from pandas import read_excel

    read_excel(path, sheet_name=None, engine="calamine")


PEERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "load": ("openpyxl: load", _load),
    "save": ("openpyxl: load, edit, save", _load_edit_save),
    "pandas": ("pandas with calamine: read", _pandas),
}
PHASES = {
    "read the file": "sheets_crm.hosts.xlsx:read",
    "rows from cells": "sheets_crm.sync:read_book",
    "the log": "sheets_crm.sync:read_past",
    "fingerprint": "sheets_crm.sync:fingerprint",
    "rules": "sheets_crm.checks:run",
    "verdict": "sheets_crm.sync:judge",
    "reports": "sheets_crm.sync:_pages",
    "cells spliced": "sheets_crm.hosts.xlsx:patch_sheets",
    "reports rendered": "sheets_crm.hosts.xlsx:render",
    "reports grafted": "sheets_crm.hosts.xlsx:graft_pages",
    "proved": "sheets_crm.hosts.xlsx:prove",
    "saved": "sheets_crm.hosts.xlsx:replace_file",
}


def phases(path: Path) -> dict[str, float]:
    """CPU seconds of each phase of a run on a copy of the workbook, and of the rest."""
    from sheets_crm import sync
    from sheets_crm.hosts.xlsx import XlsxHost

    spent = dict.fromkeys(PHASES, 0.0)

    def timed(phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            begun = time.process_time()
            try:
                return function(*args, **options)
            finally:
                spent[phase] += time.process_time() - begun

        return call

    for phase, place in PHASES.items():
        module, name = place.split(":")
        setattr(import_module(module), name, timed(phase, getattr(import_module(module), name)))
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        copy = shutil.copy(path, Path(folder) / path.name)
        sync.run(XlsxHost(copy), today=lambda _: NEXT_RUN, as_of=NEXT_RUN)
    return spent | {"all the rest, imports too": time.process_time() - sum(spent.values())}


def least(costs: Sequence[Cost]) -> Cost:
    """The one of least CPU; of memory and exit codes the worst."""
    worst = max(cost.memory for cost in costs), max(cost.code for cost in costs)
    return min(costs, key=lambda cost: cost.cpu)._replace(memory=worst[0], code=worst[1])


# --------------------------------------------------------------------- printing


def table(folder: Path, *, grid: bool) -> Iterator[tuple[str, bool]]:
    """The lines to print, and whether each promise that a line is about is held."""
    paths = {tasks: built(folder, deals, tasks) for deals, tasks in SIZES}
    most = max(paths)
    peer = partial(measured, "benchmarks.run", "--peer")
    pairs = [(run_cost(paths[most]), peer("load", str(paths[most]))) for _ in range(TIMES)]
    run, load = map(least, zip(*pairs, strict=True))
    costs = {tasks: run if tasks == most else run_cost(path) for tasks, path in paths.items()}
    peers = {name: load if name == "load" else peer(name, str(paths[most])) for name in PEERS}
    size = paths[most].stat().st_size >> 20
    yield f"{SIZES[-1][0]:,} deals, {most:,} tasks ({size} MB), CPU s, of openpyxl's load, peak MB", True
    for name, cost in peers.items():
        yield (
            f"  {PEERS[name][0]:<32}{cost.cpu:8.1f}{cost.cpu / load.cpu:8.2f}{cost.memory:8,}",
            cost.code == 0,
        )
    held = run.code == 0 and run.cpu / load.cpu <= MOST_CPU and run.memory <= MOST_MEMORY
    yield f"  {'sheets-crm run':<32}{run.cpu:8.1f}{run.cpu / load.cpu:8.2f}{run.memory:8,}", held
    for phase, seconds in json.loads(measured("benchmarks.run", "--phases", str(paths[most])).said).items():
        yield f"    {phase:<30}{seconds:8.1f}{seconds / load.cpu:8.2f}", True
    yield "rows and time: tasks, CPU s, times the one before, peak MB", True
    before: float | None = None
    for tasks, cost in costs.items():
        growth = cost.cpu / before if before else None
        said = f"{growth:8.1f}" if growth else " " * 8
        yield f"  {tasks:<32,}{cost.cpu:8.1f}{said}{cost.memory:8,}", growth is None or growth <= MOST_GROWTH
        before = cost.cpu
    if grid:
        cost = run_cost(full_grid(folder, paths[min(paths)]))
        held = cost.code in (0, 2) and "Traceback" not in cost.said and cost.memory <= MOST_GRID_MEMORY
        yield (
            f"  {f'{GRID - 1:,} (a full sheet), exit {cost.code}':<32}{cost.cpu:8.1f}{'':8}{cost.memory:8,}",
            held,
        )


def main() -> int:
    """Prints the table; 0 if every promise is held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()) / "sheets_crm_benchmark")
    parser.add_argument("--no-grid", action="store_true", help="Leave the full sheet out.")
    parser.add_argument("--peer", nargs=2, metavar=("NAME", "PATH"), help=argparse.SUPPRESS)
    parser.add_argument("--phases", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        PEERS[options.peer[0]][1](Path(options.peer[1]))
        return 0
    if options.phases:
        print(json.dumps(phases(options.phases)))
        return 0
    options.dir.mkdir(parents=True, exist_ok=True)
    all_held = True
    for line, held in table(options.dir, grid=not options.no_grid):
        print(line if held else f"{line}   NOT HELD", flush=True)
        all_held &= held
    return 0 if all_held else 1


if __name__ == "__main__":
    sys.exit(main())
