"""Nothing that people type comes alive: hostile firms through every sink, read by readers that share nothing with us."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.injection import (
    HOSTILE,
    all_inert,
    in_annotations,
    in_csv,
    in_html,
    in_workbook,
    on_screen,
    problems,
)
from sheets_crm import inert
from tests.command_line import FIRST, call, deal, firm
from tests.packages import SHEET1, replacing, with_parts, workbook

TEXTS = [text for text in HOSTILE if text.strip() not in ("", '""', "'")][:32:2]


def test_nothing_that_is_typed_into_a_workbook_comes_alive() -> None:
    """100 firms of hostile texts, five answers each; `python -m benchmarks.injection 500` runs as many as you like."""
    all_inert(100)


def _bare_json(answer: object) -> str:
    return json.dumps(answer, ensure_ascii=False)


RENDER = "sheets_crm.hosts.xlsx.render"
BREAKS: dict[str, tuple[dict[str, str], Callable[[Any], str]]] = {
    "csv: ": ({"sheets_crm.cli.formats": "in_csv"}, str),
    "html: ": ({"sheets_crm.cli.formats": "in_html"}, str),
    "github: ": ({"sheets_crm.cli.formats": "in_annotation", "sheets_crm.cli.words": "on_screen"}, str),
    "terminal: ": ({"sheets_crm.cli.words": "on_screen"}, str),
    "json: ": ({"sheets_crm.cli.contract": "in_json"}, _bare_json),
    "workbook: xl/worksheets/sheet": ({RENDER: "in_formula"}, lambda text: f'"{text}"'),
    "workbook: xl/": ({RENDER: "in_reference"}, lambda text: f"'{text}'"),
}
"""Where something comes alive to the guards whose absence lets it."""


@pytest.mark.parametrize("where", BREAKS)
def test_without_a_guard_the_readers_see_what_comes_alive(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every guard is needed, and the readers are no wall of paper: each is taken away in turn."""
    texts = [
        '"&Kanarie()&"', "=Kanarie()", "<script>Kanarie()</script>", "a\n::error::\x1b[5mKanarie\x9b", "Kanarie",
        *(f"{text}{n}" for n, text in enumerate(TEXTS[5:15])), "it's",
    ]  # fmt: skip
    assert problems(texts, tmp_path) == []
    guards, broken = BREAKS[where]
    for room, guard in guards.items():
        monkeypatch.setattr(import_module(room), guard, broken)
    monkeypatch.setattr("sheets_crm.hosts.xlsx.prove", lambda *_: None)
    found = problems(texts, tmp_path)
    assert [p for p in found if p.startswith(where)], found


ALIVE: list[tuple[Callable[[Any], Iterator[str]], Any]] = [
    (in_csv, "a,=1\r\n"), (in_csv, 'a,"b;=1"\r\n'), (in_csv, 'a,"b\n@x"\r\n'), (in_csv, "a, -x\r\n"), (in_csv, "a,-1+1\r\n"),
    (in_html, "<p onclick='x'>"), (in_html, "<a>"), (in_html, "<p>\u202e</p>"),
    (in_annotations, "::error file=firm.xlsx,title=x::y\n::warning::z\n"), (in_annotations, "hello\n"),
    (on_screen, "\x1b[5m"), (on_screen, "\x9b"), (on_screen, "\u2028"),
    (in_workbook, with_parts(workbook(), {SHEET1: replacing(b"<sheetData>", b"<sheetData><row><c><f>Kanarie()</f></c></row>")})),
    (in_workbook, with_parts(workbook(), {SHEET1: replacing(b"<sheetData>", b'<sheetData><row><c><f>HYPERLINK("http://x")</f></c></row>')})),
    (in_workbook, with_parts(workbook(), {SHEET1: replacing(b"<sheetData>", b'<sheetData><row><c><f>"x</f></c></row>')})),
    (in_workbook, with_parts(workbook(), {"xl/externalLinks/externalLink1.xml": b"<a/>"})),
    (in_workbook, with_parts(workbook(), {"xl/x.xml": b"<!DOCTYPE a><a/>"})),
    (in_workbook, with_parts(workbook(), {"xl/x.xml": b'<hyperlink location="http://x"/>'})),
    (in_workbook, with_parts(workbook(), {"xl/x.rels": b'<Relationship TargetMode="External" Target="http://x"/>'})),
    (in_workbook, with_parts(workbook(), {"xl/x.xml": b"<oddFooter>&amp;G</oddFooter>"})),
]  # fmt: skip


@pytest.mark.parametrize(("reader", "sample"), ALIVE)
def test_a_reader_knows_what_is_alive(reader: Callable[[Any], Iterator[str]], sample: Any) -> None:
    """One sample of everything that it looks for."""
    assert list(reader(sample))


@pytest.mark.parametrize(
    ("reader", "sample"),
    [(in_csv, "a,'=1,-7,-7.50\r\n"), (in_html, "<!doctype html><p class='x'>&lt;a&gt;</p>"), (on_screen, "\x1b[1mx\x1b[0m\n"),
     (in_annotations, "::error file=firm.xlsx,title=a%3Ab::c%0A::d\n"), (in_workbook, workbook())],
)  # fmt: skip
def test_a_reader_leaves_in_peace_what_is_not(reader: Callable[[Any], Iterator[str]], sample: Any) -> None:
    """Numbers, escaped text and our own looks."""
    assert list(reader(sample)) == []


# -------------------------------------------------------------------- one by one


def test_all_that_is_not_seen_is_known() -> None:
    """Every control, format and half of a character that Unicode has here; nothing that is seen."""
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    wrong = [
        f"U+{n:04X}" for n in (*range(0x20000), *range(0xE0000, 0xE1000))
        if (unicodedata.category(chr(n)) in hidden) != (inert.on_screen(chr(n)) != chr(n))
        and unicodedata.category(chr(n)) != "Cn"
    ]  # fmt: skip
    assert wrong == []


@given(st.text(), st.text())
def test_json_is_exact_and_shows_nothing_unseen(key: str, value: str) -> None:
    """Halves of characters too: what is parsed is what was there."""
    text = inert.in_json({key: [value]})
    assert json.loads(text) == {key: [value]}
    assert list(on_screen(text)) == []


@pytest.mark.parametrize(
    ("text", "field"),
    [("plain", "plain"), ("=1", "'=1"), ("a;b", "a;b"), ("a; -5", "a;' -5"), ('a;"=1', "a;'\"=1"), ("a, -5", "a, -5"),
     ("1 - 1 = 0", "1 - 1 = 0"), ("+7 916", "'+7 916"), ("x\n-1", "x\n'-1"), ("\x00=1", "' =1"), ("\u200b=1", "'\u200b=1")],
)  # fmt: skip
def test_a_csv_field_is_guarded_wherever_a_spreadsheet_may_begin_a_cell(text: str, field: str) -> None:
    """At its start, after a semicolon, a tab or a line's end; nothing else is touched."""
    assert inert.in_csv(text) == field


def test_what_is_typed_cannot_steer_the_terminal_of_whoever_reads_the_answer(tmp_path: Path) -> None:
    """In every form, colours on: no escape code but those of our own looks, nothing that turns the line round."""
    path = firm(
        tmp_path / "f.xlsx", [deal(1, owner="A\x1b]8;;http://x\x07\u202e", deal="\x9b31mred", next_date=None)]
    )
    for form in ("text", "json", "csv", "html", "github"):
        out = call(
            "audit", path, "--as-of", FIRST, "--dry-run", "--format", form, env={"FORCE_COLOR": "1"}
        ).stdout
        assert out
        assert not {"\x1b]", "\x9b", "\x07"} & {*out, *(out[n : n + 2] for n in range(len(out)))}
        assert form == "csv" or "\u202e" not in out


def test_a_settings_value_is_told_without_its_codes(tmp_path: Path) -> None:
    """`rules list --workbook` shows what somebody typed into the Sales Book."""
    path = firm(tmp_path / "f.xlsx", [deal(1)], book=[("TK01", None, "horizon_days", "4\x1b[2J5")])
    assert "\x1b" not in call("rules", "list", "--workbook", path).stdout
