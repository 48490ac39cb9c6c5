"""A spreadsheet that did not exist: created empty, for `GoogleHost` to fill, and then rid of the sheet it came with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sheets_crm.errors import WorkbookError
from sheets_crm.hosts.google.transport import Clock, LostReply, RefusedWrite, Sheets

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

_FIRST = {"sheetId": 1, "title": "sheets-crm"}
"""A spreadsheet cannot be without a sheet."""


def create(title: str, who: Credentials, *, locale: str, zone: str | None, clock: Clock | None = None) -> str:
    """The key of a new spreadsheet with one empty sheet. Raises WorkbookError."""
    properties = {"title": title, "locale": locale} | ({"timeZone": zone} if zone else {})
    made = Sheets("", who, clock=clock).create({"properties": properties, "sheets": [{"properties": _FIRST}]})
    return str(made["spreadsheetId"])


def drop_first(key: str, who: Credentials, *, clock: Clock | None = None) -> bool:
    """Deletes the sheet that `create` began with; False if it is perhaps still there."""
    try:
        Sheets(key, who, clock=clock).update([{"deleteSheet": {"sheetId": _FIRST["sheetId"]}}])
    except (WorkbookError, LostReply, RefusedWrite):
        return False
    return True


def address_of(key: str) -> str:
    """Where a browser finds a spreadsheet."""
    return f"https://docs.google.com/spreadsheets/d/{key}/edit"
