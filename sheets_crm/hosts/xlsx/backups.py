"""Earlier states of a workbook in a folder beside it: each byte-exact, named by the time of its last change."""

from __future__ import annotations

import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sheets_crm.errors import WorkbookUnreadable
from sheets_crm.hosts.xlsx.disk import failures_named, load, reason, rename, sync_folder, written_beside
from sheets_crm.sheet import Keep
from sheets_crm.text import Text

_STAMP = "%Y%m%d-%H%M%S"
_QUARTER_HOUR = 900
"""Seconds; time zones differ by whole quarters of an hour."""
_COARSEST = 2
"""Seconds; memory sticks keep times no finer."""


class Backup(NamedTuple):
    """One earlier state."""

    path: Path
    moment: datetime
    """When that state was saved, by the clock of the computer that kept it."""
    size: int
    """Bytes."""


def folder_of(path: Path) -> Path:
    """Where the backups of a workbook are."""
    return path.with_name(f"{path.stem}.backups")


def backups_of(path: Path) -> list[Backup]:
    """The backups of a workbook, the newest first; files of other names are none. Raises WorkbookUnreadable."""
    named = re.compile(rf"{re.escape(path.stem)}\.(\d{{8}}-\d{{6}})(?:-(\d+))?{re.escape(path.suffix)}")
    found: list[tuple[datetime, int, Backup]] = []
    try:
        for entry in os.scandir(folder_of(path)):
            match = named.fullmatch(entry.name)
            moment = _moment(match[1]) if match else None
            if match and moment and entry.is_file(follow_symlinks=False):
                backup = Backup(Path(entry.path), moment, entry.stat(follow_symlinks=False).st_size)
                found.append((moment, int(match[2] or 1), backup))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as problem:
        raise WorkbookUnreadable(_UNLISTED.fill(name=path.name, reason=reason(problem))) from problem
    return [backup for *_, backup in sorted(found, reverse=True)]


def _moment(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, _STAMP)  # noqa: DTZ007 - as the clock on the wall showed it
    except ValueError:
        return None


def back_up(path: Path, content: bytes) -> Path:
    """A copy of the file in its folder of backups, on the disk; an equal one of that moment that stands is enough."""
    folder = folder_of(path)
    with failures_named(path):
        state = path.stat()
        if not folder.is_dir():
            folder.mkdir()
            sync_folder(folder.parent)
        stem = f"{path.stem}.{_stamp(state.st_mtime)}"
        number = 1
        while True:
            backup = folder / f"{stem}{'' if number == 1 else f'-{number}'}{path.suffix}"
            if not os.path.lexists(backup):
                break
            if backup.is_file() and load(backup) == content:
                return backup
            number += 1
    # Named as the workbook's own unfinished file is, so that it is swept like that.
    with written_beside(folder / path.name, content, like=path) as new:
        with failures_named(path):
            os.utime(new, ns=(state.st_atime_ns, state.st_mtime_ns))
        rename(new, backup)
        with failures_named(path):
            sync_folder(folder)
    return backup


def _stamp(changed: float) -> str:
    """The local time of a change, in the name of a backup; 1970 for times that no calendar has."""
    try:
        return f"{datetime.fromtimestamp(max(changed, 0), UTC).astimezone():{_STAMP}}"
    except (ValueError, OverflowError):
        return f"{datetime.fromtimestamp(0, UTC):{_STAMP}}"


def prune(path: Path, keep: Keep, made: Path) -> list[Path]:
    """Deletes the backups that `keep` does not ask for, never the one just `made`; those that could not be deleted.

    Only what is a backup of ours beyond doubt is deleted: by its name, by the time that we gave it (a copy that
    someone opened and saved has another), and by being a package.
    """
    try:
        backups = backups_of(path)
    except WorkbookUnreadable:
        return [folder_of(path)]
    wanted = {made, *(backup.path for backup in kept(backups, keep))}
    stuck = []
    for backup in backups:
        try:
            if backup.path not in wanted and _untouched(backup):
                backup.path.unlink(missing_ok=True)
        except OSError:
            stuck.append(backup.path)
    return stuck


def kept(backups: list[Backup], keep: Keep) -> list[Backup]:
    """Of these (the newest first): the last few, and the newest of each of the last days, weeks and months with any."""
    wanted = set(backups[: keep.last])
    for period, number in (("%Y%m%d", keep.days), ("%G-%V", keep.weeks), ("%Y%m", keep.months)):
        newest: dict[str, Backup] = {}
        for backup in backups:
            newest.setdefault(f"{backup.moment:{period}}", backup)
        wanted.update(list(newest.values())[:number])
    return [backup for backup in backups if backup in wanted]


def _untouched(backup: Backup) -> bool:
    state = backup.path.lstat()
    named = backup.moment.replace(tzinfo=UTC).timestamp()
    apart = (state.st_mtime - named) % _QUARTER_HOUR
    if not stat.S_ISREG(state.st_mode) or _COARSEST < apart < _QUARTER_HOUR - _COARSEST:
        return False
    with backup.path.open("rb") as file:
        return file.read(2) == b"PK"


_UNLISTED = Text(
    "The backups of {name} could not be listed ({reason}).",
    "Не удалось просмотреть резервные копии {name} ({reason}).",
)
