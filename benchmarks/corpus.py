"""`python -m benchmarks.corpus FOLDER`: `init --into` and `run` on a copy of each workbook there, and what it cost them.

Few of them hold deals, so a column To fix and its colours are also spliced into every sheet of each: `spliced`.
And a copy of each gets macros and buttons by `excel init --into`, and a run: `buttoned`.
Judged by code that shares nothing with the writer: foreign parts changed, faults that Excel would repair, openpyxl
and, with --libreoffice, LibreOffice opening what they opened before, and a second run that changes no byte.
Exits with 1 on any breach.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import openpyxl
from lxml import etree

from benchmarks.foreign import Ours, changed
from benchmarks.repair_lint import local, new_faults
from sheets_crm import sync
from sheets_crm.errors import SheetsCrmError
from sheets_crm.hosts.xlsx import XlsxCopy, XlsxHost, patched
from sheets_crm.sheet import Area, Changes, ColumnUpdate, Highlight, Snapshot, letters
from sheets_crm.template.guide import BY_BUTTON, guide_name
from sheets_crm.template.into import add_sheets
from sheets_crm.template.macros import refuse_macros, with_buttons

AS_OF = date(2026, 5, 18)
ENDINGS = (".xlsx", ".xlsm", ".xltx", ".xltm")
_AT_ONCE = 20
_MOST_ROWS = 3000
_SECONDS = 60


@dataclass
class Outcome:
    """What became of one workbook."""

    name: str
    refused: str = ""
    """Why nothing was written into it, as a user is told; blank if it was."""
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    """Tracebacks, programs that open it no longer, a second run that changed something."""
    opened: tuple[bool, bool] | None = None
    """Whether LibreOffice opened it before and after; None: not asked."""

    @property
    def breached(self) -> bool:
        """Whether a promise was broken."""
        return bool(self.foreign or self.faults or self.other)


def tried(source: Path, copy: Path) -> Outcome:
    """One workbook, copied to `copy`, given the pipeline sheets and run twice."""
    outcome = Outcome(source.name)
    shutil.copyfile(source, copy)
    before = source.read_bytes()
    host = XlsxHost(copy)
    try:
        add_sheets(host, lang=None, otherwise="en")
        first = sync.run(host, today=lambda _: AS_OF, as_of=AS_OF)
        if first.applied is not None and first.applied.reason is not None:
            outcome.refused = first.applied.reason.en
        once = copy.read_bytes()
        sync.run(host, today=lambda _: AS_OF, as_of=AS_OF)
    except SheetsCrmError as problem:
        outcome.refused = problem.message.en
        if copy.read_bytes() != before:
            outcome.other.append("refused after it was written")
        return outcome
    except Exception as problem:  # noqa: BLE001 - whatever else it is, it is a breach
        outcome.other.append(_traceback(problem))
        return outcome
    after = copy.read_bytes()
    if after != once:
        outcome.other.append("the second run changed it")
    outcome.foreign = changed(before, after, ours(first.changes), grown(first.changes))
    outcome.faults = new_faults(before, after)
    if _opens(source) and not _opens(copy):
        outcome.other.append("openpyxl opens it no longer")
    return outcome


@contextmanager
def _told(outcome: Outcome) -> Iterator[None]:
    """Whatever ends the work on a workbook stands in its outcome: a refusal, or a breach."""
    try:
        yield
    except SheetsCrmError as problem:
        outcome.refused = problem.message.en
    except Exception as problem:  # noqa: BLE001 - whatever else it is, it is a breach
        outcome.other.append(_traceback(problem))


def copied(source: Path, copy: Path) -> Outcome:
    """One workbook, and its macro copy by `excel init --into` in `copy`."""
    outcome = Outcome(source.name)
    before = source.read_bytes()
    made = XlsxCopy(before, source.name)
    with _told(outcome):
        refuse_macros(before)
        done = add_sheets(made, lang=None, otherwise="en", start=BY_BUTTON)
        room = guide_name(done.lang) in done.sheets
        after = with_buttons(made.data, done.lang, {"win32": r"C:\Python\python.exe"}, room=room)
    if outcome.refused or outcome.breached:
        return outcome
    copy.write_bytes(after)
    outcome.foreign = changed(as_macro_workbook(before), after, {})
    outcome.faults = new_faults(before, after)
    if len(macro_parts(after)) < 2:
        outcome.other.append("it has no macros, or no buttons")
    return outcome


def buttoned(source: Path, copy: Path) -> Outcome:
    """One workbook, its macro copy, and a run on that."""
    copy = copy.with_name(f"{copy.name}.xlsm")
    outcome = copied(source, copy)
    if outcome.refused or outcome.breached:
        return outcome
    made = copy.read_bytes()
    try:
        run = sync.run(XlsxHost(copy), today=lambda _: AS_OF, as_of=AS_OF)
    except Exception as problem:  # noqa: BLE001 - what `tried` can run, this can
        outcome.other.append(_traceback(problem))
        return outcome
    before, after = source.read_bytes(), copy.read_bytes()
    outcome.foreign = changed(as_macro_workbook(before), after, ours(run.changes), grown(run.changes))
    outcome.faults = new_faults(before, after)
    if macro_parts(after) != macro_parts(made):
        outcome.other.append("the run changed the macros or the buttons")
    if _opens(source) and not _opens(copy):
        outcome.other.append("openpyxl opens it no longer")
    return outcome


def macro_parts(data: bytes) -> dict[str, bytes]:
    """The project of a workbook and the drawings that hold buttons, as they are packed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name.endswith((".bin", ".vml"))}
    return {name: part for name, part in parts.items() if "vbaProject" in name or b'"Button"' in part}


def as_macro_workbook(data: bytes) -> bytes:
    """A workbook with the two things that change in its own parts when it becomes .xlsm: its type, and a code name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            xml = old.read(info)
            if info.filename == "[Content_Types].xml":
                xml = _MAIN_TYPE.sub(rb"\1application/vnd.ms-excel.sheet.macroEnabled.main+xml", xml)
            elif re.search(rb"<(\w+:)?workbook\s", xml[:2000]) and info.filename.endswith(".xml"):
                xml = _with_code_name(xml)
            new.writestr(info.filename, xml)
    return buffer.getvalue()


_MAIN_TYPE = re.compile(
    rb"""(<(?:\w+:)?Override[^>]*?ContentType=["'])application/vnd\."""
    rb"(?:openxmlformats-officedocument\.spreadsheetml\.(?:sheet|template)"
    rb"|ms-excel\.(?:sheet|template)\.macroEnabled)\.main\+xml"
)


def _with_code_name(xml: bytes) -> bytes:
    root = etree.fromstring(xml)
    named = etree.QName(root).namespace
    properties = root.find(f"{{{named}}}workbookPr")
    if properties is None:
        properties = etree.Element(f"{{{named}}}workbookPr")
        before = [child for child in root if local(child) in ("fileVersion", "fileSharing")]
        root.insert(len(before), properties)
    properties.set("codeName", properties.get("codeName") or "ThisWorkbook")
    return etree.tostring(root)


def spliced(source: Path, copy: Path) -> Outcome:
    """One workbook, copied to `copy`, with a column To fix and two highlights on each of its sheets."""
    outcome = Outcome(source.name)
    before = source.read_bytes()
    with _told(outcome):
        host = XlsxHost(source)
        changes = everywhere(host.read(lambda sheets: [sheet.name for sheet in sheets]))
        after = patched(before, changes)
        again = patched(after, changes)
    if outcome.refused or outcome.breached:
        return outcome
    copy.write_bytes(after)
    if again != after:
        outcome.other.append("the second splice changed it")
    outcome.foreign = changed(before, after, ours(changes))
    outcome.faults = new_faults(before, after)
    if _opens(source) and not _opens(copy):
        outcome.other.append("openpyxl opens it no longer")
    return outcome


def everywhere(snapshot: Snapshot) -> Changes:
    """A column right of all that stands on each sheet: a header, words in every other row, colours over all."""
    columns, highlights = [], []
    for name, grid in snapshot.grids.items():
        column = max([*map(len, grid.rows), *(column for _, column in grid.doubts)], default=0) + 1
        last = min(max(len(grid.rows), 2), _MOST_ROWS)
        texts = {row: "✗ Stage: bad [ST06]" if row % 2 else "" for row in range(2, last + 1)}
        columns.append(ColumnUpdate(name, column, 1, "To fix", texts, {}))
        area = Area(2, 1, last, column)
        for mark, (fill, color) in {"✗": ("#FFC7CE", "#9C0006"), "!": ("#FFEB9C", "#7F6000")}.items():
            formula = f'FIND("{mark} "&A$1&":",${letters(column)}2)'
            highlights.append(Highlight(name, area, formula, mark, fill, color))
    return Changes(columns=tuple(columns), highlights=tuple(highlights))


def _traceback(problem: Exception) -> str:
    place = traceback.extract_tb(problem.__traceback__)[-1]
    return f"traceback: {problem!r} in {Path(place.filename).name}:{place.lineno}"


def ours(changes: Changes) -> dict[str, Ours]:
    """Sheet to what a run was to change on it."""
    found: dict[str, Ours] = {}
    for update in changes.columns:
        cells = {(update.header_row, update.column), *((row, update.column) for row in update.texts)}
        cells |= {(fill.row, fill.column) for fill in changes.fills if fill.sheet == update.sheet}
        marks = tuple(h.mark for h in changes.highlights if h.sheet == update.sheet)
        found[update.sheet] = Ours(frozenset(cells), frozenset({update.column}), marks)
    return found


def grown(changes: Changes) -> dict[str, str]:
    """The areas of the tables that grew, before and after, as a table states them."""
    return {_reference(growth.was): _reference(growth.now) for growth in changes.tables}


def _reference(area: Area) -> str:
    return f"{letters(area.first_column)}{area.first_row}:{letters(area.last_column)}{area.last_row}"


def _opens(path: Path) -> bool:
    try:
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter("ignore")
            openpyxl.load_workbook(file)
    except Exception:  # noqa: BLE001 - openpyxl raises whatever its parts raise
        return False
    return True


# ---------------------------------------------------------------- LibreOffice


def opened_by_libreoffice(paths: Sequence[Path], folder: Path) -> set[Path]:
    """Those that LibreOffice turns into a CSV file, many in one call, what is missing then one by one."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        sys.exit("LibreOffice (soffice) is not installed here")
    opened: set[Path] = set()
    for start in range(0, len(paths), _AT_ONCE):
        several = paths[start : start + _AT_ONCE]
        opened |= _converted(program, several, folder, _SECONDS + 10 * len(several))
    for path in paths:
        if path not in opened:
            opened |= _converted(program, [path], folder, _SECONDS)
    return opened


def _converted(program: str, paths: Iterable[Path], folder: Path, seconds: int) -> set[Path]:
    out = Path(tempfile.mkdtemp(dir=folder))
    # Each under a name of its own: two workbooks may differ in their ending alone.
    names = {}
    for number, path in enumerate(paths):
        names[path] = f"w{number}"
        shutil.copyfile(path, out / f"w{number}{path.suffix}")
    profile = (folder / "profile").resolve().as_uri()
    command = [
        program,
        f"-env:UserInstallation={profile}",
        "--headless",
        "--norestore",
        "--convert-to",
        "csv",
    ]
    files = [str(out / f"{name}{path.suffix}") for path, name in names.items()]
    try:
        subprocess.run(
            [*command, "--outdir", str(out), *files], capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        print(f"LibreOffice took more than {seconds} s over {len(files)} files", file=sys.stderr)
    return {path for path, name in names.items() if (out / f"{name}.csv").exists()}


# ---------------------------------------------------------------- the table


def report(outcomes: Sequence[Outcome], seconds: float) -> str:
    """The figures as a table, every breach and every reason of a refusal."""
    written = [o for o in outcomes if not o.refused]
    count = {
        "workbooks": len(outcomes),
        "written": len(written),
        "refused, with a sentence": len(outcomes) - len(written),
        "with a foreign part changed": sum(bool(o.foreign) for o in outcomes),
        "with a new fault for Excel to repair": sum(bool(o.faults) for o in outcomes),
        "with a traceback, or no longer opened": sum(bool(o.other) for o in outcomes),
        **_by_libreoffice(outcomes),
        "seconds of CPU": f"{seconds:.0f}",
    }
    width = max(map(len, count))
    lines = [f"{name:<{width}}  {value:>5}" for name, value in count.items()]
    for reason, times in Counter(
        o.refused.replace(o.name, "FILE") for o in outcomes if o.refused
    ).most_common():
        names = ", ".join(o.name for o in outcomes if o.refused.replace(o.name, "FILE") == reason)
        lines.append(f"refused x{times}: {reason}\n    {names}")
    for outcome in (o for o in outcomes if o.breached):
        lines += [
            f"BREACH {outcome.name}: {what}" for what in (*outcome.foreign, *outcome.faults, *outcome.other)
        ]
    return "\n".join(lines)


def _by_libreoffice(outcomes: Sequence[Outcome]) -> dict[str, int]:
    asked = [o.opened for o in outcomes if o.opened]
    words = ("opened by LibreOffice before", "opened by LibreOffice after")
    return {word: sum(o[at] for o in asked) for at, word in enumerate(words)} if asked else {}


def measured(
    sources: Sequence[Path], folder: Path, how: Callable[[Path, Path], Outcome], *, libreoffice: bool = False
) -> list[Outcome]:
    """All workbooks by `tried` or `spliced`, one after the other, their copies in `folder`."""
    folder.mkdir()
    outcomes = [how(source, folder / source.name) for source in sources]
    if libreoffice:
        made = {
            outcome.name: path
            for outcome in outcomes
            for path in (folder / outcome.name, folder / f"{outcome.name}.xlsm")
            if not outcome.refused and path.exists()
        }
        opened = opened_by_libreoffice([*sources, *made.values()], folder)
        for outcome, source in zip(outcomes, sources, strict=True):
            if outcome.name in made:
                outcome.opened = source in opened, made[outcome.name] in opened
            if outcome.opened == (True, False):
                outcome.other.append("LibreOffice opens it no longer")
    return outcomes


def main() -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=__doc__)
    parser.add_argument("folder", type=Path, help="workbooks, read and never written")
    parser.add_argument("--libreoffice", action="store_true", help="also open all with LibreOffice (minutes)")
    chosen = parser.parse_args()
    sources = sorted(path for path in chosen.folder.iterdir() if path.suffix.lower() in ENDINGS)
    if not sources:
        parser.error(f"there is no workbook in {chosen.folder}")
    breached = False
    with tempfile.TemporaryDirectory() as folder:
        for title, how in (
            ("init --into and run", tried),
            ("spliced into every sheet", spliced),
            ("excel init --into and run", buttoned),
        ):
            started = time.process_time()
            outcomes = measured(sources, Path(folder) / how.__name__, how, libreoffice=chosen.libreoffice)
            seconds = time.process_time() - started
            print(f"{title}\n{report(outcomes, seconds)}\n")
            breached |= any(outcome.breached for outcome in outcomes)
    return int(breached)


if __name__ == "__main__":
    sys.exit(main())
