"""The host of a workbook that is open in Excel, and what its buttons call: nobody has to close it, nothing is saved.

Over xlwings' open source parts. Everything of one run is written or nothing: what stood there is kept until all is
done, and put back if Excel refuses or a cell is being edited. Not so if the program or Excel is ended in the middle
of it; then the workbook, closed without saving, is what it was. Put back, a report's rows are no longer grouped.
"""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any

from sheets_crm.errors import SheetsCrmError, UsageError, WorkbookChanged, WorkbookInUse, WorkbookNotFound
from sheets_crm.hosts.excel.button import run_audit, run_week
from sheets_crm.hosts.excel.desk import desk_of
from sheets_crm.hosts.excel.patience import in_words
from sheets_crm.hosts.excel.read import Reading, read
from sheets_crm.hosts.excel.write import write
from sheets_crm.sheet import Applied, Changes, Select, Snapshot
from sheets_crm.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sheets_crm.hosts.excel.patience import Sleep

__all__ = ["ExcelHost", "open_book", "run_audit", "run_week"]


class ExcelHost:
    """A workbook that is open in Excel, as xlwings' `Book`."""

    def __init__(self, book: Any, *, sleep: Sleep = time.sleep) -> None:
        self.desk = desk_of(book, sleep)
        self._reading: Reading | None = None
        self._name: str | None = None

    @property
    def label(self) -> str:
        """The workbook's name; never its path, which on SharePoint is an address."""
        if self._name is None:
            with in_words():
                self._name = self.desk.name
        return self._name

    def read(self, select: Select) -> Snapshot:
        """The list of all sheets and the cells of those that `select` chooses. Raises WorkbookError."""
        with self._quiet():
            self._reading = read(self.desk, select)
        if self.desk.untidy:
            raise WorkbookInUse(_UNTIDY)
        return self._reading.snapshot

    def apply(self, changes: Changes, snapshot: Snapshot) -> Applied:
        """Writes all of `changes` or nothing; equal content is not written again, and nothing is saved.

        Raises WorkbookChanged if a cell differs from what was read, WorkbookInUse while somebody edits one,
        WorkbookForbidden for protected sheets, WorkbookUnsafe if Excel refuses.
        """
        reading = self._reading
        if reading is None or reading.snapshot.version != snapshot.version:
            raise WorkbookChanged(_CHANGED.fill(name=self.label))
        with self._quiet():
            fresh = read(self.desk, lambda _: reading.chosen)
            if fresh.snapshot.version != snapshot.version:
                raise WorkbookChanged(_CHANGED.fill(name=self.label))
            changed, note = write(self.desk, changes, fresh)
        told = [
            text
            for text, due in ((note, note), (_UNSAVED, changed), (_UNTIDY, self.desk.untidy))
            if text and due
        ]
        return Applied(changed=changed, note=_joined(*told) if told else None)

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        """Excel, quiet; what fails meanwhile is told with what could not be restored."""
        try:
            with in_words(), self.desk.quiet():
                yield
        except SheetsCrmError as problem:
            if not self.desk.untidy:
                raise
            raise type(problem)(_joined(problem.message, _UNTIDY)) from problem


def open_book(address: str) -> Any:
    """The workbook of `excel:` (the active one) or `excel:NAME`. Raises UsageError, WorkbookNotFound, WorkbookInUse."""
    name = address.removeprefix("excel:").strip()
    with in_words():
        books = _open_books()
        if not books:
            raise WorkbookNotFound(_NOTHING_OPEN)
        found = next((book for book in books if not name or book.name.casefold() == name.casefold()), None)
        if found is None:
            raise WorkbookNotFound(
                _NOT_OPEN.fill(name=name, names=", ".join(f"excel:{book.name}" for book in books))
            )
    return found


def _open_books() -> list[Any]:
    """Every open workbook, the active one first."""
    import xlwings  # noqa: PLC0415 - `--help` has to stay quick

    if not len(xlwings.engines):
        raise UsageError(_NO_EXCEL.fill(platform=sys.platform))
    apps = list(xlwings.apps)
    books = [book for app in apps for book in app.books]
    active = None
    with contextlib.suppress(AttributeError):  # no workbook is active where all are hidden
        active = apps[0].books.active.name if books else None
    return sorted(books, key=lambda book: book.name != active)


def _joined(*texts: Text) -> Text:
    """Some sentences as one text."""
    return Text(" ".join(text.en for text in texts), " ".join(text.ru for text in texts))


_CHANGED = Text(
    "{name} was changed while it was being checked, so nothing was written: run again.",
    "Пока шла проверка, книгу {name} изменили, поэтому ничего не записано: запустите ещё раз.",
)
_UNSAVED = Text(
    "The workbook is not saved yet: look at it, then save it.",
    "Книга ещё не сохранена: посмотрите её и сохраните.",
)
_UNTIDY = Text(
    "Excel itself could not be put back as it was (its settings, perhaps an open small workbook sheets-crm-...): "
    "restart Excel.",
    "Сам Excel не удалось вернуть как было (его настройки, возможно, открытую небольшую книгу sheets-crm-...): "
    "перезапустите Excel.",
)
_NOTHING_OPEN = Text(
    "No workbook is open in Excel: open yours there, or give the path of its file.",
    "В Excel не открыто ни одной книги: откройте там свою или укажите путь к её файлу.",
)
_NOT_OPEN = Text(
    "“{name}” is not open in Excel; open are: {names}.",
    "Книга «{name}» не открыта в Excel; открыты: {names}.",
)
_NO_EXCEL = Text(
    "There is no Excel on this computer ({platform}): give the path of the workbook's file instead of `excel:`.",
    "На этом компьютере ({platform}) нет Excel: вместо `excel:` укажите путь к файлу книги.",
)
