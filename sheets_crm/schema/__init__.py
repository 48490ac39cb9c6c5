"""Every table, column, header, choice and setting of the workbook, declared once."""

from sheets_crm.schema.book import Clause, LossReason, Member, Stage
from sheets_crm.schema.column import TABLES, Column, Kind, Row, Table, made
from sheets_crm.schema.deals import Company, Contact, Deal, Task
from sheets_crm.schema.people import (
    Absence,
    Appeal,
    Holiday,
    OneOnOne,
    Override,
    Plan,
    Rate,
    StageEntry,
    Waiver,
)
from sheets_crm.schema.settings import FIRM_SETTINGS, Setting

__all__ = [
    "FIRM_SETTINGS",
    "TABLES",
    "Absence",
    "Appeal",
    "Clause",
    "Column",
    "Company",
    "Contact",
    "Deal",
    "Holiday",
    "Kind",
    "LossReason",
    "Member",
    "OneOnOne",
    "Override",
    "Plan",
    "Rate",
    "Row",
    "Setting",
    "Stage",
    "StageEntry",
    "Table",
    "Task",
    "Waiver",
    "made",
]
