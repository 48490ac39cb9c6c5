"""One writer at a time: a lock between our own runs, and the marks by which other programs say that a file is open."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sheets_crm.errors import WorkbookInUse
from sheets_crm.hosts.xlsx.disk import failures_named
from sheets_crm.text import Text

_TRIES = 30
_PAUSE = 0.1
"""Seconds between two tries."""
_HELD = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""How a folder on the network says that it has no locks."""


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Keeps our other runs from writing the file; yields False where the folder knows no locks.

    There the digest, compared just before the rename, has to do. The lock is the system's and ends with the process:
    the small file that bears it means nothing by itself. Raises WorkbookInUse after three seconds of waiting.
    """
    lock = path.with_name(f".{path.name}.sheets-crm.lock")
    for _ in range(_TRIES):
        with failures_named(path):
            handle, held = _try(lock)
        if handle is not None:
            break
        time.sleep(_PAUSE)
    else:
        raise WorkbookInUse(_OURS.fill(name=path.name))
    try:
        yield held
    finally:
        _release(lock, handle)


def _try(lock: Path) -> tuple[int | None, bool]:
    """(the open lock file, or None if another run has it; whether it is really locked)."""
    try:
        handle = _open(lock)
    except PermissionError:
        # Windows says so of a file that is just being deleted; a folder where we may not write holds none.
        if os.name == "nt" and os.path.lexists(lock):
            return None, False
        raise
    try:
        _lock(handle)
        # Between our opening and our locking its last holder may have deleted it: then we locked nothing.
        if os.name == "posix" and not _is_at(lock, handle):
            os.close(handle)
            return None, False
    except OSError as problem:
        if problem.errno in _NO_LOCKS:
            return handle, False
        os.close(handle)
        if problem.errno in _HELD:
            return None, False
        raise
    return handle, True


def _open(lock: Path) -> int:
    try:
        # Not made if it is there: Linux lets nobody do that with a colleague's file in a folder like /tmp.
        return os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        # A colleague's run must be able to open what a killed one leaves, whatever rights this user gives new files.
        habit = os.umask(0)
        try:
            return os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        finally:
            os.umask(habit)


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - only on Windows

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_at(lock: Path, handle: int) -> bool:
    try:
        return os.path.samestat(lock.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _release(lock: Path, handle: int) -> None:
    """Deletes and unlocks."""
    # Windows deletes no open file: there it is closed first. If another run has opened it by then, deleting fails,
    # and the file is that run's to delete.
    with contextlib.suppress(OSError):
        if os.name == "posix":
            lock.unlink(missing_ok=True)
    os.close(handle)
    with contextlib.suppress(OSError):
        if os.name != "posix":
            lock.unlink(missing_ok=True)


# ------------------------------------------------------------------ other programs


def refuse_open(path: Path) -> None:
    """Raises WorkbookInUse if LibreOffice or Excel has the file open: each keeps a small file beside it."""
    for program, mark, owner in (
        ("LibreOffice", path.with_name(f".~lock.{path.name}#"), _libreoffice_user),
        ("Excel", path.with_name(f"~${path.name}"), _excel_user),
    ):
        if os.path.lexists(mark):
            who = owner(mark)
            by = Text(f" ({who})", f" ({who})") if who else Text("", "")
            said = _OPEN_IN_EXCEL if program == "Excel" else _OPEN
            raise WorkbookInUse(said.fill(name=path.name, program=program, by=by, mark=mark.name))


def _libreoffice_user(mark: Path) -> str:
    """The first filled of name, login and computer in a line like `Ann,ann,pc,28.11.2026 02:00,file:///...;`."""
    return next((word for word in _start(mark).decode("utf-8", "replace").split(",")[:3] if word.strip()), "")


def _excel_user(mark: Path) -> str:
    """The name in Excel's mark: at byte 55 its length, then UTF-16."""
    data = _start(mark)
    return data[57 : 57 + 2 * data[55]].decode("utf-16-le", "replace").strip() if len(data) > 57 else ""


def _start(mark: Path) -> bytes:
    try:
        with mark.open("rb") as file:
            return file.read(512)
    except OSError:  # Excel on Windows may keep it to itself: then we say nothing about who it is
        return b""


_OURS = Text(
    "Another run of sheets-crm is writing {name}; wait until it has finished and try again.",
    "Файл {name} сейчас записывает другой запуск sheets-crm; дождитесь его окончания и повторите.",
)
_OPEN = Text(
    "{name} is open in {program}{by}; close it there and try again. If nobody has it open, delete {mark} beside it.",
    "Файл {name} открыт в {program}{by}; закройте его там и повторите. "
    "Если он ни у кого не открыт, удалите рядом с ним {mark}.",
)
_OPEN_IN_EXCEL = Text(
    "{name} is open in {program}{by}: click its button “Run audit”, or give excel:{name} instead of the path, or close "
    "it there and try again. If nobody has it open, delete {mark} beside it.",
    "Файл {name} открыт в {program}{by}: нажмите в нём кнопку «Запустить аудит», или укажите вместо пути excel:{name}, "
    "или закройте его там и повторите. Если он ни у кого не открыт, удалите рядом с ним {mark}.",
)
