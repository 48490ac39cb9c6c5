"""Mistakes in the rule tables: criteria, evidence and names of fields that nobody can follow."""

from __future__ import annotations

from collections.abc import Iterator

from sheets_crm.book import folded
from sheets_crm.expr import Mistake
from sheets_crm.findings import Found, Outcome
from sheets_crm.firm import Firm
from sheets_crm.rules.facts import criteria, in_key
from sheets_crm.rules.fields import named_columns
from sheets_crm.schema import TABLES, LossReason, Stage
from sheets_crm.text import Text, same

_DEALS = TABLES["Deals"]
_SHOWN = 40
"""Characters of an expression that are quoted, from the mistake on."""


def mistakes(firm: Firm) -> Iterator[Outcome]:
    """A finding at each cell of Stages and LossReasons that cannot be followed; part of DQ02."""
    for stage in firm.book.stages.rows:
        yield from _expression(stage, "exit_criteria", stage.exit_criteria)
        for name, column in named_columns(_DEALS, stage.required_fields or ""):
            if column is None:
                yield Found(
                    stage, "required_fields", _NOT_A_COLUMN, _NAMES, _CORRECT_NAME.fill(name=name), same(f"«{name}»"),
                    detail=in_key(folded(name)),
                )  # fmt: skip
    for reason in firm.book.reasons.rows:
        if reason.active is not False:
            yield from _expression(reason, "evidence", reason.evidence)


def _expression(row: Stage | LossReason, field: str, text: str | None) -> Iterator[Outcome]:
    found = criteria(text)
    if text is not None and isinstance(found, Mistake):
        rest = text[found.at - 1 :]
        place = (
            f"«{rest[:_SHOWN]}{'…' if len(rest) > _SHOWN else ''}»" if rest.strip() else f"«{text[-_SHOWN:]}»"
        )
        yield Found(
            row, field, Text("cannot be understood", "непонятное условие"), _AN_EXPRESSION,
            _CORRECT.fill(at=found.at, reason=found.reason), same(place),
        )  # fmt: skip


_NOT_A_COLUMN = Text("names a column that Deals do not have", "назван столбец, которого нет в сделках")
_NAMES = Text(
    "columns of Deals, separated by commas, such as Need, Source",
    "столбцы сделок через запятую, например: Потребность, Источник",
)
_CORRECT_NAME = Text(
    "Correct the name “{name}” or take it out; until then it is not asked for",
    "Поправьте название «{name}» или уберите его; пока это поле не спрашивается",
)
_AN_EXPRESSION = Text(
    "facts such as filled(need) and amount > 0", "факты, например: filled(«Потребность») and «Сумма» > 0"
)
_CORRECT = Text(
    "Correct it at character {at}: {reason}; until then nobody is judged by it",
    "Поправьте с {at}-го знака: {reason}; пока по этому условию никого не судят",
)
