"""How everything that we write looks: one palette, one set of styles, readable for weak eyes (WCAG 4.5:1)."""

from __future__ import annotations

from sheets_crm.sheet import Style

INK, MUTED, WHITE = "#1F2937", "#4B5563", "#FFFFFF"
BRAND, LINE, RULE = "#1F3864", "#D5D9E0", "#9AA5B8"
INPUT_HEAD, OURS_HEAD, OURS_FILL = "#DCE6F2", "#4B5563", "#EEEFF1"
TAB_DAILY, TAB_OURS, TAB_RULES = "#2F75B5", "#7F7F7F", "#BF8F00"
"""Tabs: where people work every day, what we write, what the firm decides."""

HIGHLIGHTS: dict[str, tuple[str, str]] = {
    "error": ("#FFC7CE", "#8A0008"),
    "warning": ("#FFEB9C", "#6B4300"),
    "info": ("#D6E6F5", "#1B4B76"),
}
"""Fill and font of a cell at fault, by severity: red, yellow, blue."""

DATES = {"en": "d mmm yyyy", "ru": "dd.mm.yyyy"}
MOMENTS = {"en": "d mmm yyyy hh:mm", "ru": "dd.mm.yyyy hh:mm"}
MONEY, WHOLE, TEXT = "#,##0", "0", "@"
"""Number formats; the separators of thousands are those of the reader's own Excel."""

TITLE = Style(bold=True, size=18, color=BRAND)
LEAD = Style(size=12, color=MUTED)
SECTION = Style(bold=True, size=12, color=BRAND, valign="top", wrap=True)
PLAIN = Style(color=INK)
BODY = Style(color=INK, valign="top", wrap=True)
STRONG = Style(bold=True, color=INK, valign="top", wrap=True)
COMMAND = Style(bold=True, color=INK, fill=OURS_FILL)
"""Something to type in a terminal."""
LINK = Style(color="#0B57A4", underline=True, valign="top")

HEAD = Style(bold=True, color=BRAND, fill=INPUT_HEAD, border="#B4C2D6", valign="center", wrap=True)
"""Header of a column that people fill."""
HEAD_OURS = Style(bold=True, color=WHITE, fill=OURS_HEAD, border="#6B7280", valign="center", wrap=True)
"""Header of a column that we fill."""
INPUT = Style(color=INK, valign="top")
"""A white cell: people type here."""
OURS = Style(color=INK, fill=OURS_FILL, border=LINE, valign="top")
"""A grey cell: it fills itself."""

# ------------------------------------------------------------------ reports

SMALL, TINY = 10.0, 9.0
PAGE_TITLE = Style(bold=True, size=16, color=BRAND, valign="center")
HEADLINE = Style(bold=True, size=12, color=INK, valign="center", wrap=True)
ASIDE = Style(size=SMALL, color=MUTED, valign="center", wrap=True)
BLOCK = Style(bold=True, size=11, color=BRAND, valign="center", wrap=True, bottom=BRAND)
"""Heading of a block, with a line under it."""
CARD_NAME = Style(bold=True, size=SMALL, color=MUTED, fill=OURS_FILL, border=WHITE, indent=1, valign="center")
CARD_NUMBER = Style(
    bold=True, size=20, color=INK, fill=OURS_FILL, border=WHITE, align="left", indent=1, valign="center"
)
CARD_WORDS = Style(
    bold=True, size=SMALL, color=MUTED, fill=OURS_FILL, border=WHITE, indent=1, valign="center"
)
CARD_NOTE = Style(
    size=TINY, color=MUTED, fill=OURS_FILL, border=WHITE, align="left", indent=1, valign="top", wrap=True
)
TABLE_HEAD = Style(
    bold=True, size=TINY, color=WHITE, fill=OURS_HEAD, border="#6B7280", valign="center", wrap=True
)
CELL = Style(size=SMALL, color=INK, border=LINE, valign="top", wrap=True)
CELL_LINK = Style(size=SMALL, color="#0B57A4", underline=True, border=LINE, valign="top", wrap=True)
FAINT = Style(size=8, color=MUTED, border=LINE, valign="top", wrap=True)
TOTAL = Style(bold=True, size=SMALL, color=INK, fill=OURS_FILL, border=LINE, valign="top", wrap=True)
NOTHING = Style(italic=True, size=SMALL, color=MUTED, valign="top", wrap=True)
CHIP = Style(
    bold=True, size=SMALL, color=INK, fill=OURS_FILL, border=WHITE, align="left", indent=1, valign="center"
)

PASSED = {"good": ("#DDEFD9", "#1D5220"), "fair": HIGHLIGHTS["warning"], "poor": HIGHLIGHTS["error"]}
"""Fill and font of a pass share: 90 % and more, 70 % and more, less. The number says it too."""
BARS = {"error": "#C0392B", "warning": "#E6B325", "info": "#5B8DC9", "legacy": "#A9AEB6"}
"""Colours of chart series by severity; legacy grey."""
