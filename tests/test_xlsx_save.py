"""A file is replaced whole or not at all, and its earlier state is kept."""

from __future__ import annotations

import os
import shutil
import sys
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
from sheets_crm.hosts.xlsx.backups import back_up
from sheets_crm.hosts.xlsx.disk import digest, load
from sheets_crm.hosts.xlsx.package import Package
from sheets_crm.hosts.xlsx.save import replace_file, write_file
from sheets_crm.hosts.xlsx.workbook import Workbook
from sheets_crm.sheet import Applied, Changes, Fill, Snapshot
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
    assert applied == Applied(changed=False)
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

    def slow(path: Path, content: bytes) -> Path:
        path.write_bytes(b"someone was quicker")
        return back_up(path, content)

    monkeypatch.setattr(save, "back_up", slow)
    with pytest.raises(WorkbookChanged):
        replace_file(book, b"new", sha)
    assert book.read_bytes() == b"someone was quicker"


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
    with pytest.raises(WorkbookUnsafe, match="the disk is full"):
        replace_file(book, b"new", digest(before))
    assert book.read_bytes() == before
    assert not [name for name in files(book.parent) if name.endswith(".tmp")]


def test_a_disk_that_lies_is_caught(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written is read back before the rename."""
    before = book.read_bytes()
    honest = os.fsync

    def losing(handle: int) -> None:
        honest(handle)
        os.pwrite(handle, b"?", 0)

    monkeypatch.setattr(os, "fsync", losing)
    with pytest.raises(WorkbookUnsafe):
        replace_file(book, b"new", digest(before))
    assert book.read_bytes() == before


def test_a_workbook_opened_at_the_last_moment_is_left_alone(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone opened it in Excel while the new version was being written."""
    before = book.read_bytes()

    def slow(path: Path, content: bytes) -> Path:
        path.with_name(f"~${path.name}").touch()
        return back_up(path, content)

    monkeypatch.setattr(save, "back_up", slow)
    with pytest.raises(WorkbookInUse, match="open in Excel"):
        replace_file(book, b"new", digest(before))
    assert book.read_bytes() == before


# ------------------------------------------------------------- what must not be replaced


def test_a_link_stays_a_link(book: Path, tmp_path: Path) -> None:
    """What it leads to is replaced, and the backup stands beside that."""
    (tmp_path / "desk").mkdir()
    link = tmp_path / "desk" / "shortcut.xlsx"
    link.symlink_to(book)
    before = book.read_bytes()
    backup = replace_file(link, b"new", digest(before))
    assert link.is_symlink()
    assert book.read_bytes() == b"new"
    assert backup.parent == book.with_name("firm.backups")
    assert files(tmp_path / "desk") == ["shortcut.xlsx"]


def test_a_workbook_of_two_names_is_refused(book: Path) -> None:
    """Hard links: the other name would keep the old content."""
    book.with_name("other.xlsx").hardlink_to(book)
    before = book.read_bytes()
    with pytest.raises(WorkbookUnsafe, match="2 names"):
        replace_file(book, b"new", digest(before))
    assert book.with_name("other.xlsx").read_bytes() == book.read_bytes() == before


def test_a_read_only_workbook_is_refused(book: Path) -> None:
    """Even to whom the system would permit it: somebody meant it."""
    book.chmod(0o444)
    before = book.read_bytes()
    with pytest.raises(WorkbookUnsafe, match="read-only"):
        replace_file(book, b"new", digest(before))
    assert book.read_bytes() == before
    assert files(book.parent) == ["firm.xlsx"]


@pytest.mark.skipif(os.name != "posix", reason="folders of Windows do not tell")
def test_a_folder_of_others_is_named(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the folder that cannot be written, and the sentence says so."""
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != book.parent)
    with pytest.raises(WorkbookUnsafe, match="may not change files in") as caught:
        replace_file(book, b"new", digest(book.read_bytes()))
    assert str(book.parent) in caught.value.message.ru


def test_a_full_disk_is_known_before_anything_is_written(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new version and the backup must fit; the sentence says how much is needed."""
    before = book.read_bytes()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 0, 1_250_000))
    with pytest.raises(WorkbookUnsafe) as caught:
        replace_file(book, bytes(1_300_000 - len(before)), digest(before))
    assert "needs 1.3 MB" in caught.value.message.en
    assert "не хватает 50 КБ" in caught.value.message.ru
    assert files(book.parent) == ["firm.xlsx"]
    replace_file(book, bytes(1_250_000 - len(before)), digest(before))


def test_a_disk_that_does_not_know_its_size_is_no_obstacle(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some folders on the network say 0 bytes of 0."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, 0))
    replace_file(book, b"new", digest(book.read_bytes()))
    assert book.read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix", reason="a pipe in a folder")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe would never end."""
    os.mkfifo(tmp_path / "firm.xlsx")
    with pytest.raises(WorkbookNotFound, match="not a file"):
        load(tmp_path / "firm.xlsx")


# ---------------------------------------------------------------------------- rights


posix = pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")


@posix
def test_a_private_workbook_is_never_open_to_others(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its unfinished successor, nor its backup, at any moment."""
    book.chmod(0o600)
    seen: set[int] = set()
    fsync = os.fsync

    def looking(handle: int) -> None:
        seen.update(path.stat().st_mode & 0o077 for path in book.parent.rglob("*.tmp"))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", looking)
    backup = replace_file(book, b"new", digest(book.read_bytes()))
    assert seen == {0}
    assert [path.stat().st_mode & 0o777 for path in (book, backup)] == [0o600, 0o600]


@posix
def test_the_owner_stays(book: Path) -> None:
    """Where the system permits it."""
    if os.getuid() != 0:
        pytest.skip("only root gives files away")
    os.chown(book, 12345, 23456)
    book.chmod(0o640)
    backup = replace_file(book, b"new", digest(book.read_bytes()))
    for path in (book, backup):
        state = path.stat()
        assert (state.st_uid, state.st_gid, state.st_mode & 0o777) == (12345, 23456, 0o640)


@posix
def test_a_group_that_cannot_be_given_leaves_its_rights_to_nobody(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another group gets what everybody has."""
    if os.getuid() != 0:
        pytest.skip("only root gives files away")
    os.chown(book, 12345, 23456)
    book.chmod(0o664)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    replace_file(book, b"new", digest(book.read_bytes()))
    assert book.stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(sys.platform != "linux", reason="Python reaches extended attributes on Linux only")
def test_extended_attributes_stay(book: Path) -> None:
    """A label, an origin, an access list."""
    try:
        os.setxattr(book, "user.label", b"pipeline")
    except OSError as problem:
        pytest.skip(f"this disk has no extended attributes ({problem.strerror})")
    replace_file(book, b"new", digest(book.read_bytes()))
    assert os.getxattr(book, "user.label") == b"pipeline"


def test_a_new_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    """As the user's own settings have it."""
    (tmp_path / "theirs").touch()
    write_file(tmp_path / "ours.xlsx", b"x")
    assert (tmp_path / "ours.xlsx").stat().st_mode == (tmp_path / "theirs").stat().st_mode


# ------------------------------------------------------------------------- left behind


def test_what_a_killed_run_left_is_swept(book: Path) -> None:
    """Only what bears exactly the name of our unfinished file of this workbook."""
    folder = book.with_name("firm.backups")
    folder.mkdir()
    ours = [
        book.with_name(".firm.xlsx.0123abcd.sheets-crm.tmp"),
        folder / ".firm.xlsx.0123abcd.sheets-crm.tmp",
    ]
    others = [
        book.with_name(name)
        for name in (
            ".firm.2.xlsx.0123abcd.sheets-crm.tmp",
            ".firm.xlsx.0123abcd.tmp",
            ".firm.xlsx.budget.sheets-crm.tmp",
            "firm.xlsx.0123abcd.sheets-crm.tmp",
            "firm.tmp",
        )
    ]
    for path in (*ours, *others):
        path.write_bytes(b"half")
    replace_file(book, b"new", digest(book.read_bytes()))
    assert not [path for path in ours if path.exists()]
    assert all(path.exists() for path in others)


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
    with pytest.raises(WorkbookUnsafe, match="no such folder"):
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
