"""Where a workbook lives: two calls, `read` and `apply`, the same for every host.

`tests/test_hosts.py` is the contract; a new host is a module here and a line there.
"""

from __future__ import annotations

from typing import Protocol

from sheets_crm.sheet import Applied, Changes, Select, Snapshot


class Host(Protocol):
    """A workbook that can be read as values and changed in one atomic step."""

    @property
    def label(self) -> str:
        """The workbook's name as the user knows it: a file's name, a spreadsheet's title."""

    def read(self, select: Select) -> Snapshot:
        """The list of all sheets and the cells of those that `select` chooses. Raises WorkbookError."""

    def apply(self, changes: Changes, snapshot: Snapshot) -> Applied:
        """Writes all of `changes` or nothing. Equal content is not written again.

        Raises WorkbookChanged if the workbook is no longer the one of `snapshot`, WorkbookError otherwise.
        """
