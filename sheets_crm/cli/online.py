"""The commands for Google Sheets: google auth, google init, serve, watch."""

from __future__ import annotations

import time
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sheets_crm.cli.session import Session, common, open_host, today
from sheets_crm.cli.start import added, extra_tables, tables_of
from sheets_crm.errors import UsageError
from sheets_crm.inert import on_screen
from sheets_crm.text import Text

if TYPE_CHECKING:
    from sheets_crm.serve.task import Work


@click.group()
def google() -> None:
    """Work in Google Sheets: sign in, make a spreadsheet."""


@google.command(short_help="Take in credentials; show which are used, and as whom.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--check", metavar="URL", help="Try to open this spreadsheet.")
@common
@click.pass_obj
def auth(session: Session, file: Path | None, check: str | None) -> None:
    """Take in the credentials FILE that you downloaded from Google Cloud, and show which are used.

    FILE is the key of a service account, or the OAuth client of a desktop app: then the browser asks for your
    consent. Without FILE nothing changes. Keys are kept in gspread's folder, where only you can read them.
    """
    from sheets_crm.hosts.google import GoogleHost  # noqa: PLC0415 - see session
    from sheets_crm.hosts.google.credentials import adopt, identity  # noqa: PLC0415

    kept = adopt(file) if file else None
    who = identity()
    if kept is not None:
        _tell(session, _KEPT.fill(path=str(kept), source=str(file)))
    _tell(session, (_ROBOT if who.address else _PERSON).fill(address=who.address, path=str(who.path)))
    if kept is not None and who.path != kept:
        _tell(session, _SHADOWED.fill(path=str(who.path), kept=str(kept)))
    if check:
        host = GoogleHost(check, who.credentials)
        host.read(lambda _: [])
        _tell(session, _OPENS.fill(name=host.label))
    elif who.address:
        _tell(session, _SHARE.fill(address=who.address))


@google.command(short_help="Create a spreadsheet, or add what one lacks.")
@click.argument("url", required=False)
@click.option("--title", metavar="T", help="Create a spreadsheet of this title.")
@extra_tables
@common
@click.pass_obj
def init(session: Session, url: str | None, title: str | None, extra: str | None) -> None:
    """Create a spreadsheet to work in, or add what it lacks to the one at URL.

    --lang is the language of the sheets; by default that of the existing spreadsheet. What it has is kept and used.
    """
    from sheets_crm.hosts.google import credentials, key_of  # noqa: PLC0415 - see session
    from sheets_crm.hosts.google.create import address_of, create, drop_first  # noqa: PLC0415
    from sheets_crm.hosts.google.credentials import identity  # noqa: PLC0415

    if url and title:
        raise UsageError(_ONE_OF_TWO)
    tables = tables_of(extra or "")
    if url:
        added(session, open_host(key_of(url)), tables, address_of(key_of(url)))
        return
    who = identity()
    if who.address:
        raise UsageError(_ROBOTS_KEEP.fill(address=who.address))
    lang = session.lang = session.language
    name = title or _TITLE.get(lang)
    with session.busy(_CREATING):
        key = create(name, who.credentials, locale={"en": "en_US", "ru": "ru_RU"}[lang], zone=None)
    # The address comes first: whatever happens from here on, there is a spreadsheet.
    _tell(session, _CREATED.fill(name=name, address=address_of(key)))
    added(session, open_host(key), tables, address_of(key))
    if not drop_first(key, credentials()):
        session.say(_FIRST_LEFT)


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Where to listen."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--behind-proxy", is_flag=True, help="Listen beyond this computer: a proxy with TLS stands before it."
)
@click.option("--allow", multiple=True, metavar="URL", help="A spreadsheet that may ask; can be repeated.")
@click.option("--secret", type=click.Choice(("new",)), help="Make a new secret, show it once, and end.")
@click.option(
    "--script",
    type=click.Choice(("Code.gs", "appsscript.json")),
    help="Print a file of the menu's script, and end.",
)
@common
@click.pass_obj
def serve(
    session: Session, port: int, host: str, behind_proxy: bool, allow: tuple[str, ...], secret: str | None,
    script: str | None,
) -> None:  # fmt: skip
    """Wait for the menu “Sales audit” of a spreadsheet, and run when it asks.

    Requests are signed with a secret that the spreadsheet's script shares; each is taken once. Google's servers
    cannot reach this computer by itself: docs/google.md says what stands between, and when `watch` is the better way.
    """
    from sheets_crm.hosts.google import key_of  # noqa: PLC0415 - see session
    from sheets_crm.serve import door, signature  # noqa: PLC0415

    if script:
        session.data((files("sheets_crm.templates") / script).read_text("utf-8"))
        return
    keys = [key_of(address) for address in allow]
    if secret:
        made = signature.new_secret(keys)
        session.print(made.secret)
        session.say(_SECRET.fill(path=str(signature.place())))
        return
    shared = signature.kept()
    door.refuse_open(host, behind_proxy=behind_proxy)
    allowed = {*keys, *shared.spreadsheets}
    if not allowed:
        raise UsageError(_NO_SPREADSHEETS)
    gate = signature.Gate(shared.secret, time.time)
    with door.Server(
        (host, port), door.Door(gate, allowed, _work()), lambda note: _noted(session, note)
    ) as server:
        session.say(_LISTENING.fill(host=host, port=str(server.server_address[1]), number=len(allowed)))
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            session.say(_ENDING)


@click.command()
@click.argument("url")
@click.option("--every", type=click.IntRange(min=5), default=15, show_default=True, metavar="S",
              help="Seconds between two looks.")  # fmt: skip
@common
@click.pass_obj
def watch(session: Session, url: str, every: int) -> None:
    """Look at a checkbox in the spreadsheet at URL, and run the week when somebody ticks it.

    The box is on a small sheet of its own, made when it is missing; the result is told beside it. End with Ctrl-C.
    """
    from sheets_crm.hosts.google import credentials, key_of  # noqa: PLC0415 - see session
    from sheets_crm.hosts.google.button import Button  # noqa: PLC0415
    from sheets_crm.serve.watch import Watch, keep  # noqa: PLC0415

    key = key_of(url)
    eye = Watch(key, Button(key, credentials()), _work(), lambda note: _noted(session, note), every=every)
    session.say(_WATCHING.fill(seconds=every))
    try:
        keep(eye, time.sleep)
    except KeyboardInterrupt:
        session.say(_ENDED)


def _work() -> Work:
    from sheets_crm.serve.task import work  # noqa: PLC0415 - see session

    return work(open_host, today)


def _noted(session: Session, note: Text) -> None:
    """A line on the console, with the time of day."""
    now = f"{datetime.now().astimezone():%H:%M:%S}"
    session.say(Text(f"{now} {note.en}", f"{now} {note.ru}"))


def _tell(session: Session, text: Text) -> None:
    session.print(on_screen(text.get(session.language)))


_KEPT = Text(
    "Kept in {path}, for your eyes only; delete {source} now.",
    "Сохранено в {path}, прочесть можете только вы; теперь удалите {source}.",
)
_ROBOT = Text(
    "In use: the service account {address} ({path}).", "Используется сервисный аккаунт {address} ({path})."
)
_PERSON = Text(
    "In use: your own Google account, by your consent ({path}).",
    "Используется ваш аккаунт Google, с вашего разрешения ({path}).",
)
_SHADOWED = Text(
    "{path} goes first, so {kept} is not used; take the first away, or unset GOOGLE_APPLICATION_CREDENTIALS if it "
    "names that file.",
    "{path} главнее, поэтому {kept} не используется; уберите первый файл или переменную "
    "GOOGLE_APPLICATION_CREDENTIALS, если в ней он.",
)
_SHARE = Text(
    "Share each spreadsheet with {address} as an editor; then try: sheets-crm google auth --check ADDRESS",
    "Дайте адресу {address} доступ редактора к каждой таблице и проверьте: sheets-crm google auth --check АДРЕС",
)
_OPENS = Text("“{name}” opens.", "Таблица «{name}» открывается.")
_ONE_OF_TWO = Text(
    "Name one: `google init URL` adds to a spreadsheet that exists, `google init --title T` creates one.",
    "Укажите что-то одно: `google init URL` дополняет таблицу, `google init --title T` создаёт новую.",
)
_ROBOTS_KEEP = Text(
    "What the service account {address} creates, nobody else can open. Create an empty spreadsheet in the browser, "
    "share it with this address as an editor, and run: sheets-crm google init ADDRESS",
    "Таблицу, созданную сервисным аккаунтом {address}, никто больше не откроет. Создайте пустую в браузере, дайте "
    "этому адресу доступ редактора и выполните: sheets-crm google init АДРЕС",
)
_TITLE = Text("Sales pipeline", "Воронка продаж")
_CREATING = Text("Creating a spreadsheet…", "Создаём таблицу…")
_CREATED = Text("“{name}” was created: {address}", "Создана таблица «{name}»: {address}")
_FIRST_LEFT = Text(
    "An empty sheet “sheets-crm” may be left at the front; delete it.",
    "В начале мог остаться пустой лист «sheets-crm»; удалите его.",
)
_SECRET = Text(
    "This is the secret, shown only now: paste it into the script's properties as SHEETS_CRM_SECRET (docs/google.md). "
    "It is kept in {path}; the one before it is no longer taken.",
    "Это секрет, больше он не показывается: вставьте его в свойства скрипта как SHEETS_CRM_SECRET (docs/google.md). "
    "Он хранится в {path}; прежний больше не действует.",
)
_NO_SPREADSHEETS = Text(
    "No spreadsheet may ask yet; name one: sheets-crm serve --allow ADDRESS",
    "Пока ни одной таблице не разрешено обращаться; укажите её: sheets-crm serve --allow АДРЕС",
)
_LISTENING = Text(
    "Listening at http://{host}:{port}/run; spreadsheets that may ask: {number}. End with Ctrl-C.",
    "Ждём запросов на http://{host}:{port}/run; таблиц, которым можно обращаться: {number}. Остановить: Ctrl-C.",
)
_ENDING = Text("Ending; a run that goes on is waited for.", "Заканчиваем; если идёт запуск, дождёмся его.")
_WATCHING = Text(
    "Watching the checkbox every {seconds} s. End with Ctrl-C.",
    "Смотрим на галочку каждые {seconds} с. Остановить: Ctrl-C.",
)
_ENDED = Text("Ended.", "Остановлено.")
