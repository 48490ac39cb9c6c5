"""Earlier states are kept as long as a person would want them, and nothing else is ever deleted."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_crm.hosts.xlsx import XlsxHost
from sheets_crm.hosts.xlsx.backups import Backup, backups_of, kept, prune
from sheets_crm.hosts.xlsx.disk import digest
from sheets_crm.hosts.xlsx.save import replace_file
from sheets_crm.sheet import Changes, Keep
from tests.command_line import call, firm, judged
from tests.test_xlsx_save import snapshot
from tests.xlsx_samples import firm as sample
from tests.xlsx_samples import report, run

NOON = datetime(2026, 5, 18, 12)
NONE = Keep(0, 0, 0, 0)


def backup(moment: datetime) -> Backup:
    return Backup(Path(f"firm.{moment:%Y%m%d-%H%M%S}.xlsx"), moment, 1)


def every(step: timedelta, number: int) -> list[Backup]:
    """The newest first."""
    return [backup(NOON - n * step) for n in range(number)]


HOURS, DAYS, WEEKS = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
KEPT: list[tuple[str, list[Backup], Keep, list[datetime]]] = [
    ("the last two", every(HOURS, 5), Keep(2, 0, 0, 0), [NOON, NOON - HOURS]),
    ("one a day", every(HOURS, 40), Keep(0, 2, 0, 0), [NOON, datetime(2026, 5, 17, 23)]),
    ("days without a backup do not count", every(3 * DAYS, 5), Keep(0, 2, 0, 0), [NOON, NOON - 3 * DAYS]),
    ("one a week, Monday to Sunday", every(DAYS, 20), Keep(0, 0, 2, 0), [NOON, NOON - DAYS]),
    ("one a month", every(WEEKS, 12), Keep(0, 0, 0, 2), [NOON, datetime(2026, 4, 27, 12)]),
    ("together", every(DAYS, 40), Keep(1, 2, 2, 2), [NOON, NOON - DAYS, datetime(2026, 4, 30, 12)]),
]


@pytest.mark.parametrize(("backups", "keep", "expected"), [c[1:] for c in KEPT], ids=[c[0] for c in KEPT])
def test_what_is_kept(backups: list[Backup], keep: Keep, expected: list[datetime]) -> None:
    """The last few, and the newest of each of the last days, weeks and months that have any."""
    assert [b.moment for b in kept(backups, keep)] == expected


moments = st.lists(st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 31)), unique=True, max_size=40)
keeps = st.builds(Keep, *(st.integers(0, 6) for _ in range(4)))


@given(moments, keeps, keeps)
def test_laws_of_keeping(times: list[datetime], keep: Keep, more: Keep) -> None:
    """The newest stays; asking again changes nothing; asking for more keeps no less; what is kept was there."""
    backups = [backup(moment) for moment in sorted(times, reverse=True)]
    once = kept(backups, keep)
    assert kept(once, keep) == once
    assert set(once) <= set(backups)
    assert not backups or not any(keep) or once[0] == backups[0]
    both = Keep(*(max(pair) for pair in zip(keep, more, strict=True)))
    assert set(once) <= set(kept(backups, both))


# ------------------------------------------------------------------------ files


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "firm.xlsx"
    path.write_bytes(sample())
    return path


def saved(book: Path, content: bytes, moment: datetime) -> Path:
    """A backup of the workbook as it was at a moment."""
    book.write_bytes(content)
    os.utime(book, (moment.timestamp(), moment.timestamp()))
    return replace_file(book, b"PK later", digest(content))


def test_a_backup_bears_the_time_of_the_state_in_it(book: Path) -> None:
    """Byte for byte, with the file's own time."""
    made = saved(book, b"PK one", NOON)
    assert made == book.with_name("firm.backups") / "firm.20260518-120000.xlsx"
    assert made.read_bytes() == b"PK one"
    assert made.stat().st_mtime == NOON.timestamp()
    assert backups_of(book) == [Backup(made, NOON, 6)]


def test_backups_of_one_moment_do_not_meet(book: Path) -> None:
    """An equal one is used again; another gets a number, and is the newer."""
    names = [saved(book, content, NOON) for content in (b"one", b"one", b"two")]
    assert names[0] == names[1] != names[2]
    assert names[2].stem.endswith("-2")
    assert [name.read_bytes() for name in names[1:]] == [b"one", b"two"]
    assert [b.path for b in backups_of(book)] == [names[2], names[0]]


def test_a_file_without_a_time_that_a_calendar_has_is_backed_up_too(book: Path) -> None:
    """As archives and damaged disks leave them."""
    before = book.read_bytes()
    os.utime(book, (-10_000_000_000, -10_000_000_000))
    assert replace_file(book, b"new", digest(before)).read_bytes() == before


def test_only_backups_of_ours_are_deleted(book: Path) -> None:
    """Not what someone edited, copied or put there, not the one just made, whatever the numbers say."""
    one, two, edited = (saved(book, b"PK %d" % n, NOON - n * DAYS) for n in (1, 2, 3))
    edited.write_bytes(b"PK saved again in Excel")
    folder = one.parent
    damaged = saved(book, b"\0\0\0", NOON - 4 * DAYS)
    theirs = [
        folder / name
        for name in (
            "firm.20260518-120000 (copy).xlsx", "firm.20269918-120000.xlsx", "other.20260518-120000.xlsx",
            "firm.20260518-120000.xlsm", "notes.txt",
        )
    ]  # fmt: skip
    for path in theirs:
        path.write_bytes(b"PK")
    link = folder / "firm.20260101-120000.xlsx"
    link.symlink_to(theirs[0])
    made = saved(book, b"PK old state", NOON - 9 * DAYS)
    assert prune(book, NONE, made) == []
    assert not one.exists()
    assert not two.exists()
    assert all(path.exists() for path in (*theirs, link, edited, damaged, made))


def test_another_time_zone_does_not_hide_a_backup(book: Path) -> None:
    """A shared folder, or a computer that travels: names and times then differ by hours."""
    made = saved(book, b"PK", NOON)
    stamp = NOON.timestamp() + 5.75 * 3600
    os.utime(made, (stamp, stamp))
    assert prune(book, NONE, book) == []
    assert not made.exists()


def test_what_cannot_be_deleted_is_told(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is written all the same; open in Excel on Windows, say."""
    stuck = saved(book, b"PK", NOON)
    book.write_bytes(sample())
    honest = Path.unlink

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if self == stuck:
            raise PermissionError(13, "Permission denied")
        honest(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    changes = run(report())
    applied = XlsxHost(book).apply(Changes(pages=changes.pages, keep=NONE), snapshot(book))
    assert applied.changed
    assert applied.note is not None
    assert stuck.name in applied.note.en
    assert stuck.name in applied.note.ru


def test_without_a_say_nothing_is_deleted(book: Path) -> None:
    """Changes that do not say how much is kept keep all."""
    old = [saved(book, b"PK %d" % n, NOON - n * DAYS) for n in range(1, 40)]
    book.write_bytes(sample())
    XlsxHost(book).apply(run(report()), snapshot(book))
    assert all(path.exists() for path in old)


def test_the_sales_book_says_how_many_backups_are_kept(tmp_path: Path) -> None:
    """Three runs, two backups kept."""
    lines = [
        ("FIRM", None, f"backups_{which}", n)
        for which, n in zip(("kept", "days", "weeks", "months"), "2000", strict=True)
    ]
    path = firm(tmp_path / "firm.xlsx", [], book=lines)
    states = []
    for number, day in enumerate(("2024-03-04", "2024-03-11", "2024-03-18")):
        states.append(path.read_bytes())
        os.utime(path, (NOON.timestamp() + number, NOON.timestamp() + number))
        assert call("run", path, "--as-of", day).exit_code == 0
    assert [b.path.read_bytes() for b in backups_of(path)] == [states[2], states[1]]


def test_by_default_a_first_week_is_kept(tmp_path: Path) -> None:
    """A Sales Book that says nothing of backups."""
    path = judged(tmp_path / "firm.xlsx")
    assert call("run", path, "--as-of", "2024-03-11").exit_code == 0
    assert len(backups_of(path)) == 2
