"""What may be asked for from within a spreadsheet: one run goes in, one line for the person who asked comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from sheets_crm import sync
from sheets_crm.errors import SheetsCrmError, WorkbookUnreachable
from sheets_crm.hosts import Host
from sheets_crm.metrics.hygiene import movement
from sheets_crm.pages.wording import headline, moved
from sheets_crm.reports import REPORTS
from sheets_crm.text import Lang, Text

TASKS: Mapping[str, tuple[str, ...]] = {"audit": ("audit",), "week": tuple(REPORTS)}
"""What can be asked for, to the reports that it writes."""

Work: TypeAlias = Callable[[str, str, Lang], "Done"]
"""The key of a spreadsheet, a task and the language to answer in where the spreadsheet's own is not known."""


class Done(NamedTuple):
    """How a run ended."""

    ok: bool
    message: str
    """One line in the spreadsheet's language. It may quote a cell, so it goes to the spreadsheet and nowhere else."""
    note: Text
    """What the console is told: no name, no text and no secret."""
    passing: bool = False
    """True: it failed because Google did not answer, and may work later."""


def work(open_host: Callable[[str], Host], today: sync.Today) -> Work:
    """Runs on the hosts that `open_host` gives for a key; whatever goes wrong is told, never raised."""

    def run(key: str, task: str, lang: Lang) -> Done:
        try:
            host = open_host(key)
            done = sync.put_apart(sync.run(host, today=today, names=TASKS[task]), host)
        except SheetsCrmError as problem:
            return Done(False, problem.message.get(lang), _FAILED, isinstance(problem, WorkbookUnreachable))
        except Exception as problem:  # noqa: BLE001 - the last line of defence: a sentence, never a traceback
            return Done(False, _BROKEN.get(lang), _BROKE.fill(kind=type(problem).__name__))
        written = done.obstacle is None
        return Done(written, told(done).get(done.book.lang), _RAN if written else _FAILED)

    return run


def told(done: sync.Run) -> Text:
    """What a person wants to know first: why nothing was written, else how clean the pipeline is, what changed."""
    if done.obstacle is not None:
        return done.obstacle
    since = movement(done.verdict)
    parts = [headline(done.told, alone=True)]
    parts += [_SINCE.fill(moved=moved(since))] if since is not None and not done.repeated else []
    parts += [] if done.applied is None or done.applied.changed else [_NOTHING_NEW]
    parts += [_APART.fill(path=done.separate_at)] if done.separate_at else []
    where = done.snapshot.report_sheet("audit") or next(
        (p.name for p in done.changes.pages if p.key == "audit"), None
    )
    parts += [_LOOK.fill(sheet=where)] if where else []
    return Text(" ".join(p.en for p in parts), " ".join(p.ru for p in parts))


_RAN = Text("Run: done.", "Запуск: готово.")
_FAILED = Text(
    "Run: not done; the spreadsheet was told why.", "Запуск: не выполнен, причина показана в таблице."
)
_BROKE = Text(
    "Run: something unforeseen ({kind}); run the same with `sheets-crm run ADDRESS --debug` to see what.",
    "Запуск: непредвиденное ({kind}); чтобы увидеть что, выполните `sheets-crm run АДРЕС --debug`.",
)
_BROKEN = Text(
    "Something went wrong that was not foreseen; whoever runs sheets-crm should look at its console.",
    "Случилось непредвиденное; пусть тот, кто запустил sheets-crm, посмотрит на его экран.",
)
_SINCE = Text("Since the last run: {moved}.", "С прошлого запуска: {moved}.")
_NOTHING_NEW = Text("Nothing has changed since.", "С тех пор ничего не изменилось.")
_APART = Text("The bonuses are in a file of their own: {path}", "Премии в отдельном файле: {path}")
_LOOK = Text("See the sheet “{sheet}”.", "Смотрите лист «{sheet}».")
