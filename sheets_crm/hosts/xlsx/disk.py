"""Bytes to and from the disk: a new file is whole and on the disk before it gets its name; every refusal is a sentence."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import math
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

from sheets_crm.errors import WorkbookInUse, WorkbookNotFound, WorkbookUnreadable, WorkbookUnsafe
from sheets_crm.text import Text, same

TEMPORARY = ".sheets-crm.tmp"
"""How the name of every unfinished file of ours ends."""
_TOKENS = re.compile(r"[0-9a-f]{8}")
_DAY = 86_400
_PIECE = 1 << 20
_NOT_KNOWN_HERE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
"""How a folder on the network says that it has no such thing: folders that are synced, extended attributes."""
_NOT_OURS_TO_SET = {*_NOT_KNOWN_HERE, errno.EPERM, errno.EACCES, errno.ENODATA}


def digest(data: bytes) -> str:
    """The version of a file's content: SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def load(path: Path) -> bytes:
    """The file's bytes. Raises WorkbookNotFound, WorkbookInUse or WorkbookUnreadable."""
    try:
        # A pipe or a device would keep us waiting for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise WorkbookNotFound(_NO_FILE.fill(name=path.name))
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as problem:
        raise WorkbookNotFound(_MISSING.fill(name=path.name)) from problem
    except PermissionError as problem:
        # Windows refuses what another program holds; elsewhere nobody is kept from reading by that.
        if os.name == "nt":
            raise WorkbookInUse(HELD.fill(name=path.name)) from problem
        raise WorkbookUnreadable(_FORBIDDEN.fill(name=path.name)) from problem
    except OSError as problem:
        raise WorkbookUnreadable(_UNREADABLE.fill(name=path.name, reason=reason(problem))) from problem


def real(path: Path) -> Path:
    """The file that a path leads to, links followed; it need not exist."""
    return Path(os.path.realpath(path))


@contextlib.contextmanager
def written_beside(path: Path, data: bytes, like: Path | None = None) -> Iterator[Path]:
    """A file with `data` in the same folder, read back and found right; gone afterwards unless renamed.

    It has the owner, the rights and the attributes of the file `like`; without, those that a new file gets.
    """
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with failures_named(path):
            # Until it has the rights of the file that it replaces, nobody else reads it.
            _write(new, data, 0o666 if like is None else 0o600)
            if not _holds(new, data):
                raise WorkbookUnsafe(UNWRITTEN.fill(name=path.name, reason=_MISREAD))
            if like is not None:
                _give_rights(new, like.stat())
                _give_attributes(new, like)
        yield new
    finally:
        # What cannot be deleted now is swept by the next run.
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)


def _write(new: Path, data: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(new, flags, mode)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest[:_PIECE]) :]
        _flush(handle)
    finally:
        os.close(handle)


def _holds(new: Path, data: bytes) -> bool:
    """Whether the file holds these bytes; a piece at a time, since `data` is large enough once."""
    rest = memoryview(data)
    with new.open("rb") as file:
        while piece := file.read(_PIECE):
            if piece != rest[: len(piece)]:
                return False
            rest = rest[len(piece) :]
    return not rest


def _flush(handle: int) -> None:
    # On macOS fsync leaves the data in the drive's own memory; F_FULLFSYNC does not, where the disk knows it.
    if sys.platform == "darwin":
        import fcntl  # noqa: PLC0415 - not on Windows

        try:
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
        except OSError as problem:
            if problem.errno not in {*_NOT_KNOWN_HERE, errno.ENOTTY}:
                raise
        else:
            return
    os.fsync(handle)


def _give_rights(new: Path, like: os.stat_result) -> None:
    """Owner, group and mode; a group that we may not give leaves its rights to no other group."""
    mode = stat.S_IMODE(like.st_mode)
    # Windows: rights come from the folder, as for any file that Excel saves; os.chown does not exist there.
    if sys.platform != "win32":
        have = new.stat()
        if have.st_uid != like.st_uid or have.st_gid != like.st_gid:
            try:
                os.chown(new, like.st_uid, like.st_gid)
            except PermissionError:
                try:
                    os.chown(new, -1, like.st_gid)
                except PermissionError:
                    mode = mode & ~0o2070 | (mode & 0o007) << 3
    if stat.S_IMODE(new.stat().st_mode) != mode:
        new.chmod(mode)


def _give_attributes(new: Path, like: Path) -> None:
    """Extended attributes, access lists among them, as far as they may be copied.

    On macOS Python cannot reach them (Finder's tags are lost); on Windows access lists come from the folder.
    """
    if sys.platform == "linux":
        for name in _attributes(like):
            try:
                os.setxattr(new, name, os.getxattr(like, name))
            except OSError as problem:
                if problem.errno not in _NOT_OURS_TO_SET:
                    raise


def _attributes(path: Path) -> list[str]:
    if sys.platform != "linux":
        return []
    try:
        return os.listxattr(path)
    except OSError as problem:
        if problem.errno in _NOT_OURS_TO_SET:
            return []
        raise


def rename(new: Path, path: Path) -> None:
    """Gives a finished file its name, in place of what bears it. Raises WorkbookInUse, WorkbookUnsafe."""
    with failures_named(path):
        try:
            new.replace(path)
        except PermissionError as problem:
            # Windows refuses to replace a file that any program holds open.
            if os.name == "nt":
                raise WorkbookInUse(HELD.fill(name=path.name)) from problem
            raise


def confirm(path: Path) -> None:
    """Waits until the name of a renamed file is on the disk. Raises WorkbookUnsafe if the disk does not say so."""
    try:
        sync_folder(path.parent)
    except OSError as problem:
        raise WorkbookUnsafe(_UNCONFIRMED.fill(name=path.name, reason=reason(problem))) from problem


def sync_folder(folder: Path) -> None:
    """Waits until the names in a folder are on the disk. Raises OSError."""
    # Windows opens no folders; there the rename itself is journalled.
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as problem:
        if problem.errno not in _NOT_KNOWN_HERE:
            raise
    finally:
        os.close(handle)


def refuse_full(path: Path, needs: Iterable[tuple[Path, int]]) -> None:
    """Raises WorkbookUnsafe if the disks of these folders do not have so many bytes free."""
    by_disk: dict[int, tuple[Path, int]] = {}
    with failures_named(path):
        for folder, size in needs:
            disk = folder.stat().st_dev
            by_disk[disk] = (folder, by_disk.get(disk, (folder, 0))[1] + size)
        for folder, size in by_disk.values():
            space = shutil.disk_usage(folder)
            # Some network folders say 0 of 0.
            if space.total and space.free < size:
                raise WorkbookUnsafe(
                    _NO_ROOM.fill(
                        name=path.name,
                        folder=str(folder),
                        need=shown_size(size),
                        missing=shown_size(size - space.free),
                    )
                )


def shown_size(size: int) -> Text:
    """A number of bytes as people write it: `47 KB`, `1.3 MB`."""
    if size < 1e6:
        return Text("{kb} KB", "{kb} КБ").fill(kb=math.ceil(size / 1000))
    return Text("{mb} MB", "{mb} МБ").fill(
        mb=Decimal(size).scaleb(-6).quantize(Decimal("0.1"), ROUND_CEILING)
    )


def sweep(folder: Path, name: str, *, alone: bool) -> None:
    """Deletes what killed runs left unfinished of the file `name`.

    `alone`: the file's lock is held, so whatever lies there is a dead run's; otherwise only what is a day old.
    """
    newest = math.inf if alone else time.time() - _DAY
    # What cannot be deleted is not in the way: the next run tries again.
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            token = entry.name.removeprefix(f".{name}.").removesuffix(TEMPORARY)
            if entry.name == f".{name}.{token}{TEMPORARY}" and _TOKENS.fullmatch(token):
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < newest:
                        Path(entry.path).unlink()


# ----------------------------------------------------------------------- refusals


@contextlib.contextmanager
def failures_named(path: Path) -> Iterator[None]:
    """Whatever the system refuses while `path` is being written is a WorkbookUnsafe with one sentence."""
    try:
        yield
    except OSError as problem:
        raise WorkbookUnsafe(UNWRITTEN.fill(name=path.name, reason=reason(problem))) from problem


def reason(problem: OSError) -> Text:
    """Why the system refused, and what helps, where we know it."""
    known = _REASONS.get(problem.errno) if problem.errno is not None else None
    return known or same(problem.strerror or type(problem).__name__)


_FULL = Text("the disk is full; free some space", "на диске нет места; освободите его")
_NOT_PERMITTED = Text(
    "the system does not permit it; ask whoever keeps this folder for the right to change files in it",
    "система не разрешает; попросите у владельца папки право изменять в ней файлы",
)
_REASONS = {
    errno.ENOSPC: _FULL,
    getattr(errno, "EDQUOT", errno.ENOSPC): _FULL,
    errno.EACCES: _NOT_PERMITTED,
    errno.EPERM: _NOT_PERMITTED,
    errno.EROFS: Text(
        "the disk is read-only; copy the workbook to another",
        "диск только для чтения; скопируйте книгу на другой",
    ),
    errno.EIO: Text(
        "the disk reports an error; copy the workbook to another disk",
        "диск сообщает об ошибке; скопируйте книгу на другой диск",
    ),
    errno.EFBIG: Text("it is larger than the system permits", "он больше, чем разрешает система"),
    errno.ENAMETOOLONG: Text("its name is too long; shorten it", "слишком длинное имя; сократите его"),
    errno.ELOOP: Text("the link leads to itself", "ссылка ведёт сама на себя"),
    errno.ENOENT: Text("there is no such folder", "такой папки нет"),
}
HELD = Text(
    "{name} is open in another program; close it there and try again.",
    "Файл {name} открыт в другой программе; закройте его там и повторите.",
)
UNWRITTEN = Text(
    "{name} could not be written ({reason}); nothing was changed.",
    "Не удалось записать {name} ({reason}); ничего не изменено.",
)
_UNCONFIRMED = Text(
    "{name} was written completely, but the disk did not confirm it ({reason}).",
    "Файл {name} записан полностью, но диск этого не подтвердил ({reason}).",
)
_MISREAD = Text("the disk gave back something else", "с диска прочиталось не то, что записано")
_MISSING = Text("{name} does not exist.", "Файла {name} не существует.")
_NO_FILE = Text("{name} is not a file.", "{name} не файл.")
_FORBIDDEN = Text(
    "{name} may not be read by you; ask its owner for the right to read and change it.",
    "У вас нет права читать {name}; попросите у владельца право читать и изменять этот файл.",
)
_UNREADABLE = Text("{name} could not be read ({reason}).", "Не удалось прочитать {name} ({reason}).")
_NO_ROOM = Text(
    "{name} was not written: it needs {need} in {folder}, {missing} more than is free; free some space and try again.",
    "{name} не записан: в {folder} нужно {need}, не хватает {missing}; освободите место и повторите.",
)
