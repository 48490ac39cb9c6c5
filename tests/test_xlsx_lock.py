"""One writer at a time: our own runs keep out of each other's way, and out of that of Excel and LibreOffice."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sheets_crm.errors import WorkbookInUse, WorkbookUnsafe
from sheets_crm.hosts.xlsx import lock
from sheets_crm.hosts.xlsx.disk import digest
from sheets_crm.hosts.xlsx.lock import locked, refuse_open
from sheets_crm.hosts.xlsx.save import replace_file
from tests.command_line import FIRST, SIX, firm

posix = pytest.mark.skipif(os.name != "posix", reason="locks as POSIX has them")


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workbook; whoever waits for its lock does not wait long."""
    monkeypatch.setattr(lock, "_PAUSE", 0.001)
    path = tmp_path / "firm.xlsx"
    path.write_bytes(b"old")
    return path


def mark(book: Path) -> Path:
    return book.with_name(".firm.xlsx.sheets-crm.lock")


def test_a_second_run_is_refused_in_one_sentence(book: Path) -> None:
    """After a short wait; the workbook is as it was, and nothing lies about when the first has finished."""
    with locked(book), pytest.raises(WorkbookInUse, match="Another run of sheets-crm is writing") as caught:
        replace_file(book, b"new", digest(b"old"))
    assert "другой запуск" in caught.value.message.ru
    assert [path.name for path in book.parent.iterdir()] == ["firm.xlsx"]
    replace_file(book, b"new", digest(b"old"))
    assert book.read_bytes() == b"new"


def test_a_lock_that_a_killed_run_left_blocks_nobody(book: Path) -> None:
    """The file means nothing by itself, whoever it belongs to."""
    mark(book).touch(mode=0o600)
    replace_file(book, b"new", digest(b"old"))
    assert book.read_bytes() == b"new"
    assert not mark(book).exists()


@posix
def test_anyones_run_may_open_a_lock_that_was_left(book: Path) -> None:
    """Whatever the user's own habit of rights is."""
    habit = os.umask(0o077)
    try:
        with locked(book):
            assert mark(book).stat().st_mode & 0o777 == 0o666
    finally:
        os.umask(habit)


def test_a_lock_deleted_between_opening_and_locking_is_taken_anew(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last holder deleted it as it went: what was locked then is no longer there."""
    honest, times = lock._lock, iter(range(100))

    def late(handle: int) -> None:
        if next(times) == 0:
            mark(book).unlink()
        honest(handle)

    monkeypatch.setattr(lock, "_lock", late)
    with locked(book) as held:
        assert held
        assert next(times) == 2
        assert mark(book).exists()


@pytest.mark.parametrize("error", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS], ids=errno.errorcode.get)
def test_a_folder_without_locks_is_no_obstacle(
    book: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    """As on some network drives; what may be another's is swept only when it is a day old."""
    fresh, old = (book.with_name(f".firm.xlsx.0000000{n}.sheets-crm.tmp") for n in (1, 2))
    for path in (fresh, old):
        path.touch()
    os.utime(old, (1_700_000_000, 1_700_000_000))

    def refuse(_: int) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(lock, "_lock", refuse)
    replace_file(book, b"new", digest(b"old"))
    assert book.read_bytes() == b"new"
    assert (fresh.exists(), old.exists()) == (True, False)


def test_a_lock_that_the_disk_refuses_is_named(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error is not taken for another run."""

    def refuse(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(lock, "_lock", refuse)
    with pytest.raises(WorkbookUnsafe, match="the disk reports an error"):
        replace_file(book, b"new", digest(b"old"))
    assert book.read_bytes() == b"old"


def test_two_runs_at_once_leave_one_sound_workbook(tmp_path: Path) -> None:
    """Each writes it or says in one sentence that the other was quicker."""
    path = firm(tmp_path / "firm.xlsx", SIX)
    before = path.read_bytes()
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "sheets_crm", "run", str(path), "--as-of", str(FIRST)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8",
            env={**os.environ, "LC_ALL": "en_US.UTF-8"}, cwd=Path(__file__).resolve().parents[1],
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [run.communicate()[1] for run in runs]
    codes = sorted(run.returncode for run in runs)
    assert codes in ([0, 0], [0, 2]), said
    for run, told in zip(runs, said, strict=True):
        if run.returncode:
            assert "was changed" in told or "Another run" in told
    backups = list(tmp_path.glob("firm.backups/*"))
    assert [backup.read_bytes() for backup in backups] == [before]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["firm.backups", "firm.xlsx"]


# ------------------------------------------------------------------- other programs


def excel(user: str) -> bytes:
    """What Excel writes into `~$name`: the user's name twice, of 165 bytes."""
    return (
        bytes([len(user)])
        + user.encode("cp1251").ljust(54)
        + len(user).to_bytes(2, "little")
        + user.ljust(54).encode("utf-16-le")
    )


OPEN = {
    "Excel": ("~$firm.xlsx", excel("Анна"), "open in Excel (Анна)"),
    "Excel that keeps its mark to itself": (
        "~$firm.xlsx",
        b"",
        "open in Excel: click its button “Run audit”, or give excel:firm.xlsx",
    ),
    "LibreOffice": (
        ".~lock.firm.xlsx#",
        "Анна,anna,pc,28.11.2026 02:00,file:///home/anna;".encode(),
        "open in LibreOffice (Анна)",
    ),
    "LibreOffice without a name": (
        ".~lock.firm.xlsx#",
        b",anna,pc,28.11.2026 02:00,file:///home/anna;",
        "open in LibreOffice (anna)",
    ),
}


@pytest.mark.parametrize("case", OPEN)
def test_a_workbook_open_elsewhere_is_refused(book: Path, case: str) -> None:
    """Who has it, as far as their program says; and what to delete if nobody has it open any more."""
    name, content, said = OPEN[case]
    book.with_name(name).write_bytes(content)
    with pytest.raises(WorkbookInUse) as caught:
        replace_file(book, b"new", digest(b"old"))
    assert said in caught.value.message.en
    assert f"delete {name} beside it" in caught.value.message.en
    assert f"удалите рядом с ним {name}" in caught.value.message.ru
    assert book.read_bytes() == b"old"
    book.with_name(name).unlink()
    refuse_open(book)


def test_a_workbook_opened_by_its_link_is_refused(book: Path, tmp_path: Path) -> None:
    """The mark stands beside the name by which it was opened."""
    (tmp_path / "desk").mkdir()
    link = tmp_path / "desk" / "shortcut.xlsx"
    link.symlink_to(book)
    for place in (link.with_name("~$shortcut.xlsx"), book.with_name("~$firm.xlsx")):
        with marked(place), pytest.raises(WorkbookInUse):
            replace_file(link, b"new", digest(b"old"))


@contextmanager
def marked(place: Path) -> Iterator[None]:
    place.touch()
    yield
    place.unlink()
