"""Pages as text, compared with the files in tests/golden; `--update-golden` writes them anew."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from sheets_crm.sheet import Area, Content, Formula, Link, Page, SheetLink, letters

FOLDER = Path(__file__).parent / "golden"


def compare(name: str, text: str, config: pytest.Config) -> None:
    """Fails where `text` is not what the file holds."""
    path = FOLDER / name
    if config.getoption("--update-golden"):
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8"), f"{name} differs; see --update-golden"


def grid(page: Page) -> str:
    """A line a row: its number, `+` where it is folded away, the cells; formulas and links with what they hide."""
    rows: dict[int, list[str]] = {}
    for (row, column), cell in sorted(page.cells.items()):
        if cell.content not in (None, ""):
            rows.setdefault(row, []).append(f"{letters(column)} {_told(cell.content)}")
    lines = [
        f"{row:>3}{'+' if _folded(page, row) else ' '} {' | '.join(cells)}" for row, cells in rows.items()
    ]
    for chart in page.charts:
        anchor = f"{letters(chart.anchor[1])}{chart.anchor[0]}"
        lines.append(
            f"chart {chart.kind} at {anchor}: {'; '.join(f'{s.name} {_area(s.values)}' for s in chart.series)}"
        )
    if page.filter:
        lines.append(f"filter {_area(page.filter)}")
    return "\n".join(lines) + "\n"


def _folded(page: Page, row: int) -> bool:
    return row in page.rows and page.rows[row].hidden


def _told(content: Content) -> str:
    if isinstance(content, Formula):
        return f"{content.value} {{{content.text}}}"
    if isinstance(content, Link):
        return f"[{content.text} → {content.sheet} {content.key}]"
    if isinstance(content, SheetLink):
        return f"[{content.text} → {content.sheet}]"
    if isinstance(content, date):
        return content.isoformat()
    return f"{content:,}" if isinstance(content, Decimal) else str(content).replace("\n", " ⏎ ")


def _area(area: Area) -> str:
    return f"{letters(area.first_column)}{area.first_row}:{letters(area.last_column)}{area.last_row}"
