"""The command restore: an earlier state of a workbook file is put back, and what it replaces is kept too."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sheets_crm.cli.session import Session, common, is_file
from sheets_crm.errors import SheetsCrmError, UsageError, WorkbookNotFound
from sheets_crm.text import Text, same

if TYPE_CHECKING:
    from sheets_crm.hosts.xlsx.backups import Backup

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_YES = {"y", "yes", "д", "да"}


@click.command()
@click.argument("workbook")
@click.option(
    "--list", "listing", is_flag=True, help="Show the backups, the newest first, and change nothing."
)
@click.option("--from", "wanted", metavar="NAME|DATE",
              help="The backup of that name, or the last one of that day (2026-05-19).  [default: the newest]")  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
@click.pass_obj
def restore(session: Session, workbook: str, listing: bool, wanted: str | None, yes: bool) -> None:
    """Put a backup in the place of a WORKBOOK file, byte for byte.

    What it replaces becomes a backup itself, so this can be undone by doing it again. Asks first, unless --yes.
    """
    from sheets_crm.hosts.xlsx.backups import backups_of, folder_of  # noqa: PLC0415 - see session
    from sheets_crm.hosts.xlsx.disk import load, real  # noqa: PLC0415
    from sheets_crm.hosts.xlsx.lock import refuse_open  # noqa: PLC0415
    from sheets_crm.hosts.xlsx.save import restore_file  # noqa: PLC0415

    if not is_file(workbook):
        raise UsageError(_IN_EXCEL if workbook.startswith("excel:") else _IN_GOOGLE)
    path = real(Path(workbook))
    backups = backups_of(path)
    if not backups:
        none = _NO_BACKUPS if path.exists() else _NOTHING
        raise WorkbookNotFound(none.fill(name=path.name, folder=str(folder_of(path))))
    if listing:
        for line in _listed(backups):
            session.print(line.get(session.language))
        return
    chosen = _chosen(backups, wanted, workbook)
    if (problem := _state(chosen)[1]) is not None:
        raise problem
    if path.exists():
        refuse_open(path)
        if load(path) == load(chosen.path):
            session.print(_SAME.fill(name=path.name, backup=chosen.path.name).get(session.language))
            return
    if not yes and not _confirmed(session, path, chosen):
        session.say(_LEFT)
        return
    replaced = restore_file(Path(workbook), chosen.path)
    session.print(_RESTORED.fill(name=path.name, moment=_moment(chosen)).get(session.language))
    if replaced is not None:
        session.print(_UNDO.fill(workbook=workbook, replaced=replaced.name).get(session.language))


def _chosen(backups: list[Backup], wanted: str | None, workbook: str) -> Backup:
    if wanted is None:
        return backups[0]
    day = date.fromisoformat(wanted) if _is_day(wanted) else None
    for backup in backups:
        if backup.path.name == Path(wanted).name or backup.moment.date() == day:
            return backup
    raise UsageError(_NO_SUCH.fill(wanted=wanted, workbook=workbook))


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _confirmed(session: Session, path: Path, chosen: Backup) -> bool:
    question = _QUESTION.fill(name=path.name, moment=_moment(chosen), state=_state(chosen)[0])
    if not sys.stdin.isatty():
        raise UsageError(_NOBODY_TO_ASK.fill(question=question))
    answer = click.prompt(question.get(session.language), default="", show_default=False, err=True)
    return str(answer).strip().lower() in _YES


def _listed(backups: list[Backup]) -> Iterator[Text]:
    from sheets_crm.hosts.xlsx.disk import shown_size  # noqa: PLC0415 - see session

    for backup in backups:
        yield same("{name}  {moment}  {size}  {state}").fill(
            name=backup.path.name,
            moment=_moment(backup),
            size=shown_size(backup.size),
            state=_state(backup)[0],
        )


def _moment(backup: Backup) -> Text:
    return same("{day}, {time}").fill(day=backup.moment.date(), time=f"{backup.moment:%H:%M:%S}")


def _state(backup: Backup) -> tuple[Text, SheetsCrmError | None]:
    """(what a backup holds: its last run; why it cannot be read, if so)."""
    from sheets_crm.history import log_of, read_past  # noqa: PLC0415 - see session
    from sheets_crm.hosts.xlsx import XlsxHost  # noqa: PLC0415
    from sheets_crm.sheet import LOG_KEY  # noqa: PLC0415

    try:
        snapshot = XlsxHost(backup.path).read(lambda sheets: [s.name for s in sheets if s.report == LOG_KEY])
    except SheetsCrmError as problem:
        return _DAMAGED, problem
    last = read_past(log_of(snapshot)).last
    return (_RUN.fill(number=last.number, day=last.as_of) if last else _NO_RUN), None


_QUESTION = Text(
    "Put {name} back as it was on {moment} ({state})? What is there now becomes a backup. [y/N]",
    "Вернуть {name} к состоянию {moment} ({state})? Нынешний файл станет резервной копией. [д/Н]",
)
_NOBODY_TO_ASK = Text(
    "“{question}” Nobody is there to answer; to do it, add --yes.",
    "«{question}» Ответить некому; чтобы выполнить, добавьте --yes.",
)
_RESTORED = Text("{name} is as it was on {moment}.", "{name} снова такой, каким был {moment}.")
_UNDO = Text(
    "To undo this: sheets-crm restore {workbook} --from {replaced}",
    "Чтобы отменить: sheets-crm restore {workbook} --from {replaced}",
)
_LEFT = Text("Nothing was changed.", "Ничего не изменено.")
_SAME = Text(
    "{name} is the same as {backup}; it was not touched.", "{name} уже совпадает с {backup}; файл не тронут."
)
_RUN = Text("run {number} of {day}", "запуск {number} за {day}")
_NO_RUN = Text("before the first run", "до первого запуска")
_DAMAGED = Text("cannot be read", "не читается")
_NO_BACKUPS = Text(
    "{name} has no backups yet; the first run that changes it makes one, in {folder}.",
    "У {name} ещё нет резервных копий; первую сделает запуск, который изменит файл, в папке {folder}.",
)
_NOTHING = Text(
    "{name} does not exist, and there are no backups of it in {folder}.",
    "Файла {name} нет, и в папке {folder} нет его резервных копий.",
)
_NO_SUCH = Text(
    "There is no backup of the name or day “{wanted}”; see `sheets-crm restore {workbook} --list`.",
    "Нет резервной копии с именем или датой «{wanted}»; см. `sheets-crm restore {workbook} --list`.",
)
_IN_GOOGLE = Text(
    "A Google spreadsheet keeps its own earlier versions: open it and choose File → Version history.",
    "Google Таблица сама хранит прежние версии: откройте её и выберите «Файл → История версий».",
)
_IN_EXCEL = Text(
    "A workbook that is open in Excel cannot be restored; close it there and give its path.",
    "Книгу, открытую в Excel, восстановить нельзя; закройте её там и укажите путь к файлу.",
)
