"""The log: what happened, run by run. Lines go in, the past comes out; a run's events come back as lines.

One line is one cell of canonical ASCII JSON; a run's first line is its `run` entry, and beside it stands the run's
seal: sha256(previous seal + "\\n" + all lines of the run). Someone who recomputes the chain is not caught by it;
a printed head is.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from sys import intern
from typing import Any, Literal, NamedTuple, TypeAlias

from sheets_crm.book import TABLE_OF, Book
from sheets_crm.findings import Finding, FindingKey, Unchecked
from sheets_crm.schema import Deal, Row
from sheets_crm.sheet import LOG_KEY, LogLine, Snapshot, log_lines

TRACKED: dict[str, tuple[str, ...]] = {
    "Deals": (
        "stage",
        "owner",
        "amount",
        "currency",
        "expected_close",
        "closed_at",
        "prob_override",
        "pipeline",
    ),
    "Stages": ("exit_criteria", "required_fields"),
}
"""Table to the fields whose changes are recorded: what a deal was, and what was asked of it, on an earlier day."""
_MOST = 400
"""Characters of a tracked value that are kept: a line stays far below the 8,000 that every host returns unchanged."""

_IDS_A_LINE = 300
"""Finding ids in one line of the log: a line stays far below the 8,000 characters of a cell."""

State: TypeAlias = Literal["open", "cleared", "paused", "gone"]


class RunEntry(NamedTuple):
    """One written run."""

    number: int
    as_of: date
    key: str
    """Hash of as_of, data, settings, version and language: a run with the same key has nothing new to say."""
    baseline: int | None
    """Number of the run that new and repaired are counted against."""
    clean: int
    audited: int
    """Clean and audited deals of that run, for «it was 80»."""
    pages: tuple[str, ...] = ()
    """Keys of the reports that it wrote into the workbook; empty for runs before this was kept."""


class Change(NamedTuple):
    """A tracked field of a deal that differed from the run before."""

    as_of: date
    field: str
    old: str
    new: str


Place: TypeAlias = tuple[str, str]
"""(table, row key)."""


class Seen(NamedTuple):
    """The tracked fields of a row, and the day since which the log knows it."""

    since: date
    fields: Mapping[str, str]


class Standing(NamedTuple):
    """A finding as the log knows it."""

    key: FindingKey
    occurrence: int
    first_seen: date
    opened_run: int
    state: State
    since: date
    """When it came into this state."""


class Count(NamedTuple):
    """What one run counted of one bonus-bearing rule for one person."""

    run: int
    """Number of the run."""
    as_of: date
    rule: str
    user: str
    rows: int
    """Rows judged."""
    ids: tuple[str, ...]
    """The countable findings (item 74)."""


class Evidence(NamedTuple):
    """A bonus-bearing finding as it stood when it was first seen: what a deduction rests on."""

    key: FindingKey
    first_seen: date
    user: str
    cell: str
    actual: str
    clause: str


class Closed(NamedTuple):
    """A bonus period as the first run after its end fixed it for one person; values are those of that day."""

    start: date
    end: date
    user: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Past:
    """Everything that the log tells."""

    runs: tuple[RunEntry, ...] = ()
    standing: Mapping[FindingKey, Standing] = field(default_factory=dict)
    seen: Mapping[Place, Seen] = field(default_factory=dict)
    """(table, row key) to its tracked fields as they were last seen."""
    history: Mapping[Place, Sequence[Change]] = field(default_factory=dict)
    """(table, row key) to its changes, oldest first."""
    counts: Sequence[Count] = ()
    """What was counted for the bonus, run by run."""
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    """Finding id to its evidence."""
    closed: Sequence[Closed] = ()
    head: str = ""
    """Seal of the last run; empty before the first."""

    @property
    def last(self) -> RunEntry | None:
        """The latest run, if there is one."""
        return self.runs[-1] if self.runs else None

    @property
    def first_day(self) -> date | None:
        """The day of the workbook's first written run."""
        return self.runs[0].as_of if self.runs else None

    def changes(self, row: Row, name: str) -> list[Change]:
        """The recorded changes of one field of a row, oldest first."""
        found = self.history.get((TABLE_OF[type(row)], row.key))
        return [change for change in found if change.field == name] if found else []

    def value_on(self, row: Row, name: str, day: date) -> str | None:
        """What a tracked field held at the end of a day, as the log holds it; None if the log did not know the row yet."""
        place = (TABLE_OF[type(row)], row.key)
        now = self.seen.get(place)
        if now is None or day < now.since:
            return None
        for change in self.history.get(place, ()):
            if change.field == name and change.as_of > day:
                return change.old
        return now.fields.get(name, "")

    def fields_on(self, row: Row, day: date) -> Mapping[str, str] | None:
        """All tracked fields of a row at the end of a day; None if the log did not know it yet."""
        place = (TABLE_OF[type(row)], row.key)
        now = self.seen.get(place)
        if now is None or day < now.since:
            return None
        later = [change for change in self.history.get(place, ()) if change.as_of > day]
        # Of several changes of one field the first tells what it was: reversed, because the last one stays.
        return {**now.fields, **{c.field: c.old for c in reversed(later)}} if later else now.fields

    def entered(self, deal: Deal) -> date | None:
        """The day on which the log first saw the deal in its present stage after another; None if it never did."""
        moves = self.changes(deal, "stage")
        return moves[-1].as_of if moves and moves[-1].new == scalar(deal.stage) else None


class Chain(NamedTuple):
    """Whether the log is as its runs left it."""

    head: str
    broken_at: int | None
    """Row of the log, from 1, where it stops being so; None if it is whole."""


# ------------------------------------------------------------------ lines


def canonical(event: Mapping[str, Any]) -> str:
    """An event as one line: sorted keys, no spaces, ASCII, every scalar a string."""
    return _CANONICAL.encode(event)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def scalar(value: object) -> str:
    """A value as the log holds it: ISO dates, the shortest decimal, nothing for None; at most 400 characters."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value()
        return str(value.quantize(Decimal(1))) if whole else str(value.normalize())
    return _short(str(value))


def _short(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= _MOST else text[: _MOST - 1] + "…"


def seal(previous: str, lines: Iterable[str]) -> str:
    """The hash of a run: over the previous seal and the literal lines."""
    return hashlib.sha256((previous + "\n" + "\n".join(lines)).encode()).hexdigest()


def log_of(snapshot: Snapshot) -> tuple[LogLine, ...]:
    """The log of a workbook, oldest line first; empty before the first run."""
    name = snapshot.report_sheet(LOG_KEY)
    return log_lines(snapshot.grids[name]) if name and name in snapshot.grids else ()


def blocks(cells: Sequence[LogLine]) -> Iterator[tuple[int, str | None, list[str]]]:
    """The runs of a log: (index of the first line, its seal, its lines)."""
    start, mark, lines = 0, None, list[str]()
    for index, (text, sealed) in enumerate(cells):
        if sealed is not None and lines:
            yield start, mark, lines
            lines = []
        if not lines:
            start, mark = index, sealed
        lines.append(text)
    if lines:
        yield start, mark, lines


def chain(cells: Sequence[LogLine]) -> Chain:
    """Recomputes every seal of a log."""
    head = ""
    for start, mark, lines in blocks(cells):
        head = seal(head, lines)
        if mark != head:
            return Chain(head, start + 1)
    return Chain(head, None)


# ------------------------------------------------------------------- past


def read_past(cells: Sequence[LogLine], *, runs: int | None = None) -> Past:
    """What the log tells, or its first `runs` runs. Lines that are no events of ours are passed over."""
    entries: list[RunEntry] = []
    standing: dict[FindingKey, Standing] = {}
    by_id: dict[str, FindingKey] = {}
    seen: dict[Place, Seen] = {}
    changes: dict[Place, list[Change]] = defaultdict(list)
    counts: list[Count] = []
    evidence: dict[str, Evidence] = {}
    closed: list[Closed] = []
    head = ""
    for _, mark, lines in blocks(cells):
        if runs is not None and len(entries) >= runs:
            break
        events = [event for line in lines if (event := event_of(line)) is not None]
        if not events or events[0].get("e") != "run":
            continue
        run = _entry(events[0])
        entries.append(run)
        head = mark or head
        for event in events[1:]:
            _replay(event, run, standing, by_id, seen, changes)
            _replay_bonus(event, run, standing, by_id, counts, evidence, closed)
    return Past(tuple(entries), standing, seen, changes, counts, evidence, closed, head)


def event_of(line: str) -> dict[str, Any] | None:
    """A line as the event that it tells; None if no run of ours could have written it."""
    line = line.strip(" \t\r\n")
    try:
        found, end = _JSON.raw_decode(line)
        if "\\ud" in line.casefold():
            json.dumps(found, ensure_ascii=False).encode()  # half a character is no text
    except (ValueError, RecursionError):
        return None
    if end < len(line) or not isinstance(found, dict) or not isinstance(kind := found.get("e"), str):
        return None
    for shape in _EVENTS.get(kind, ()):
        for name, fits in shape.items():
            if not fits(found.get(name)):  # None, where there is no such part, is nothing that fits
                break
        else:
            return found
    return None


_JSON = json.JSONDecoder()


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_fields(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


def _is_key(value: object) -> bool:
    return _are_texts(value) and len(value) == len(FindingKey._fields)  # type: ignore[arg-type]


_Shape: TypeAlias = dict[str, Callable[[object], bool]]
_ENDED: _Shape = {"id": _is_text}
_EVENTS: dict[str, tuple[_Shape, ...]] = {
    "run": (
        {
            "n": _is_number, "as_of": _is_day, "key": _is_text, "version": _is_text, "clean": _is_number,
            "audited": _is_number, "base": lambda value: value == "" or _is_number(value),
        },
    ),
    "seen": ({"t": _is_text, "k": _is_text, "v": _are_fields},),
    "changed": ({"t": _is_text, "k": _is_text, "f": _is_text, "from": _is_text, "to": _is_text},),
    "opened": ({"id": _is_text, "k": _is_key, "o": _is_number},),
    "cleared": (_ENDED,),
    "paused": (_ENDED,),
    "gone": (_ENDED, {"t": _is_text, "k": _is_text}),
    "judged": ({"r": _is_text, "u": _is_text, "n": _is_number, "f": _are_texts},),
    "closed": ({"p": _is_day, "to": _is_day, "u": _is_text, "v": _are_fields},),
}  # fmt: skip
"""Kind of event to the shapes that it may have: what each of its parts is."""
_EVIDENCE = ("u", "c", "a", "cl")
"""Parts of an `opened` event that stand there together: person, cell, value, clause."""


def _entry(event: Mapping[str, str]) -> RunEntry:
    return RunEntry(
        int(event["n"]), date.fromisoformat(event["as_of"]), event["key"],
        int(event["base"]) if event["base"] else None, int(event["clean"]), int(event["audited"]),
        tuple(str(event.get("pages", "")).split()),
    )  # fmt: skip


def _replay(
    event: Mapping[str, Any], run: RunEntry, standing: dict[FindingKey, Standing], by_id: dict[str, FindingKey],
    seen: dict[Place, Seen], changes: dict[Place, list[Change]],
) -> None:  # fmt: skip
    kind = event["e"]
    if kind == "seen":
        # The same few words stand in a hundred thousand lines.
        fields = {intern(name): intern(value) for name, value in event["v"].items()}
        seen[intern(event["t"]), event["k"]] = Seen(run.as_of, fields)
    elif kind == "changed":
        place = (intern(event["t"]), event["k"])
        name, old, new = intern(event["f"]), intern(event["from"]), intern(event["to"])
        since, before = seen.get(place, (run.as_of, {}))
        seen[place] = Seen(since, {**before, name: new})
        changes[place].append(Change(run.as_of, name, old, new))
    elif kind == "opened":
        key, occurrence = FindingKey._make(map(intern, event["k"])), int(event["o"])
        earlier = standing.get(key)
        by_id[event["id"]] = key
        standing[key] = (
            earlier._replace(state="open", since=run.as_of)
            if earlier is not None and earlier.occurrence == occurrence
            else Standing(key, occurrence, run.as_of, run.number, "open", run.as_of)
        )
    elif kind == "gone" and "id" not in event:
        seen.pop((event["t"], event["k"]), None)
    elif kind in ("cleared", "paused", "gone") and event["id"] in by_id:
        key = by_id[event["id"]]
        standing[key] = standing[key]._replace(state=kind, since=run.as_of)


def has_evidence(event: Mapping[str, Any]) -> bool:
    """Whether an opening says whose finding it is, in which cell, what stood there and what was asked."""
    return all(map(_is_text, map(event.get, _EVIDENCE)))


def _replay_bonus(
    event: Mapping[str, Any], run: RunEntry, standing: Mapping[FindingKey, Standing],
    by_id: Mapping[str, FindingKey], counts: list[Count], evidence: dict[str, Evidence], closed: list[Closed],
) -> None:  # fmt: skip
    kind = event["e"]
    if kind == "judged":
        counts.append(
            Count(run.number, run.as_of, event["r"], event["u"], int(event["n"]), tuple(event["f"]))
        )
    elif kind == "opened" and has_evidence(event) and event["id"] not in evidence:
        key = by_id[event["id"]]
        evidence[event["id"]] = Evidence(
            key, standing[key].first_seen, event["u"], event["c"], event["a"], event["cl"]
        )
    elif kind == "closed":
        start, end = date.fromisoformat(event["p"]), date.fromisoformat(event["to"])
        closed.append(Closed(start, end, event["u"], event["v"]))


# ------------------------------------------------------------------ a run


def fingerprint(book: Book, *, as_of: date, version: str) -> str:
    """The run key: one hash over as_of, every user cell of the tables (settings among them), version and language."""
    digest = hashlib.sha256(f"{as_of}\n{version}\n{book.lang}\n".encode())
    for table in book.tables.values():
        if table:
            digest.update(f"{table.schema.key}\n{table.sheet}\n".encode())
            blank = 0  # rows below the last one count for nothing: some programs keep them, others do not
            for row in table.user_rows():
                if row:
                    digest.update(b"[]\n" * blank + repr(row).encode() + b"\n")
                blank = 0 if row else blank + 1
    return digest.hexdigest()


def place(key: FindingKey, past: Past, as_of: date) -> tuple[int, date]:
    """The occurrence of a finding and the day it was first seen (DESIGN section 2)."""
    before = past.standing.get(key)
    if before is None:
        return 1, as_of
    if before.state == "cleared" and before.since < as_of:
        return before.occurrence + 1, as_of
    return before.occurrence, before.first_seen


class Difference(NamedTuple):
    """What became of findings since the run before; the findings themselves, and the standings that ended."""

    opened: tuple[Finding, ...]
    cleared: tuple[Standing, ...]
    paused: tuple[Standing, ...]
    gone: tuple[Standing, ...]


def difference(
    findings: Sequence[Finding], past: Past, book: Book, checked: Collection[str],
    unchecked: Mapping[str, Sequence[Unchecked]],
) -> Difference:  # fmt: skip
    """Compares the findings of now (placed, hidden ones too) with those that stood open in the log.

    Not judged now = paused, its row no longer there = gone; neither is «repaired».
    """
    now = {finding.key for finding in findings}
    was = {key for key, s in past.standing.items() if s.state == "open"}
    over = [standing for key, standing in past.standing.items() if key in was and key not in now]
    tables = {standing.key.table for standing in over}
    rows = {key: {row.key for row in book.tables[key].rows} for key in tables if key in book.tables}
    ended: dict[State, list[Standing]] = {"cleared": [], "paused": [], "gone": []}
    for standing in over:
        ended[_ending(standing.key, rows, checked, unchecked)].append(standing)
    return Difference(
        tuple(f for f in findings if f.key not in was),
        tuple(ended["cleared"]), tuple(ended["paused"]), tuple(ended["gone"]),
    )  # fmt: skip


def _ending(
    key: FindingKey, rows: Mapping[str, Collection[str]], checked: Collection[str],
    unchecked: Mapping[str, Sequence[Unchecked]],
) -> State:  # fmt: skip
    if key.row_key not in rows.get(key.table, ()):
        return "gone" if rows.get(key.table) else "paused"
    if key.rule not in checked:
        return "paused"
    for item in unchecked.get(key.rule, ()):
        of_this_part = item.part in (None, key.field, key.detail)
        if of_this_part and (not item.rows or any(row.key == key.row_key for row in item.rows)):
            return "paused"
    return "cleared"


class Counted(NamedTuple):
    """What this run counts for the bonus: rows judged and countable findings, by rule and person."""

    rule: str
    user: str
    rows: int
    ids: tuple[str, ...]


def lines(
    past: Past, book: Book, change: Difference, *, as_of: date, key: str, version: str, clean: int, audited: int,
    counted: Sequence[Counted] = (), closed: Sequence[Closed] = (), bearing: Collection[str] = (),
    pages: Sequence[str] = (),
) -> tuple[LogLine, ...]:  # fmt: skip
    """The lines of one run: its entry, the rows that came, changed and went, the findings that opened and ended.

    `bearing` are the codes of the rules that bear on the bonus: their findings are kept with the evidence. `pages`
    are the keys of the reports that it writes.
    """
    number = past.runs[-1].number + 1 if past.runs else 1
    events: list[dict[str, Any]] = [
        {
            "e": "run", "n": str(number), "as_of": as_of.isoformat(), "key": key, "version": version,
            "lang": book.lang, "base": str(past.runs[-1].number) if past.runs else "",
            "clean": str(clean), "audited": str(audited), **({"pages": " ".join(pages)} if pages else {}),
        }
    ]  # fmt: skip
    events += _row_events(past, book)
    events += [_opened(f, book.lang, with_evidence=f.rule in bearing) for f in change.opened]
    for state, ended in (("cleared", change.cleared), ("paused", change.paused), ("gone", change.gone)):
        events += [{"e": state, "id": s.key.id(s.occurrence)} for s in ended]
    for rule, user, rows, ids in counted:
        for start in range(0, max(len(ids), 1), _IDS_A_LINE):
            part = list(ids[start : start + _IDS_A_LINE])
            events.append({"e": "judged", "r": rule, "u": user, "n": str(rows), "f": part})
    for period in closed:
        span = {"p": period.start.isoformat(), "to": period.end.isoformat()}
        events.append({"e": "closed", **span, "u": period.user, "v": dict(period.values)})
    texts = [canonical(event) for event in events]
    head = seal(past.head, texts)
    return tuple(LogLine(text, head if index == 0 else None) for index, text in enumerate(texts))


def _opened(finding: Finding, lang: str, *, with_evidence: bool) -> dict[str, Any]:
    event = {"e": "opened", "id": finding.id, "k": list(finding.key), "o": str(finding.occurrence)}
    if with_evidence:
        event |= {
            "u": scalar(finding.owner), "c": scalar(finding.cell), "a": scalar(finding.actual.get(lang)),
            "cl": scalar(finding.clause.get(lang)),
        }  # fmt: skip
    return event


def tracked(row: Row) -> dict[str, str]:
    """The tracked fields of a row as the log holds them."""
    return {name: scalar(getattr(row, name)) for name in TRACKED[TABLE_OF[type(row)]]}


def _row_events(past: Past, book: Book) -> Iterator[dict[str, Any]]:
    """Only rows with an ID or a name of their own are followed: a hash of the row is a new key after every edit."""
    for table in TRACKED:
        present = set()
        for row in book.tables[table].rows:
            if row.key.startswith("~"):
                continue
            present.add(row.key)
            now, before = tracked(row), past.seen.get((table, row.key))
            if before is None:
                yield {"e": "seen", "t": table, "k": row.key, "v": now}
                continue
            if now == before.fields:
                continue
            for name, value in now.items():
                old = before.fields.get(name, "")
                if value != old:
                    yield {"e": "changed", "t": table, "k": row.key, "f": name, "from": old, "to": value}
        for known, key in past.seen:
            if known == table and key not in present and book.tables[table]:
                yield {"e": "gone", "t": table, "k": key}
