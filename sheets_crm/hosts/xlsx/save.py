"""A file is replaced whole or not at all: a new one beside it, checked on the disk, a backup, then one rename."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sheets_crm.errors import WorkbookChanged, WorkbookNotFound, WorkbookUnsafe
from sheets_crm.hosts.xlsx.backups import back_up, folder_of
from sheets_crm.hosts.xlsx.disk import (
    confirm,
    digest,
    failures_named,
    load,
    real,
    refuse_full,
    rename,
    sweep,
    written_beside,
)
from sheets_crm.hosts.xlsx.lock import locked, refuse_open
from sheets_crm.text import Text


def replace_file(path: Path, data: bytes, expected_sha: str) -> Path:
    """Puts `data` in the place of the file, which must still have the digest `expected_sha`; returns the backup's path.

    A link stays a link: what it leads to is replaced. Owner, rights and attributes stay as far as the system permits.
    Raises WorkbookInUse, WorkbookChanged, WorkbookNotFound, or WorkbookUnsafe if the file must not be replaced or the
    disk refuses; the file is then as it was.
    """
    with _at_work(path) as target:
        before = load(target)
        if digest(before) != expected_sha:
            raise WorkbookChanged(_CHANGED.fill(name=target.name))
        refuse_full(target, [(target.parent, len(data)), (_existing(folder_of(target)), len(before))])
        with written_beside(target, data, like=target) as new:
            backup = back_up(target, before)
            del before  # the file is read once more
            # Writing took its time: look again, as late as can be.
            refuse_open(target)
            if digest(load(target)) != expected_sha:
                raise WorkbookChanged(_CHANGED.fill(name=target.name))
            rename(new, target)
            confirm(target)
    return backup


def write_file(path: Path, data: bytes, *, like: Path | None = None) -> None:
    """Writes a new file, or replaces one of ours, whole or not at all. Raises as `replace_file` does.

    A new one gets the rights of `like`, if given.
    """
    with _at_work(path) as target:
        refuse_full(target, [(target.parent, len(data))])
        with written_beside(target, data, like=target if target.exists() else like) as new:
            rename(new, target)
            confirm(target)


def restore_file(path: Path, backup: Path) -> Path | None:
    """Puts a backup in the place of the workbook; returns the backup of what stood there, None if nothing did.

    Raises as `replace_file` does.
    """
    data = load(backup)
    try:
        before = digest(load(path))
    except WorkbookNotFound:
        write_file(path, data, like=backup)
        return None
    return replace_file(path, data, before)


@contextmanager
def _at_work(path: Path) -> Iterator[Path]:
    """The file that `path` leads to, for as long as it is ours alone to write."""
    target = real(path)
    for place in {path, target}:
        refuse_open(place)
    refuse_unwritable(target)
    with locked(target) as alone:
        for folder in (target.parent, folder_of(target)):
            sweep(folder, target.name, alone=alone)
        yield target


def refuse_unwritable(path: Path) -> None:
    """Raises WorkbookUnsafe if the file must not be replaced: read-only, under several names, in a folder of others."""
    folder = path.parent
    with failures_named(path):
        # On Windows folders tell nothing; there the first file written says it.
        if os.name == "posix" and folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            raise WorkbookUnsafe(_FOLDER.fill(name=path.name, folder=str(folder)))
        if not path.exists():
            return
        state = path.stat()
        # Root may write everything, and a file locked in macOS' Finder has a flag: what is meant is asked for first.
        locked_flag = getattr(state, "st_flags", 0) & (stat.UF_IMMUTABLE | stat.SF_IMMUTABLE)
        if not state.st_mode & 0o222 or locked_flag or not os.access(path, os.W_OK):
            raise WorkbookUnsafe(_READ_ONLY.fill(name=path.name))
        if state.st_nlink > 1:
            raise WorkbookUnsafe(_HARD_LINKS.fill(name=path.name, names=state.st_nlink))


def _existing(folder: Path) -> Path:
    return folder if folder.is_dir() else folder.parent


_CHANGED = Text(
    "{name} was changed by someone while we were working on it; nothing was written, please try again.",
    "Файл {name} кто-то изменил, пока мы с ним работали; ничего не записано, повторите попытку.",
)
_FOLDER = Text(
    "{name} cannot be written: you may not change files in {folder}; get the right to, or copy it to another folder.",
    "В {name} нельзя записать: вам нельзя изменять файлы в {folder}; попросите право на это "
    "или скопируйте файл в другую папку.",
)
_READ_ONLY = Text(
    "{name} is read-only; allow writing in its properties, or copy it.",
    "Файл {name} только для чтения; разрешите запись в его свойствах или скопируйте его.",
)
_HARD_LINKS = Text(
    "{name} has {names} names on this disk (hard links), and writing would part them; copy it and use the copy.",
    "У файла {name} на диске имён: {names} (жёсткие ссылки), и запись разлучила бы их; "
    "скопируйте файл и работайте с копией.",
)
