"""The commands that look after an installation: doctor, completion."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import click

from sheets_crm.cli.session import Session, common, open_host, today
from sheets_crm.errors import SheetsCrmError, UsageError, WorkbookNotFound
from sheets_crm.text import Text, same

LEAST_PYTHON = (3, 11)
DEPENDENCIES = {
    "click": "click", "defusedxml": "defusedxml", "google-auth": "google.auth", "gspread": "gspread",
    "holidays": "holidays", "lxml": "lxml.etree", "openpyxl": "openpyxl", "pandas": "pandas",
    "python-calamine": "python_calamine", "requests": "requests", "rich": "rich", "tzdata": "tzdata", "xlsxwriter": "xlsxwriter",
    "zlib-ng": "zlib_ng",
}  # fmt: skip
"""Package to the module that must be importable."""
ON_DESKTOPS = {"xlwings": "xlwings"}
"""Needed where Excel itself runs: on Windows and macOS."""


class Check(NamedTuple):
    """One thing that was looked at; `good` None: nothing to mend, or it cannot be told here."""

    words: Text
    good: bool | None = True


@click.command()
@click.argument("workbook", required=False)
@common
@click.pass_context
def doctor(ctx: click.Context, workbook: str | None) -> None:
    """Check that everything is in place; with a WORKBOOK, that it can be read and safely written.

    Nothing is written. The exit code is 1 when something has to be mended.
    """
    session = ctx.find_object(Session) or Session()
    checks = [
        _python(),
        *_dependencies(),
        _libreoffice(),
        _folder(Path(workbook).absolute().parent if workbook and Path(workbook).exists() else Path.cwd()),
    ]
    checks += _workbook(session, workbook) if workbook else []
    if told(session, checks):
        ctx.exit(1)


def told(session: Session, checks: Iterable[Check]) -> int:
    """Prints a line for each check and one about them all; how many ask for something to be mended."""
    marks = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", None)}
    bad = 0
    for check in checks:
        mark, color = marks[check.good]
        session.print(f"{click.style(mark, fg=color)} {check.words.get(session.language)}")
        bad += check.good is False
    session.print((_BAD.fill(number=bad) if bad else _GOOD).get(session.language))
    return bad


def _python() -> Check:
    have = same("Python " + ".".join(map(str, sys.version_info[:3])))
    if sys.version_info >= LEAST_PYTHON:
        return Check(have)
    return Check(_OLD_PYTHON.fill(have=have, least=".".join(map(str, LEAST_PYTHON))), good=False)


def _dependencies() -> Iterator[Check]:
    from importlib import import_module  # noqa: PLC0415 - see session
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    desktop = sys.platform in ("win32", "darwin")
    for package, module in {**DEPENDENCIES, **(ON_DESKTOPS if desktop else {})}.items():
        try:
            import_module(module)
            yield Check(same(f"{package} {version(package)}"))
        except (ImportError, PackageNotFoundError) as problem:
            yield Check(_NO_PACKAGE.fill(package=package, reason=str(problem)), good=False)


def _libreoffice() -> Check:
    import shutil  # noqa: PLC0415 - see session

    found = shutil.which("soffice") or shutil.which("libreoffice")
    return Check(_LIBREOFFICE.fill(path=found)) if found else Check(_NO_LIBREOFFICE, good=None)


def _folder(folder: Path) -> Check:
    import tempfile  # noqa: PLC0415 - see session

    try:
        with tempfile.TemporaryFile(dir=folder):
            return Check(_FOLDER.fill(folder=str(folder)))
    except OSError as problem:
        return Check(_NO_FOLDER.fill(folder=str(folder), reason=problem.strerror or str(problem)), good=False)


def _workbook(session: Session, workbook: str) -> Iterator[Check]:
    """Reads, audits, and makes the bytes that a written run would write."""
    from sheets_crm import sync  # noqa: PLC0415 - see session
    from sheets_crm.hosts.xlsx import XlsxHost, patched  # noqa: PLC0415
    from sheets_crm.hosts.xlsx.disk import load, real  # noqa: PLC0415
    from sheets_crm.hosts.xlsx.lock import refuse_open  # noqa: PLC0415
    from sheets_crm.hosts.xlsx.save import refuse_unwritable  # noqa: PLC0415

    host = open_host(workbook)
    try:
        run = sync.run(host, today=today, write=False)
    except WorkbookNotFound:
        raise
    except SheetsCrmError as problem:
        yield Check(problem.message, good=False)
        return
    session.book_lang = run.book.lang
    rows = [same(f"{t.sheet} ({len(t.rows)})") for t in run.book.tables.values() if t]
    yield Check(_READ.fill(name=host.label, tables=", ".join(r.en for r in rows)))
    if run.obstacle is not None:
        yield Check(run.obstacle, good=None)
    if not isinstance(host, XlsxHost):
        return  # whether a service lets us write is known by writing alone
    try:
        refuse_open(host.path)
        refuse_unwritable(real(host.path))
        patched(load(host.path), run.changes)
        yield Check(_WRITABLE.fill(name=host.label))
    except SheetsCrmError as problem:
        yield Check(problem.message, good=False)


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish", "powershell")))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete commands and options.

    \b
    bash:        sheets-crm completion bash >> ~/.bashrc
    zsh:         sheets-crm completion zsh >> ~/.zshrc
    fish:        sheets-crm completion fish > ~/.config/fish/completions/sheets-crm.fish
    powershell:  sheets-crm completion powershell >> $PROFILE
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - rarely needed

    made = get_completion_class(shell)
    if made is None:
        raise UsageError(_NO_COMPLETION.fill(shell=shell))
    program = ctx.find_root()
    click.echo(made(program.command, {}, "sheets-crm", "_SHEETS_CRM_COMPLETE").source())


_OLD_PYTHON = Text(
    "{have} is too old: {least} or newer is needed.", "{have} слишком старый: нужен {least} или новее."
)
_NO_PACKAGE = Text(
    "{package} is missing ({reason}); install sheets-crm again.",
    "Нет пакета {package} ({reason}); установите sheets-crm заново.",
)
_LIBREOFFICE = Text("LibreOffice: {path}", "LibreOffice: {path}")
_NO_LIBREOFFICE = Text(
    "LibreOffice was not found; only our tests need it.",
    "LibreOffice не найден; он нужен только нашим тестам.",
)
_FOLDER = Text("Files can be written in {folder}", "В папку {folder} можно писать")
_NO_FOLDER = Text(
    "Files cannot be written in {folder} ({reason}).", "В папку {folder} нельзя писать ({reason})."
)
_READ = Text("{name} can be read: {tables}", "{name} читается: {tables}")
_WRITABLE = Text("{name} can be written without losing anything", "В {name} можно писать, ничего не потеряв")
_NO_COMPLETION = Text(
    "The installed click cannot complete in {shell}; a newer one can: pip install -U click",
    "Установленный click не умеет дополнять команды в {shell}; умеет более новый: pip install -U click",
)
_GOOD = Text("All is well.", "Всё в порядке.")
_BAD = Text("To mend: {number}.", "Нужно исправить: {number}.")
