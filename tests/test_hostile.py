"""Each damaged workbook of the shared data ends as its manifest says: refused, read right, or read right and warned of."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from benchmarks.hostile import (
    AS_OF,
    DAMAGED,
    MOST_MB,
    MOST_SECONDS,
    SAID,
    Case,
    Outcome,
    audited,
    cases,
    faults,
    is_untouched,
)
from tests.command_line import call
from tests.shared import shared

try:
    CASES = {case.path.name: case for case in cases(shared("hostile"))}
except pytest.skip.Exception as absent:
    pytest.skip(str(absent), allow_module_level=True)

HEAVY = (
    "ok_base.xlsx", "lying_sizes.xlsx", "bomb_styles_300m.xlsx", "many_parts_60k.xlsx", "xml_quadratic_sst.xlsx",
    "xml_deep_nesting.xlsx", "far_cell_a1048576.xlsx", "merge_whole_cols.xlsx", "dv_sqref_200k.xlsx",
    "names_50k_ref.xlsx",
)  # fmt: skip


def called(case: Case, folder: Path) -> Outcome:
    """The command in this process, on a copy of the file."""
    copy = Path(shutil.copyfile(case.path, folder / case.path.name))
    result = call("audit", copy, "--as-of", AS_OF, "--format", "json")
    return Outcome(result.exit_code, result.stdout, result.stderr, is_untouched(case.path, copy))


@pytest.mark.parametrize("file", CASES)
def test_a_damaged_workbook_ends_as_expected(file: str, tmp_path: Path) -> None:
    """REFUSE: exit 2, one sentence, untouched. ACCEPT: 40 rows, every value right. WARN: and DQ02, or a sentence."""
    assert list(faults(CASES[file], called(CASES[file], tmp_path))) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the peak of a child in this way")
@pytest.mark.parametrize("file", HEAVY)
def test_the_heaviest_stay_within_time_and_memory(file: str) -> None:
    """In a process of its own, as a user would run it: 20 s and 1 GB."""
    outcome = audited(CASES[file].path)
    assert list(faults(CASES[file], outcome)) == []
    assert 0 < outcome.seconds < MOST_SECONDS
    assert 0 < outcome.mb < MOST_MB


def test_every_warning_has_its_place() -> None:
    """Each WARN file has a cell at which DQ02 is due, or words that stderr has to say; no file is made up."""
    warned = {file for file, case in CASES.items() if case.expect == "WARN"}
    assert warned <= DAMAGED.keys() | SAID.keys() <= CASES.keys()


@pytest.mark.parametrize(
    ("file", "outcome", "fault"),
    [
        ("trunc_50.xlsx", Outcome(0, "{}", "", untouched=True), "exit code 0"),
        ("trunc_50.xlsx", Outcome(2, "", "Damaged.\n", untouched=False), "changed"),
        ("trunc_50.xlsx", Outcome(2, "", "Traceback ...\n  File\n", untouched=True), "a traceback"),
        ("ok_base.xlsx", Outcome(2, "", "Damaged.\n", untouched=True), "exit code 2"),
        ("cell_num_nan.xlsx", Outcome(0, '{"findings": []}', "", untouched=False), "no DQ02 at Deals!E2"),
        ("sheet_protected.xlsx", Outcome(0, '{"findings": []}', "", untouched=False), "stderr does not say"),
        (
            "ok_base.xlsx",
            Outcome(0, '{"findings": []}', "", untouched=False, seconds=21, mb=2000),
            "took 21 s",
        ),
    ],
)
def test_the_check_itself_can_fail(file: str, outcome: Outcome, fault: str) -> None:
    """What would be wrong is named."""
    assert any(fault in told for told in faults(CASES[file], outcome))


def test_a_wrong_value_is_told_with_its_cell(tmp_path: Path) -> None:
    """The sound sheet with one sum changed, under the name of the sound sheet's twin."""
    for name, file in (
        ("ok_base.xlsx", "ok_base.xlsx"),
        ("comp_stored.xlsx", "cell_text_homoglyph_rep.xlsx"),
    ):
        shutil.copyfile(CASES[file].path, tmp_path / name)
    case = Case(tmp_path / "comp_stored.xlsx", "ACCEPT", "")
    assert [told[:5] for told in faults(case, Outcome(0, "", "", untouched=False))] == ["B2 is"]
