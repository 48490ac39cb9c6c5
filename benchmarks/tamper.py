"""How many of so many tamperings with a log `verify` finds: `python -m benchmarks.tamper 1000`.

Each is made by chance on the log of a demo firm; the exit code is 1 when one was not found.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from random import Random
from typing import NamedTuple

from sheets_crm.demo import faulty_firm, replay
from sheets_crm.history import blocks, canonical, seal
from sheets_crm.sheet import Grid, LogLine
from sheets_crm.verify import head_faults, read_log

AS_OF = date(2026, 5, 20)
Log = list[LogLine]
Tamper = Callable[[Log, Random], Log]


def demo_log(deals: int = 60) -> Log:
    """The log of a demo firm after its eight runs."""
    made, _ = faulty_firm("en", as_of=AS_OF, deals=deals)
    return [line for run in replay(made, made.scene.runs) for line in run.changes.log]


class Tried(NamedTuple):
    """One kind of tampering."""

    made: int
    found: int
    missed: Sequence[Log]


def tried(log: Log, times: int, seed: int = 1) -> dict[str, Tried]:
    """Kind to how many of its tamperings were made and found; `times` of them in turn, each with a chance of its own."""
    random, made, missed = Random(seed), Counter[str](), dict[str, list[Log]]()
    for n in range(times):
        kind = list(KINDS)[n % len(KINDS)]
        changed = log
        while changed == log:  # two equal lines swapped are no tampering
            changed = KINDS[kind](list(log), random)
        made[kind] += 1
        if not finds(changed, printed(log) if kind in WITH_HEAD else None):
            missed.setdefault(kind, []).append(changed)
    return {
        kind: Tried(made[kind], made[kind] - len(missed.get(kind, ())), missed.get(kind, ())) for kind in made
    }


def printed(log: Log) -> str:
    """The seal that the last run printed."""
    return [line.seal for line in log if line.seal][-1]


def finds(log: Log, head: str | None = None) -> bool:
    """Whether `verify` says that something is wrong with this log."""
    trace = read_log(Grid("log", [list(line) for line in log]))
    return bool(trace.faults) or (head is not None and any(head_faults(head, trace)))


# --------------------------------------------------------------------- kinds


def _change(log: Log, random: Random) -> Log:
    at = random.randrange(len(log))
    text = log[at].text
    place = random.randrange(len(text))
    other = chr(random.randrange(32, 127))
    log[at] = log[at]._replace(text=text[:place] + other + text[place + 1 :])
    return log


def _change_value(log: Log, random: Random) -> Log:
    """As a forger would: the line stays an event."""
    at = random.randrange(len(log))
    event = json.loads(log[at].text)
    name = random.choice(
        [key for key, value in event.items() if isinstance(value, str) and key != "e"] or ["e"]
    )
    event[name] = str(random.choice(["", "1", "2026-01-01", event[name] + "0"]))
    log[at] = log[at]._replace(text=canonical(event))
    return log


def _delete(log: Log, random: Random) -> Log:
    del log[random.randrange(len(log) - 1)]
    return log


def _swap(log: Log, random: Random) -> Log:
    one, other = random.sample(range(len(log)), 2)
    log[one], log[other] = log[other], log[one]
    return log


def _swap_texts(log: Log, random: Random) -> Log:
    one, other = random.sample(range(len(log)), 2)
    log[one], log[other] = log[one]._replace(text=log[other].text), log[other]._replace(text=log[one].text)
    return log


def _double(log: Log, random: Random) -> Log:
    log.insert(random.randrange(len(log) + 1), random.choice(log))
    return log


def _insert(log: Log, random: Random) -> Log:
    text = random.choice(['{"e":"cleared","id":"2WX23OG7RGDH"}', "a remark", '{"e":"run"}', "[" * 5000])
    log.insert(random.randrange(len(log) + 1), LogLine(text))
    return log


def _runs(log: Log) -> list[Log]:
    return [log[start : start + len(lines)] for start, _, lines in blocks(log)]


def _flat(runs: Sequence[Log]) -> Log:
    return [line for run in runs for line in run]


def _delete_run(log: Log, random: Random) -> Log:
    runs = _runs(log)
    del runs[random.randrange(len(runs) - 1)]
    return _flat(runs)


def _swap_runs(log: Log, random: Random) -> Log:
    runs = _runs(log)
    one, other = random.sample(range(len(runs)), 2)
    runs[one], runs[other] = runs[other], runs[one]
    return _flat(runs)


def _double_run(log: Log, random: Random) -> Log:
    runs = _runs(log)
    at = random.randrange(len(runs))
    return _flat([*runs[: at + 1], *runs[at:]])


def _no_seal(log: Log, random: Random) -> Log:
    at = random.choice([n for n, line in enumerate(log) if line.seal])
    log[at] = log[at]._replace(seal=None)
    return log


def _other_seal(log: Log, random: Random) -> Log:
    at = random.randrange(len(log))
    log[at] = log[at]._replace(seal=random.choice([line.seal for line in log if line.seal]))
    return log


def _cut(log: Log, random: Random) -> Log:
    return log[: -random.randrange(1, len(log))]


def _cut_runs(log: Log, random: Random) -> Log:
    runs = _runs(log)
    return _flat(runs[: random.randrange(1, len(runs))])


def _forge(log: Log, random: Random) -> Log:
    """The whole chain made anew after a change: nothing in the log itself can tell."""
    changed = random.choice([_change_value, _delete, _swap_texts])(log, random)
    out, head = Log(), ""
    for _, _, lines in blocks(changed):
        head = seal(head, lines)
        out += [LogLine(text, head if n == 0 else None) for n, text in enumerate(lines)]
    return out


WITH_HEAD: dict[str, Tamper] = {
    "the end cut off": _cut, "whole runs cut off": _cut_runs, "the chain made anew": _forge,
}  # fmt: skip
"""Kinds that may need a printed seal to be found."""
KINDS: dict[str, Tamper] = {
    "a character changed": _change, "a value changed": _change_value, "a line deleted": _delete,
    "two lines swapped": _swap, "two texts swapped": _swap_texts, "a line doubled": _double,
    "a line inserted": _insert, "a run deleted": _delete_run, "two runs swapped": _swap_runs,
    "a run doubled": _double_run, "a seal removed": _no_seal, "a seal replaced": _other_seal, **WITH_HEAD,
}  # fmt: skip


def main() -> int:
    """Prints the table; 1 if a tampering was missed."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    log = demo_log()
    print(f"{len(log)} lines of a demo firm's log, {times} tamperings")
    found = tried(log, times)
    for kind, (made, seen, _) in found.items():
        head = " (with --head)" if kind in WITH_HEAD else ""
        print(f"{kind + head:<40}{made:>6} made {seen:>6} found")
    missed = sum(made - seen for made, seen, _ in found.values())
    print(f"{'all':<40}{times:>6} made {times - missed:>6} found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
