"""The commands for Excel on this computer: excel init, excel doctor."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sheets_crm.cli.care import told
from sheets_crm.cli.session import Session, common, is_file
from sheets_crm.cli.start import extra_tables, lines_about, refuse_place, tables_of
from sheets_crm.errors import SheetsCrmError, UsageError
from sheets_crm.inert import on_screen
from sheets_crm.text import Lang, Text


@click.group()
def excel() -> None:
    """Work in Excel with buttons: a workbook with macros, and what it needs on this computer."""


@excel.command(short_help="Write a workbook with the buttons, or a macro copy of yours.")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--into", metavar="EXISTING", help="Make a copy of this workbook, with the sheets that it lacks."
)
@extra_tables
@common
@click.pass_obj
def init(session: Session, path: Path | None, into: str | None, extra: str | None) -> None:
    """Write a workbook with the buttons “Run audit” and “Run week” to PATH (.xlsm).

    With --into it is a copy of a workbook that exists, beside it and named like it unless PATH says otherwise; the
    workbook itself stays as it is. Nothing is ever overwritten. --lang is the language of the sheets; by default that
    of the existing workbook. Make it on the computer where it will be used: it names the Python of this one.
    """
    tables = tables_of(extra or "")
    if into is not None:
        if not is_file(into):
            raise UsageError(_NO_FILE.fill(name=into))
        made, lines = _copied(session, Path(into), path, tables)
    elif path is not None:
        made, lines = path, _fresh(session.language, path, tables)
    else:
        raise UsageError(_ONE_OF_TWO)
    if not _this_python():
        lines.append(_NO_PYTHON)
    for line in (*lines, _NEXT.fill(path=str(made))):
        session.print(on_screen(line.get(session.language)))


def _fresh(lang: Lang, path: Path, extra: list[str]) -> list[Text]:
    from sheets_crm.hosts.xlsx import made_of  # noqa: PLC0415 - see session
    from sheets_crm.hosts.xlsx.save import write_file  # noqa: PLC0415
    from sheets_crm.template import CORE, pages  # noqa: PLC0415
    from sheets_crm.template.guide import BY_BUTTON  # noqa: PLC0415
    from sheets_crm.template.macros import with_buttons  # noqa: PLC0415

    refuse_place(path, ".xlsm")
    data = made_of(pages(lang, tables={*CORE, *extra}, start=BY_BUTTON))
    write_file(path, with_buttons(data, lang, _this_python(), room=True))
    return [_MADE.fill(path=str(path))]


def _copied(session: Session, source: Path, path: Path | None, extra: list[str]) -> tuple[Path, list[Text]]:
    from sheets_crm.hosts.xlsx import XlsxCopy  # noqa: PLC0415 - see session
    from sheets_crm.hosts.xlsx.disk import load  # noqa: PLC0415
    from sheets_crm.hosts.xlsx.lock import refuse_open  # noqa: PLC0415
    from sheets_crm.hosts.xlsx.save import write_file  # noqa: PLC0415
    from sheets_crm.template.guide import BY_BUTTON, guide_name  # noqa: PLC0415
    from sheets_crm.template.into import add_sheets  # noqa: PLC0415
    from sheets_crm.template.macros import guide_of, refuse_macros, with_buttons  # noqa: PLC0415

    target = path or source.with_suffix(".xlsm")
    copy = XlsxCopy(load(source), source.name)
    copy.read(lambda _: [])
    refuse_macros(copy.data)
    refuse_place(target, ".xlsm")
    refuse_open(source)
    with session.busy(_COPYING.fill(name=source.name)):
        done = add_sheets(copy, lang=session.lang, otherwise=session.language, extra=extra, start=BY_BUTTON)
        room = guide_name(done.lang) in done.sheets
        data = with_buttons(copy.data, done.lang, _this_python(), room=room)
    session.book_lang = done.lang
    write_file(target, data, like=source)
    copied = _COPIED.fill(path=str(target), name=source.name, guide=guide_of(data).name)
    return target, [copied, *lines_about(done, target.name)]


@excel.command(short_help="Say what is missing for the buttons to work.")
@click.argument("workbook", required=False, type=click.Path(path_type=Path))
@common
@click.pass_context
def doctor(ctx: click.Context, workbook: Path | None) -> None:
    """Check what the buttons need on this computer; with a WORKBOOK (.xlsm), what it needs as well.

    Each line can be sent to IT as it stands. Nothing is written, and nothing that the workbook names is started. The
    exit code is 1 when something has to be mended.
    """
    from sheets_crm.cli.computer import ThisComputer  # noqa: PLC0415 - see session
    from sheets_crm.cli.desktop import checks  # noqa: PLC0415

    session = ctx.find_object(Session) or Session()
    if workbook is not None:
        session.book_lang = _language(workbook)
    if told(session, checks(ThisComputer(), workbook and workbook.absolute())):
        ctx.exit(1)


def _language(workbook: Path) -> Lang | None:
    """The workbook's, as far as it can be read; whatever is wrong with it is one of the checks."""
    from sheets_crm.book import wanted  # noqa: PLC0415 - see session
    from sheets_crm.hosts.xlsx import XlsxCopy  # noqa: PLC0415
    from sheets_crm.hosts.xlsx.disk import load  # noqa: PLC0415
    from sheets_crm.template.into import language_of  # noqa: PLC0415

    data = load(workbook)
    try:
        return language_of(XlsxCopy(data, workbook.name).read(wanted))
    except SheetsCrmError:
        return None


def _this_python() -> dict[str, str]:
    """The Python that runs this, by platform, where Excel runs on it."""
    return {sys.platform: sys.executable} if sys.platform in ("win32", "darwin") else {}


_ONE_OF_TWO = Text(
    "Name a workbook: `excel init PATH.xlsm` writes a fresh one, `excel init --into EXISTING.xlsx` copies yours.",
    "Укажите книгу: `excel init PATH.xlsm` создаёт новую, `excel init --into EXISTING.xlsx` делает копию вашей.",
)
_NO_FILE = Text(
    "Macros go into a file, and “{name}” is none; on Google Sheets a checkbox does the same: docs/google.md.",
    "Макросы бывают только в файле, а «{name}» не файл; в Google Таблицах то же делает галочка: docs/google.md.",
)
_COPYING = Text("Copying {name}…", "Копируем {name}…")
_MADE = Text(
    "{path} is ready: open it in Excel and allow its macros when Excel asks; the buttons are on the first sheet.",
    "Книга {path} готова: откройте её в Excel и разрешите макросы, когда он спросит; кнопки на первом листе.",
)
_COPIED = Text(
    "{path} is a copy of {name} with macros; {name} stayed as it was. From now on work in the copy: open it in Excel "
    "and allow its macros when Excel asks; the buttons are at the top of the sheet “{guide}”.",
    "{path}: копия книги {name} с макросами; сама {name} не тронута. Теперь работайте в копии: откройте её в Excel "
    "и разрешите макросы, когда он спросит; кнопки вверху листа «{guide}».",
)
_NO_PYTHON = Text(
    "This system has no Excel, so the workbook names no Python yet; on the computer with Excel the command below says "
    "what to enter.",
    "В этой системе нет Excel, поэтому Python в книге ещё не указан; на компьютере с Excel команда ниже скажет, "
    "что вписать.",
)
_NEXT = Text('Next: sheets-crm excel doctor "{path}"', 'Дальше: sheets-crm excel doctor "{path}"')
