"""What cannot be read, reached or written: one clear sentence in both languages.

SheetsCrmError
 ├─ WorkbookError          the workbook as a whole
 │   ├─ WorkbookNotFound   there is nothing at that path or address
 │   ├─ WorkbookUnreadable not a workbook, or one that no one should open (damaged, encrypted, hostile)
 │   ├─ WorkbookInUse      open in Excel, or another run is writing it
 │   ├─ WorkbookChanged    changed by someone between our read and our write; nothing was written
 │   ├─ WorkbookForbidden  it is there, but we may not read or write it (not shared with us, protected, a bad key)
 │   ├─ WorkbookUnreachable the service that keeps it does not answer, or not for now
 │   └─ WorkbookUnsafe     it can be read, but writing could lose something, or the disk refuses it
 ├─ StructureError         the workbook is sound, but not a pipeline (no Deals sheet, two columns with one header)
 └─ UsageError             an option, a map or a file given by the user is wrong

Findings are values and are never raised; see `findings`.
"""

from __future__ import annotations

from sheets_crm.text import Text


class SheetsCrmError(Exception):
    """Base of every error that a user can cause or meet; `message` says what, where and how to mend it."""

    def __init__(self, message: Text) -> None:
        super().__init__(message.en)
        self.message = message


class WorkbookError(SheetsCrmError):
    """Something about the workbook as a whole."""


class WorkbookNotFound(WorkbookError):
    """There is nothing at that path or address."""


class WorkbookUnreadable(WorkbookError):
    """Not a workbook, or one that no parser should be given."""


class WorkbookInUse(WorkbookError):
    """Open in another program, or being written by another run."""


class WorkbookChanged(WorkbookError):
    """It changed between our read and our write; nothing was written."""


class WorkbookForbidden(WorkbookError):
    """It is there, but we may not read or write it: not shared with us, protected against us, a bad key."""


class WorkbookUnreachable(WorkbookError):
    """The service that keeps it does not answer, or not for now."""


class WorkbookUnsafe(WorkbookError):
    """It can be read, but writing could lose something of the user's, or the disk refuses it."""


class StructureError(SheetsCrmError):
    """A sound workbook that is not a pipeline as far as we can tell."""


class UsageError(SheetsCrmError):
    """An option, a map or another file that the user gave is wrong."""
