"""The host of Google Sheets: two requests to read, one to write, whatever the number of rows.

People work in the spreadsheet while we do. What we write finds its row by the row's own ID, and what can only be said
by place is said of a spreadsheet read again just before; a run in the same moment is told from ours by the id of a
named range, which every write expects and replaces: the slower of the two is refused by Google as a whole.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sheets_crm.errors import UsageError, WorkbookChanged, WorkbookError, WorkbookUnreachable
from sheets_crm.hosts.google.credentials import credentials
from sheets_crm.hosts.google.read import STATE, STATE_FIELDS, Reading, State, read, state_of
from sheets_crm.hosts.google.transport import Clock, LostReply, Patience, RefusedWrite, Sheets
from sheets_crm.hosts.google.write import plan
from sheets_crm.sheet import Applied, Changes, Select, Snapshot
from sheets_crm.text import Text

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

__all__ = ["Clock", "GoogleHost", "credentials", "key_of"]

MOST_BYTES = 10_000_000
"""A request larger than this is split: Google refuses more than 10,485,760 bytes."""
_SMALL = 2_000_000
"""What Google itself recommends, for a batch that it has refused as too large."""
_KEY = re.compile(r"[A-Za-z0-9_-]{20,}")
_URL = re.compile(
    r"https://docs\.google\.com/(?:a/[^/]+/)?spreadsheets/(?:u/\d+/)?d/([A-Za-z0-9_-]{20,})(?:[/?#]|\Z)"
)


def key_of(address: str) -> str:
    """The key of a spreadsheet, from its address in the browser or as it is. Raises UsageError."""
    found = _URL.match(address.strip())
    if found:
        return found[1]
    if _KEY.fullmatch(address.strip()):
        return address.strip()
    raise UsageError(_NOT_AN_ADDRESS.fill(address=address))


class GoogleHost:
    """A Google spreadsheet, by its key or its address. Raises UsageError for anything else."""

    def __init__(
        self, address: str, who: Credentials, *, clock: Clock | None = None,
        timeout: tuple[float, float] | None = None, most_bytes: int = MOST_BYTES,
    ) -> None:  # fmt: skip
        self.key = key_of(address)
        self._sheets = Sheets(self.key, who, clock=clock, **({"timeout": timeout} if timeout else {}))
        self._most_bytes = most_bytes
        self._reading: Reading | None = None

    @property
    def label(self) -> str:
        """The spreadsheet's title once it was read, its key before."""
        return self._reading.title if self._reading else self.key

    def read(self, select: Select) -> Snapshot:
        """The list of all sheets and the cells of those that `select` chooses. Raises WorkbookError."""
        self._reading = read(self._sheets, select)
        return self._reading.snapshot

    def apply(self, changes: Changes, snapshot: Snapshot) -> Applied:
        """Writes all of `changes` or nothing; where they are too large for one request, in parts, the log last.

        Equal content is not written again. Raises WorkbookChanged if someone has changed what is addressed by place,
        or another run was faster; WorkbookError otherwise, its sentence says if something may have been written.
        """
        reading = self._reading
        if reading is None or reading.version != snapshot.version:
            raise WorkbookChanged(_CHANGED.fill(name=self.label))
        made = plan(changes, reading)
        if not made:
            return Applied(changed=False)
        if made.by_place:
            fresh = read(self._sheets, lambda _: reading.chosen)
            if not fresh.in_place(reading):
                raise WorkbookChanged(_CHANGED.fill(name=self.label))
        try:
            parts = self._send_all(made.parts(self._most_bytes), made.device, reading.state)
        except _TooLarge:
            try:
                parts = self._send_all(made.parts(_SMALL), made.device, reading.state)
            except _TooLarge as error:
                raise error.problem from None
        self._reading = replace(reading, version="")  # what was read is no longer what is there
        return Applied(changed=True, reason=_IN_PARTS.fill(parts=parts) if parts > 1 else None)

    def _send_all(
        self, parts: Sequence[Sequence[Mapping[str, Any]]], device: int, state: State | None
    ) -> int:
        """Sends one part after the other; how many there were."""
        for number, part in enumerate(parts):
            try:
                state = self._send(part, state, device)
            except (WorkbookError, _TooLarge) as error:
                if not number:
                    raise
                problem = error.problem if isinstance(error, _TooLarge) else error
                raise type(problem)(_HALF.fill(problem=problem.message)) from None
        return len(parts)

    def _send(self, requests: Sequence[Mapping[str, Any]], state: State | None, device: int) -> State:
        """Makes the requests once, and never twice; the new state."""
        new = _next(state, requests)
        batch = [*_guard(state, new), *requests, _marked(new, device)]
        patience = Patience(self._sheets.clock)
        lost = False
        while True:
            try:
                self._sheets.update(batch)
            except LostReply as reply:
                lost, trouble = True, reply.trouble
            except RefusedWrite as refused:
                now = self._state(lost=lost)
                if now == new:
                    return new
                if now != state:
                    raise WorkbookChanged(
                        (_OTHER_RUN_TOO if lost else _OTHER_RUN).fill(name=self.label)
                    ) from None
                if refused.too_large:
                    raise _TooLarge(refused.problem) from None
                raise refused.problem from None
            except WorkbookError as error:
                if lost:
                    raise _unknown(error) from None
                raise
            else:
                return new
            if self._state(lost=True) == new:
                return new
            # It may still be on its way: that is safe, since only one of the two can find the old state.
            try:
                patience.wait(trouble)
            except WorkbookError as error:
                raise _unknown(error) from None

    def _state(self, *, lost: bool) -> State | None:
        try:
            return state_of(self._sheets.get(STATE_FIELDS))
        except WorkbookError as error:
            raise (_unknown(error) if lost else error) from None


class _TooLarge(Exception):
    """Google will not take so much at once."""

    def __init__(self, problem: WorkbookError) -> None:
        super().__init__(problem.message.en)
        self.problem = problem


def _next(state: State | None, requests: Sequence[Mapping[str, Any]]) -> State:
    """The state after these requests: the same for the same requests, another for all others."""
    told = json.dumps([state, requests], sort_keys=True).encode()
    name = hashlib.sha256(told).hexdigest()[:16]
    return State(f"scrm{name}", f"{STATE}{name}")


def _guard(state: State | None, new: State) -> list[dict[str, Any]]:
    """Fails, and the batch with it, unless the spreadsheet is still in `state`."""
    if state is None:
        return []  # then the batch adds the hidden sheet of ours, which can be added once
    named = {"namedRangeId": state.id, "name": f"{new.name}_before"}
    return [
        {"updateNamedRange": {"namedRange": named, "fields": "name"}},
        {"deleteNamedRange": {"namedRangeId": state.id}},
    ]


def _marked(new: State, device: int) -> dict[str, Any]:
    cell = {
        "sheetId": device,
        "startRowIndex": 0,
        "endRowIndex": 1,
        "startColumnIndex": 0,
        "endColumnIndex": 1,
    }
    return {"addNamedRange": {"namedRange": {"namedRangeId": new.id, "name": new.name, "range": cell}}}


def _unknown(error: WorkbookError) -> WorkbookError:
    return WorkbookUnreachable(_UNKNOWN.fill(problem=error.message))


_NOT_AN_ADDRESS = Text(
    "“{address}” is not the address of a Google spreadsheet; copy it from the browser "
    "(https://docs.google.com/spreadsheets/d/...).",
    "«{address}» не похоже на адрес Google Таблицы; скопируйте его из браузера "
    "(https://docs.google.com/spreadsheets/d/...).",
)
_CHANGED = Text(
    "{name} was changed while it was being checked, so nothing was written: run the command again.",
    "Пока шла проверка, таблицу {name} изменили, поэтому ничего не записано: запустите команду ещё раз.",
)
_OTHER_RUN = Text(
    "Another run has just written into {name}, so this one wrote nothing: run the command again.",
    "В таблицу {name} только что записал другой запуск, поэтому этот ничего не записал: запустите команду ещё раз.",
)
_OTHER_RUN_TOO = Text(
    "Another run has just written into {name}; whether this one did before it is not known. "
    "Running again is safe, nothing is written twice.",
    "В таблицу {name} только что записал другой запуск; успел ли до него этот, неизвестно. "
    "Запустить ещё раз безопасно, дважды ничего не запишется.",
)
_UNKNOWN = Text(
    "{problem} Whether the changes were made is not known; running again is safe, nothing is written twice.",
    "{problem} Записаны ли изменения, неизвестно; запустить ещё раз безопасно, дважды ничего не запишется.",
)
_HALF = Text(
    "{problem} Some reports are already new, the log is not: run the command again to complete them.",
    "{problem} Часть отчётов уже обновлена, журнал ещё нет: запустите команду ещё раз, и она закончит.",
)
_IN_PARTS = Text(
    "The changes were too many for one request; they were written in {parts} parts, the log last.",
    "Изменений слишком много для одного запроса; они записаны частями ({parts}), журнал последним.",
)
