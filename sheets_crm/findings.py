"""What a rule found, as a value: its key, its id and occurrence, and the words for a person."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from sheets_crm.schema import Row
from sheets_crm.text import Text

Severity: TypeAlias = Literal["error", "warning", "info"]
Status: TypeAlias = Literal["open", "legacy", "waived", "pending"]
Answerable: TypeAlias = Literal["rep", "hos", "admin"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
MARKS: dict[Severity, str] = {"error": "✗", "warning": "!", "info": "i"}
"""The sign before each finding in a To fix cell; with the colour, never the colour alone."""


class Found(NamedTuple):
    """A place where a rule fired; the runner makes it a Finding."""

    row: Row
    field: str
    """Key of the column at fault."""
    words: Text
    """What is wrong, short and without a word of the user's: it goes into the To fix cell."""
    expected: Text
    """What the Sales Book asks for."""
    fix: Text
    """What to do now, as an order to a person."""
    actual: Text | None = None
    """What stands there, quoted; the words where there is nothing to quote."""
    detail: str = ""
    """Tells findings of one rule in one cell apart; the same in both languages."""
    severity: Severity | None = None
    """Where it differs from the rule's own."""


class Judged(NamedTuple):
    """The rows that a rule looked at: yielded once or more by every rule that could judge anything."""

    rows: Sequence[Row]


class Unchecked(NamedTuple):
    """Something that a rule could not judge, and why: a part of it (a column's key), or some rows."""

    reason: Text
    part: str | None = None
    rows: Sequence[Row] = ()


Outcome: TypeAlias = Found | Judged | Unchecked


class NotChecked(NamedTuple):
    """A rule, a part of a rule or some rows that were not judged in this run."""

    rule: str
    reason: Text
    part: str | None = None
    rows: int | None = None


class FindingKey(NamedTuple):
    """What makes a finding the same one from run to run; wording, severity, owner and place are not in it."""

    rule: str
    table: str
    row_key: str
    field: str
    detail: str = ""

    def id(self, occurrence: int) -> str:
        """Twelve base32 characters of SHA-256 over the key and the occurrence (DESIGN section 2)."""
        return _id(self, occurrence)


@lru_cache(maxsize=1 << 17)
def _id(key: FindingKey, occurrence: int) -> str:
    digest = hashlib.sha256("\x1f".join((*key, str(occurrence))).encode()).digest()
    return base64.b32encode(digest[:10]).decode()[:12]  # 12 characters are the first 60 bits


class Finding(NamedTuple):
    """One breach of the Sales Book at one cell."""

    key: FindingKey
    name: str
    title: Text
    severity: Severity
    answerable: Answerable
    sheet: str
    row: int
    """Row of the sheet, from 1, at the time of the run."""
    cell: str | None
    field: str | None
    """Key of the column where it stands; None where the table has none of the fitting columns."""
    owner: str | None
    words: Text
    actual: Text
    expected: Text
    fix: Text
    clause: Text
    minutes: int
    deal: str | None = None
    """Row key of the deal it counts on: its own, or its task's."""
    amount: Decimal | None = None
    currency: str | None = None
    occurrence: int = 1
    first_seen: date | None = None
    last_seen: date | None = None
    status: Status = "open"
    also: tuple[str, ...] = ()
    """Codes of findings with the same cause that this one stands for (ruling R1)."""
    waiver: str | None = None

    @property
    def id(self) -> str:
        """The 12-character id that people quote in an appeal."""
        return self.key.id(self.occurrence)

    @property
    def rule(self) -> str:
        """Code of the rule."""
        return self.key.rule
