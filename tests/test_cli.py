"""The command line: what is printed where, which exit code, and never a traceback."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
import tomllib
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import click
import openpyxl
import pytest
from click.shell_completion import get_completion_class
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.injection import HTML_ATTRIBUTES, HTML_TAGS
from sheets_crm import inert, sync
from sheets_crm.checks import RULES
from sheets_crm.cli import care, formats, session
from sheets_crm.reports import REPORTS
from sheets_crm.text import LANGS, Text
from tests.command_line import FAULTY, FIRST, LATER, PLAIN, SIX, call, deal, firm, judged, spelled
from tests.shared import shared

ROOT = Path(__file__).resolve().parents[1]
HEAVY = (
    "pandas",
    "openpyxl",
    "gspread",
    "xlwings",
    "lxml",
    "rich",
    "python_calamine",
    "holidays",
    "sheets_crm.sync",
)


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """A firm with one run behind it and three new faults: TK01 and DQ02 (errors), TK02 (a warning)."""
    return judged(tmp_path / "firm.xlsx")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ------------------------------------------------------------------ exit codes


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 1),
        (("--fail-on", "warning"), 1),
        (("--fail-on", "info"), 1),
        (("--exit-zero",), 0),
        (("--dry-run",), 1),
        (("--dry-run", "--exit-zero"), 0),
        (("--rule", "TK01"), 1),
        (("--rule", "tk02"), 0),
        (("--rule", "TK02", "--fail-on", "warning"), 1),
        (("--rule", "TK02", "--rule", "DQ02"), 1),
        (("--rule", "LS01"), 0),
    ],
    ids=spelled,
)
def test_audit_exits_with_1_when_a_finding_that_is_shown_reaches_fail_on(
    second: Path, options: tuple[str, ...], code: int
) -> None:
    """1 for an open finding at least as grave as --fail-on among those that are printed; else 0."""
    assert call("audit", second, "--as-of", LATER, *options).exit_code == code


def test_the_first_run_is_legacy_and_exits_with_0(tmp_path: Path) -> None:
    """What the first run finds never changes the exit code, dry or written."""
    path = firm(tmp_path / "f.xlsx", FAULTY, book=PLAIN)
    for options in (("--dry-run",), ()):
        answer = call("audit", path, "--as-of", LATER, "--fail-on", "info", *options)
        assert answer.exit_code == 0
        assert "Legacy — 3 findings" in answer.stdout


def test_run_exits_with_0_whatever_is_found(second: Path) -> None:
    """The weekly ritual is no gate."""
    answer = call("run", second, "--as-of", LATER)
    assert answer.exit_code == 0
    assert "TK01" in answer.stdout


REFUSED = {
    "a number of deals that is none": (("demo", "--deals", "0"), "--deals cannot be that: 0"),
    "a missing file": (("audit", "nope.xlsx"), "nope.xlsx does not exist."),
    "not a workbook": (("audit", "notes.xlsx"), "notes.xlsx"),
    "a folder": (("audit", "."), "."),
    "an unknown option": (("audit", "f.xlsx", "--frobnicate"), "There is no option --frobnicate; see `sheets-crm audit --help`."),
    "an unknown command": (("frobnicate",), "No such command 'frobnicate'; see `sheets-crm --help`."),
    "a missing argument": (("audit",), "WORKBOOK is missing; see `sheets-crm audit --help`."),
    "a day that is none": (("audit", "f.xlsx", "--as-of", "2024-02-30"), "“2024-02-30” is not a day; write it as 2026-05-19."),
    "a day in words": (("audit", "f.xlsx", "--as-of", "20240301"), "“20240301” is not a day"),
    "an unknown format": (("audit", "f.xlsx", "--format", "yaml"), "--format is one of: text, json, csv, html, github; see"),
    "an unknown rule": (("audit", "f.xlsx", "--rule", "ZZ01"), "There is no rule ZZ01; `sheets-crm rules list` shows them all."),
    "an unknown rule to explain": (("rules", "explain", "ZZ01"), f"There is no rule “ZZ01”; there are {', '.join(sorted(RULES))}."),
    "an unknown report": (("report", "f.xlsx", "weather"), f"There is no report “weather”; choose from: {', '.join(REPORTS)}."),
    "a Google address": (("audit", "https://docs.google.com/spreadsheets/d/x"), "is not the address of a Google spreadsheet"),
    "a Google key": (("audit", "1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcdefg"), "There are no Google credentials"),
    "an open Excel": (("audit", "excel:"), "There is no Excel on this computer"),
    "a file that stands": (("init", "f.xlsx"), "f.xlsx exists already and was left as it is"),
    "a folder that does not": (("init", "a/b.xlsx"), "There is no folder a; create it first."),
    "a new workbook that is none": (("init", "b.csv"), "A workbook's name ends in .xlsx; “b.csv” does not."),
    "no place for the new workbook": (("import", "f.csv"), "--output is missing; see `sheets-crm import --help`."),
    "a missing source": (("import", "nope.csv", "-o", "out.xlsx"), "nope.csv does not exist."),
    "an unknown shell": (("completion", "cmd"), "SHELL is one of: bash, zsh, fish, powershell; see"),
    "no deals": (("audit", "empty.xlsx"), "There is no sheet of deals"),
    "two columns with one header": (("audit", "twice.xlsx"), "has two columns that mean “Stage”"),
    "open in Excel": (("audit", "open.xlsx", "--as-of", str(LATER)), "open.xlsx is open in Excel: click its button “Run audit”, or give excel:open.xlsx instead of the path"),
}  # fmt: skip


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("args", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(
    folder: Path, args: tuple[str, ...], said: str, lang: str
) -> None:
    """One line on stderr in either language, nothing on stdout, no traceback, no file changed or made."""
    firm(folder / "f.xlsx", SIX)
    firm(folder / "open.xlsx", SIX)
    firm(folder / "empty.xlsx", [], header=["Fruit", "Price"], sheet="Fruit")
    firm(folder / "twice.xlsx", [["a", "b"]], header=["Stage", "Этап"])
    (folder / "~$open.xlsx").write_bytes(b"x")
    (folder / "notes.xlsx").write_text("only a note")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    home = {
        "HOME": str(folder),
        "APPDATA": str(folder),
        "GOOGLE_APPLICATION_CREDENTIALS": "",
        "CLOUDSDK_CONFIG": "",
    }
    answer = call(*args, env={"LC_ALL": "ru_RU.UTF-8" if lang == "ru" else "C", **home})
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    if lang == "en":
        assert said in answer.stderr
    else:
        assert re.search("[а-я]{3}", answer.stderr)


def test_an_unforeseen_error_is_a_sentence_and_debug_shows_where(
    second: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a fault of ours is one sentence and exit code 2; --debug adds the traceback."""

    def broken(*_: object, **__: object) -> None:
        raise KeyError("inside")

    monkeypatch.setattr(sync, "run", broken)
    plain = call("audit", second)
    assert plain.exit_code == 2
    assert (
        plain.stderr
        == "Something went wrong that was not foreseen (KeyError: 'inside'); please report it: --debug shows the details.\n"
    )
    assert "Traceback" in call("audit", second, "--debug").stderr
    assert "Traceback" in call("--debug", "audit", second).stderr


def test_a_run_that_is_stopped_exits_with_2(second: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is one sentence too."""

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sync, "run", stopped)
    answer = call("audit", second)
    assert (answer.exit_code, answer.stderr.strip()) == (2, "Stopped; nothing half-written was left.")


# ----------------------------------------------------------- what is written


def test_a_written_run_says_what_it_wrote_and_where_the_backup_is(second: Path) -> None:
    """Messages on stderr: what was written, the backup, what to open; a second run touches nothing."""
    first = call("audit", second, "--as-of", LATER)
    assert "Written into firm.xlsx: the column To fix, the colours, “Audit”, the log." in first.stderr
    backup = re.search("The workbook as it was: (.*)", first.stderr)
    assert backup
    assert Path(backup[1]).is_file()
    assert "Open firm.xlsx, sheet “Audit”." in first.stderr
    written = second.read_bytes()
    again = call("audit", second, "--as-of", LATER)
    assert again.stderr == "firm.xlsx already says all this; it was not touched.\n"
    assert second.read_bytes() == written


def test_a_dry_run_changes_no_byte_and_says_so(second: Path) -> None:
    """--dry-run prints the same findings and writes nothing."""
    before = second.read_bytes()
    dry = call("audit", second, "--as-of", LATER, "--dry-run")
    assert second.read_bytes() == before
    assert dry.stderr == "Nothing was written.\n"
    assert dry.stdout == call("audit", second, "--as-of", LATER).stdout


def test_filled_ids_are_listed(tmp_path: Path) -> None:
    """The only cells of the user's that are filled are named, before and after."""
    path = firm(tmp_path / "f.xlsx", [deal(1), deal(2, deal_id=None), deal(7), deal(4, deal_id=None)])
    dry = call("audit", path, "--as-of", FIRST, "--dry-run").stderr
    assert "IDs that a written run fills in: Deals!A3 = D0008, Deals!A5 = D0009" in dry
    assert "IDs filled in: Deals!A3 = D0008, Deals!A5 = D0009" in call("audit", path, "--as-of", FIRST).stderr


def test_a_day_before_the_last_run_is_shown_only(second: Path) -> None:
    """One sentence why, exit 0 whatever it finds, no byte changed; --record does not permit it either."""
    call("run", second, "--as-of", LATER)
    before = second.read_bytes()
    for options in ((), ("--record",)):
        answer = call("audit", second, "--as-of", FIRST, *options)
        assert (
            answer.stderr
            == "The log already holds a run of 11 Mar 2024; 4 Mar 2024 is only shown, nothing was written.\n"
        )
        assert answer.exit_code == 0
        assert second.read_bytes() == before
    assert call("run", second, "--as-of", FIRST).exit_code == 0


def test_a_day_to_come_is_written_only_with_record(tmp_path: Path) -> None:
    """The future is shown; --record writes it."""
    path = firm(tmp_path / "f.xlsx", SIX)
    before = path.read_bytes()
    answer = call("audit", path, "--as-of", "2199-01-01")
    assert "is in the future: shown only, nothing was written" in answer.stderr
    assert path.read_bytes() == before
    call("audit", path, "--as-of", "2199-01-01", "--record")
    assert path.read_bytes() != before


def test_a_sheet_of_the_firms_own_called_audit_stays(tmp_path: Path) -> None:
    """Ours takes a free name, and says so."""
    path = firm(tmp_path / "f.xlsx", SIX)
    workbook = openpyxl.load_workbook(path)
    workbook.create_sheet("Audit")["A1"] = "ours since 1999"
    workbook.save(path)
    answer = call("audit", path, "--as-of", FIRST)
    assert "so ours is called “Audit (2)”" in answer.stderr
    assert openpyxl.load_workbook(path)["Audit"]["A1"].value == "ours since 1999"


def test_where_writing_is_unsafe_the_reports_go_beside_and_the_reason_is_said(tmp_path: Path) -> None:
    """A protected structure is left alone: reports in <name>.reports.xlsx, one sentence why, the file unchanged."""
    path = firm(tmp_path / "f.xlsx", SIX)
    from openpyxl.workbook.protection import WorkbookProtection

    workbook = openpyxl.load_workbook(path)
    workbook.security = WorkbookProtection(lockStructure=True)
    workbook.save(path)
    before = path.read_bytes()
    answer = call("audit", path, "--as-of", FIRST, "--format", "json")
    assert path.read_bytes() == before
    assert "The structure of the workbook is protected" in answer.stderr
    assert str(tmp_path / "f.reports.xlsx") in answer.stderr
    assert '"run_recorded": false' in answer.stdout
    assert call("doctor", path).exit_code == 1


# ------------------------------------------------------------------- the text


def test_the_text_of_an_audit_says_everything_in_order(second: Path) -> None:
    """Score, day, counts and what they mean, what changed, findings by rep with cell, words, fix and id, the gaps."""
    out = call("audit", second, "--as-of", LATER, "--dry-run").stdout
    lines = out.splitlines()
    assert lines[0].startswith("4 of 6 deals are clean (67)")
    assert lines[1] == "firm.xlsx, 11 Mar 2024; read: 6 deals"
    assert lines[2] == "2 errors (mend today); 1 warning (this week)"
    assert lines[3].startswith("0 repaired, 3 new")
    assert re.search(r"^Ann: 3 of 4 clean|^Ann — 1 finding", out, re.MULTILINE)
    assert "  ✗ Deals!E5 Deal 4: Next step: no task [TK01]\n      → Plan the next step" in out
    assert "  ✗ Deals!G6 Deal 5: Amount: zero or less: -7 [DQ02]" in out
    assert out.index("Ann") < out.index("Bob") < out.index("Without an owner") < out.index("Not checked")
    assert re.search(r"^  ST02 Required field is missing: .+", out, re.MULTILINE)


def test_findings_by_stage_stand_in_the_order_of_the_pipeline(tmp_path: Path) -> None:
    """--by stage groups by the deal's stage."""
    rows = [deal(1, stage="Won", closed=None), deal(2, next_date=None, next_step=None)]
    path = firm(tmp_path / "f.xlsx", SIX, book=[("WN01", "No", None, None)])
    call("audit", path, "--as-of", FIRST)
    workbook = openpyxl.load_workbook(path)
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            workbook["Deals"].cell(number, column).value = value
    workbook.save(path)
    out = call("audit", path, "--as-of", LATER, "--dry-run", "--by", "stage").stdout
    assert re.search(r"^Proposal — 1 finding$.*^Won — 1 finding$", out, re.MULTILINE | re.DOTALL)


def test_what_the_head_of_sales_answers_for_stands_apart(second: Path) -> None:
    """Faults on the rule tables belong to no rep: their own groups, after the reps; by stage they stand under the sheet."""
    workbook = openpyxl.load_workbook(second)
    workbook["Sales Book"].append(("TK01", None, "horizon_days", "many"))
    team = workbook.create_sheet("Team")
    for row in (("User", "Start"), ("Ann", None), ("Bob", "some day")):
        team.append(row)
    workbook.save(second)
    by_rep = call("audit", second, "--as-of", LATER, "--dry-run").stdout
    assert re.search(
        r"^Head of Sales — 1.*many.*^Whoever keeps the sheet — 1.*some day", by_rep, re.MULTILINE | re.DOTALL
    )
    by_stage = call("audit", second, "--as-of", LATER, "--dry-run", "--by", "stage").stdout
    assert re.search(r"^Sales Book — 1 finding$.*^Team — 1 finding$", by_stage, re.MULTILINE | re.DOTALL)


def test_a_rep_with_enough_deals_has_a_score(tmp_path: Path) -> None:
    """Beside the name: clean deals of all, and the score."""
    path = firm(tmp_path / "f.xlsx", SIX)
    call("run", path, "--as-of", FIRST)
    workbook = openpyxl.load_workbook(path)
    workbook["Deals"]["G2"].value = -1
    workbook.save(path)
    assert "Ann: 5 of 6 clean (83) — 1 finding" in call("audit", path, "--as-of", LATER).stdout


def test_on_a_terminal_work_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line with what is being done, on stderr; none where --no-color or a pipe asks for silence."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    call_ = session.Session()
    call_.lang = "en"
    with call_.busy(Text("Working…", "Работаем…")):
        pass
    assert "Working…" in capsys.readouterr().err
    call_.color = False
    with call_.busy(Text("Working…", "Работаем…")):
        pass
    assert capsys.readouterr().err == ""


def test_rows_that_are_no_data_are_listed(tmp_path: Path) -> None:
    """A row of totals is not judged, and said so at its cell."""
    path = firm(tmp_path / "f.xlsx", [*SIX, ["Total", *[None] * 5, 6003]])
    assert (
        "Rows that are not data\n  Deals!A8: a row of totals" in call("audit", path, "--as-of", FIRST).stdout
    )


def test_the_answer_is_in_the_workbooks_language_unless_asked(tmp_path: Path) -> None:
    """Russian headers are answered in Russian on an English computer; --lang decides before that."""
    path = firm(
        tmp_path / "f.xlsx",
        [["D1", "КП", "Анна"]],
        header=["№ сделки", "Этап", "Ответственный"],
        sheet="Сделки",
    )
    assert call("audit", path, "--as-of", FIRST, "--dry-run").stdout.startswith("Первый запуск")
    assert call("audit", path, "--as-of", FIRST, "--dry-run", "--lang", "en").stdout.startswith("First run")
    assert call("--lang", "en", "audit", path, "--as-of", FIRST, "--dry-run").stdout.startswith("First run")


@pytest.mark.parametrize(
    ("env", "lang"),
    [
        ({"LC_ALL": "ru_RU.UTF-8"}, "ru"), ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "ru_RU"}, "ru"),
        ({"LC_ALL": "C", "LANG": "ru_RU"}, "en"), ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": ""}, "ru"), ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "de_DE"}, "en"),
    ],
)  # fmt: skip
def test_the_computers_language_is_that_of_its_locale(
    env: dict[str, str], lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ru* is Russian, everything else English; LC_ALL goes before LANG; the system's own locale where none is set."""
    monkeypatch.setattr("locale.getlocale", lambda: ("Russian_Russia", "1251"))
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert session.computer_language() == lang


def test_there_are_no_colours_where_there_is_no_terminal(second: Path) -> None:
    """Piped output holds no escape codes."""
    assert "\x1b" not in call("audit", second, "--as-of", LATER, "--dry-run").stdout


@pytest.mark.parametrize(("options", "env"), [(("--no-color",), {}), ((), {"NO_COLOR": "1"})])
def test_colours_can_be_switched_off(options: tuple[str, ...], env: dict[str, str], second: Path) -> None:
    """On a terminal too: --no-color and NO_COLOR. (`color=True` makes the runner a terminal.)"""
    from click.testing import CliRunner

    from sheets_crm.cli import main

    args = ["audit", str(second), "--as-of", str(LATER), "--dry-run"]
    assert "\x1b[" in CliRunner().invoke(main, args, color=True, env={"NO_COLOR": ""}).stdout
    assert (
        "\x1b["
        not in CliRunner().invoke(main, [*args, *options], color=True, env=env or {"NO_COLOR": ""}).stdout
    )


def test_a_users_text_cannot_command_the_terminal() -> None:
    """Escape codes and direction marks in a cell come out as spaces."""
    assert inert.on_screen("a\x1b[31mb\u202ec\nd") == "a [31mb c d"


# ------------------------------------------------------------------- formats


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_has_one_row_a_finding_under_the_keys_of_the_json(second: Path) -> None:
    """The columns are the contract's keys; `also` is a list of words."""
    rows = rows_of(call("audit", second, "--as-of", LATER, "--dry-run", "--format", "csv").stdout)
    assert [row["rule"] for row in rows] == ["TK01", "DQ02", "TK02"]
    assert [row["cell"] for row in rows] == ["Deals!E5", "Deals!G6", "Deals!F7"]
    assert rows[1]["amount"] == "-7"


@pytest.mark.parametrize("bad", ["=1+1", "+7 495", "-x", "@SUM(A1)", "\t=1", "＝1"])
def test_csv_never_starts_a_cell_with_a_command(bad: str, tmp_path: Path) -> None:
    """What a spreadsheet would run is prefixed with an apostrophe."""
    path = firm(tmp_path / "f.xlsx", [deal(1, owner=bad, amount=-1)])
    rows = rows_of(call("audit", path, "--as-of", FIRST, "--dry-run", "--format", "csv").stdout)
    assert rows[0]["owner"] == "'" + bad.strip()
    assert inert.in_csv(bad).startswith("'")


@given(st.text())
def test_csv_loses_nothing_but_controls_and_calculates_nothing(text: str) -> None:
    """Only apostrophes are added, and no part that a spreadsheet may take for a cell begins like a formula."""
    safe = inert.in_csv(text)
    assert safe.replace("'", "") == inert._UNSEEN_IN_CSV.sub(" ", text).replace("'", "")
    for part in re.split("[;\t\r\n]", safe):
        assert not part.lstrip(' "').startswith(("=", "+", "-", "@"))
    assert not safe.startswith(("\t", "\r", "\n"))


class Page(HTMLParser):
    """The tags and the attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, str | None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= dict(attrs)


@pytest.mark.parametrize("lang", LANGS)
def test_html_is_one_page_that_loads_nothing_and_escapes_everything(tmp_path: Path, lang: str) -> None:
    """A deal cannot bring a tag of its own into the page, nor can the file's name; nothing is fetched."""
    path = firm(
        tmp_path / "a&b<i>.xlsx",
        [deal(1, owner="<script>alert(1)</script>", amount=-1, lost_reason="<img src=x>")],
    )
    out = call("audit", path, "--as-of", FIRST, "--dry-run", "--format", "html", "--lang", lang).stdout
    page = Page()
    page.feed(out)
    assert page.tags <= HTML_TAGS
    assert page.attributes.keys() <= HTML_ATTRIBUTES
    assert page.attributes["lang"] == lang
    assert "http" not in out
    assert "&lt;img src=x&gt;" in out


def test_html_names_only_what_there_is(second: Path) -> None:
    """No heading for legacy findings where there are none; reps, their findings and what was not checked."""
    out = call("audit", second, "--as-of", LATER, "--dry-run", "--format", "html").stdout
    assert "<h2>Legacy</h2>" not in out
    assert "<h2>Bob</h2>" in out
    assert "<h2>Not checked</h2>" in out
    assert (
        "<h2>Not checked</h2>"
        not in call(
            "audit", second, "--as-of", LATER, "--dry-run", "--format", "html", "--rule", "TK01"
        ).stdout
    )


def test_github_annotations_name_the_file_the_rule_and_the_cell(second: Path) -> None:
    """One line for each open finding at its level, and the score as a notice."""
    lines = call("audit", second, "--as-of", LATER, "--dry-run", "--format", "github").stdout.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::error", "::warning", "::notice"]
    file = str(second).replace(":", "%3A").replace(",", "%2C")
    assert lines[0].startswith(f"::error file={file},title=TK01 Deal without a task::Deals!E5: no task. Plan")
    assert "4 of 6 deals are clean" in lines[-1]


@given(st.text(), st.text(), st.text())
def test_an_annotation_is_one_line_and_comes_apart_again(file: str, title: str, message: str) -> None:
    """Line ends, per cent, colons and commas are escaped as GitHub's own toolkit does."""
    line = formats.annotation("error", file, title, message)
    assert "\n" not in line
    assert "\r" not in line
    found = re.fullmatch(r"::error file=([^:,]*),title=([^:,]*)::(.*)", line, re.DOTALL)
    assert found
    signs = {"%25": "%", "%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}
    came = [re.sub("%(25|0D|0A|3A|2C)", lambda m: signs[m[0]], part) for part in found.groups()]
    kept = [re.sub("[^\r\n]", lambda m: inert.on_screen(m[0]), text) for text in (file, title, message)]
    assert came == kept


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("form", ["text", "json", "csv", "html"])
def test_a_report_is_printed_and_written_only_when_asked(second: Path, form: str, name: str) -> None:
    """Without --write no byte changes and nothing is said; with it the sheet is there."""
    before = second.read_bytes()
    answer = call("report", second, name, "--as-of", LATER, "--format", form)
    assert answer.exit_code == 0
    assert answer.stdout
    assert answer.stderr == ""
    assert second.read_bytes() == before
    written = call("report", second, name, "--as-of", LATER, "--write").stderr
    assert re.search(f"Written into.*“{REPORTS[name].sheet.en}”", written)
    assert REPORTS[name].sheet.en in openpyxl.load_workbook(second).sheetnames


# ------------------------------------------------------------ to begin with


@pytest.mark.parametrize("lang", LANGS)
def test_init_makes_a_workbook_that_an_audit_reads(folder: Path, lang: str) -> None:
    """A fresh template in either language: read whole, nothing found."""
    answer = call("init", "new.xlsx", "--lang", lang)
    assert answer.exit_code == 0
    assert "sheets-crm run new.xlsx" in answer.stdout
    audit = call("audit", folder / "new.xlsx", "--dry-run", "--as-of", FIRST)
    assert audit.exit_code == 0
    assert audit.stdout.startswith({"en": "First run", "ru": "Первый запуск"}[lang])


@pytest.mark.parametrize("lang", LANGS)
def test_the_demo_says_what_to_look_at_and_is_never_overwritten(folder: Path, lang: str) -> None:
    """Four lines; a workbook with eight runs behind it whose last day is --as-of; a second demo asks for another place."""
    args = ("demo", "--deals", 20, "--tasks", 60, "--seed", 3, "--as-of", "2024-03-15", "--lang", lang)
    answer = call(*args)
    assert answer.exit_code == 0, answer.stderr
    path = folder / "demo" / f"demo_{lang}.xlsx"
    assert len(answer.stdout.splitlines()) == 4
    assert str(Path("demo") / path.name) in answer.stdout
    audit = call("audit", path, "--as-of", "2024-03-15", "--format", "json")
    assert '"baseline": {\n    "run": 7,' in audit.stdout
    again = call(*args)
    assert again.exit_code == 2
    assert "demo" in again.stderr


def test_import_says_what_to_look_at(folder: Path) -> None:
    """A stage that is on no list is told; nothing is left out here, and nothing is said of it."""
    (folder / "deals.csv").write_text("Deal,Stage\nOne,Lost in space\n", "utf-8")
    answer = call("import", "deals.csv", "-o", "out.xlsx")
    assert "Stages that are neither in the map nor on the sheet Stages: “Lost in space” (1)" in answer.stdout
    assert "left out" not in answer.stdout


def test_import_lists_what_it_took_and_what_it_left_out(folder: Path) -> None:
    """The 895 real deals: five columns taken, five left out, nothing lost."""
    source = shared("data/ringostat_deals/deals.csv")
    answer = call("import", source, "-o", "firm.xlsx", "--map", ROOT / "docs/examples/ringostat.toml")
    assert answer.exit_code == 0, answer.stderr
    assert "deals imported: 895" in answer.stdout
    left = re.search("Columns left out: (.*)", answer.stdout)
    assert left
    assert left[1].count(",") == 4
    audit = call("audit", folder / "firm.xlsx", "--as-of", "2024-04-30")
    assert audit.exit_code == 0
    assert "21 findings legacy" in audit.stdout


# -------------------------------------------------------------- looking things up


@pytest.mark.parametrize(("lang", "said"), [("en", "Why it matters:"), ("ru", "Почему важно:")])
def test_a_rule_is_explained_in_both_languages(lang: str, said: str) -> None:
    """By code in any case, or by name: page, severity, who answers, needs, settings."""
    out = call("rules", "explain", "tk01", "--lang", lang).stdout
    assert said in out
    assert "horizon_days = 45" in out
    assert call("rules", "explain", "deal-without-task", "--lang", lang).stdout == out
    assert "(on the sheet Sales Book)" not in call("rules", "explain", "DQ02", "--lang", lang).stdout


def test_the_rules_are_shown_as_a_firm_has_them(tmp_path: Path) -> None:
    """--workbook shows the firm's own values; without it the shipped ones."""
    path = firm(tmp_path / "f.xlsx", SIX, book=[("TK01", None, "horizon_days", "30")])
    assert "horizon_days = 45" in call("rules", "list").stdout
    assert "horizon_days = 30" in call("rules", "list", "--workbook", path).stdout


@pytest.mark.parametrize("lang", LANGS)
def test_the_schema_lists_every_table_and_column(lang: str) -> None:
    """A readable listing with both headers."""
    out = call("schema", "--lang", lang).stdout
    assert "Deals: Deals / Сделки" in out
    assert re.search(r"^  stage +ref +Stage / Этап +\S.* \((required|обязательный)\)$", out, re.MULTILINE)


# ------------------------------------------------------------------ looking after


def test_the_doctor_finds_this_installation_sound(second: Path) -> None:
    """Python, every dependency with its version, the folder; the workbook read and safe to write, nothing written."""
    before = second.read_bytes()
    answer = call("doctor", second)
    assert answer.exit_code == 0, answer.stdout
    assert f"✓ Python {sys.version_info.major}.{sys.version_info.minor}" in answer.stdout
    assert "✓ firm.xlsx can be read: Deals (6)" in answer.stdout
    assert "✓ firm.xlsx can be written without losing anything" in answer.stdout
    assert second.read_bytes() == before


def test_the_doctor_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that cannot be imported is one line, and exit code 1."""
    monkeypatch.setitem(care.DEPENDENCIES, "ghostlib", "ghostlib_of_nowhere")
    answer = call("doctor")
    assert answer.exit_code == 1
    assert "✗ ghostlib is missing" in answer.stdout
    assert "To mend: 1." in answer.stdout


def test_the_doctor_says_what_is_wrong_with_a_workbook(folder: Path) -> None:
    """Open in Excel, or no workbook at all: exit code 1 and the sentence."""
    firm(folder / "open.xlsx", SIX)
    (folder / "~$open.xlsx").write_bytes(b"x")
    (folder / "notes.xlsx").write_text("only a note")
    for name, said in (("open.xlsx", "is open in Excel"), ("notes.xlsx", "✗ notes.xlsx")):
        answer = call("doctor", name)
        assert answer.exit_code == 1
        assert said in answer.stdout
    assert call("doctor", "nope.xlsx").exit_code == 2


def test_the_doctor_says_what_can_be_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LibreOffice is optional, and a future run in the log is no fault: a dot, exit code 0."""
    path = firm(tmp_path / "f.xlsx", SIX)
    call("run", path, "--as-of", "2199-01-01", "--record")
    monkeypatch.setattr("shutil.which", lambda _: None)
    answer = call("doctor", path)
    assert answer.exit_code == 0
    assert "· LibreOffice was not found" in answer.stdout
    assert "· The log already holds a run of 1 Jan 2199" in answer.stdout


def test_the_doctor_names_an_old_python_and_a_closed_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What must be mended is named with what is needed."""
    monkeypatch.setattr(care, "LEAST_PYTHON", (9, 0))
    answer = call("doctor", folder / "gone" / "f.xlsx")
    assert answer.exit_code == 2
    monkeypatch.setattr(
        "tempfile.TemporaryFile", lambda **_: (_ for _ in ()).throw(PermissionError(13, "Permission denied"))
    )
    answer = call("doctor")
    assert answer.exit_code == 1
    assert "is too old: 9.0 or newer is needed." in answer.stdout
    assert f"✗ Files cannot be written in {folder} (Permission denied)." in answer.stdout


def test_the_doctor_knows_every_dependency() -> None:
    """Its list is that of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = {re.split("[<>=; ]", line)[0] for line in project["dependencies"]}
    assert {*care.DEPENDENCIES, *care.ON_DESKTOPS} == named


def test_a_shell_that_this_click_does_not_know_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Older versions of click know no PowerShell."""
    monkeypatch.setattr("click.shell_completion.get_completion_class", lambda _: None)
    answer = call("completion", "powershell")
    assert answer.exit_code == 2
    assert "cannot complete in powershell; a newer one can" in answer.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_scripts_call_back_the_program(shell: str) -> None:
    """The script asks `sheets-crm` itself what fits; a click that cannot says so."""
    if get_completion_class(shell) is None:
        pytest.skip(f"this click knows no {shell}")
    assert "_SHEETS_CRM_COMPLETE" in call("completion", shell).stdout


def test_completion_offers_commands_and_options() -> None:
    """What the script asks is answered."""
    env = {"_SHEETS_CRM_COMPLETE": "zsh_complete", "COMP_WORDS": "sheets-crm au", "COMP_CWORD": "1"}
    assert "audit" in fresh("-m", "sheets_crm", env=env)


# ------------------------------------------------------------------------ speed


def fresh(*args: str, env: dict[str, str] | None = None) -> str:
    """What a new interpreter prints."""
    done = subprocess.run(
        [sys.executable, *args],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        encoding="utf-8",
    )
    return done.stdout


def test_help_loads_nothing_heavy() -> None:
    """After `--help` none of the heavy libraries is loaded; the CPU time is printed."""
    code = (
        "import atexit, sys, time\n"
        "atexit.register(lambda: print(time.process_time(), *sys.modules))\n"
        "from sheets_crm.cli import main\n"
        "main(['--help'])"
    )
    *_, last = fresh("-c", code).splitlines()
    seconds, *loaded = last.split(" ")
    print(f"sheets-crm --help: {float(seconds) * 1000:.0f} ms of CPU")  # noqa: T201 - a measure to look at, too noisy to assert
    assert not {name for name in HEAVY if name in loaded}


@pytest.mark.parametrize(
    "args", [(), ("--help",), ("-h",), ("rules",), ("audit", "--help"), ("--version",)], ids=spelled
)
def test_help_is_no_error(args: tuple[str, ...]) -> None:
    """Asked or not, help goes to stdout with exit code 0."""
    answer = call(*args)
    assert answer.exit_code == 0
    assert answer.stdout
    assert answer.stderr == ""


def test_the_module_is_the_program() -> None:
    """`python -m sheets_crm` and the entry point of the package are one."""
    assert fresh("-m", "sheets_crm", "--version").startswith("sheets-crm ")


@pytest.mark.parametrize(("fail_on", "code"), [((), 1), (("--exit-zero",), 0)], ids=spelled)
def test_a_process_that_ends_at_once_has_said_all(fail_on: tuple[str, ...], code: int, second: Path) -> None:
    """After a run nothing is taken apart, but answer, messages and exit code are those of the command itself."""
    args = ["audit", str(second), "--as-of", str(LATER), "--dry-run", "--lang", "en", *fail_on]
    answer = call(*args)
    done = subprocess.run(
        [sys.executable, "-m", "sheets_crm", *args],
        capture_output=True,
        check=False,
        cwd=ROOT,
        encoding="utf-8",
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, click.unstyle(answer.stdout), answer.stderr)
    assert answer.exit_code == code


def test_today_is_the_day_in_the_firms_zone() -> None:
    """Two zones exactly a day apart never agree; an unknown zone is this computer's."""
    assert (session.today("Pacific/Kiritimati") - session.today("Pacific/Honolulu")).days == 1
    here: Any = session.today(None)
    assert isinstance(here, date)
    assert abs((session.today("Nowhere/Land") - here).days) <= 1


def test_what_has_no_cell_is_told_once_on_stderr(tmp_path: Path) -> None:
    """In every command that reads the workbook, in its language, and never among the data on stdout."""
    path = firm(tmp_path / "firm.xlsx", SIX)
    book = openpyxl.load_workbook(path)
    for row in (3, 4, 5, 6, 7):
        book["Deals"].row_dimensions[row].hidden = True
    book.save(path)
    sentence = "Лист «Deals»: строки, скрытые фильтром или вручную (5), проверены наравне со всеми."
    for command in (("audit", path), ("run", path, "--dry-run"), ("report", path, "audit")):
        result = call(*command, "--as-of", FIRST, "--lang", "ru")
        assert result.stderr.count(sentence) == 1
        assert sentence not in result.stdout
