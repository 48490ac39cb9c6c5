"""What a button in the workbook calls: a run over the workbook that it stands in, then the Audit and one sentence."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from typing import Any

from sheets_crm.errors import SheetsCrmError
from sheets_crm.text import Text

_TITLE = "sheets-crm"


def run_audit(book: Any = None, *, as_of: date | None = None) -> bool:
    """An audit, written: To fix, highlights, the sheet Audit, the log. True if it ended well.

    `book` is an xlwings Book; None: the one whose button was clicked. Whatever goes wrong is told in a message box
    and never raised.
    """
    return _run(book, "audit", as_of)


def run_week(book: Any = None, *, as_of: date | None = None) -> bool:
    """The weekly ritual: an audit and all reports, written. As `run_audit` otherwise."""
    return _run(book, "week", as_of)


def _run(book: Any, task: str, as_of: date | None) -> bool:
    # A button is a front door, as a command is: what it opens stands above the hosts (tests/test_layers.py).
    from sheets_crm import sync  # noqa: PLC0415
    from sheets_crm.cli.session import computer_language, today  # noqa: PLC0415
    from sheets_crm.hosts.excel import ExcelHost  # noqa: PLC0415
    from sheets_crm.serve.task import TASKS, told  # noqa: PLC0415

    book = book if book is not None else caller()
    app, lang = book.app, computer_language()
    try:
        host = ExcelHost(book)
        planned = sync.run(host, today=today, as_of=as_of, names=TASKS[task], write=False)
        lang = planned.book.lang  # before anything is written, so that a refusal is told in it, too
        written = None if planned.obstacle else host.apply(planned.changes, planned.snapshot)
        done = sync.put_apart(replace(planned, applied=written), host, host.desk.folder)
        if sheet := host.read(lambda _: ()).report_sheet("audit"):
            host.desk.show(sheet)
    except SheetsCrmError as problem:
        app.alert(problem.message.get(lang), _TITLE, mode="critical")
        return False
    except Exception as problem:  # noqa: BLE001 - the last line of defence: a sentence, never a traceback
        app.alert(
            _BROKEN.fill(kind=type(problem).__name__, name=book.name).get(lang), _TITLE, mode="critical"
        )
        return False
    notes = [told(done), *done.book.notes]
    if done.applied is not None and done.changes.fills:
        notes.append(_FILLED.fill(count=len(done.changes.fills)))
    if done.applied is not None and done.applied.note is not None:
        notes.append(done.applied.note)
    app.alert("\n\n".join(note.get(lang) for note in notes), _TITLE, mode="info")
    return done.obstacle is None


def caller() -> Any:
    """The workbook whose button was clicked, as xlwings' VBA names it to us.

    xlwings cuts the name at an `=` that is part of it; such a workbook is looked for among the open ones.
    """
    import xlwings  # noqa: PLC0415 - `--help` has to stay quick

    stated = {key: value for key, _, value in (arg.partition("=") for arg in sys.argv)}
    name = stated.get("--wb", "").strip()
    if "=" in name and stated.get("--from_xl") == "1":
        for app in xlwings.apps:
            if stated.get("--hwnd", "") in ("", str(app.hwnd)):
                for book in app.books:
                    if book.name.casefold() == name.casefold():
                        return book
    return xlwings.Book.caller()


_FILLED = Text("Blank IDs filled: {count}.", "Заполнено пустых №: {count}.")
_BROKEN = Text(
    "Something went wrong that was not foreseen ({kind}). To see what, run in a terminal: "
    'sheets-crm run "excel:{name}" --debug',
    "Случилось непредвиденное ({kind}). Чтобы увидеть что, выполните в терминале: "
    'sheets-crm run "excel:{name}" --debug',
)
