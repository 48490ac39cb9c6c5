"""`excel doctor` on computers that are tables: each fact that the buttons depend on, missing or there."""

from __future__ import annotations

import plistlib
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, cast

import pytest

from sheets_crm.cli.care import Check
from sheets_crm.cli.computer import Computer, ThisComputer
from sheets_crm.cli.desktop import _folder, _trust_center, checks
from sheets_crm.hosts.xlsx import made_of
from sheets_crm.hosts.xlsx.macros import with_macros
from sheets_crm.template import pages
from sheets_crm.template.guide import BY_BUTTON, guide_name
from sheets_crm.template.macros import with_buttons
from sheets_crm.vba import document_module, modules, project, standard_module
from tests.command_line import call, firm
from tests.packages import replacing, with_parts

PYTHON = r"C:\Python\python.exe"
EXCEL = r"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE"
APP_PATH = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\excel.exe"
SECURITY = r"HKCU\Software\Microsoft\Office\16.0\Excel\Security"
POLICY = r"HKCU\Software\Policies\Microsoft\Office\16.0\Excel\Security"
CLOUD = r"HKCU\Software\Policies\Microsoft\Cloud\Office\16.0\Excel\Security"
SCRIPT = "/Users/ann/Library/Application Scripts/com.microsoft.Excel/xlwings-0.37.8.applescript"
DEFENDER = r"HKLM\SOFTWARE\Policies\Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules"
NO_CHILDREN, NO_API = "d4f940ab-401b-4efc-aadc-ad5f3c50688a", "92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b"
MANAGED = "/Library/Managed Preferences/com.microsoft.office.plist"


@dataclass
class Played:
    """A computer as a table."""

    platform: str
    python: str
    home: str
    packages: Mapping[str, str]
    paths: frozenset[str] = frozenset()
    files: Mapping[str, bytes] = field(default_factory=dict)
    values: Mapping[tuple[str, str], int | str] = field(default_factory=dict)
    mark: bool | None = None
    network: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)

    def version(self, package: str) -> str | None:
        return self.packages.get(package)

    def exists(self, path: str) -> bool:
        return path in self.paths

    def content(self, path: str) -> bytes | None:
        return self.files.get(path)

    def registry(self, key: str, name: str) -> int | str | None:
        return self.values.get((key, name))

    def quarantined(self, path: str) -> bool | None:
        assert path
        return self.mark

    def remote(self, path: str) -> bool:
        assert path
        return self.network

    def subkeys(self, key: str) -> list[str]:
        below = [
            stated.removeprefix(f"{key}\\") for stated, _ in self.values if stated.startswith(f"{key}\\")
        ]
        return list(dict.fromkeys(name.partition("\\")[0] for name in below))

    def environment(self, name: str) -> str:
        return self.variables.get(name, "")


WINDOWS = Played(
    "win32", PYTHON, r"C:\Users\ann", {"xlwings": "0.37.8", "pywin32": "306"},
    paths=frozenset({EXCEL, PYTHON}), values={(APP_PATH, ""): EXCEL},
)  # fmt: skip
MAC = Played(
    "darwin", "/usr/local/bin/python3", "/Users/ann", {"xlwings": "0.37.8", "appscript": "1.2", "psutil": "6"},
    paths=frozenset({"/Applications/Microsoft Excel.app", SCRIPT, "/usr/local/bin/python3"}), mark=False,
)  # fmt: skip
LINUX = Played("linux", "/usr/bin/python3", "/home/ann", {"xlwings": "0.37.8"})


def valued(**values: int | str) -> Played:
    """A Windows computer with values more in its registry, `VBAWarnings` of the policy by `policy_VBAWarnings`."""
    keys = {"own": SECURITY, "policy": POLICY, "cloud": CLOUD}
    named = {(keys[name.partition("_")[0]], name.partition("_")[2]): value for name, value in values.items()}
    return replace(WINDOWS, values={**WINDOWS.values, **named})


def wrong(computer: Computer, workbook: Path | None = None) -> list[str]:
    """What has to be mended."""
    return [check.words.en for check in checks(computer, workbook) if check.good is False]


def said(found: list[Check], word: str) -> Check:
    return next(check for check in found if word in check.words.en)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A workbook that `excel init` made on the Windows and on the Mac above."""
    made = made_of(pages("en", start=BY_BUTTON))
    path = tmp_path / "firm.xlsm"
    path.write_bytes(with_buttons(made, "en", {"win32": PYTHON, "darwin": MAC.python}, room=True))
    return path


@pytest.mark.parametrize("computer", [WINDOWS, MAC], ids=["windows", "macos"])
def test_where_all_is_in_place_nothing_is_to_mend(computer: Played, book: Path) -> None:
    """Neither without nor with a workbook."""
    assert wrong(computer) == []
    assert wrong(computer, book) == []


def test_linux_has_no_excel_and_the_rest_cannot_be_told(book: Path) -> None:
    """One thing to mend: the system; what depends on it says that it cannot be told here."""
    found = list(checks(LINUX, book))
    assert wrong(LINUX, book) == [said(found, "There is no Excel for this system").words.en]
    assert sum("cannot be told here" in check.words.en for check in found) == 4


@pytest.mark.parametrize(
    ("computer", "sentence"),
    [
        (replace(WINDOWS, values={}), "Excel was not found"),
        (replace(WINDOWS, paths=frozenset({PYTHON})), "Excel was not found"),
        (replace(MAC, paths=frozenset({SCRIPT, MAC.python})), "Excel was not found"),
        (replace(WINDOWS, packages={"pywin32": "306"}), "xlwings is missing"),
        (replace(WINDOWS, packages={"xlwings": "0.37.8"}), "pywin32 is missing"),
        (replace(WINDOWS, packages={"xlwings": "1.0.0", "pywin32": "306"}), "xlwings 1.0.0 is newer"),
        (replace(MAC, packages={"xlwings": "0.37.8", "psutil": "6"}), "appscript is missing"),
        (replace(MAC, paths=MAC.paths - {SCRIPT}), "xlwings runpython install"),
        (replace(MAC, packages={**MAC.packages, "xlwings": "0.37.9"}), "xlwings-0.37.9.applescript"),
        (valued(own_VBAWarnings=4), "switched off in Excel"),
        (valued(own_VBAWarnings=3), "choose Disable with notification"),
        (valued(policy_VBAWarnings=4), "switched off by a policy"),
        (valued(policy_VBAWarnings=3, own_VBAWarnings=1), "A policy of the firm allows signed macros alone"),
        (valued(cloud_VBAWarnings=4), "switched off by a policy"),
        (replace(WINDOWS, values={**WINDOWS.values, (r"HKLM\Software\Policies\Microsoft\Office\16.0\Common", "vbaoff"): 1}),
         "switched off by a policy"),
        (replace(WINDOWS, values={**WINDOWS.values, (DEFENDER, NO_CHILDREN): "1", (DEFENDER, NO_API): 1}),
         f"keeps the buttons from starting Python ({NO_CHILDREN}, {NO_API})"),
        (replace(MAC, files={MANAGED: plistlib.dumps({"VisualBasicEntirelyDisabled": True})}), "switched off by a policy"),
        (replace(MAC, files={MANAGED: plistlib.dumps({"VisualBasicMacroExecutionState": "DisabledWithoutWarnings"})}),
         "switched off by a policy"),
    ],
)  # fmt: skip
def test_what_is_missing_is_one_line_that_says_the_mend(computer: Played, sentence: str) -> None:
    """And nothing else is complained of."""
    found = wrong(computer)
    assert len(found) == 1
    assert sentence in found[0]


@pytest.mark.parametrize(
    "computer",
    [
        valued(own_VBAWarnings=1),
        valued(own_VBAWarnings=2),
        valued(policy_VBAWarnings=2, own_VBAWarnings=4),
        valued(policy_blockcontentexecutionfrominternet=1),
        replace(WINDOWS, values={**WINDOWS.values, (DEFENDER, NO_CHILDREN): "2", (DEFENDER, NO_API): "0"}),
        replace(MAC, files={MANAGED: b"no property list"}),
        replace(
            MAC, files={MANAGED: plistlib.dumps({"VisualBasicMacroExecutionState": "DisabledWithWarnings"})}
        ),
    ],
)
def test_a_setting_under_which_excel_asks_is_no_fault(computer: Played) -> None:
    """A policy goes before what the user chose; one against files from outside does not concern ours."""
    assert wrong(computer) == []


@pytest.mark.parametrize(
    ("zone", "blocked"),
    [(b"[ZoneTransfer]\r\nZoneId=3\r\n", True), (b"[ZoneTransfer]\r\nZoneId=1\r\n", False)],
)
def test_windows_mark_of_the_web_is_read(book: Path, zone: bytes, blocked: bool) -> None:
    """Zone 3 is the internet; a file from the firm's own network is not blocked."""
    marked = replace(WINDOWS, files={f"{book}:Zone.Identifier": zone})
    assert [line for line in wrong(marked, book) if "tick Unblock" in line] == wrong(marked, book)
    assert bool(wrong(marked, book)) == blocked


def test_macos_mark_is_told_with_the_command_that_takes_it_away(book: Path) -> None:
    """The path in it is quoted."""
    (line,) = wrong(replace(MAC, mark=True), book)
    assert f'xattr -d com.apple.quarantine "{book}"' in line


SYNC = r"HKCU\Software\SyncEngines\Providers\OneDrive\1234"
TRUSTED = rf"{SECURITY}\Trusted Locations\Location3"
CLOUD_FOLDER = "/Users/ann/Library/CloudStorage/OneDrive-Firm/sales/firm.xlsm"


@pytest.mark.parametrize(
    ("computer", "path", "sentence"),
    [
        (WINDOWS, r"C:\sales\firm.xlsm", "The folder is on this computer"),
        (WINDOWS, r"\\server\sales\firm.xlsm", "The folder is on the network"),
        (replace(WINDOWS, network=True), r"S:\sales\firm.xlsm", "The folder is on the network"),
        (replace(WINDOWS, variables={"OneDrive": r"C:\Users\ann\OneDrive"}), r"c:\users\ANN\onedrive\a\firm.xlsm",
         "kept in step by OneDrive or SharePoint"),
        (replace(WINDOWS, variables={"OneDrive": r"C:\Users\ann\OneDrive"}), r"C:\Users\ann\OneDrive2\firm.xlsm",
         "The folder is on this computer"),
        (replace(WINDOWS, values={**WINDOWS.values, (SYNC, "MountPoint"): r"C:\Users\ann\Firm\Sales"}),
         r"C:\Users\ann\Firm\Sales\firm.xlsm", "kept in step by OneDrive or SharePoint"),
        (MAC, CLOUD_FOLDER, "kept in step by OneDrive or SharePoint"),
        (MAC, "/Users/ann/sales/firm.xlsm", "The folder is on this computer"),
    ],
)  # fmt: skip
def test_where_the_file_lies_is_told_and_is_no_fault(computer: Played, path: str, sentence: str) -> None:
    """A folder whose name only begins alike is another; Windows knows no case."""
    check = _folder(computer, path)
    assert sentence in check.words.en
    assert check.good is not False


@pytest.mark.parametrize(
    ("path", "below", "trusted"),
    [
        (r"C:\Sales\firm.xlsm", 0, True),
        (r"C:\sales\2026\firm.xlsm", 0, False),
        (r"C:\sales\2026\firm.xlsm", 1, True),
        (r"C:\sales2\firm.xlsm", 1, False),
    ],
)
def test_in_a_trusted_location_no_setting_keeps_macros_from_running(
    path: str, below: int, trusted: bool
) -> None:
    """Nor a policy; the folders below only if that is allowed there."""
    located: dict[tuple[str, str], int | str] = {
        (TRUSTED, "Path"): "C:\\Sales\\",
        (TRUSTED, "AllowSubFolders"): below,
        (POLICY, "VBAWarnings"): 4,
    }
    check = _trust_center(replace(WINDOWS, values=located), path, signed=False)
    assert check.good is trusted
    assert ("trusted locations" in check.words.en) == trusted


def test_signed_macros_run_where_only_these_may(book: Path) -> None:
    """Once IT has signed the workbook there is nothing to mend."""
    signature = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        b'Type="http://schemas.microsoft.com/office/2006/relationships/vbaProjectSignature" '
        b'Target="vbaProjectSignature.bin"/></Relationships>'
    )
    signed = {"xl/_rels/vbaProject.bin.rels": signature, "xl/vbaProjectSignature.bin": b"signed"}
    assert len(wrong(valued(policy_VBAWarnings=3), book)) == 1
    book.write_bytes(with_parts(book.read_bytes(), signed))
    assert wrong(valued(policy_VBAWarnings=3), book) == []


def test_a_python_that_is_not_there_is_told_with_the_one_to_enter(book: Path) -> None:
    """The sheet, the line and the path to type."""
    moved = replace(WINDOWS, python=r"D:\new\python.exe", paths=frozenset({EXCEL}))
    (line,) = wrong(moved, book)
    assert "xlwings.conf" in line
    assert r"beside Interpreter_Win enter: D:\new\python.exe" in line


def test_another_python_that_is_there_is_not_started(book: Path) -> None:
    """A workbook may name any program; what is in it cannot be told without running it, so the line says how to ask."""
    other = replace(WINDOWS, python=r"D:\new\python.exe")
    line = said(list(checks(other, book)), "another Python")
    assert line.good is None
    assert f'"{PYTHON}" -m sheets_crm --version' in line.words.en


def test_python_is_one_whatever_the_case_of_its_path(book: Path) -> None:
    """On Windows."""
    same = replace(WINDOWS, python=PYTHON.upper())
    assert said(list(checks(same, book)), "The workbook starts this Python").good is True


def test_a_variable_in_the_path_of_python_is_expanded(tmp_path: Path) -> None:
    """As xlwings does on Windows, so that one path can do for several users."""
    path = tmp_path / "firm.xlsm"
    made = made_of(pages("en", start=BY_BUTTON))
    path.write_bytes(with_buttons(made, "en", {"win32": r"%LOCALAPPDATA%\Py\python.exe"}, room=True))
    here = replace(WINDOWS, python=r"C:\Users\ann\Py\python.exe", variables={"LOCALAPPDATA": r"C:\Users\ann"})
    assert wrong(here, path) == []
    assert len(wrong(WINDOWS, path)) == 1


def test_a_workbook_made_on_linux_names_no_python_yet(tmp_path: Path) -> None:
    """On the computer with Excel the line says what to enter."""
    path = tmp_path / "firm.xlsm"
    path.write_bytes(with_buttons(made_of(pages("ru", start=BY_BUTTON)), "ru", {}, room=True))
    (line,) = wrong(MAC, path)
    assert (
        f"names no Python for macOS: unhide the sheet xlwings.conf, and beside Interpreter_Mac enter: {MAC.python}"
        in line
    )


def test_a_workbook_without_macros_is_told_how_to_get_them(tmp_path: Path) -> None:
    """And that it has no sheet of settings."""
    path = firm(tmp_path / "firm.xlsx", [])
    first, second = wrong(WINDOWS, path)
    assert "firm.xlsx has no macros" in first
    assert "xlwings.conf is missing" in second


def test_macros_of_another_version_are_named(book: Path, tmp_path: Path) -> None:
    """One statement more in one module; case and blanks, which Excel changes when it saves, do not count."""
    names = [module.name for module in modules(())]
    resaved = [
        replace(m, source=m.source.replace("    ", "  ").replace("Sub RunWeek", "SUB runweek"))
        for m in modules(())
    ]
    newer = [
        replace(m, source=m.source + ("x = 1\r\n" if m.name == "SheetsCrm" else "")) for m in modules(())
    ]
    assert "SheetsCrm" in names
    for changed, expected in ((resaved, []), (newer, ["(SheetsCrm)"])):
        path = tmp_path / "other.xlsm"
        path.write_bytes(with_macros(book.read_bytes(), project(changed), guide_name("en"), []))
        found = wrong(WINDOWS, path)
        assert len(found) == len(expected)
        assert all(word in line for word, line in zip(expected, found, strict=True))


@pytest.mark.parametrize(
    "content",
    [
        project([document_module("ThisWorkbook", "workbook"), standard_module("Theirs", 'Attribute VB_Name = "Theirs"\nSub A()\nEnd Sub\n')]),
        b"no project",
    ],
    ids=["theirs", "damaged"],
)  # fmt: skip
def test_macros_that_are_not_ours_are_said_to_be_so(book: Path, tmp_path: Path, content: bytes) -> None:
    """Whether they can be read or not."""
    path = tmp_path / "theirs.xlsm"
    path.write_bytes(with_parts(book.read_bytes(), {"xl/vbaProject.bin": content}))
    (line,) = wrong(WINDOWS, path)
    assert "The macros in theirs.xlsm are not ours" in line


def test_what_cannot_be_read_is_one_line_among_the_others(book: Path, tmp_path: Path) -> None:
    """The house's own sentence."""
    path = tmp_path / "strict.xlsm"
    strict = replacing(
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    )
    path.write_bytes(with_parts(book.read_bytes(), {"xl/workbook.xml": strict}))
    (line,) = wrong(WINDOWS, path)
    assert "Strict Open XML" in line


@pytest.mark.parametrize("computer", [WINDOWS, MAC, LINUX, valued(policy_VBAWarnings=3, own_VBAWarnings=4)])
def test_every_line_is_one_sentence_in_both_languages(computer: Played, book: Path) -> None:
    """Filled in, and not in the other language."""
    for check in checks(computer, book):
        assert "{" not in check.words.en + check.words.ru
        assert "\n" not in check.words.en + check.words.ru
        assert not any("а" <= letter <= "я" for letter in check.words.en)


def test_the_command_says_the_lines_and_its_exit_code(book: Path) -> None:
    """On this computer, whatever it is: a mark before each line, one about all, in the language asked for."""
    answer = call("excel", "doctor", book, "--lang", "ru")
    lines = answer.stdout.splitlines()
    assert {line[0] for line in lines[:-1]} <= set("✓✗·")
    assert any("Макросы в книге те же, что в этой версии" in line for line in lines)
    assert (answer.exit_code, lines[-1].startswith("Нужно исправить")) == (
        (1, True) if "✗" in answer.stdout else (0, False)
    )


def test_a_file_that_is_not_there_is_an_error() -> None:
    """Exit code 2, one sentence."""
    answer = call("excel", "doctor", "missing.xlsm")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (2, "", "missing.xlsm does not exist.\n")


def test_the_facts_of_this_computer_can_be_asked_for(tmp_path: Path) -> None:
    """Each answers on any system, where it does not apply with nothing."""
    here = ThisComputer()
    (tmp_path / "a").write_bytes(b"x")
    assert (here.content(str(tmp_path / "a")), here.content(str(tmp_path / "b"))) == (b"x", None)
    assert here.exists(here.python)
    assert (here.version("xlwings") is not None, here.version("no-such-package")) == (True, None)
    assert here.registry(r"HKCU\Software\No\Such", "x") is None
    assert not here.quarantined(str(tmp_path / "a"))
    assert here.remote(str(tmp_path)) is False
    assert list(here.subkeys(r"HKCU\Software\No\Such")) == []
    assert here.environment("PATH")


class Registry:
    """The module winreg over a table: the key of 32 bits has one value that the key of 64 bits lacks."""

    HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE = "user", "machine"
    KEY_READ, KEY_WOW64_64KEY, KEY_WOW64_32KEY = 1, 64, 32
    KEYS: ClassVar = {
        ("user", "Software\\A", 64): ({"level": 3, "bytes": b"no"}, ["x", "y"]),
        ("user", "Software\\A", 32): ({"path": "C:\\old"}, ["z"]),
        ("machine", "Software\\B", 32): ({"": "C:\\b"}, []),
    }

    @classmethod
    def OpenKey(cls, root: str, key: str, _: int, access: int) -> Any:  # noqa: N802 - winreg's own name
        try:
            return nullcontext(cls.KEYS[root, key, access - cls.KEY_READ])
        except KeyError:
            raise FileNotFoundError from None

    @staticmethod
    def QueryValueEx(key: Any, name: str) -> tuple[object, int]:  # noqa: N802
        if name not in key.enter_result[0]:
            raise FileNotFoundError
        return key.enter_result[0][name], 1

    @staticmethod
    def QueryInfoKey(key: Any) -> tuple[int, int, int]:  # noqa: N802
        return len(key.enter_result[1]), 0, 0

    @staticmethod
    def EnumKey(key: Any, at: int) -> str:  # noqa: N802
        return str(key.enter_result[1][at])


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [
        ("HKCU\\Software\\A", "level", 3),
        ("HKCU\\Software\\A", "path", "C:\\old"),
        ("HKLM\\Software\\B", "", "C:\\b"),
        ("HKCU\\Software\\A", "bytes", None),
        ("HKLM\\Software\\A", "level", None),
    ],
)
def test_windows_registry_is_read_as_both_kinds_of_programs_see_it(
    monkeypatch: pytest.MonkeyPatch, key: str, name: str, value: object
) -> None:
    """64 bits first; what is no number and no text is no value."""
    monkeypatch.setitem(sys.modules, "winreg", cast("ModuleType", Registry))
    monkeypatch.setattr("sheets_crm.cli.computer.sys.platform", "win32")
    here = ThisComputer()
    assert here.registry(key, name) == value
    assert list(here.subkeys("HKCU\\Software\\A")) == ["x", "y"]
    assert list(here.subkeys("HKCU\\Software\\C")) == []
