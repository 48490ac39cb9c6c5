"""The host of .xlsx and .xlsm files: cells are spliced in, reports grafted, and nothing else changes by a byte."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sheets_crm.errors import SheetsCrmError, WorkbookChanged, WorkbookUnsafe
from sheets_crm.hosts.xlsx.backups import prune
from sheets_crm.hosts.xlsx.disk import digest, load, real
from sheets_crm.hosts.xlsx.graft import claim, graft_pages
from sheets_crm.hosts.xlsx.guard import prove
from sheets_crm.hosts.xlsx.package import Package
from sheets_crm.hosts.xlsx.patch import patch_sheets
from sheets_crm.hosts.xlsx.pieces import give_back
from sheets_crm.hosts.xlsx.read import read
from sheets_crm.hosts.xlsx.render import render
from sheets_crm.hosts.xlsx.save import replace_file, write_file
from sheets_crm.hosts.xlsx.styles import Styles
from sheets_crm.hosts.xlsx.tables import grow_tables
from sheets_crm.hosts.xlsx.workbook import Workbook
from sheets_crm.sheet import Applied, Changes, Page, Select, Snapshot
from sheets_crm.text import Text

_CHANGED = Text(
    "{name} was changed after it was read; nothing was written, please try again.",
    "Файл {name} изменился после чтения; ничего не записано, повторите попытку.",
)
_STUCK = Text(
    "Old backups that could not be deleted; the next run tries again: {names}.",
    "Старые резервные копии, которые не удалось удалить; следующий запуск попробует снова: {names}.",
)


class XlsxHost:
    """A workbook in a file."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    @property
    def label(self) -> str:
        """The file's name."""
        return self.path.name

    def read(self, select: Select) -> Snapshot:
        """The list of all sheets and the cells of those that `select` chooses. Raises WorkbookError."""
        return read(load(self.path), self.path.name, select)

    def apply(self, changes: Changes, snapshot: Snapshot) -> Applied:
        """Writes all of `changes` or nothing, with a backup beside the file; equal content is not written again.

        Where the workbook cannot be written safely its reports go to `<stem>.reports.xlsx` beside it.
        Raises WorkbookChanged, WorkbookInUse, WorkbookNotFound; WorkbookUnsafe if there are not only reports to put beside.
        """
        data = load(self.path)
        if digest(data) != snapshot.version:
            raise WorkbookChanged(_CHANGED.fill(name=self.label))
        try:
            new = patched(data, changes)
        except WorkbookUnsafe as problem:
            if not changes.pages or not all(page.owned for page in changes.pages):
                raise
            return Applied(
                changed=False, beside=self.put_beside(changes.pages, "reports"), reason=problem.message
            )
        if new == data:
            return Applied(changed=False)
        del data  # saving reads the file once more
        backup = replace_file(self.path, new, snapshot.version)
        left = prune(real(self.path), changes.keep, backup) if changes.keep else []
        stuck = _STUCK.fill(names=", ".join(path.name for path in left)) if left else None
        return Applied(changed=True, backup=str(backup), note=stuck)

    def put_beside(self, pages: Sequence[Page], word: str) -> str:
        """Writes `pages` to `<stem>.<word>.xlsx` beside the file, unless they stand there already; its path.

        Raises as `create` does.
        """
        beside, made = _beside(self.path, word), claim(render(pages), pages)
        if not beside.exists() or load(beside) != made:
            write_file(beside, made)
        return str(beside)


class XlsxCopy:
    """A workbook's bytes, `data`, changed in memory alone: the file that they came from stays as it is."""

    def __init__(self, data: bytes, label: str) -> None:
        self.data, self.label = data, label

    def read(self, select: Select) -> Snapshot:
        """The list of all sheets and the cells of those that `select` chooses. Raises WorkbookError."""
        return read(self.data, self.label, select)

    def apply(self, changes: Changes, snapshot: Snapshot) -> Applied:
        """All of `changes` made in `data`, or nothing. Raises WorkbookChanged, WorkbookUnsafe."""
        if digest(self.data) != snapshot.version:
            raise WorkbookChanged(_CHANGED.fill(name=self.label))
        before, self.data = self.data, patched(self.data, changes)
        return Applied(changed=self.data != before)


def patched(data: bytes, changes: Changes) -> bytes:
    """A workbook's bytes with `changes`, proved to hold all else as it was. Raises WorkbookUnsafe."""
    new = _changed(data, changes)
    if new != data:
        give_back()
        prove(data, new, changes)
    return new


def _changed(data: bytes, changes: Changes) -> bytes:
    package = Package(data)
    workbook = Workbook(package)
    workbook.refuse_unsafe()
    styles = Styles(workbook)
    patch_sheets(workbook, styles, changes)
    give_back()
    grow_tables(workbook, changes.tables)
    if changes.pages:
        graft_pages(workbook, styles, changes.pages, render(changes.pages))
        give_back()
    return package.write()


def create(path: Path | str, pages: Sequence[Page]) -> None:
    """Writes a new workbook of `pages`; the same pages give the same bytes. Raises WorkbookInUse, WorkbookUnsafe."""
    write_file(Path(path), made_of(pages))


def made_of(pages: Sequence[Page]) -> bytes:
    """A new workbook of `pages`; the same pages give the same bytes."""
    return claim(render(pages), pages)


def _beside(path: Path, word: str) -> Path:
    """Where reports go that do not go into the workbook; never over a file of the user's."""
    number = 1
    while True:
        beside = path.with_name(f"{path.stem}.{word}{'' if number == 1 else f' ({number})'}.xlsx")
        if not beside.exists() or _is_ours(beside):
            return beside
        number += 1


def _is_ours(path: Path) -> bool:
    try:
        return Workbook(Package(load(path))).holds_ours
    except SheetsCrmError:
        return False
