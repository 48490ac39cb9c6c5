"""What a run costs on Google Sheets: requests and bytes by size of the firm, and what faults do to it.

python -m benchmarks.google               the table, at 200, 2,000 and 10,000 deals
python -m benchmarks.google faults 500    so many runs, each with troubles of its own
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from sheets_crm import sync
from tests.google.bench import Desk
from tests.google.firm import firm
from tests.google.lottery import play

SIZES = (200, 2_000, 10_000)
_TASKS_A_DEAL = 5


def calls(sizes: tuple[int, ...] = SIZES) -> None:
    """Prints what the first run of a firm's own spreadsheet and the run of the day after ask for and send."""
    print("| deals | tasks | run | reads | writes | read, kB | written, kB |")
    print("|---|---|---|---|---|---|---|")
    for deals in sizes:
        made = firm("en", deals=deals, tasks=deals * _TASKS_A_DEAL, replayed=False)
        with (
            tempfile.TemporaryDirectory() as folder,
            Desk(made.sheets(), Path(folder), locale="en_US") as desk,
        ):
            tasks = len(made.made.rows(made.last)["Tasks"])
            for name, day in (
                ("first", made.made.scene.runs[-2]),
                ("next", made.last),
                ("repeated", made.last),
            ):
                desk.emulator.calls.clear()
                sync.run(desk.new_host(), today=lambda _, d=day: d, as_of=day)  # type: ignore[misc]
                found = desk.emulator.calls
                reads = [c for c in found if c.method != "spreadsheets.batchUpdate"]
                writes = [c for c in found if c.method == "spreadsheets.batchUpdate"]
                read, written = sum(c.received for c in reads), sum(c.sent for c in writes)
                print(
                    f"| {deals:,} | {tasks:,} | {name} | {len(reads)} | {len(writes)} | {read / 1000:,.0f} "
                    f"| {written / 1000:,.0f} |",
                    flush=True,
                )


def faults(runs: int) -> None:
    """Prints how often each end came in runs with random troubles; stops at the first that must not be."""
    for title, split, many in (
        ("in one request", False, runs),
        ("too large for one request", True, runs // 5),
    ):
        print(f"{many} runs, {title}")
        for end, count in play(range(many), split=split).most_common():
            print(f"{count:6}  {end}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            calls()
        case ["faults", number]:
            faults(int(number))
        case _:
            print(__doc__)
