"""A file is replaced whole or not at all, and its earlier state is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sheets_crm.errors import (
    WorkbookChanged,
    WorkbookInUse,
    WorkbookNotFound,
    WorkbookUnreadable,
    WorkbookUnsafe,
)
from sheets_crm.hosts.xlsx import XlsxHost, create, patched, save
from sheets_crm.hosts.xlsx.package import Package
from sheets_crm.hosts.xlsx.save import digest, replace_file, write_file
from sheets_crm.hosts.xlsx.workbook import Workbook
from sheets_crm.sheet import Changes, Fill, Snapshot
from tests.packages import with_parts
from tests.shared import shared
from tests.xlsx_samples import column, firm, opened, parts, report, run


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "firm.xlsx"
    path.write_bytes(firm())
    return path


def snapshot(path: Path) -> Snapshot:
    return Snapshot((), {}, digest(path.read_bytes()))


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_run_replaces_the_file_and_keeps_the_one_before(book: Path) -> None:
    """The backup is byte-exact and stands in a folder beside; permissions stay; no temporary file is left."""
    before = book.read_bytes()
    book.chmod(0o640)
    applied = XlsxHost(book).apply(run(report()), snapshot(book))
    assert applied.changed
    assert applied.backup is not None
    assert Path(applied.backup).read_bytes() == before
    assert Path(applied.backup).parent == book.with_name("firm.backups")
    assert len(files(book.parent)) == 2
    assert opened(book.read_bytes()).sheetnames[-1] == "Audit"
    if os.name == "posix":
        assert book.stat().st_mode & 0o777 == 0o640


def test_a_run_with_nothing_new_writes_nothing(book: Path) -> None:
    """No backup, no new time on the file."""
    XlsxHost(book).apply(run(report()), snapshot(book))
    stamp, there = book.stat().st_mtime_ns, files(book.parent)
    applied = XlsxHost(book).apply(run(report()), snapshot(book))
    assert applied == (False, None, None, None)
    assert (book.stat().st_mtime_ns, files(book.parent)) == (stamp, there)


def test_a_workbook_changed_since_it_was_read_is_left_alone(book: Path) -> None:
    """Someone saved in between."""
    seen = snapshot(book)
    book.write_bytes(patched(firm(), Changes(fills=(Fill("Deals", 3, 1, "D9"),))))
    there = book.read_bytes()
    with pytest.raises(WorkbookChanged, match=r"firm\.xlsx"):
        XlsxHost(book).apply(run(), seen)
    assert book.read_bytes() == there


def test_a_workbook_changed_at_the_last_moment_is_left_alone(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest is compared once more just before the rename."""
    sha = digest(book.read_bytes())
    back_up = save._back_up

    def slow(path: Path, content: bytes, folder: Path) -> Path:
        path.write_bytes(b"someone was quicker")
        return back_up(path, content, folder)

    monkeypatch.setattr(save, "_back_up", slow)
    with pytest.raises(WorkbookChanged):
        replace_file(book, b"new", sha)
    assert book.read_bytes() == b"someone was quicker"


def test_a_workbook_open_in_excel_is_refused(book: Path) -> None:
    """Excel keeps ~$name beside an open file."""
    book.with_name("~$firm.xlsx").write_bytes(b"")
    before = book.read_bytes()
    with pytest.raises(WorkbookInUse, match="close it"):
        XlsxHost(book).apply(run(), snapshot(book))
    assert book.read_bytes() == before


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """One sentence, in both languages."""
    with pytest.raises(WorkbookNotFound) as caught:
        XlsxHost(tmp_path / "no.xlsx").read(lambda _: ())
    assert "no.xlsx" in caught.value.message.en
    assert "no.xlsx" in caught.value.message.ru


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_refuses_leaves_the_file_as_it_was(
    book: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """No half file, no temporary file."""
    before = book.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", refuse)
    else:
        monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(WorkbookUnsafe, match="No space left"):
        replace_file(book, b"new", digest(before))
    assert book.read_bytes() == before
    assert not [name for name in files(book.parent) if name.endswith(".tmp")]


def test_a_disk_that_lies_is_caught(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written is read back before the rename."""
    before = book.read_bytes()
    honest = Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda self: honest(self)[:-1] if self.suffix == ".tmp" else honest(self)
    )
    with pytest.raises(WorkbookUnsafe):
        replace_file(book, b"new", digest(before))
    assert book.read_bytes() == before


def test_backups_of_one_moment_do_not_meet(book: Path) -> None:
    """An equal backup is used again; another gets a number."""
    stamp = (1_700_000_000, 1_700_000_000)
    names = []
    for content in (b"one", b"one", b"two"):
        book.write_bytes(content)
        os.utime(book, stamp)
        names.append(replace_file(book, b"new", digest(content)))
    assert names[0] == names[1] != names[2]
    assert names[2].stem.endswith("-2")
    assert [name.read_bytes() for name in names[1:]] == [b"one", b"two"]


def test_backups_may_stand_elsewhere(book: Path, tmp_path: Path) -> None:
    """The folder is made."""
    backup = replace_file(book, b"new", digest(book.read_bytes()), backup_dir=tmp_path / "safe")
    assert backup.parent == tmp_path / "safe"


def test_a_new_workbook_owns_its_reports(tmp_path: Path) -> None:
    """The same pages give the same bytes."""
    create(tmp_path / "new.xlsx", [report()])
    first = (tmp_path / "new.xlsx").read_bytes()
    create(tmp_path / "new.xlsx", [report()])
    assert (tmp_path / "new.xlsx").read_bytes() == first
    assert files(tmp_path) == ["new.xlsx"]
    assert b'<definedName name="_scrm_audit" hidden="1">' in parts(first)["xl/workbook.xml"].replace(
        b' localSheetId="0"', b""
    )
    assert patched(first, Changes(pages=(report(),))) != b""


def test_a_file_is_written_into_a_missing_folder_with_a_sentence(tmp_path: Path) -> None:
    """The reason of the system is named."""
    with pytest.raises(WorkbookUnsafe, match="No such file"):
        write_file(tmp_path / "none" / "new.xlsx", b"x")


UNSAFE = {
    "a signed workbook": ("_xmlsignatures/origin.sigs", b"", None),
    "a protected structure": (
        "xl/workbook.xml",
        b"<bookViews>",
        b'<workbookProtection lockStructure="1"/><bookViews>',
    ),
    "a strict workbook": (
        "xl/workbook.xml",
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    ),
}


@pytest.mark.parametrize("case", UNSAFE, ids=str)
def test_where_writing_is_unsafe_the_reports_go_beside(book: Path, case: str) -> None:
    """The workbook keeps every byte, and one sentence says why."""
    part, old, new = UNSAFE[case]
    book.write_bytes(
        with_parts(firm(), {part: b"" if new is None else lambda xml: xml.replace(old, new or b"")})
    )
    before = book.read_bytes()
    applied = XlsxHost(book).apply(run(report()), snapshot(book))
    assert not applied.changed
    assert applied.beside == str(book.with_name("firm.reports.xlsx"))
    assert applied.reason is not None
    assert book.read_bytes() == before
    assert opened(Path(applied.beside).read_bytes()).sheetnames == ["Audit"]
    assert XlsxHost(book).apply(run(report()), snapshot(book)).beside == applied.beside


def test_reports_beside_never_go_over_a_file_of_the_users(book: Path) -> None:
    """A file of that name that is not ours stays."""
    book.write_bytes(with_parts(firm(), {"_xmlsignatures/origin.sigs": b""}))
    theirs = book.with_name("firm.reports.xlsx")
    theirs.write_bytes(firm())
    applied = XlsxHost(book).apply(run(report()), snapshot(book))
    assert applied.beside == str(book.with_name("firm.reports (2).xlsx"))
    assert theirs.read_bytes() == firm()


def test_without_reports_an_unsafe_workbook_is_an_error(book: Path) -> None:
    """There is nothing to put beside."""
    book.write_bytes(with_parts(firm(), {"_xmlsignatures/origin.sigs": b""}))
    with pytest.raises(WorkbookUnsafe, match="signed"):
        XlsxHost(book).apply(Changes(columns=(column(),)), snapshot(book))


def test_a_really_signed_workbook_is_known(tmp_path: Path) -> None:
    """From the corpus."""
    data = shared("corpus/poi__hello-world-signed.xlsx").read_bytes()
    with pytest.raises(WorkbookUnsafe, match="signed"):
        Workbook(Package(data)).refuse_unsafe()
    assert not files(tmp_path)


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 nothing", b"Deals;Stage"], ids=["empty", "cut off", "a text"]
)
def test_what_is_no_workbook_is_no_package(data: bytes) -> None:
    """A sentence, not a traceback of zipfile."""
    with pytest.raises(WorkbookUnreadable):
        Package(data)


def test_a_damaged_part_is_not_copied_on(book: Path) -> None:
    """Its check sum is compared when it is read."""
    data = with_parts(firm(), {}, method=0)
    spoilt = data.replace(b"<v>30</v>", b"<v>31</v>")
    assert spoilt != data
    with pytest.raises(WorkbookUnreadable):
        Package(spoilt).read("xl/worksheets/sheet1.xml")
    assert book.exists()


def test_parts_are_found_in_any_case_and_copied_raw() -> None:
    """What is not touched is the same compressed bytes, even where a name is not ASCII."""
    data = with_parts(firm(), {"docProps/заметка.bin": b"\x00\x01" * 50})
    after = patched(data, run())
    old, new = Package(data), Package(after)
    assert "XL/Workbook.XML" in new
    assert old.packed("xl/charts/chart1.xml") == new.packed("xl/charts/chart1.xml")
    assert new.read("docProps/заметка.bin") == b"\x00\x01" * 50
