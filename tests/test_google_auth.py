"""`google auth` and `google init`: whose credentials are used, that nobody else reads them, a spreadsheet to work in."""

from __future__ import annotations

import json
import logging
import threading
import urllib.parse
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sheets_crm import sync
from sheets_crm.errors import WorkbookError, WorkbookForbidden
from sheets_crm.hosts.google import GoogleHost, credentials
from sheets_crm.hosts.google.create import create
from sheets_crm.hosts.google.credentials import SCOPE, adopt, identity
from sheets_crm.schema import TABLES
from sheets_crm.sheet import Grid
from sheets_crm.text import Lang
from tests.command_line import call
from tests.firms import TODAY
from tests.google.bench import Desk, Waits
from tests.google.book import Book
from tests.google.server import ADDRESS, CODE, REFRESH, Emulator, Trouble

PERSON = {"client_id": "desk.example", "client_secret": "client-secret-canary", "refresh_token": REFRESH}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without any credentials; what comes back is gspread's folder in it."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "home" / ".config"))
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home" / ".config" / "gspread"


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Google on loopback, for service accounts and for a person."""
    with Emulator() as made:
        monkeypatch.setenv("SHEETS_CRM_GOOGLE_ENDPOINT", made.endpoint)
        monkeypatch.setattr(
            "google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"{made.endpoint}/token"
        )
        yield made


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """Where a browser puts what it downloads, for everybody to read."""
    (tmp_path / "downloads").mkdir()
    return tmp_path / "downloads"


def signed_in(home: Path, **changes: str) -> Path:
    """The stored consent of a person."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "authorized_user.json"
    path.write_text(json.dumps(PERSON | changes))
    path.chmod(0o600)
    return path


def client(downloads: Path, emulator: Emulator) -> Path:
    """The OAuth client of a desktop app, as Google Cloud gives it."""
    path = downloads / "client_secret.json"
    installed = {
        "client_id": "desk.example", "client_secret": "client-secret-canary", "redirect_uris": ["http://localhost"],
        "auth_uri": f"{emulator.endpoint}/auth", "token_uri": f"{emulator.endpoint}/token",
    }  # fmt: skip
    path.write_text(json.dumps({"installed": installed}))
    return path


# ------------------------------------------------------------------ credentials


def test_a_key_is_taken_in_for_our_eyes_only(home: Path, emulator: Emulator, downloads: Path) -> None:
    """It says as whom we work and with whom to share; nothing of the key is printed."""
    source = emulator.service_account(downloads)
    source.chmod(0o644)
    result = call("google", "auth", source)
    assert result.exit_code == 0, result.output
    kept = home / "service_account.json"
    assert kept.read_text() == source.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700
    assert f"Share each spreadsheet with {ADDRESS} as an editor" in result.stdout
    assert "PRIVATE KEY" not in result.output
    assert [path.name for path in home.iterdir()] == ["service_account.json"]


def test_the_same_key_again_is_no_obstacle_and_another_one_is(
    home: Path, emulator: Emulator, downloads: Path
) -> None:
    """The kept key may be the only copy, so it is never replaced."""
    source = emulator.service_account(downloads)
    adopt(source)
    adopt(source)
    before = source.read_text()
    source.write_text(before.replace("emulator-key", "another-key"))
    result = call("google", "auth", source)
    assert result.exit_code == 2
    assert "move it elsewhere" in result.stderr
    assert (home / "service_account.json").read_text() == before


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o777])
def test_credentials_that_others_can_read_are_refused(home: Path, mode: int) -> None:
    """With the command that mends it."""
    path = signed_in(home)
    path.chmod(mode)
    with pytest.raises(WorkbookForbidden, match=f"chmod 600 '{path}'"):
        identity()
    path.chmod(0o600)
    assert identity().path == path


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", "not JSON canary", '{"type": "service_account", "private_key": "canary"}',
     '{"web": {"client_secret": "canary"}}', '{"installed": "canary"}', '{"type": 5}'],
)  # fmt: skip
def test_other_files_are_refused_without_quoting_them(home: Path, downloads: Path, text: str) -> None:
    """One sentence, nothing kept."""
    (downloads / "x.json").write_text(text)
    result = call("google", "auth", downloads / "x.json")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "canary" not in result.output
    assert not home.exists()


def test_a_missing_file_and_missing_credentials_are_told(home: Path, downloads: Path) -> None:
    """What to do comes with it."""
    assert "There is no file" in call("google", "auth", downloads / "none.json").stderr
    assert "sheets-crm google auth FILE.json" in call("google", "auth").stderr
    assert not home.exists()


def test_a_person_consents_in_the_browser(
    home: Path, emulator: Emulator, downloads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loopback flow: the browser comes back with a code, and only what outlives it is kept."""
    asked: list[dict[str, list[str]]] = []

    class Browser:
        def open(self, url: str, **_: Any) -> bool:
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
            asked.append(query)
            back = urllib.parse.urlencode({"code": CODE, "state": query["state"][0], "scope": SCOPE})
            address = f"{query['redirect_uri'][0]}?{back}"
            threading.Thread(target=lambda: urllib.request.urlopen(address).close(), daemon=True).start()
            return True

    monkeypatch.setattr(webbrowser, "get", lambda *_: Browser())
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the emulator's token endpoint has no TLS
    result = call("google", "auth", client(downloads, emulator))
    assert result.exit_code == 0, result.output
    assert asked[0]["scope"] == [SCOPE]
    assert asked[0]["redirect_uri"][0].startswith("http://localhost:")
    kept = home / "authorized_user.json"
    assert json.loads(kept.read_text())["refresh_token"] == REFRESH
    assert "token" not in json.loads(kept.read_text())
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "your own Google account" in result.stdout
    assert not [word for word in (REFRESH, CODE, "canary") if word in result.output]


def test_without_consent_nothing_is_kept(home: Path, emulator: Emulator, downloads: Path) -> None:
    """Whatever the flow raises is one sentence without its cause."""

    def refused(*_: Any) -> Any:
        raise RuntimeError("client-secret-canary")

    with pytest.raises(WorkbookForbidden, match="nothing was kept") as problem:
        adopt(client(downloads, emulator), refused)
    assert problem.value.__cause__ is None
    assert not home.exists()


def test_what_goes_first_is_said(
    home: Path, emulator: Emulator, downloads: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A key that was taken in while another place counts is not silently unused."""
    other = emulator.service_account(tmp_path)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(other))
    result = call("google", "auth", emulator.service_account(downloads))
    assert f"{other} goes first, so {home / 'service_account.json'} is not used" in result.stdout
    assert identity().path == other


@pytest.mark.parametrize("forbidden", [False, True])
def test_a_spreadsheet_is_tried(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, forbidden: bool
) -> None:
    """`--check`: its title, or the sentence that names the address to share with."""
    with Desk([Grid("Deals", [["Deal"]])], tmp_path) as desk:
        monkeypatch.setenv("SHEETS_CRM_GOOGLE_ENDPOINT", desk.emulator.endpoint)
        adopt(desk.account)
        desk.emulator.forbidden = forbidden
        result = call("google", "auth", "--check", f"https://docs.google.com/spreadsheets/d/{desk.key}/edit")
    assert result.exit_code == (2 if forbidden else 0)
    assert (ADDRESS if forbidden else "“Воронка” opens") in (result.stderr if forbidden else result.stdout)
    assert home.exists()


# ----------------------------------------------------------------------- init


def widths(book: Book, title: str) -> tuple[list[int], list[int]]:
    """Pixels of (the frozen columns, the others that are shown), as Google draws them."""
    sheet = book.titled(title)
    assert sheet is not None
    frozen = sheet.properties["gridProperties"]["frozenColumnCount"]
    sizes = [(n, sheet.sizes.get(("COLUMNS", n), {})) for n in range(sheet.width)]
    shown = [(n, size.get("pixelSize", 100)) for n, size in sizes if not size.get("hiddenByUser")]
    return [wide for n, wide in shown if n < frozen], [wide for n, wide in shown if n >= frozen]


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_person_gets_a_spreadsheet_to_work_in(home: Path, emulator: Emulator, lang: Lang) -> None:
    """Created in either language, without an empty sheet, its address printed; a run on it goes through."""
    signed_in(home)
    result = call("google", "init", "--title", "Наши продажи", "--lang", lang, "--with", "absences")
    assert result.exit_code == 0, result.output
    ((key, book),) = emulator.books.items()
    assert f"https://docs.google.com/spreadsheets/d/{key}/edit" in result.stdout
    assert (book.properties["title"], book.properties["locale"][:2]) == ("Наши продажи", lang)
    titles = [sheet.title for sheet in book.sheets if not sheet.properties.get("hidden")]
    assert titles[:3] == (
        ["Start here", "Deals", "Tasks"] if lang == "en" else ["Начните здесь", "Сделки", "Задачи"]
    )
    assert TABLES["Absences"].sheet.get(lang) in titles
    first = next(sheet for sheet in book.sheets if sheet.title == titles[0])
    guide = [cell.value for cell in first.cells.values() if isinstance(cell.value, str)]
    assert [line for line in guide if "sheets-crm run" in line and key in line]
    assert not [line for line in guide if ".xlsx" in line]
    done = sync.run(GoogleHost(key, credentials()), today=lambda _: TODAY)
    assert done.applied is not None
    assert done.applied.changed
    assert done.book.lang == lang
    assert not done.book.notes


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_deal_can_be_worked_on_a_telephone(home: Path, emulator: Emulator, lang: Lang) -> None:
    """At 400 px the name stays in view, and the whole next column beside it: a deal's stage."""
    signed_in(home)
    call("google", "init", "--lang", lang)
    (book,) = emulator.books.values()
    for table in ("Deals", "Tasks", "Companies", "Contacts"):
        frozen, beside = widths(book, TABLES[table].sheet.get(lang))
        assert min(frozen) >= 60
        assert sum(frozen) <= 180
        assert beside[0] <= 400 - 180 - 46  # the row numbers


def test_dropdowns_notes_and_formats_come_along(home: Path, emulator: Emulator) -> None:
    """What the template says of a column is there in Google too."""
    signed_in(home)
    call("google", "init", "--lang", "en")
    (book,) = emulator.books.values()
    deals = book.titled("Deals")
    assert deals is not None
    heads = {cell.value: column for (row, column), cell in deals.cells.items() if row == 0 and cell.value}
    assert deals.cells[0, heads["Stage"]].note
    rule = deals.cells[1, heads["Stage"]].rule
    assert rule is not None
    assert rule["condition"]["type"] == "ONE_OF_RANGE"
    assert (deals.cells[1, heads["Amount"]].format or {})["numberFormat"]["type"] == "NUMBER"


def test_a_spreadsheet_that_exists_gets_what_it_lacks(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has is kept and used; a second time there is nothing to add."""
    with Desk(
        [Grid("Сделки", [["Название", "Этап", "Ответственный"], ["Альфа", "Думают", "Анна"]])], tmp_path
    ) as desk:
        monkeypatch.setenv("SHEETS_CRM_GOOGLE_ENDPOINT", desk.emulator.endpoint)
        adopt(desk.account)
        before = desk.seen("Сделки")
        result = call("google", "init", desk.key)
        assert result.exit_code == 0, result.output
        assert desk.seen("Сделки") == before
        assert {"Задачи", "Этапы", "Аудит"} <= {sheet.title for sheet in desk.book.sheets}
        book = desk.book
        assert "уже есть все листы" in call("google", "init", desk.key).stdout
        assert desk.book is book
    assert home.exists()


def test_a_service_account_creates_nothing_for_itself(
    home: Path, emulator: Emulator, downloads: Path
) -> None:
    """Nobody could open it: one sentence says what to do instead, with the address."""
    adopt(emulator.service_account(downloads))
    result = call("google", "init", "--title", "Sales")
    assert result.exit_code == 2
    assert ADDRESS in result.stderr
    assert not emulator.books
    assert home.exists()


@pytest.mark.parametrize(
    ("kind", "made", "said"),
    [
        ("429", 1, ""),
        ("503", 0, "Whether the spreadsheet was created is not known"),
        ("lost after", 1, "Whether the spreadsheet was created is not known"),
        ("403", 0, "does not let these credentials create"),
    ],
)
def test_a_spreadsheet_is_never_created_twice(
    home: Path, emulator: Emulator, tmp_path: Path, kind: Any, made: int, said: str
) -> None:
    """Tried again only where it was certainly not made."""
    who = credentials(signed_in(home))
    emulator.fail(Trouble(kind, "write"))
    if said:
        with pytest.raises(WorkbookError, match=said):
            create("Sales", who, locale="en_US", zone=None, clock=Waits().clock())
    else:
        create("Sales", who, locale="en_US", zone=None, clock=Waits().clock())
    assert len(emulator.books) == made
    assert tmp_path.exists()


def test_a_url_and_a_title_are_not_both_taken(home: Path) -> None:
    """One of the two, before anything is asked of Google."""
    assert "Name one" in call("google", "init", "k" * 44, "--title", "T").stderr
    assert not home.exists()


def test_no_secret_is_logged(
    home: Path, emulator: Emulator, caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> None:
    """Not the refresh token, the client's secret or an access token, at any logger's finest level."""
    caplog.set_level(logging.DEBUG)
    base = logging.getLogger("google")
    caplog.set_level(logging.DEBUG, "google")
    base.addHandler(caplog.handler)
    request.addfinalizer(lambda: base.removeHandler(caplog.handler))
    signed_in(home)
    result = call("google", "init", "--lang", "en")
    logged = "\n".join(f"{r.getMessage()} {r.__dict__}" for r in caplog.records) + result.output
    assert "batchUpdate" in logged
    assert not [word for word in (REFRESH, "canary", *emulator.tokens) if word in logged]
