"""A file is replaced whole or not at all: a new one beside it, checked on the disk, a backup, then one rename."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sheets_crm.errors import WorkbookChanged, WorkbookInUse, WorkbookNotFound, WorkbookUnsafe
from sheets_crm.text import Text

_OPEN = Text(
    "{name} is open in Excel; close it there and try again.",
    "Файл {name} открыт в Excel; закройте его там и повторите.",
)
_CHANGED = Text(
    "{name} was changed by someone while we were working on it; nothing was written, please try again.",
    "Файл {name} кто-то изменил, пока мы с ним работали; ничего не записано, повторите попытку.",
)
_MISSING = Text("{name} does not exist.", "Файла {name} не существует.")
_UNWRITTEN = Text(
    "{name} could not be written ({reason}); the workbook is as it was.",
    "Не удалось записать {name} ({reason}); книга осталась прежней.",
)
_MISREAD = Text("the disk gave back something else", "с диска прочиталось не то, что записано")


def digest(data: bytes) -> str:
    """The version of a file's content: SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def load(path: Path) -> bytes:
    """The file's bytes. Raises WorkbookNotFound or WorkbookInUse."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as problem:
        raise WorkbookNotFound(_MISSING.fill(name=path.name)) from problem
    except PermissionError as problem:
        raise WorkbookInUse(_OPEN.fill(name=path.name)) from problem


def refuse_open(path: Path) -> None:
    """Raises WorkbookInUse if Excel has the file open: it keeps `~$name` beside it."""
    if path.with_name(f"~${path.name}").exists():
        raise WorkbookInUse(_OPEN.fill(name=path.name))


def replace_file(path: Path, data: bytes, expected_sha: str, *, backup_dir: Path | None = None) -> Path:
    """Puts `data` in the place of the file, which must still have the digest `expected_sha`; returns the backup's path.

    The backup stands in `<stem>.backups` beside the file unless `backup_dir` says where. Raises WorkbookInUse,
    WorkbookChanged, WorkbookNotFound, or WorkbookUnsafe if the disk refuses; the file is then as it was.
    """
    refuse_open(path)
    with _written_beside(path, data) as new:
        before = load(path)
        if digest(before) != expected_sha:
            raise WorkbookChanged(_CHANGED.fill(name=path.name))
        with _failures_named(path):
            backup = _back_up(path, before, backup_dir or path.parent / f"{path.stem}.backups")
            new.chmod(path.stat().st_mode & 0o7777)
        # The backup took its time: look again, as late as can be.
        if digest(load(path)) != expected_sha:
            raise WorkbookChanged(_CHANGED.fill(name=path.name))
        _rename(new, path)
    return backup


def write_file(path: Path, data: bytes) -> None:
    """Writes a new file, or replaces one of ours, whole or not at all. Raises as `replace_file` does."""
    refuse_open(path)
    with _written_beside(path, data) as new:
        _rename(new, path)


@contextlib.contextmanager
def _written_beside(path: Path, data: bytes) -> Iterator[Path]:
    """A file with `data` in the same folder, read back and found right; gone afterwards unless renamed."""
    new = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with _failures_named(path):
            with new.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if digest(new.read_bytes()) != digest(data):
                raise WorkbookUnsafe(_UNWRITTEN.fill(name=path.name, reason=_MISREAD))
        yield new
    finally:
        new.unlink(missing_ok=True)


def _rename(new: Path, path: Path) -> None:
    try:
        new.replace(path)
    except PermissionError as problem:
        # Windows refuses to replace a file that any program holds open.
        raise WorkbookInUse(_OPEN.fill(name=path.name)) from problem
    _sync_folder(path.parent)


def _back_up(path: Path, content: bytes, folder: Path) -> Path:
    """A copy of the file named by the time of its last change; an equal one that stands is enough."""
    state = path.stat()
    moment = datetime.fromtimestamp(state.st_mtime, UTC).astimezone()
    stem = f"{path.stem}.{moment:%Y%m%d-%H%M%S}"
    folder.mkdir(exist_ok=True)
    number = 1
    while True:
        backup = folder / f"{stem}{'' if number == 1 else f'-{number}'}{path.suffix}"
        if not backup.exists():
            break
        if backup.read_bytes() == content:
            return backup
        number += 1
    write_file(backup, content)
    backup.chmod(state.st_mode & 0o7777)
    os.utime(backup, (state.st_atime, state.st_mtime))
    return backup


def _sync_folder(folder: Path) -> None:
    # Windows opens no folders; there the rename itself is journalled.
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _failures_named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise WorkbookUnsafe(_UNWRITTEN.fill(name=path.name, reason=reason)) from problem
