"""A run that is killed, cut off or refused leaves the old bytes or the complete new version, and a backup of the old.

    python -m benchmarks.crash kill 300     kill -9 at random moments of `sheets-crm run`, and of its saving
    python -m benchmarks.crash size 61      no file may grow beyond a limit, at so many limits
    python -m benchmarks.crash calls        each system call of `run` and of `restore` in turn fails, or is the last

Every trial is the real command in a forked child, on a fresh copy of a demo workbook; then a run of the next week must
work, give the very bytes that it gives without any trouble, and leave nothing of ours lying about. POSIX only.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import fcntl
import io
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import click

from sheets_crm import demo
from sheets_crm.cli import main as sheets_crm
from sheets_crm.hosts import xlsx
from sheets_crm.hosts.xlsx import save

BUILT, RUN, NEXT = date(2026, 5, 18), date(2026, 5, 25), date(2026, 6, 1)
"""Three Mondays: the demo's last run, the run that is in trouble, the one after it."""
CALLS: dict[Any, tuple[str, ...]] = {
    os: (
        "open",
        "write",
        "fsync",
        "replace",
        "rename",
        "chmod",
        "chown",
        "utime",
        "unlink",
        "mkdir",
        "scandir",
    ),
    io: ("open",),
    builtins: ("open",),
    fcntl: ("flock",),
}
"""Everything by which a run touches the disk."""
ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES)
_CRASHED = 70
Setup = Callable[[], object]


class Outcome(NamedTuple):
    """How a command ended: its exit code (None: killed) and what it said on stderr."""

    code: int | None
    said: str


# ------------------------------------------------------------------ trouble


@contextlib.contextmanager
def each_call(happens: Callable[[int], object]) -> Iterator[None]:
    """Before each call of CALLS, `happens` is told its number, from 1 on."""
    number = 0

    def told(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            nonlocal number
            number += 1
            happens(number)
            return call(*args, **options)

        return wrapped

    honest = {(module, name): getattr(module, name) for module, names in CALLS.items() for name in names}
    try:
        for (module, name), call in honest.items():
            setattr(module, name, told(call))
        yield
    finally:
        for (module, name), call in honest.items():
            setattr(module, name, call)


def failing(nth: int, error: int) -> Callable[[int], None]:
    """The call of that number fails with that error."""

    def happens(number: int) -> None:
        if number == nth:
            raise OSError(error, os.strerror(error))

    return happens


def killed(nth: int) -> Callable[[int], None]:
    """The call of that number never comes: the process is killed just before it."""

    def happens(number: int) -> None:
        if number == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    return happens


# ------------------------------------------------------------------ trials


class Child:
    """A command of ours in a forked child that has everything imported."""

    def __init__(self, args: Sequence[object], trouble: Callable[[int], object] | None, setup: Setup) -> None:
        self._errors, errors = os.pipe()
        self._saving, saving = os.pipe()
        sys.stdout.flush()
        self._pid = os.fork()
        if self._pid == 0:
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the child
            sys.stderr = os.fdopen(errors, "w", encoding="utf-8")
            _announce_saving(saving)
            setup()
            os._exit(_exit_code(args, trouble))
        os.close(errors)
        os.close(saving)

    def wait_for_saving(self) -> None:
        """Returns when the workbook is about to be written, or the child has ended."""
        os.read(self._saving, 1)

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)

    def ended(self) -> Outcome:
        """Waits for the end."""
        with os.fdopen(self._errors, encoding="utf-8", errors="replace") as stream:
            said = stream.read()
        os.close(self._saving)
        _, status = os.waitpid(self._pid, 0)
        return Outcome(os.WEXITSTATUS(status) if os.WIFEXITED(status) else None, said)


def _announce_saving(pipe: int) -> None:
    write, replace_file = os.write, save.replace_file

    def announced(*args: Any) -> Path:
        write(pipe, b"!")
        return replace_file(*args)

    vars(xlsx)["replace_file"] = announced


def _exit_code(args: Sequence[object], trouble: Callable[[int], object] | None) -> int:
    try:
        with each_call(trouble) if trouble else contextlib.nullcontext():
            sheets_crm([str(arg) for arg in args])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else _CRASHED
    except BaseException as problem:  # noqa: BLE001 - told as a breach
        print(repr(problem), file=sys.stderr, flush=True)
    return _CRASHED


class Case(NamedTuple):
    """A command, the folder that it starts from, and the bytes of the workbook before and after."""

    name: str
    folder: Path
    args: tuple[str, ...]
    """What follows the workbook."""
    old: bytes
    new: bytes
    then: dict[bytes, bytes]
    """What a run of the next week makes of either."""


class Lab:
    """A demo firm, its cases, and the count of what was seen."""

    def __init__(self, room: Path, deals: int) -> None:
        self._room = room
        start, later = room / "start", room / "later"
        start.mkdir()
        demo.build(start / "firm.xlsx", lang="en", as_of=BUILT, deals=deals, tasks=4 * deals)
        old = (start / "firm.xlsx").read_bytes()
        shutil.copytree(start, later)
        new = self._made(later)
        then = {old: self._made(self.copy(start), NEXT), new: self._made(self.copy(later), NEXT)}
        self.run = Case("run", start, ("--as-of", str(RUN)), old, new, then)
        self.restore = Case("restore", later, ("--yes",), new, old, then)
        self.size = len(new)
        self.seen: Counter[str] = Counter()
        self.breaches: list[str] = []
        self.total = 0

    def _made(self, folder: Path, day: date = RUN) -> bytes:
        path = folder / "firm.xlsx"
        done = Child(("run", path, "--as-of", day), None, lambda: None).ended()
        assert done.code == 0, done.said
        return path.read_bytes()

    def copy(self, folder: Path) -> Path:
        """A fresh copy of a folder."""
        copy = Path(tempfile.mkdtemp(dir=self._room)) / "firm"
        shutil.copytree(folder, copy)
        return copy

    def trial(
        self,
        case: Case,
        what: str,
        *,
        trouble: Callable[[int], object] | None = None,
        setup: Setup = lambda: None,
        kill: Callable[[Child], None] = lambda _: None,
    ) -> Outcome:
        """One command in trouble, judged, and the next week's run judged after it."""
        folder = self.copy(case.folder)
        child = Child((case.name, folder / "firm.xlsx", *case.args), trouble, setup)
        kill(child)
        outcome = child.ended()
        state, wrong = _judged(case, folder, outcome)
        self.seen["trials"] += 1
        self.seen["killed" if outcome.code is None else f"exit {outcome.code}"] += 1
        self.seen[state] += 1
        if not wrong:
            wrong = self._after(case, folder)
        if wrong:
            self.breaches.append(f"{case.name}, {what}: {wrong}")
        shutil.rmtree(folder.parent)
        return outcome

    def _after(self, case: Case, folder: Path) -> str | None:
        """What is wrong with the next week's run, if anything."""
        path = folder / "firm.xlsx"
        start = path.read_bytes()
        done = Child(("run", path, "--as-of", NEXT), None, lambda: None).ended()
        if done.code != 0:
            return f"the next run failed: {done.said.strip()}"
        if path.read_bytes() != case.then[start]:
            return "the next run wrote something else"
        strays = [name for name in _files(folder) if not name.endswith(".xlsx") or name.startswith(".")]
        return f"left lying about: {', '.join(strays)}" if strays else None

    def told(self, series: str) -> None:
        """Prints a line of the table and begins the next."""
        s, breaches = self.seen, len(self.breaches)
        print(
            f"{series:<34}{s['trials']:>7}{s['old']:>7}{s['new']:>7}{s['killed']:>8}{s['exit 0']:>8}{s['exit 2']:>8}"
            f"{breaches:>10}",
            flush=True,
        )
        for breach in self.breaches[:20]:
            print(f"    {breach}")
        self.total += breaches
        self.seen.clear()
        self.breaches.clear()


def _files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if not path.is_dir()]


def _judged(case: Case, folder: Path, outcome: Outcome) -> tuple[str, str | None]:
    """(old, new or broken; what is wrong)."""
    path = folder / "firm.xlsx"
    data = path.read_bytes() if path.exists() else b""
    state = "old" if data == case.old else "new" if data == case.new else "broken"
    if state == "broken":
        return state, f"the workbook is neither the old nor the new one ({len(data)} bytes)"
    backups = [backup.read_bytes() for backup in (folder / "firm.backups").glob("*.xlsx")]
    if state == "new" and case.old not in backups:
        return state, "there is no backup of the old one"
    said = outcome.said.strip()
    if outcome.code == 0 and state != "new":
        return state, "it said that all was well, and wrote nothing"
    if outcome.code == 2 and ("\n" in said or not said.endswith(".") or "not foreseen" in said):
        return state, f"not one plain sentence: {said!r}"
    if ("nothing was changed" if state == "new" else "was written completely") in said:
        return state, f"what it said is not so: {said!r}"
    if outcome.code not in (None, 0, 2):
        return state, f"exit code {outcome.code}: {said}"
    return state, None


# ------------------------------------------------------------------ commands


@click.group()
@click.option("--deals", default=12, show_default=True, help="Size of the demo firm.")
@click.option("--seed", default=1, show_default=True, help="Of the random moments.")
@click.pass_context
def crash(ctx: click.Context, deals: int, seed: int) -> None:
    """Print a table of what was left of the workbook; the exit code is 1 if any promise was broken."""
    random.seed(seed)
    room = Path(ctx.with_resource(tempfile.TemporaryDirectory(prefix="crash-")))
    # Whatever a run imports, and caches, is then there before the first child is forked.
    warm = room / "warm.xlsx"
    demo.build(warm, lang="en", as_of=BUILT, deals=deals, tasks=deals)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for args in (["run", str(warm), "--as-of", str(RUN)], ["restore", str(warm), "--yes"]):
            with contextlib.suppress(SystemExit):
                sheets_crm(args)
    ctx.obj = Lab(room, deals)
    print(
        f"{'series':<34}{'trials':>7}{'old':>7}{'new':>7}{'killed':>8}{'exit 0':>8}{'exit 2':>8}{'breaches':>10}"
    )


@crash.result_callback()
@click.pass_obj
def end(lab: Lab, /, *_: object, **__: object) -> None:
    """Exits with 1 after a breach."""
    sys.exit(1 if lab.total else 0)


@crash.command()
@click.argument("number", type=click.IntRange(min=1), default=300)
@click.pass_obj
def kill(lab: Lab, number: int) -> None:
    """Kill -9 at NUMBER random moments of a whole run, and at as many of its saving."""
    whole, saving = (min(times) for times in zip(*(_durations(lab) for _ in range(3)), strict=True))
    for series, wait, length in (
        ("kill -9, any moment of a run", False, whole),
        ("kill -9, any moment of saving", True, saving),
    ):
        for _ in range(number):
            delay = random.uniform(0, length)

            def killer(child: Child, wait: bool = wait, delay: float = delay) -> None:
                if wait:
                    child.wait_for_saving()
                time.sleep(delay)
                child.kill()

            lab.trial(lab.run, f"killed after {delay:.4f} s{' of saving' if wait else ''}", kill=killer)
        lab.told(series)


def _durations(lab: Lab) -> tuple[float, float]:
    """Seconds that a run takes when nobody kills it, and its saving."""
    begun = time.perf_counter()
    child = Child(("run", lab.copy(lab.run.folder) / "firm.xlsx", *lab.run.args), None, lambda: None)
    child.wait_for_saving()
    saving = time.perf_counter()
    child.ended()
    done = time.perf_counter()
    return done - begun, done - saving


@crash.command()
@click.argument("number", type=click.IntRange(min=2), default=61)
@click.pass_obj
def size(lab: Lab, number: int) -> None:
    """No file may grow beyond a limit: NUMBER limits from nothing to more than the workbook's size."""
    for step in range(number):
        limit = lab.size * 6 * step // (5 * (number - 1))
        lab.trial(
            lab.run,
            f"files of at most {limit} bytes",
            setup=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),  # type: ignore[misc]
        )
    lab.told("file size limit (EFBIG)")


@crash.command()
@click.option("--every", default=1, show_default=True, help="Only every so manieth call.")
@click.pass_obj
def calls(lab: Lab, every: int) -> None:
    """Each system call of run and of restore fails in turn, with EIO, ENOSPC and EACCES, or is never reached."""
    for case in (lab.run, lab.restore):
        number = _calls_of(lab, case)
        for error in (*ERRORS, None):
            for nth in range(1, number + 1, every):
                trouble = killed(nth) if error is None else failing(nth, error)
                what = f"call {nth} " + ("killed" if error is None else errno.errorcode[error])
                lab.trial(case, what, trouble=trouble)
            ends = "kill -9 before" if error is None else errno.errorcode[error]
            lab.told(f"{case.name}: each of {number} calls, {ends}")


def _calls_of(lab: Lab, case: Case) -> int:
    """How many calls the command makes when all goes well."""
    heard, told = os.pipe()
    write = os.write
    lab.trial(case, "counting", trouble=lambda _: write(told, b"."))
    os.close(told)
    lab.seen.clear()
    with os.fdopen(heard, "rb") as stream:
        return len(stream.read())


if __name__ == "__main__":
    crash()
