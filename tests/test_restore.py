"""An earlier state of a workbook is put back byte for byte, after asking, and what it replaced is kept."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from sheets_crm.cli import app
from sheets_crm.errors import WorkbookUnsafe
from sheets_crm.hosts.xlsx import disk
from sheets_crm.hosts.xlsx.backups import backups_of
from tests.command_line import FIRST, LATER, SIX, call, firm

DAYS = ("2024-03-01 10:00", "2024-03-04 18:30", "2024-03-11 19:45")
"""When the workbook was last saved before the first run, before the second, and after it."""


class Kept:
    """A workbook after two runs, and its three states."""

    def __init__(self, folder: Path) -> None:
        self.path = firm(folder / "firm.xlsx", SIX)
        self.states: list[bytes] = []
        for day in (FIRST, LATER, None):
            self.states.append(self.path.read_bytes())
            stamp = self._stamp(len(self.states) - 1)
            os.utime(self.path, (stamp, stamp))
            if day:
                assert call("run", self.path, "--as-of", day).exit_code == 0

    @staticmethod
    def _stamp(number: int) -> float:
        from datetime import datetime

        return datetime.fromisoformat(DAYS[number]).timestamp()

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, answer: str) -> list[str]:
    """Somebody sits there and answers; what they were asked."""
    asked: list[str] = []

    def prompt(question: str, **_: Any) -> str:
        asked.append(question)
        return answer

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "prompt", prompt)
    return asked


def test_the_newest_state_is_put_back(kept: Kept) -> None:
    """As before the last run; doing it again undoes it."""
    answer = call("restore", kept.path, "--yes")
    assert answer.exit_code == 0
    assert "firm.xlsx is as it was on 4 Mar 2024, 18:30:00." in answer.stdout
    assert kept.data == kept.states[1]
    assert f"restore {kept.path} --from firm.20240311-194500.xlsx" in answer.stdout
    assert call("restore", kept.path, "--yes").exit_code == 0
    assert kept.data == kept.states[2]


BY_NAME = "firm.20240301-100000.xlsx"


@pytest.mark.parametrize(
    ("wanted", "state"),
    [(BY_NAME, 0), (f"firm.backups/{BY_NAME}", 0), ("2024-03-01", 0), ("2024-03-04", 1)],
)
def test_a_state_is_chosen_by_name_or_day(kept: Kept, wanted: str, state: int) -> None:
    """The folder may stand before the name."""
    assert call("restore", kept.path, "--from", wanted, "--yes").exit_code == 0
    assert kept.data == kept.states[state]
    assert kept.states[2] in [backup.path.read_bytes() for backup in backups_of(kept.path)]


def test_of_one_day_the_last_state_is_meant(kept: Kept) -> None:
    """Later by the clock, then by number."""
    backups = kept.path.with_name("firm.backups")
    (backups / "firm.20240304-093000.xlsx").write_bytes(kept.states[0])
    assert call("restore", kept.path, "--from", "2024-03-04", "--yes").exit_code == 0
    assert kept.data == kept.states[1]


@pytest.mark.parametrize("wanted", ["2024-03-05", "2024-13-45", "firm.xlsx", "yesterday"])
def test_a_state_that_is_not_there_is_named(kept: Kept, wanted: str) -> None:
    """Exit code 2, and where to look."""
    answer = call("restore", kept.path, "--from", wanted, "--yes")
    assert answer.exit_code == 2
    assert f"“{wanted}”" in answer.stderr
    assert "--list" in answer.stderr
    assert kept.data == kept.states[2]


def test_the_list_says_what_each_state_holds(kept: Kept) -> None:
    """The newest first: name, time, size, the last run in it; nothing is changed."""
    (kept.path.with_name("firm.backups") / "firm.20240202-000000.xlsx").write_bytes(b"\0\0")

    def size(state: int) -> str:
        return f"{math.ceil(len(kept.states[state]) / 1000)} KB"

    answer = call("restore", kept.path, "--list")
    assert answer.exit_code == 0
    assert [line.split("  ") for line in answer.stdout.splitlines()] == [
        ["firm.20240304-183000.xlsx", "4 Mar 2024, 18:30:00", size(1), "run 1 of 4 Mar 2024"],
        ["firm.20240301-100000.xlsx", "1 Mar 2024, 10:00:00", size(0), "before the first run"],
        ["firm.20240202-000000.xlsx", "2 Feb 2024, 00:00:00", "1 KB", "cannot be read"],
    ]
    russian = call("restore", kept.path, "--list", "--lang", "ru").stdout
    assert "запуск 1 за 04.03.2024" in russian
    assert "не читается" in russian
    assert kept.data == kept.states[2]


@pytest.mark.parametrize(
    ("answer", "state"), [("y", 1), ("Yes", 1), ("да", 1), ("Д", 1), ("", 2), ("n", 2), ("what?", 2)]
)
def test_it_asks_first(kept: Kept, monkeypatch: pytest.MonkeyPatch, answer: str, state: int) -> None:
    """Only a yes in either language is one."""
    asked = at_a_terminal(monkeypatch, answer)
    with pytest.raises(SystemExit) as end:
        app.main(["restore", str(kept.path), "--lang", "en"])
    assert end.value.code == 0
    (question,) = asked
    assert question.startswith("Put firm.xlsx back as it was on 4 Mar 2024, 18:30:00 (run 1 of 4 Mar 2024)?")
    assert kept.data == kept.states[state]


@pytest.mark.parametrize(("lang", "said"), [("en", "add --yes"), ("ru", "добавьте --yes")])
def test_where_nobody_can_answer_nothing_is_done(kept: Kept, lang: str, said: str) -> None:
    """In a script: the question, and how to say yes beforehand."""
    answer = call("restore", kept.path, "--lang", lang)
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert kept.data == kept.states[2]
    assert len(backups_of(kept.path)) == 2


def test_a_state_that_stands_is_not_put_back(kept: Kept) -> None:
    """No backup of what is the same."""
    kept.path.write_bytes(kept.states[1])
    answer = call("restore", kept.path)
    assert answer.exit_code == 0
    assert "is the same as firm.20240304-183000.xlsx" in answer.stdout
    assert len(backups_of(kept.path)) == 2


def test_a_lost_workbook_comes_back(kept: Kept) -> None:
    """Deleted by mistake: its backups are still there."""
    kept.path.unlink()
    answer = call("restore", kept.path, "--yes")
    assert answer.exit_code == 0
    assert "To undo" not in answer.stdout
    assert kept.data == kept.states[1]


def test_a_damaged_workbook_comes_back(kept: Kept) -> None:
    """And the damaged one is kept, in case somebody can make something of it."""
    kept.path.write_bytes(b"\0" * 100)
    assert call("restore", kept.path, "--yes").exit_code == 0
    assert kept.data == kept.states[1]
    assert b"\0" * 100 in [backup.path.read_bytes() for backup in backups_of(kept.path)]


def test_a_damaged_backup_is_not_put_back(kept: Kept) -> None:
    """Not over a workbook that may be sound."""
    backups_of(kept.path)[0].path.write_bytes(b"\0" * 100)
    answer = call("restore", kept.path, "--yes")
    assert answer.exit_code == 2
    assert "firm.20240304-183000.xlsx" in answer.stderr
    assert kept.data == kept.states[2]


def test_a_workbook_open_in_excel_is_refused(kept: Kept) -> None:
    """Before anything is asked."""
    kept.path.with_name("~$firm.xlsx").touch()
    answer = call("restore", kept.path)
    assert answer.exit_code == 2
    assert "open in Excel" in answer.stderr
    assert kept.data == kept.states[2]


def test_a_disk_that_refuses_leaves_the_workbook(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, exit code 2."""

    def refuse(_: object, path: Path) -> None:
        raise WorkbookUnsafe(disk.UNWRITTEN.fill(name=path.name, reason="x"))

    monkeypatch.setattr("sheets_crm.hosts.xlsx.save.rename", refuse)
    answer = call("restore", kept.path, "--yes")
    assert answer.exit_code == 2
    assert answer.stderr.strip() == "firm.xlsx could not be written (x); nothing was changed."
    assert kept.data == kept.states[2]


@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize(
    ("workbook", "said"),
    [
        ("https://docs.google.com/spreadsheets/d/1x/edit", ("Version history", "История версий")),
        ("1" * 44, ("Version history", "История версий")),
        ("excel:", ("close it there", "закройте её там")),
        ("none.xlsx", ("does not exist", "Файла none.xlsx нет")),
    ],
)
def test_what_has_no_backups_of_ours_is_told(workbook: str, said: tuple[str, str], lang: str) -> None:
    """One sentence, in both languages, and exit code 2."""
    answer = call("restore", workbook, "--lang", lang)
    assert answer.exit_code == 2
    assert said[lang == "ru"] in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_a_workbook_that_was_never_run_has_no_backups(tmp_path: Path) -> None:
    """And the sentence says where they would be."""
    answer = call("restore", firm(tmp_path / "firm.xlsx", SIX))
    assert answer.exit_code == 2
    assert "no backups yet" in answer.stderr
    assert str(tmp_path / "firm.backups") in answer.stderr


def test_doctor_says_what_keeps_a_workbook_from_being_written(kept: Kept) -> None:
    """Read-only, and open in Excel."""
    kept.path.chmod(0o444)
    answer = call("doctor", kept.path)
    assert answer.exit_code == 1
    assert "firm.xlsx is read-only" in answer.stdout


def test_what_the_system_refuses_elsewhere_is_a_sentence_too(tmp_path: Path) -> None:
    """A folder that cannot be made, say."""
    (tmp_path / "file").touch()
    answer = call("demo", "--dir", tmp_path / "file")
    assert answer.exit_code == 2
    assert answer.stderr.startswith("The system refused: ")
    assert "report it" not in answer.stderr
