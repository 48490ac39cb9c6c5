"""A workbook goes in; what does not fit its own log comes out, with its place. Nothing is written.

The log alone proves that nobody changed it without recomputing it; a printed seal proves the rest. The reports are
held against what the last run gives when it is run again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

from sheets_crm import sync
from sheets_crm.book import wanted
from sheets_crm.errors import UsageError
from sheets_crm.findings import FindingKey
from sheets_crm.history import Closed, Place, RunEntry, blocks, event_of, has_evidence, seal
from sheets_crm.hosts import Host
from sheets_crm.metrics.bonus import Terms
from sheets_crm.pages.wording import FINDING_ID, SEAL
from sheets_crm.reports import REPORTS
from sheets_crm.schema import Appeal
from sheets_crm.sheet import (
    LOG_KEY,
    Content,
    Formula,
    Grid,
    Link,
    LogLine,
    Page,
    SheetLink,
    Snapshot,
    Value,
    address,
    log_rows,
    stored,
)
from sheets_crm.template.guide import AS_A_FILE, BY_BUTTON, report_names, report_pages
from sheets_crm.text import LANGS, Noun, Text, listed, same

SHORT = 12
"""Characters of a seal that stand in the footers of the pages: the least that `head` may be."""
_MOST = 10
"""Cells of one report that are named; more are counted."""


class Fault(NamedTuple):
    """Something that does not fit, in one sentence that names its place."""

    words: Text
    cell: str | None = None
    run: int | None = None
    as_of: date | None = None


class Sealed(NamedTuple):
    """A run of the log whose seal is right."""

    seal: str
    number: int
    as_of: date


@dataclass(frozen=True)
class Trace:
    """The log, line by line."""

    lines: tuple[LogLine, ...] = ()
    sealed: tuple[Sealed, ...] = ()
    """The runs whose seals are right, oldest first, up to the first that is not."""
    faults: tuple[Fault, ...] = ()


class Compared(NamedTuple):
    """A report that stands in the workbook, held against what its run gives again."""

    report: str
    sheet: str
    state: Literal["same", "different", "not_compared"]


@dataclass(frozen=True)
class Verified:
    """Everything that was looked at."""

    label: str
    lang: Literal["en", "ru"] | None
    """The language of the workbook; None where no run could be repeated."""
    trace: Trace
    printed: Sealed | None
    """The run of the printed seal that was asked for, if the log has it."""
    reports: tuple[Compared, ...]
    faults: tuple[Fault, ...]
    notes: tuple[Text, ...]
    """What is worth saying and no fault."""


@sync.collector_paused()
def verify(host: Host, *, head: str | None = None) -> Verified:
    """Checks a workbook's log, the evidence of its deductions, and its reports; `head` is a printed seal.

    Raises UsageError where `head` cannot be a seal, WorkbookError and StructureError where nothing can be read.
    """
    asked = None if head is None else typed_seal(head)
    snapshot = host.read(lambda sheets: [*wanted(sheets), *(s.name for s in sheets if s.report)])
    trace = _trace(snapshot)
    faults = [*trace.faults, *(head_faults(asked, trace) if asked else ())]
    notes = [_NO_RUNS] if not trace.lines and not trace.faults else []
    notes += [_REPORTS_LEFT] if trace.lines and trace.faults else []
    again = None
    if trace.lines and not trace.faults:
        last = trace.sealed[-1]
        again = sync.audit(snapshot, host.label, today=lambda _: last.as_of, as_of=last.as_of, record=True)
    compared: list[Compared] = []
    if again is not None:
        for some in (
            _against_log(again, trace, snapshot),
            _seals(snapshot, trace),
            _reports(again, snapshot),
        ):
            compared += some.reports
            faults += some.faults
            notes += some.notes
    lang = again.book.lang if again is not None else None
    printed = run_of(asked, trace) if asked else None
    return Verified(host.label, lang, trace, printed, tuple(compared), tuple(faults), tuple(notes))


@dataclass
class _Outcome:
    """What one check says."""

    faults: list[Fault] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    reports: list[Compared] = field(default_factory=list)


# ------------------------------------------------------------------- printed

_LIKE_A_FIGURE = str.maketrans("оОoOlLiIІіаАсСеЕвВ", "0000111111aacceebb")
"""What people type from paper, and from a Russian keyboard: none of it is a figure or letter of a seal."""


def typed_seal(head: str) -> str:
    """A printed seal as a person types it, made plain. Raises UsageError for what cannot be one."""
    plain = re.sub(r"[\s.…·-]", "", head).translate(_LIKE_A_FIGURE).lower()
    if not re.fullmatch(rf"[0-9a-f]{{{SHORT},64}}", plain):
        raise UsageError(_NO_SEAL.fill(head=head[:80], least=SHORT))
    return plain


def run_of(head: str, trace: Trace) -> Sealed | None:
    """The run that printed the seal `head` (plain, at least its beginning); None if the log has no such run."""
    return next((run for run in trace.sealed if run.seal.startswith(head)), None)


def head_faults(head: str, trace: Trace) -> Iterator[Fault]:
    """What a printed seal says against the log: nothing where one of its sound runs bears it."""
    if run_of(head, trace) is not None:
        return
    if any((line.seal or "").startswith(head) for line in trace.lines):
        yield Fault(_HEAD_AFTER_BREAK.fill(head=head[:SHORT]))
    elif not trace.sealed:
        yield Fault(_HEAD_EMPTY.fill(head=head[:SHORT]))
    else:
        last = trace.sealed[-1]
        words = _HEAD_GONE.fill(head=head[:SHORT], run=last.number, day=last.as_of)
        yield Fault(words, None, last.number, last.as_of)


# ----------------------------------------------------------------------- log


def _trace(snapshot: Snapshot) -> Trace:
    name = snapshot.report_sheet(LOG_KEY)
    reports = [grid.name for key, grid in _standing(snapshot) if not _still_empty(key, grid)]
    grid = snapshot.grids.get(name) if name else None
    trace = read_log(grid) if grid is not None else Trace()
    if not trace.lines and (reports or grid is not None):
        words = Text(listed(reports, "en"), listed(reports, "ru"))
        return Trace(faults=(*trace.faults, Fault(_LOG_GONE.fill(reports=words) if reports else _LOG_EMPTY)))
    return trace


def _still_empty(key: str, grid: Grid) -> bool:
    """Whether a sheet waits for its first run, as a fresh workbook has it."""
    pages = [
        page
        for lang in LANGS
        for start in (AS_A_FILE, BY_BUTTON)
        for page in report_pages(report_names(lang), lang, start)
        if page.key == key
    ]
    return any(next(differences(page, grid), None) is None for page in pages)


def read_log(grid: Grid) -> Trace:
    """The log on a sheet: its seals recomputed over the literal texts, and its events held against each other."""
    numbered = log_rows(grid)
    lines = tuple(line for _, line in numbered)
    rows = [row for row, _ in numbered]
    story, sealed, head = _Story(grid.name), list[Sealed](), ""
    for start, mark, texts in blocks(lines):
        head = seal(head, texts)
        before = story.run
        whole = mark == head
        if not whole:
            named = event_of(texts[0]) or {}
            number = int(named["n"]) if named.get("e") == "run" else None
            day = date.fromisoformat(named["as_of"]) if named.get("e") == "run" else None
            story.faults.append(_broken(address(grid.name, rows[start], 1), number, day, before))
        for row, text in zip(rows[start:], texts, strict=False):
            story.tell(row, text, first=row == rows[start])
        if not whole:
            break
        if story.run is not None and story.run is not before:
            sealed.append(story.run._replace(seal=head))
    return Trace(lines, tuple(sealed), (*story.faults, *_strangers(grid, set(rows))))


def _broken(cell: str, number: int | None, day: date | None, before: Sealed | None) -> Fault:
    if number is not None:
        return Fault(_BROKEN.fill(cell=cell, run=number, day=day), cell, number, day)
    if before is not None:
        words = _BROKEN_AFTER.fill(cell=cell, run=before.number, day=before.as_of)
        return Fault(words, cell, before.number, before.as_of)
    return Fault(_BROKEN_FIRST.fill(cell=cell), cell)


def _strangers(grid: Grid, rows: set[int]) -> Iterator[Fault]:
    """Cells of the log's sheet that no run fills."""
    for number, cells in enumerate(grid.rows, start=1):
        for column, value in enumerate(cells, start=1):
            if value not in (None, "") and (column > 2 or number not in rows):
                cell = address(grid.name, number, column)
                yield Fault(_STRANGE_CELL.fill(cell=cell), cell)
                return


class _Story:
    """The events of a log, one after the other, and what does not follow from those before."""

    def __init__(self, sheet: str) -> None:
        self.sheet = sheet
        self.run: Sealed | None = None
        self.faults: list[Fault] = []
        self._evidence: dict[str, bool] = {}
        """Id of a finding that was opened to whether its evidence is known."""
        self._rows: dict[Place, dict[str, str]] = {}
        """The rows that are followed, with their fields as they were last seen."""
        self._closed: set[tuple[str, str, str]] = set()

    def tell(self, row: int, text: str, *, first: bool) -> None:
        """One more line; `first`: a run begins with it."""
        event, cell = event_of(text), address(self.sheet, row, 1)
        if event is None:
            self._fault(_NO_EVENT, cell)
        elif first != (event["e"] == "run"):
            self._fault(_BEFORE_RUN if first else _TWO_ENTRIES, cell)
        elif first:
            self._begins(event, cell)
        else:
            self._goes_on(event, cell)

    def _fault(self, words: Text, cell: str, **values: object) -> None:
        number, day = (self.run.number, self.run.as_of) if self.run else (None, None)
        self.faults.append(Fault(words.fill(cell=cell, run=number, day=day, **values), cell, number, day))

    def _begins(self, event: Mapping[str, Any], cell: str) -> None:
        before, number, day = self.run, int(event["n"]), date.fromisoformat(event["as_of"])
        expected = before.number + 1 if before else 1
        self.run = Sealed("", number, day)
        if number != expected:
            self._fault(_RUN_NUMBER, cell, expected=expected)
        if before and day < before.as_of:
            self._fault(_DAY_BACK, cell, before=before.as_of)

    def _goes_on(self, event: Mapping[str, Any], cell: str) -> None:
        kind, place = event["e"], (event.get("t", ""), event.get("k", ""))
        if kind == "seen":
            self._rows[place] = dict(event["v"])
        elif kind == "changed":
            known = self._rows.get(place)
            if known is None or known.get(event["f"], "") != event["from"]:
                self._fault(_OTHER_PAST, cell, row=event["k"])
            else:
                known[event["f"]] = event["to"]
        elif kind == "opened":
            self._opened(event, cell)
        elif kind == "judged":
            for id_ in event["f"]:
                if not self._evidence.get(id_, False):
                    self._fault(_NO_EVIDENCE, cell, id=id_)
        elif kind == "closed":
            self._period(event, cell)
        elif "id" in event and event["id"] not in self._evidence:
            self._fault(_NEVER_OPENED, cell, id=event["id"])
        elif "id" not in event and self._rows.pop(place, None) is None:
            self._fault(_OTHER_PAST, cell, row=event["k"])

    def _opened(self, event: Mapping[str, Any], cell: str) -> None:
        id_ = event["id"]
        if FindingKey(*event["k"]).id(int(event["o"])) != id_:
            self._fault(_OTHER_ID, cell, id=id_)
        self._evidence[id_] = self._evidence.get(id_, False) or has_evidence(event)

    def _period(self, event: Mapping[str, Any], cell: str) -> None:
        start, end = date.fromisoformat(event["p"]), date.fromisoformat(event["to"])
        who = (event["p"], event["to"], event["u"])
        try:
            Terms.of(Closed(start, end, event["u"], event["v"]))
            sound = start <= end and self.run is not None and end < self.run.as_of and who not in self._closed
        except (KeyError, ValueError, ArithmeticError):
            sound = False
        if not sound:
            self._fault(_BAD_PERIOD, cell, start=start, end=end, user=event["u"])
        self._closed.add(who)


# ------------------------------------------------------------------- reports


def _against_log(again: sync.Run, trace: Trace, snapshot: Snapshot) -> _Outcome:
    """The last run's lines against those that it leaves when it is run again: a forged run gives itself away."""
    out = _Outcome()
    made = [line.text for line in sync.log_again(again)]
    stands = [line.text for line in trace.lines[-_length_of_last(trace) :]]
    if made and made != stands:
        at = next(
            (n for n, pair in enumerate(zip(made, stands, strict=False)) if pair[0] != pair[1]), len(made)
        )
        name = snapshot.report_sheet(LOG_KEY) or ""
        rows = [row for row, _ in log_rows(snapshot.grids[name])][-len(stands) :]
        cell, last = address(name, rows[min(at, len(rows) - 1)], 1), trace.sealed[-1]
        words = _OTHER_LINES.fill(cell=cell, run=last.number, day=last.as_of)
        out.faults.append(Fault(words, cell, last.number, last.as_of))
    return out


def _length_of_last(trace: Trace) -> int:
    return len(list(blocks(trace.lines))[-1][2])


def _seals(snapshot: Snapshot, trace: Trace) -> _Outcome:
    """The seals printed on the reports: each is a run of the log."""
    out, known = _Outcome(), {run.seal for run in trace.sealed}
    for _, grid in _standing(snapshot):
        for row, column, text in _texts(grid):
            found = _PRINTED.match(text)
            if found and found[1] not in known:
                cell = address(grid.name, row, column)
                out.faults.append(Fault(_STRANGE_SEAL.fill(cell=cell, head=found[1][:SHORT]), cell))
    return out


_PRINTED = re.compile("(?:" + "|".join(re.escape(t.split("{head}")[0]) for t in SEAL) + ")([0-9a-f]{64})")


def _standing(snapshot: Snapshot) -> Iterator[tuple[str, Grid]]:
    """(key, cells) of the reports in the workbook."""
    for sheet in snapshot.sheets:
        if sheet.report in REPORTS and sheet.name in snapshot.grids:
            yield sheet.report or "", snapshot.grids[sheet.name]


def _texts(grid: Grid) -> Iterator[tuple[int, int, str]]:
    for row, cells in enumerate(grid.rows, start=1):
        for column, value in enumerate(cells, start=1):
            if isinstance(value, str) and value:
                yield row, column, value


def _reports(again: sync.Run, snapshot: Snapshot) -> _Outcome:
    """The reports and the column To fix against what the last run gives again; where it cannot be repeated, what can."""
    out = _Outcome()
    standing = dict(_standing(snapshot))
    last = again.firm.past.last if not again.repeated else again.entry
    assert last is not None
    if not again.repeated:
        out.notes.append(_MOVED_ON.fill(run=last.number, day=last.as_of))
        out.reports += [Compared(key, grid.name, "not_compared") for key, grid in standing.items()]
        out.faults += _unknown_ids(standing.get("bonus"), again)
        return out
    for page in again.changes.pages:
        grid = standing.get(page.key)
        if grid is not None and not _still_empty(page.key, grid):
            _report(page, grid, last, out)
    for update in again.changes.columns:
        grid = snapshot.grids[update.sheet]
        for row, text in update.texts.items():
            if not alike(text, grid.value(row, update.column)):
                cell = address(update.sheet, row, update.column)
                words = _OTHER_VALUE.fill(
                    cell=cell,
                    run=last.number,
                    expected=_quoted(text),
                    found=_quoted(grid.value(row, update.column)),
                )
                out.faults.append(Fault(words, cell, last.number, last.as_of))
    return out


def _report(page: Page, grid: Grid, last: RunEntry, out: _Outcome) -> None:
    found = list(differences(page, grid))
    blind = sum(doubt.kind == "formula" for doubt in grid.doubts.values())
    if blind:
        out.notes.append(_NOT_COMPUTED.fill(sheet=same(grid.name), cells=_CELLS.of(blind)))
    if found and page.key not in last.pages:
        cell = found[0].cell
        out.notes.append(_EARLIER.fill(sheet=same(grid.name), run=last.number, day=last.as_of, cell=cell))
        out.reports.append(Compared(page.key, grid.name, "not_compared"))
        return
    for one in found[:_MOST]:
        words = _OTHER_VALUE.fill(
            cell=one.cell, run=last.number, expected=_quoted(one.expected), found=_quoted(one.found)
        )
        out.faults.append(Fault(words, one.cell, last.number, last.as_of))
    if len(found) > _MOST:
        words = _MORE_CELLS.fill(sheet=same(grid.name), cells=_CELLS.of(len(found) - _MOST), run=last.number)
        out.faults.append(Fault(words, None, last.number, last.as_of))
    out.reports.append(Compared(page.key, grid.name, "different" if found else "same"))


class Difference(NamedTuple):
    """A cell that does not hold what was written into it."""

    cell: str
    expected: Value
    found: Value


def differences(page: Page, grid: Grid) -> Iterator[Difference]:
    """The cells of a sheet that do not hold what `page` puts there, row by row; formulas count by their results.

    A formula without a stored result says nothing, and is passed over.
    """
    places = {
        *page.cells,
        *(
            (r, c)
            for r, cells in enumerate(grid.rows, 1)
            for c, v in enumerate(cells, 1)
            if v not in (None, "")
        ),
    }
    for row, column in sorted({*places, *grid.doubts}):
        doubt = grid.doubts.get((row, column))
        if doubt is not None and doubt.kind == "formula":
            continue
        cell = page.cells.get((row, column))
        expected = shown_value(cell.content) if cell is not None else None
        found = doubt.raw if doubt is not None else grid.value(row, column)
        if not alike(expected, found):
            yield Difference(address(grid.name, row, column), expected, found)


def shown_value(content: Content) -> Value:
    """What a reader gets back for a cell's content: the result of a formula, the text of a link."""
    if isinstance(content, Formula):
        return content.value
    return content.text if isinstance(content, Link | SheetLink) else content


_CLOSE = 1e-9
"""Relative difference of two numbers that are one: files keep 15 to 17 figures, and programs add in another order."""
_LONG = 250
"""A text of this length may have been cut by a host, with a `…` at its end."""


def alike(expected: Value, found: Value) -> bool:
    """Whether a cell read back holds the value that was put in: as a host stores it, whatever its type is there."""
    one, other = stored(expected, _compared), stored(found, _compared)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= _CLOSE * max(1.0, abs(one), abs(other))
    if isinstance(one, str) and isinstance(other, str):
        cut = len(other) >= _LONG and other.endswith("…") and one.startswith(other[:-1].rstrip())
        return one == other or cut
    return type(one) is type(other) and one == other


def _compared(text: str) -> str:
    """A text as it may come back: without what a host cannot store, one blank for many."""
    return " ".join(_UNSTORED.sub("", text).split())


_UNSTORED = re.compile("[\x00-\x08\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _quoted(value: Value) -> Text:
    """A value as a sentence quotes it."""
    if value in (None, ""):
        return _NOTHING
    text = f"{value:.15g}" if isinstance(value, float) else str(value)
    return same(text if len(text) <= 60 else text[:59] + "…")


def _unknown_ids(grid: Grid | None, again: sync.Run) -> Iterator[Fault]:
    """Numbers of findings on the Bonus sheet that the log never opened; those in Appeals are people's own."""
    if grid is None:
        return
    past = again.firm.past
    known = {s.key.id(n) for s in past.standing.values() for n in range(1, s.occurrence + 1)}
    known |= {(a.finding_id or "").strip().upper() for a in again.book.of(Appeal).rows}
    under: set[int] = set()
    for row, column, text in _texts(grid):
        if text in FINDING_ID:
            under.add(column)
        elif column in under and re.fullmatch("[A-Z2-7]{12}", text) and text not in known:
            cell = address(grid.name, row, column)
            yield Fault(_UNKNOWN_ID.fill(cell=cell, id=text), cell)


# --------------------------------------------------------------------- words

_CELLS = Noun(("cell", "cells"), ("ячейка", "ячейки", "ячеек"))
_NOTHING = Text("nothing", "ничего")
_NO_SEAL = Text(
    "“{head}” is not a seal: type at least the first {least} characters as printed, figures and letters a to f.",
    "«{head}» — не подпись: введите хотя бы первые {least} знаков с распечатки, цифры и буквы от a до f.",
)
_NO_RUNS = Text(
    "There is no log yet: nothing has ever been written into this workbook.",
    "Журнала ещё нет: в эту книгу ещё ничего не записывали.",
)
_REPORTS_LEFT = Text(
    "The reports were not compared, because the log that they rest on is not sound.",
    "Отчёты не сравнивались: журнал, на который они опираются, не в порядке.",
)
_LOG_GONE = Text(
    "The log is gone, though our reports stand here ({reports}): put it back from a backup beside the file.",
    "Журнала нет, хотя наши отчёты стоят ({reports}): верните его из резервной копии рядом с файлом.",
)
_LOG_EMPTY = Text(
    "The sheet of the log is empty: put it back from a backup beside the file.",
    "Лист журнала пуст: верните его из резервной копии рядом с файлом.",
)
_BROKEN = Text(
    "The log was changed: the lines of run {run} of {day}, from {cell} on, do not give their seal.",
    "Журнал изменён: строки запуска {run} за {day}, начиная с {cell}, не дают своей подписи.",
)
_BROKEN_AFTER = Text(
    "The log was changed: what begins at {cell}, after run {run} of {day}, is no run with its seal.",
    "Журнал изменён: то, что начинается в {cell} после запуска {run} за {day}, — не запуск с его подписью.",
)
_BROKEN_FIRST = Text(
    "The log was changed at its very beginning: what begins at {cell} is no run with its seal.",
    "Журнал изменён в самом начале: то, что начинается в {cell}, — не запуск с его подписью.",
)
_STRANGE_CELL = Text(
    "{cell} of the log holds something that no run writes there.",
    "В ячейке журнала {cell} стоит то, чего туда не пишет ни один запуск.",
)
_NO_EVENT = Text(
    "The line {cell} of the log is nothing that a run writes (run {run}).",
    "Строка журнала {cell} — не то, что пишет запуск (запуск {run}).",
)
_BEFORE_RUN = Text(
    "The line {cell} of the log stands where a run should begin (after run {run}).",
    "Строка журнала {cell} стоит там, где должен начинаться запуск (после запуска {run}).",
)
_TWO_ENTRIES = Text(
    "The line {cell} of the log begins a run in the middle of run {run} of {day}.",
    "Строка журнала {cell} начинает запуск посреди запуска {run} за {day}.",
)
_RUN_NUMBER = Text(
    "{cell}: the log has run {run} of {day} where run {expected} should be.",
    "{cell}: в журнале запуск {run} за {day} там, где должен быть запуск {expected}.",
)
_DAY_BACK = Text(
    "{cell}: run {run} is of {day}, earlier than the run before it ({before}).",
    "{cell}: запуск {run} за {day} раньше предыдущего ({before}).",
)
_OTHER_PAST = Text(
    "{cell}: run {run} of {day} tells of row {row} what does not follow from the runs before.",
    "{cell}: запуск {run} за {day} говорит о строке {row} то, что не следует из прежних запусков.",
)
_NO_EVIDENCE = Text(
    "{cell}: run {run} of {day} counts finding {id} for the bonus, but its evidence is not in the log.",
    "{cell}: запуск {run} за {day} учитывает в премии замечание {id}, но его подтверждения в журнале нет.",
)
_NEVER_OPENED = Text(
    "{cell}: run {run} of {day} ends finding {id}, which was never opened.",
    "{cell}: запуск {run} за {day} закрывает замечание {id}, которое не открывали.",
)
_OTHER_ID = Text(
    "{cell}: finding {id} of run {run} of {day} does not bear the number that follows from its content.",
    "{cell}: номер замечания {id} в запуске {run} за {day} не следует из его содержания.",
)
_BAD_PERIOD = Text(
    "{cell}: run {run} of {day} closes the bonus period {start} to {end} of {user} twice, too early or in no known terms.",
    "{cell}: запуск {run} за {day} закрывает премию {user} за {start} – {end} дважды, раньше срока или без условий.",
)
_HEAD_GONE = Text(
    "No run of the log bears the printed seal {head}: the log, which ends with run {run} of {day}, was cut off before "
    "that run or rewritten.",
    "В журнале нет запуска с напечатанной подписью {head}: журнал, который кончается запуском {run} за {day}, "
    "обрезан до того запуска или переписан.",
)
_HEAD_EMPTY = Text(
    "No run of the log bears the printed seal {head}: nothing in the log can be relied on.",
    "В журнале нет запуска с напечатанной подписью {head}: полагаться в журнале не на что.",
)
_HEAD_AFTER_BREAK = Text(
    "The printed seal {head} stands in the log only after the place where it was changed.",
    "Напечатанная подпись {head} есть в журнале только после места, где он изменён.",
)
_OTHER_LINES = Text(
    "The log was rewritten: run {run} of {day}, run again, leaves another line than the one at {cell}.",
    "Журнал переписан: запуск {run} за {day}, повторённый заново, оставляет не ту строку, что стоит в {cell}.",
)
_STRANGE_SEAL = Text(
    "{cell}: the report bears the seal {head}, which no run of the log has: the log was cut off or rewritten.",
    "{cell}: на отчёте подпись {head}, которой нет ни у одного запуска журнала: журнал обрезан или переписан.",
)
_MOVED_ON = Text(
    "The reports are those of run {run} of {day}. Data, settings or the program have changed since, so they cannot be "
    "computed again; that is no fault. `sheets-crm run` writes new ones.",
    "Отчёты — запуска {run} за {day}. С тех пор изменились данные, настройки или программа, поэтому пересчитать их "
    "нельзя; это не ошибка. Новые запишет `sheets-crm run`.",
)
_EARLIER = Text(
    "“{sheet}” is not as run {run} of {day} gives it ({cell}); that run did not write it, so it is an earlier one.",
    "«{sheet}» не такой, какой даёт запуск {run} за {day} ({cell}); тот запуск его не писал, значит, отчёт более ранний.",
)
_NOT_COMPUTED = Text(
    "“{sheet}”: {cells} with formulas hold no results, so they were passed over; open the workbook in Excel and save it.",
    "«{sheet}»: {cells} с формулами без результатов, они пропущены; откройте книгу в Excel и сохраните.",
)
_OTHER_VALUE = Text(
    "{cell} holds {found}; run {run} wrote {expected}.",
    "В {cell} стоит {found}; запуск {run} записал {expected}.",
)
_MORE_CELLS = Text(
    "“{sheet}”: {cells} more are not as run {run} wrote them.",
    "«{sheet}»: ещё {cells} не такие, какими их записал запуск {run}.",
)
_UNKNOWN_ID = Text(
    "{cell} names the finding {id}, which the log never opened.",
    "В {cell} названо замечание {id}, которого журнал не открывал.",
)
