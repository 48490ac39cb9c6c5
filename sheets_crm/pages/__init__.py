"""The pages: one module a report, and what they are all made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sheets_crm.checks import Checked
from sheets_crm.firm import Firm
from sheets_crm.text import Lang
from sheets_crm.verdict import Verdict


@dataclass(frozen=True)
class Told:
    """What a report is made of."""

    firm: Firm
    verdict: Verdict
    checked: Checked
    """What every rule judged, for pass shares."""
    head: str = ""
    """Seal of the log, printed so that a paper copy proves what stood there."""
    until: date | None = None
    """The day on which the forecast's period is to end, where somebody asked for another than the setting's."""

    @property
    def lang(self) -> Lang:
        """The workbook's language."""
        return self.firm.book.lang
