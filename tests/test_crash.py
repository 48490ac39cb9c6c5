"""Whatever fails, and whenever a run is killed: the old workbook or the complete new one, and a backup of the old."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sheets_crm.errors import WorkbookError
from sheets_crm.hosts import xlsx
from sheets_crm.hosts.xlsx import XlsxHost, patched
from sheets_crm.hosts.xlsx.disk import digest
from sheets_crm.hosts.xlsx.save import restore_file, write_file
from sheets_crm.sheet import Changes, Keep, Snapshot
from tests.xlsx_samples import firm, report, run

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are forked and killed as POSIX has it")
ROOT = Path(__file__).resolve().parents[1]
OLD = firm()
NEW = patched(OLD, run(report()))
KEEP_ONE = Changes(keep=Keep(1, 0, 0, 0))


def write_run(path: Path) -> None:
    XlsxHost(path).apply(KEEP_ONE, Snapshot((), {}, digest(OLD)))


def write_new(path: Path) -> None:
    write_file(path, NEW)


def put_back(path: Path) -> None:
    restore_file(path, path.parent / "firm.backups" / "firm.20260518-090000.xlsx")


ACTIONS: dict[str, tuple[Callable[[Path], None], bytes | None, bytes]] = {
    "a run": (write_run, OLD, NEW),
    "a new file": (write_new, None, NEW),
    "a file of ours anew": (write_new, NEW, NEW),
    "an earlier state": (put_back, b"a later state", OLD),
    "a lost workbook": (put_back, None, OLD),
}
"""What is done, the workbook before it and after it."""


def prepared(folder: Path, before: bytes | None) -> Path:
    """A workbook with an older backup."""
    backup = folder / "firm.backups" / "firm.20260518-090000.xlsx"
    backup.parent.mkdir(parents=True)
    backup.write_bytes(OLD)
    path = folder / "firm.xlsx"
    if before is not None:
        path.write_bytes(before)
    return path


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EACCES], ids=errno.errorcode.get)
def test_whichever_call_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str, error: int
) -> None:
    """One sentence or all is well; nothing half-written; doing it again works and leaves nothing lying about."""
    from benchmarks.crash import each_call, failing

    act, before, after = ACTIONS[action]
    monkeypatch.setattr(xlsx, "patched", lambda *_: NEW)
    nth, calls = 0, 0
    while nth <= calls:
        nth += 1
        path = prepared(tmp_path / str(nth), before)
        fail = failing(nth, error)

        def counted(number: int, fail: Callable[[int], None] = fail) -> None:
            nonlocal calls
            calls = max(calls, number)
            fail(number)

        refused = None
        with each_call(counted):
            try:
                act(path)
            except WorkbookError as problem:
                refused = problem.message
        left = path.read_bytes() if path.exists() else None
        assert left == after or (refused is not None and left == before), f"call {nth}"
        assert refused is None or refused.en.endswith("."), f"call {nth}"
        if left != before and before is not None:
            assert before in [backup.read_bytes() for backup in path.parent.glob("firm.backups/*.xlsx")]
        if left != after:
            act(path)
            assert path.read_bytes() == after, f"call {nth}"
            assert not list(path.parent.rglob(".*")), f"call {nth}"
    assert calls > 10


@pytest.mark.parametrize(
    ("args", "series", "trials"),
    [
        (("kill", "5"), 2, 5),
        (("size", "7"), 1, 7),
        (("calls", "--every", "17"), 8, 2),
    ],
    ids=["kill -9 at random moments", "files of limited size", "failing calls"],
)
def test_the_command_under_fire(args: tuple[str, ...], series: int, trials: int) -> None:
    """A small table of `python -m benchmarks.crash`, from the real command, without a breach."""
    done = lab("-m", "benchmarks.crash", *args)
    assert done.returncode == 0, done.stdout + done.stderr
    head, *rows = [line.split() for line in done.stdout.splitlines()]
    assert head[-1] == "breaches"
    assert len(rows) == series
    for row in rows:
        made, old, new, killed, fine, refused, breaches = map(int, row[-7:])
        assert (made, breaches) == (trials, 0)
        assert old + new == killed + fine + refused == trials


def test_the_lab_knows_a_bad_save_when_it_sees_one() -> None:
    """A save that writes into the file itself breaks the promise, and the table says so."""
    done = lab(
        "-c",
        "from sheets_crm.hosts.xlsx import save\n"
        "save.replace_file = lambda path, data, sha: path.write_bytes(data) and path\n"
        "from benchmarks.crash import crash\n"
        "crash(['size', '4'])",
    )
    assert done.returncode == 1, done.stderr
    assert "neither the old nor the new one" in done.stdout
    assert "there is no backup of the old one" in done.stdout


def lab(*args: str) -> subprocess.CompletedProcess[str]:
    """A fresh process: only one without threads of its own may fork."""
    return subprocess.run(
        [sys.executable, *args], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
