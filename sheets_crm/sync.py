"""One run, put together: pull -> audit -> report -> push. The only place that knows the whole road."""

from __future__ import annotations

import gc
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sheets_crm import __version__, checks, reports
from sheets_crm.book import Book, folded, read_book, wanted
from sheets_crm.checks import Checked
from sheets_crm.findings import Finding
from sheets_crm.firm import Firm
from sheets_crm.history import RunEntry, fingerprint, lines, log_of, read_past
from sheets_crm.hosts import Host
from sheets_crm.hosts.xlsx import XlsxHost
from sheets_crm.metrics import bonus
from sheets_crm.pages import bonus as bonus_page
from sheets_crm.pages.to_fix import column_update, highlights
from sheets_crm.sheet import Applied, Changes, Keep, LogLine, Page, Snapshot, TableGrowth, free_name
from sheets_crm.text import Text
from sheets_crm.verdict import Verdict, bearing, counted, judge

Today = Callable[[str | None], date]
"""Today's date in a time zone; None: this computer's own."""

_LOG_NAME = "sheets_crm_log"


@dataclass(frozen=True)
class Run:
    """Everything about one run, written or not."""

    label: str
    firm: Firm
    checked: Checked
    verdict: Verdict
    snapshot: Snapshot
    """The list of sheets; the cells are in the book."""
    head: str
    """Seal of the log after this run; the last one's where nothing is recorded."""
    changes: Changes
    """What a written run writes."""
    entry: RunEntry | None
    """The run's own entry in the log; None where it is not recorded."""
    obstacle: Text | None = None
    """Why nothing may be written, in one sentence."""
    repeated: bool = False
    """True if the log's last run is this very one."""
    applied: Applied | None = None
    separate: tuple[Page, ...] = ()
    """Pages that are kept out of the workbook, for a file of their own (`bonus_sheet` = separate_file)."""
    separate_at: str | None = None
    """Where that file is."""
    until: date | None = None
    """The day on which the forecast's period is to end, where another was asked for."""

    @property
    def told(self) -> reports.Told:
        """What its reports are made of."""
        return reports.Told(self.firm, self.verdict, self.checked, self.head, self.until)

    @property
    def book(self) -> Book:
        """The firm's book."""
        return self.firm.book

    @property
    def superseded(self) -> bool:
        """True if the log already holds a later run: this one is only for looking."""
        return self.firm.past.last is not None and self.firm.as_of < self.firm.past.last.as_of

    @property
    def baseline(self) -> RunEntry | None:
        """The run that new and repaired are counted against."""
        return self.firm.past.last


def run(
    host: Host,
    *,
    today: Today,
    as_of: date | None = None,
    write: bool = True,
    record: bool = False,
    names: Sequence[str] = tuple(reports.REPORTS),
    until: date | None = None,
) -> Run:
    """One run over a workbook: To fix, highlights, the reports `names` and the log, in one atomic step.

    `as_of` defaults to today in the firm's time zone. Nothing is written if `write` is false, if the log already
    holds a later run, or if `as_of` lies in the future and `record` is false; `Run.obstacle` then says why.
    `until` ends the forecast's period on another day than the end of the month or quarter.
    """
    with collector_paused():
        # Nothing else holds the cells while they become rows: a log of 100,000 lines goes when it is read.
        planned = audit(
            host.read(wanted), host.label, today=today, as_of=as_of, record=record, names=names, until=until
        )
        if not write or planned.obstacle is not None:
            return planned
        return replace(planned, applied=host.apply(planned.changes, planned.snapshot))


@contextmanager
def collector_paused() -> Iterator[None]:
    """Millions of cells and rows hold no cycles; walking them again and again to look for some is a tenth of a run."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            # All that was made meanwhile goes among the old, or switching on would begin with a walk over it.
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def put_apart(done: Run, host: Host, folder: Path = Path()) -> Run:
    """A written run, its separate pages put into a file: beside a workbook's file, else in `folder`."""
    if not done.separate or done.applied is None:
        return done
    file = host if isinstance(host, XlsxHost) else XlsxHost(folder / f"{_file_name(host.label)}.xlsx")
    return replace(done, separate_at=file.put_beside(done.separate, "bonus"))


def _file_name(title: str) -> str:
    """A title as the name of a file, without an ending of a workbook's."""
    bare = re.sub(r"\.xls[xmb]?\Z", "", title, flags=re.IGNORECASE)
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "_", bare).strip(" .") or "sheets-crm"


@collector_paused()
def audit(
    snapshot: Snapshot,
    label: str,
    *,
    today: Today,
    as_of: date | None = None,
    record: bool = False,
    names: Sequence[str] = tuple(reports.REPORTS),
    until: date | None = None,
) -> Run:
    """A run that writes nothing: what a snapshot says, and the changes that a written run would make."""
    book = read_book(snapshot)
    now = today(time_zone(book))
    day = as_of or now
    log = log_of(snapshot)
    snapshot = replace(snapshot, grids={})
    past = read_past(log)
    key = fingerprint(book, as_of=day, version=__version__)
    repeated = past.last is not None and past.last.key == key
    obstacle = None
    if past.last is not None and day < past.last.as_of:
        obstacle = _LATER_RUN.fill(last=past.last.as_of, day=day)
    elif day > now and not record:
        obstacle = _FUTURE.fill(day=day)
    before = read_past(log, runs=len(past.runs) - 1) if repeated else past
    firm = Firm(book, day, checks.settings_of(book, day), before)
    checked = checks.run(firm)
    verdict = judge(firm, checked)
    lasting = tuple(name for name in names if name != "forecast" or until is None)
    added = () if repeated else _log_lines(firm, checked, verdict, key, lasting)
    if repeated:
        entry, head = past.last, past.head
    elif obstacle is not None:
        entry, head = None, past.head
    else:
        entry, head = read_past(added[:1]).last, added[0].seal or ""
    planned = Run(
        label, firm, checked, verdict, snapshot, head, Changes(), entry, obstacle, repeated, until=until
    )
    pages, separate = _pages(planned, names)
    return replace(planned, changes=_changes(planned, added, pages), separate=separate)


def time_zone(book: Book) -> str | None:
    """The zone that decides what today is: the Sales Book's, else the spreadsheet's own, else the usual one."""
    stated = any(folded(c.setting or "") == "time_zone" and c.value for c in book.clauses.rows)
    usual: str | None = checks.settings_of(book, date.max).firm["time_zone"]
    return usual if stated or book.time_zone is None else book.time_zone


def log_again(repeated: Run) -> tuple[LogLine, ...]:
    """The lines that the log's last run left there, made anew by a run that repeats it; none for any other."""
    if not repeated.repeated or repeated.entry is None:
        return ()
    entry = repeated.entry
    return _log_lines(repeated.firm, repeated.checked, repeated.verdict, entry.key, entry.pages)


def _log_lines(
    firm: Firm, checked: Checked, verdict: Verdict, key: str, pages: Sequence[str]
) -> tuple[LogLine, ...]:
    return lines(
        firm.past, firm.book, verdict.difference, as_of=firm.as_of, key=key, version=__version__,
        clean=verdict.firm.clean, audited=verdict.firm.audited,
        counted=counted(firm, checked, verdict.findings), closed=bonus.closing(firm), bearing=bearing(),
        pages=pages,
    )  # fmt: skip


def _changes(planned: Run, added: Sequence[LogLine], pages: tuple[Page, ...]) -> Changes:
    """To fix and highlights in every table that is there, the reports, the log."""
    book, lang = planned.book, planned.book.lang
    by_table: dict[str, list[Finding]] = defaultdict(list)
    for finding in planned.verdict.findings:
        by_table[finding.key.table].append(finding)
    tables = [table for table in book.tables.values() if table]
    return Changes(
        fills=tuple(fill for table in tables for fill in table.fills),
        columns=tuple(column_update(table, by_table[table.schema.key], lang) for table in tables),
        highlights=tuple(h for table in tables for h in highlights(table)),
        tables=tuple(
            TableGrowth(table.sheet, table.listed, now)
            for table in tables
            if table.sheet and table.listed and (now := table.grown)
        ),
        pages=pages,
        log=tuple(added),
        log_name=free_name(_LOG_NAME, [s.name for s in planned.snapshot.sheets]),
        keep=Keep(
            *(planned.firm.setting(f"backups_{which}") for which in ("kept", "days", "weeks", "months"))
        ),
    )


def _pages(planned: Run, names: Sequence[str]) -> tuple[tuple[Page, ...], tuple[Page, ...]]:
    """(the reports for the workbook, those for a file of their own).

    Where a separate one still stands in the workbook from earlier, a sentence takes its place.
    """
    taken = [sheet.name for sheet in planned.snapshot.sheets]
    told = planned.told
    apart = {"bonus"} if planned.firm.setting("bonus_sheet") == "separate_file" else set()
    pages, separate = [], []
    for key in names:
        report = reports.REPORTS[key]
        wished, own = report.sheet.get(told.lang), planned.snapshot.report_sheet(key)
        if key in apart:
            separate.append(report.page(told, wished))
            pages += [bonus_page.elsewhere(told, own)] if own else []
            continue
        pages.append(report.page(told, own or free_name(wished, taken)))
        taken.append(pages[-1].name)
    return tuple(pages), tuple(separate)


_LATER_RUN = Text(
    "The log already holds a run of {last}; {day} is only shown, nothing was written.",
    "В журнале уже есть запуск за {last}; {day} только показан, ничего не записано.",
)
_FUTURE = Text(
    "{day} is in the future: shown only, nothing was written. To write it, add --record.",
    "{day} ещё не наступило: только показано, ничего не записано. Чтобы записать, добавьте --record.",
)
