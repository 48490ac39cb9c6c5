"""The commands to begin with: demo, init, import."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sheets_crm.cli.session import Session, as_of, common, is_file, open_host, today
from sheets_crm.errors import UsageError
from sheets_crm.inert import on_screen
from sheets_crm.text import Text

if TYPE_CHECKING:
    from sheets_crm.hosts import Host
    from sheets_crm.template.into import Added


extra_tables = click.option(
    "--with", "extra", metavar="SHEET,...",
    help="Sheets that not every firm needs: absences, holidays, rates, stagehistory.",
)  # fmt: skip
"""`--with`; see `tables_of`."""


@click.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True,
              help="Where the workbook goes.")  # fmt: skip
@click.option("--deals", type=click.IntRange(min=1), help="How many deals.")
@click.option("--tasks", type=click.IntRange(min=1), help="How many tasks, about.")
@click.option("--seed", type=int, help="Another number, another firm.")
@as_of
@common
@click.pass_obj
def demo(
    session: Session, folder: Path, deals: int | None, tasks: int | None, seed: int | None, as_of: date | None
) -> None:
    """Write the workbook of a made-up firm with planted faults, and say what to look at.

    Its last day is --as-of; eight weekly runs are already in its log, so there is history. --lang is the language
    of the workbook.
    """
    from sheets_crm.demo import build  # noqa: PLC0415 - see session

    path = folder / f"demo_{session.language}.xlsx"
    _refuse_existing(path)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {name: n for name, n in (("deals", deals), ("tasks", tasks), ("seed", seed)) if n is not None}
    with session.busy(_BUILDING):
        build(path, lang=session.language, as_of=as_of or today(None), **chosen)
    session.print(_DEMO.fill(path=str(path)).get(session.language))


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--into", metavar="EXISTING", help="Add the sheets to this workbook instead; what it has is kept."
)
@extra_tables
@common
@click.pass_obj
def init(session: Session, path: Path | None, into: str | None, extra: str | None) -> None:
    """Write a fresh workbook to PATH (.xlsx), or add what it lacks to one that exists.

    --lang is the language of the sheets; by default that of the existing workbook. A file is never overwritten by
    PATH; --into loses nothing and leaves a backup beside the file.
    """
    if (path is None) == (into is None):
        raise UsageError(_ONE_OF_TWO)
    tables = tables_of(extra or "")
    if into is not None:
        added(session, open_host(into), tables, into)
    elif path is not None:
        _make(session, path, tables)


def _make(session: Session, path: Path, extra: list[str]) -> None:
    refuse_place(path, ".xlsx")
    from sheets_crm.hosts.xlsx import create  # noqa: PLC0415 - see session
    from sheets_crm.template import CORE, pages  # noqa: PLC0415

    create(path, pages(session.language, tables={*CORE, *extra}))
    session.print(_MADE.fill(path=str(path)).get(session.language))


def added(session: Session, host: Host, extra: list[str], workbook: str) -> None:
    """Adds to the workbook what it lacks, and says what was done; `workbook` is how the next command names it."""
    from sheets_crm.template.guide import AS_A_FILE, at_address  # noqa: PLC0415 - see session
    from sheets_crm.template.into import add_sheets  # noqa: PLC0415

    with session.busy(_ADDING.fill(name=host.label)):
        done = add_sheets(
            host, lang=session.lang, otherwise=session.language, extra=extra,
            start=AS_A_FILE if is_file(workbook) else at_address(workbook),
        )  # fmt: skip
    session.book_lang = done.lang
    for line in (*lines_about(done, host.label), _NEXT.fill(path=workbook)):
        session.print(on_screen(line.get(session.language)))


def lines_about(done: Added, name: str) -> list[Text]:
    """What was added to the workbook `name`, what it had, and where it is as it was."""
    added = (
        _ADDED.fill(name=name, sheets=", ".join(done.sheets))
        if done.sheets
        else _NOTHING_TO_ADD.fill(name=name)
    )
    kept = [_KEPT.fill(sheets=", ".join(done.kept))] if done.kept else []
    backup = [_BACKUP.fill(path=done.applied.backup)] if done.applied.backup else []
    return [added, *kept, *done.notes, *backup]


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", "out", type=click.Path(path_type=Path), required=True, help="The new workbook (.xlsx)."
)
@click.option("--map", "map_file", type=click.Path(path_type=Path), metavar="M.toml",
              help="Which column of the source is which of ours, how its dates are written, what its stages mean.")  # fmt: skip
@common
@click.pass_obj
def import_(session: Session, source: Path, out: Path, map_file: Path | None) -> None:
    """Make a workbook of the deals in SOURCE, a CSV file. --lang is the language of the workbook."""
    from sheets_crm.importer import convert  # noqa: PLC0415 - see session

    lang = session.language
    with session.busy(_IMPORTING.fill(name=source.name)):
        done = convert(source, out, map_file, lang)
    columns = ", ".join(f"{header} → {key}" for header, key in done.columns.items())
    lines = [_IMPORTED.fill(rows=done.rows, path=str(done.path)), _TAKEN.fill(columns=columns)]
    lines += [_LEFT_OUT.fill(columns=", ".join(done.left_out))] if done.left_out else []
    for line in (*lines, *done.notes, _NEXT.fill(path=str(done.path))):
        session.print(on_screen(line.get(lang)))


def tables_of(names: str) -> list[str]:
    """The tables of a list like `absences, rates`, by key or by the sheet's name in either language."""
    from sheets_crm.schema import TABLES  # noqa: PLC0415 - see session
    from sheets_crm.template import CORE  # noqa: PLC0415

    known = {name.casefold(): key for key, table in TABLES.items() for name in (key, *table.sheet)}
    wanted = [name for part in names.split(",") if (name := part.strip())]
    for name in wanted:
        if name.casefold() not in known:
            offered = [key.lower() for key in TABLES if key not in CORE]
            raise UsageError(_NO_SHEET.fill(name=name, offered=", ".join(offered)))
    return [known[name.casefold()] for name in wanted]


def refuse_place(path: Path, ending: str) -> None:
    """Raises UsageError unless a new workbook with that ending can be written there."""
    if path.suffix.lower() != ending:
        raise UsageError(_ENDS[ending].fill(name=path.name))
    _refuse_existing(path)
    if not path.parent.is_dir():
        raise UsageError(_NO_FOLDER.fill(folder=str(path.parent)))


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise UsageError(_EXISTS.fill(path=str(path)))


_EXISTS = Text(
    "{path} exists already and was left as it is; delete it or choose another place.",
    "{path} уже существует и не тронут; удалите его или выберите другое место.",
)
_ENDS = {
    ".xlsx": Text(
        "A workbook's name ends in .xlsx; “{name}” does not.",
        "Имя книги кончается на .xlsx, а у «{name}» нет.",
    ),
    ".xlsm": Text(
        "The name of a workbook with macros ends in .xlsm; “{name}” does not.",
        "Имя книги с макросами кончается на .xlsm, а у «{name}» нет.",
    ),
}
_NO_SHEET = Text(
    "--with knows no sheet “{name}”; it adds: {offered}.",
    "--with не знает листа «{name}»; можно добавить: {offered}.",
)
_ONE_OF_TWO = Text(
    "Name one workbook: `init PATH` writes a fresh one, `init --into EXISTING` adds to one that exists.",
    "Укажите одну книгу: `init PATH` создаёт новую, `init --into EXISTING` дополняет существующую.",
)
_ADDING = Text("Adding sheets to {name}…", "Добавляем листы в {name}…")
_ADDED = Text("{name}: sheets added: {sheets}.", "{name}: добавлены листы: {sheets}.")
_NOTHING_TO_ADD = Text(
    "{name} has all sheets already; nothing was added.", "В {name} уже есть все листы; ничего не добавлено."
)
_KEPT = Text("Your own sheets, used as they are: {sheets}.", "Ваши листы, взяты как есть: {sheets}.")
_BACKUP = Text("The workbook as it was: {path}", "Книга, какой она была: {path}")
_NO_FOLDER = Text("There is no folder {folder}; create it first.", "Папки {folder} нет; сначала создайте её.")
_BUILDING = Text("Inventing a firm and its weeks…", "Придумываем фирму и её недели…")
_IMPORTING = Text("Reading {name}…", "Читаем {name}…")
_DEMO = Text(
    "Open {path}: a made-up firm with its mistakes, eight weeks of them.\n"
    "Sheet “Audit”: how clean the pipeline is, with whom to talk first, what was mended and what is new.\n"
    "Sheets “Deals” and “Tasks”: the coloured cells, and the column “To fix” that says what is wrong with each row.\n"
    "Mend a few, save, close, and run: sheets-crm run {path}",
    "Откройте {path}: придуманная фирма со своими ошибками за восемь недель.\n"
    "Лист «Аудит»: насколько чиста воронка, с кем поговорить первым, что исправлено и что нового.\n"
    "Листы «Сделки» и «Задачи»: цветные ячейки и столбец «Что исправить», где сказано, что не так в строке.\n"
    "Исправьте что-нибудь, сохраните, закройте и запустите: sheets-crm run {path}",
)
_MADE = Text(
    "{path} is ready: open it, the first sheet says how to begin. Then, every week: sheets-crm run {path}",
    "Книга {path} готова: откройте, первый лист скажет, с чего начать. Затем каждую неделю: sheets-crm run {path}",
)
_IMPORTED = Text("{path}: deals imported: {rows}.", "{path}: загружено сделок: {rows}.")
_TAKEN = Text("Columns taken: {columns}.", "Взяты столбцы: {columns}.")
_LEFT_OUT = Text("Columns left out: {columns}.", "Не взяты столбцы: {columns}.")
_NEXT = Text("Next: sheets-crm run {path}", "Дальше: sheets-crm run {path}")
