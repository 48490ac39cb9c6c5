"""`excel init`: a workbook with macros and buttons, fresh or as a copy of a firm's, in which nothing of the firm's changed."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped]
from openpyxl.comments import Comment
from openxml_audit import OpenXmlValidator  # type: ignore[import-untyped]

from benchmarks.corpus import as_macro_workbook, buttoned, copied, macro_parts
from benchmarks.foreign import changed
from benchmarks.repair_lint import faults, new_faults
from sheets_crm.errors import UsageError, WorkbookUnsafe
from sheets_crm.hosts.xlsx import macros, made_of
from sheets_crm.hosts.xlsx.macros import Button, CodeNames, Corner, code_names, project_of, with_macros
from sheets_crm.hosts.xlsx.package import Package
from sheets_crm.template import pages
from sheets_crm.template.guide import BY_BUTTON, guide_name
from sheets_crm.template.macros import interpreters_of, outdated, with_buttons
from sheets_crm.text import LANGS, Lang
from sheets_crm.vba import document_module, modules, project, standard_module
from sheets_crm.vba.reading import sources
from tests import olevba
from tests.command_line import FAULTY, FIRST, LATER, call, spelled
from tests.command_line import firm as deals
from tests.libreoffice_macro import RECORDER, open_and_run
from tests.packages import SHEET1, WORKBOOK, replacing, with_parts, workbook
from tests.shared import shared
from tests.xlsx_samples import firm, parts

CAPTIONS = {"en": ("Run audit", "Run week"), "ru": ("Запустить аудит", "Подвести неделю")}
PYTHON = {"win32": r"C:\Program Files\Ann & Co\python.exe"}


def fresh(lang: Lang) -> bytes:
    """What `excel init` writes on a Windows computer."""
    return with_buttons(made_of(pages(lang, start=BY_BUTTON)), lang, PYTHON, room=True)


def file(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def audited(path: Path) -> list[str]:
    """What openxml-audit (`--policy permissive`) finds."""
    found = OpenXmlValidator(strict=False, max_errors=0).validate(path).errors
    return [str(error) for error in found if error.severity.value == "error"]


def names(data: bytes) -> list[str]:
    return list(openpyxl.load_workbook(BytesIO(data), keep_vba=True).sheetnames)


# ---------------------------------------------------------------- a fresh one


@pytest.mark.parametrize("lang", LANGS)
def test_a_fresh_workbook_has_the_template_and_the_macros(tmp_path: Path, lang: str) -> None:
    """Every sheet of `init`, one hidden one of settings; the answer says where the buttons are and what to check."""
    path = tmp_path / "pipeline.xlsm"
    answer = call("excel", "init", path, "--lang", lang)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert {"en": "the buttons are on the first sheet", "ru": "кнопки на первом листе"}[lang] in answer.stdout
    assert f'sheets-crm excel doctor "{path}"' in answer.stdout
    call("init", tmp_path / "plain.xlsx", "--lang", lang)
    plain = names((tmp_path / "plain.xlsx").read_bytes())
    assert names(path.read_bytes()) == [*plain, "xlwings.conf"]
    assert project_of(path.read_bytes()) is not None


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_is_there_for_excel_to_repair(tmp_path: Path, lang: Lang) -> None:
    """By our lint, and by openxml-audit, which shares nothing with it."""
    data = fresh(lang)
    assert faults(data) == {}
    assert audited(file(tmp_path / "fresh.xlsm", data)) == []


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_call_gives_the_same_bytes(lang: Lang) -> None:
    """No clock, no random number; another Python is another file."""
    assert fresh(lang) == fresh(lang)
    assert with_buttons(made_of(pages(lang, start=BY_BUTTON)), lang, {}, room=True) != fresh(lang)


@pytest.mark.parametrize("lang", LANGS)
def test_olevba_prints_our_sources_byte_for_byte(lang: Lang) -> None:
    """All of them, and no other; our own reader prints the same."""
    data = fresh(lang)
    ours = {module.name: module.source for module in modules(())}
    assert {
        name.rpartition(".")[0]: code for name, code in olevba.sources("fresh.xlsm", data).items()
    } == ours
    assert sources(project_of(data) or b"") == ours


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("number", "task"), [(0, "run_audit"), (1, "run_week")])
def test_a_button_is_bound_to_its_macro_which_asks_python_for_the_run(
    tmp_path: Path, lang: Lang, number: int, task: str
) -> None:
    """In LibreOffice, with a recorder in the place of xlwings' module."""
    macro = ("RunAudit", "RunWeek")[number]
    path = file(tmp_path / "fresh.xlsm", fresh(lang))
    seen = open_and_run(path, tmp_path / "office", run=f"SheetsCrm.{macro}", stubs={"xlwings": RECORDER})
    assert {caption: bound.rpartition(".")[2] for caption, bound in seen.buttons.items()} == dict(
        zip(CAPTIONS[lang], ("RunAudit", "RunWeek"), strict=True)
    )
    assert seen.cell == f"import sheets_crm.hosts.excel as e; e.{task}()"


@pytest.mark.parametrize("lang", LANGS)
def test_the_settings_are_what_xlwings_asks_for(lang: Lang) -> None:
    """Text in two columns from A1 on without a gap; yes and no are spelled as every language of Excel reads them."""
    sheet = openpyxl.load_workbook(BytesIO(fresh(lang)))["xlwings.conf"]
    assert sheet.sheet_state == "hidden"
    rows = [(row[0].value, row[1].value) for row in sheet.iter_rows(min_row=1, max_col=2)]
    listed = rows[: [name for name, _ in rows].index(None)]
    settings = dict(listed)
    assert len({str(name).casefold() for name, _ in listed}) == len(listed)
    assert settings["Interpreter_Win"] == PYTHON["win32"]
    assert settings["Interpreter_Mac"] is None
    assert settings["ADD_WORKBOOK_TO_PYTHONPATH"] == "False"
    assert all(isinstance(value, str | None) for value in settings.values())
    assert interpreters_of(fresh(lang)) == {**PYTHON, "darwin": ""}


def test_every_setting_that_xlwings_module_asks_for_is_on_the_sheet() -> None:
    """What is missing there it looks for in a file beside the workbook, whose folder on SharePoint is an address."""
    xlwings = next(module.source for module in modules(()) if module.name == "xlwings")
    body = xlwings[
        xlwings.index("Public Function RunPython") : xlwings.index("Public Function RunFrozenPython")
    ]
    asked = {name.casefold() for name in re.findall(r'GetConfig\("([^"]+)"', body)}
    sheet = openpyxl.load_workbook(BytesIO(fresh("en")))["xlwings.conf"]
    there = {str(row[0].value).casefold() for row in sheet.iter_rows(max_col=1)}
    # Asked for only where Python code is kept in the workbook, which ours never is.
    assert {"interpreter_win", "show console", "temp dir"} <= asked
    assert asked - {"license_key"} <= there


def test_the_buttons_cover_nothing_and_the_guide_speaks_of_them() -> None:
    """They stand in a row that is theirs; its line says to press one, and no report asks to close the file."""
    for lang in LANGS:
        book = openpyxl.load_workbook(BytesIO(fresh(lang)))
        guide = book[guide_name(lang)]
        assert [cell.value for cell in guide[3]] == [None] * len(guide[3])
        assert guide.row_dimensions[3].height == 33
        texts = [str(cell.value) for row in guide.iter_rows() for cell in row if cell.value]
        assert any(CAPTIONS[lang][1] in text and ".xlsm" in text for text in texts)
        assert not any(".xlsx" in str(c.value) for s in book for row in s.iter_rows() for c in row if c.value)


def test_the_python_of_this_computer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Excel runs; elsewhere the workbook names none, and the answer says so."""
    for platform, named in (
        ("darwin", {"win32": "", "darwin": "/bin/py"}),
        ("linux", {"win32": "", "darwin": ""}),
    ):
        monkeypatch.setattr(
            "sheets_crm.cli.excel.sys", SimpleNamespace(platform=platform, executable="/bin/py")
        )
        path = tmp_path / f"{platform}.xlsm"
        answer = call("excel", "init", path)
        assert interpreters_of(path.read_bytes()) == named
        assert ("names no Python yet" in answer.stdout) == (platform == "linux")


# ---------------------------------------------------------------- a copy of a firm's


def guided() -> bytes:
    """A firm that has our sheets already, with a note of its own on the guide."""
    book = openpyxl.load_workbook(BytesIO(made_of(pages("en"))))
    book["Start here"]["B5"].comment = Comment("call Ann first", "Bob")
    stored = BytesIO()
    book.save(stored)
    return stored.getvalue()


def named() -> bytes:
    """A firm whose workbook was an .xlsm in a Russian Excel once: code names have stayed."""
    return with_parts(
        firm(),
        {
            WORKBOOK: replacing(b"<workbookPr ", '<workbookPr codeName="ЭтаКнига" '.encode()),
            SHEET1: replacing(b"<dimension", '<sheetPr codeName="Лист1"/><dimension'.encode()),
        },
    )


FIRMS = {"rich": firm, "with our guide and a note on it": guided, "with code names": named}


@pytest.mark.parametrize("made", FIRMS.values(), ids=FIRMS.keys())
def test_a_copy_has_all_that_the_firm_had_byte_for_byte(tmp_path: Path, made: object) -> None:
    """Judged by code that shares nothing with the writer; the original is not touched."""
    assert callable(made)
    before = made()
    source = file(tmp_path / "firm.xlsx", before)
    answer = call("excel", "init", "--into", source)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert source.read_bytes() == before
    after = (tmp_path / "firm.xlsm").read_bytes()
    lost = changed(as_macro_workbook(before), after, {})
    assert [line for line in lost if not line.startswith(tuple(touched(before)))] == []
    assert new_faults(before, after) == []
    assert set(audited(tmp_path / "firm.xlsm")) <= set(audited(source))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["firm.xlsm", "firm.xlsx"]


def touched(before: bytes) -> set[str]:
    """The parts of a guide that stands: on it are the buttons."""
    if "Start here" not in openpyxl.load_workbook(BytesIO(before)).sheetnames:
        return set()
    return {GUIDE, "xl/worksheets/_rels/sheet1.xml.rels", drawing_of(before, GUIDE)}


GUIDE = "xl/worksheets/sheet1.xml"
"""The first sheet of a workbook of ours."""


def drawing_of(data: bytes, sheet: str) -> str:
    """The part with the notes and buttons of a sheet."""
    relations = Package(data).relations(sheet)
    return next(relation.target for relation in relations if relation.kind == "vmlDrawing")


def test_a_note_on_the_guide_stays_beside_the_buttons(tmp_path: Path) -> None:
    """Both hang on one drawing: what stood in it stands there, the buttons after it, right of all text."""
    before = guided()
    source = file(tmp_path / "firm.xlsx", before)
    call("excel", "init", "--into", source)
    after = (tmp_path / "firm.xlsm").read_bytes()
    drawing = drawing_of(before, GUIDE)
    was, now = parts(before)[drawing], parts(after)[drawing]
    opening, _, closing = was.rpartition(b"</xml>")
    assert (now.startswith(opening), now.endswith(b"</xml>" + closing)) == (True, True)
    added = now.removeprefix(opening)
    assert added.count(b"<x:FmlaMacro>[0]!RunAudit</x:FmlaMacro>") == 1
    guide = openpyxl.load_workbook(BytesIO(after), keep_vba=True)["Start here"]
    assert guide["B5"].comment is not None
    assert guide["B5"].comment.text == "call Ann first"
    right = max(cell.column for row in guide.iter_rows() for cell in row if cell.value)
    anchors = [part.split(b"</x:Anchor>")[0] for part in added.split(b"<x:Anchor>")[1:]]
    assert [int(anchor.split(b",")[0]) for anchor in anchors] == [right, right]


def test_code_names_stay_and_have_their_modules(tmp_path: Path) -> None:
    """The workbook's in Russian too; sheets without one get none."""
    source = file(tmp_path / "firm.xlsx", named())
    call("excel", "init", "--into", source)
    after = (tmp_path / "firm.xlsm").read_bytes()
    assert code_names(after) == CodeNames("ЭтаКнига", ("Лист1",))
    kinds = [name for name, text in sources(project_of(after) or b"").items() if "VB_Base" in text]
    assert kinds == ["ЭтаКнига", "Лист1", "Dictionary"]


def test_a_copy_goes_where_it_is_told_to(tmp_path: Path) -> None:
    """And is named like the original otherwise; its language is the firm's own."""
    source = deals(tmp_path / "firm.xlsx", FAULTY)
    answer = call("excel", "init", "--into", source, tmp_path / "other.xlsm", "--with", "rates")
    assert f"{tmp_path / 'other.xlsm'} is a copy of firm.xlsx with macros" in answer.stdout
    assert "other.xlsm: sheets added: Start here, " in answer.stdout
    assert "Rates" in names((tmp_path / "other.xlsm").read_bytes())


@pytest.mark.skipif(os.name != "posix", reason="rights come from the folder on Windows")
def test_a_copy_is_as_private_as_the_original(tmp_path: Path) -> None:
    """It holds the same."""
    source = deals(tmp_path / "firm.xlsx", FAULTY)
    source.chmod(0o600)
    call("excel", "init", "--into", source)
    assert (tmp_path / "firm.xlsm").stat().st_mode & 0o777 == 0o600


def test_a_template_becomes_a_workbook(tmp_path: Path) -> None:
    """A file that is called .xlsm and says that it is a template would not open."""
    template = replacing(b"spreadsheetml.sheet.main+xml", b"spreadsheetml.template.main+xml")
    source = file(tmp_path / "firm.xltx", with_parts(firm(), {"[Content_Types].xml": template}))
    assert call("excel", "init", "--into", source).exit_code == 0
    types = parts((tmp_path / "firm.xlsm").read_bytes())["[Content_Types].xml"]
    assert types.count(b"application/vnd.ms-excel.sheet.macroEnabled.main+xml") == 1
    assert b"template" not in types


def theirs() -> bytes:
    """A workbook with a project of the firm's own."""
    source = 'Attribute VB_Name = "Report"\nSub Report()\nEnd Sub\n'
    own = project([document_module("ThisWorkbook", "workbook"), standard_module("Report", source)])
    return with_macros(made_of(pages("en")), own, "Deals", [])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("init",), "Name a workbook: `excel init PATH.xlsm`"),
        (("init", "new.xlsx"), "ends in .xlsm; “new.xlsx” does not."),
        (("init", "there.xlsm"), "there.xlsm exists already and was left as it is"),
        (("init", "nowhere/new.xlsm"), "There is no folder nowhere"),
        (("init", "new.xlsm", "--with", "moon"), "--with knows no sheet “moon”"),
        (("init", "--into", "missing.xlsx"), "missing.xlsx does not exist."),
        (("init", "--into", "there.xlsx"), "there.xlsm exists already and was left as it is"),
        (("init", "--into", "there.xlsx", "copy.xlsx"), "ends in .xlsm; “copy.xlsx” does not."),
        (("init", "--into", "theirs.xlsm"), "has macros of its own, which are left alone: import our modules by hand"),
        (("init", "--into", "theirs.xlsm", "new.xlsm"), "with the workbook open, sheets-crm run excel:"),
        (("init", "--into", "locked.xlsx"), "The structure of the workbook is protected"),
        (("init", "--into", "old.xls"), "is an old Excel 97-2003 workbook (.xls)"),
        (("init", "--into", "open.xlsx"), "open.xlsx is open"),
        (("init", "--into", "settings.xlsx"), "“xlwings.conf” that is not ours; rename it"),
        (("init", "--into", "twice.xlsx"), "Two macro modules cannot bear the name Sheet1"),
        (("init", "--into", "https://docs.google.com/spreadsheets/d/x"), "Macros go into a file"),
    ],
    ids=spelled,
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], said: str
) -> None:
    """Exit code 2, one line, no file changed or made."""
    monkeypatch.chdir(tmp_path)
    file(Path("there.xlsm"), b"a file of somebody's")
    file(Path("there.xlsx"), firm())
    file(Path("theirs.xlsm"), theirs())
    lock = replacing(b"<bookViews>", b'<workbookProtection lockStructure="1"/><bookViews>')
    file(Path("locked.xlsx"), with_parts(firm(), {WORKBOOK: lock}))
    file(Path("old.xls"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    file(Path("open.xlsx"), firm())
    file(Path("~$open.xlsx"), b"\x03Ann" + bytes(161))
    settings = replacing('name="План продаж"'.encode(), b'name="xlwings.conf"')
    file(Path("settings.xlsx"), with_parts(firm(), {WORKBOOK: settings}))
    named_alike = replacing(b"<dimension", b'<sheetPr codeName="Sheet1"/><dimension')
    sheets = {SHEET1: named_alike, "xl/worksheets/sheet2.xml": named_alike}
    file(Path("twice.xlsx"), with_parts(firm(), sheets))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    answer = call("excel", *args)
    assert (answer.exit_code, answer.stdout, len(answer.stderr.splitlines())) == (2, "", 1)
    assert said in answer.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_macros_of_an_earlier_version_of_ours_are_replaced(tmp_path: Path) -> None:
    """In a copy; the settings that somebody entered stay, and no button comes twice."""
    old = [
        *modules(()),
        standard_module("SheetsCrmOld", 'Attribute VB_Name = "SheetsCrmOld"\nSub X()\nEnd Sub\n'),
    ]
    source = file(
        tmp_path / "old.xlsm",
        with_macros(fresh("en"), project(old[1:2] + old[0:1] + old[3:]), "Start here", []),
    )
    assert outdated(source.read_bytes()) == ["SheetsCrmSystem"]
    answer = call("excel", "init", "--into", source, tmp_path / "new.xlsm")
    assert answer.exit_code == 0, answer.stderr
    new = (tmp_path / "new.xlsm").read_bytes()
    assert outdated(new) == []
    assert interpreters_of(new) == {**PYTHON, "darwin": ""}
    assert new == fresh("en")


def test_signed_macros_are_not_replaced() -> None:
    """A signature that no longer fits would be worse than none."""
    relation = "http://schemas.microsoft.com/office/2006/relationships/vbaProjectSignature"
    signature = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        b'Type="%b" Target="vbaProjectSignature.bin"/></Relationships>' % relation.encode()
    )
    signed = {"xl/_rels/vbaProject.bin.rels": signature, "xl/vbaProjectSignature.bin": b"signed"}
    with pytest.raises(WorkbookUnsafe, match="The macros in the workbook are signed"):
        with_buttons(with_parts(fresh("en"), signed), "en", {}, room=True)


def test_a_chart_called_like_the_guide_is_a_question() -> None:
    """No button can stand on it."""
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet("Deals")
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Deals!$A$1:$A$2"})
        book.add_chartsheet("Start here").set_chart(chart)
    with pytest.raises(WorkbookUnsafe, match="“Start here” that is not ours"):
        with_buttons(buffer.getvalue(), "en", {}, room=False)


def test_what_was_not_to_change_is_proved_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the firm's that the drawing of buttons spoils, and one more reason for Excel to repair."""
    for part, spoil in (
        ("xl/theme/theme1.xml", lambda package: package.put("xl/theme/theme1.xml", b"<theme/>")),
        ("content type", lambda package: package.put("xl/no.type", b"<a/>")),
    ):

        def draw(package: Package, *_: object, spoil: Callable[[Package], None] = spoil) -> dict[str, bytes]:
            spoil(package)
            return {}

        monkeypatch.setattr(macros, "_draw", draw)
        with pytest.raises(WorkbookUnsafe, match=f"not ours .*{part}"):
            with_macros(firm(), project(modules(())), "Deals", [])


def test_a_copy_names_this_python_where_none_is_named() -> None:
    """A workbook of Windows gets the Python of a Mac beside its own; one that is named stays, right or wrong."""
    made = with_buttons(fresh("ru"), "ru", {"darwin": "/bin/py", "win32": "C:\\other.exe"}, room=True)
    assert interpreters_of(made) == {**PYTHON, "darwin": "/bin/py"}
    assert with_buttons(made, "ru", {"darwin": "/bin/other"}, room=True) == made


def test_a_drawing_of_an_odd_kind_is_refused() -> None:
    """Rather than guessed at."""
    data = guided()
    drawing = drawing_of(data, GUIDE)
    for odd in (b"", b"<xml/>", "<xml></xml>".encode("utf-16")):
        with pytest.raises(WorkbookUnsafe, match="notes on the sheet of the buttons"):
            with_buttons(with_parts(data, {drawing: odd}), "en", {}, room=False)


def test_a_caption_is_text_and_a_button_stands_where_it_is_told() -> None:
    """Whatever it says."""
    button = Button("A & <b>", "Go", Corner(2, 3, 4, 5), Corner(6, 7, 8, 9))
    data = with_macros(workbook(), project(modules(())), "Deals", [button])
    drawing = drawing_of(data, SHEET1)
    assert b">A &amp; &lt;b&gt;<" in parts(data)[drawing]
    assert b"<x:Anchor>2, 4, 1, 5, 6, 8, 5, 9</x:Anchor>" in parts(data)[drawing]
    assert faults(data) == {}


def test_a_sheet_of_the_firms_called_like_a_module_of_ours_is_a_question() -> None:
    """One of the two has to give way, and it is not ours to choose."""
    data = with_parts(
        workbook(), {SHEET1: replacing(b"<dimension", b'<sheetPr codeName="SheetsCrm"/><dimension')}
    )
    with pytest.raises(UsageError, match="Two macro modules cannot bear the name SheetsCrm"):
        project(modules(code_names(data).sheets))


@pytest.mark.parametrize(
    "name", ["closedxm__AllShapes.xlsx", "poi__WithChartSheet.xlsx", "phpsprea__issue.4505.namespace.xlsx",
             "exceljs__test-issue-176.xlsx", "open-xml__BusinessPerformancetest21_with_content_TP10209823.xltx"],
)  # fmt: skip
def test_real_workbooks_become_macro_workbooks_and_lose_nothing(name: str, tmp_path: Path) -> None:
    """All 122 by `python -m benchmarks.corpus`."""
    source = shared(f"corpus/{name}")
    outcome = buttoned(source, tmp_path / name)
    assert (outcome.refused, outcome.breached) == ("", False), outcome
    assert set(audited(tmp_path / f"{name}.xlsm")) <= set(audited(source))


def test_all_real_workbooks_that_take_our_sheets_take_macros_and_lose_nothing(tmp_path: Path) -> None:
    """No foreign part of the 122 is changed, and Excel has nothing new to repair; refused are those with macros too."""
    sources = sorted(shared("corpus").glob("*.xl[st]*"))
    outcomes = [copied(path, tmp_path / f"{path.name}.xlsm") for path in sources]
    assert len(outcomes) == 122
    assert [outcome for outcome in outcomes if outcome.breached] == []
    refused = [outcome.refused for outcome in outcomes if outcome.refused]
    assert sum("has macros of its own" in sentence for sentence in refused) == 7
    assert len(refused) == 14


# ---------------------------------------------------------------- the file host on it


@pytest.fixture
def working(tmp_path: Path) -> Path:
    """A macro copy of a firm whose deals have faults, run once."""
    source = deals(tmp_path / "firm.xlsx", FAULTY)
    call("excel", "init", "--into", source)
    path = tmp_path / "firm.xlsm"
    assert call("run", path, "--as-of", FIRST).exit_code == 0
    return path


def test_runs_keep_the_macros_and_the_buttons_byte_for_byte(tmp_path: Path) -> None:
    """Also as they are packed; To fix, highlights and reports come and change as ever."""
    source = deals(tmp_path / "firm.xlsx", FAULTY)
    call("excel", "init", "--into", source)
    path = tmp_path / "firm.xlsm"
    made = path.read_bytes()
    first = call("run", path, "--as-of", FIRST)
    once = path.read_bytes()
    second = call("audit", path, "--as-of", LATER)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert len({made, once, path.read_bytes()}) == 3
    for data in (once, path.read_bytes()):
        assert macro_parts(data) == macro_parts(made)
        assert packed(data) == packed(made)
        assert new_faults(made, data) == []
    sheet = openpyxl.load_workbook(path, keep_vba=True)["Deals"]
    assert any("[TK01]" in str(cell.value) for row in sheet.iter_rows() for cell in row)
    assert len(list(sheet.conditional_formatting)) == 1
    assert audited(path) == []


def packed(data: bytes) -> dict[str, int]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.getinfo(name).compress_size for name in macro_parts(data)}


def test_its_log_is_verified_and_an_earlier_state_comes_back(working: Path) -> None:
    """Backups are .xlsm files; restoring gives the bytes back."""
    before = working.read_bytes()
    assert call("run", working, "--as-of", LATER).exit_code == 0
    assert call("verify", working).exit_code == 0
    assert {path.suffix for path in (working.parent / "firm.backups").iterdir()} == {".xlsm"}
    done = call("restore", working, "--yes")
    assert (done.exit_code, working.read_bytes() == before) == (0, True), done.stderr


def test_before_the_first_run_nothing_is_missing(tmp_path: Path) -> None:
    """`verify` knows the sheets of a macro workbook that wait for their first run."""
    path = tmp_path / "fresh.xlsm"
    call("excel", "init", path)
    assert call("verify", path).exit_code == 0


def test_an_open_one_is_not_written(working: Path) -> None:
    """Excel's mark beside it says so."""
    file(working.with_name("~$firm.xlsm"), b"\x03Ann" + bytes(161))
    before = working.read_bytes()
    answer = call("run", working, "--as-of", LATER)
    assert (answer.exit_code, working.read_bytes() == before) == (2, True)
    assert "firm.xlsm is open" in answer.stderr
