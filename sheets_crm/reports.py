"""The reports: a firm and its verdict go in; a page for the workbook, or plain tables, come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sheets_crm.pages import Told, audit, bonus, conversion, forecast
from sheets_crm.pages.tables import ReportTable
from sheets_crm.sheet import Page
from sheets_crm.text import Text

__all__ = ["REPORTS", "Report", "ReportTable", "Told"]


class Report(NamedTuple):
    """One report: its sheet's name, the page it makes, and the same content as tables for other programs."""

    key: str
    sheet: Text
    page: Callable[[Told, str], Page]
    """(what is told, name of the sheet) to the page."""
    tables: Callable[[Told], Sequence[ReportTable]]


REPORTS: dict[str, Report] = {
    report.key: report
    for report in (
        Report("audit", Text("Audit", "Аудит"), audit.page, audit.tables),
        Report("forecast", Text("Forecast", "Прогноз"), forecast.page, forecast.tables),
        Report("conversion", Text("Conversion", "Конверсии"), conversion.page, conversion.tables),
        Report("bonus", Text("Bonus", "Премии"), bonus.page, bonus.tables),
    )
}
