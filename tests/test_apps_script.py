"""The script in the spreadsheet, run by npm's gas-local, with real requests to a running `serve` over the emulator."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from sheets_crm.serve.task import Done
from sheets_crm.text import Lang, same
from tests.google.bench import Desk
from tests.test_serve import SECRET, Site, desk, real, site

__all__ = ["desk"]

DRIVER = Path(__file__).parent / "google" / "apps_script.js"
TEMPLATES = Path(str(files("sheets_crm.templates")))
GAS_LOCAL = "gas-local@1.3.1"


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with gas-local in it."""
    npm = shutil.which("npm")
    if shutil.which("node") is None or npm is None:
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("npm")
    command = [
        npm,
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        str(folder),
        GAS_LOCAL,
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not get {GAS_LOCAL} in two minutes")
    if done.returncode:
        pytest.skip(f"npm cannot get {GAS_LOCAL}")
    return folder / "node_modules"


class Script:
    """The script in a spreadsheet whose reader has a locale; `tunnel` is where its requests end."""

    def __init__(
        self, modules: Path, key: str, tunnel: str, *, locale: str = "en", **properties: str
    ) -> None:
        self._modules = modules
        usual = {"SHEETS_CRM_URL": "https://tunnel.example/run", "SHEETS_CRM_SECRET": SECRET}
        self._scene = {"key": key, "tunnel": tunnel, "locale": locale, "properties": usual | properties}

    def call(self, name: str) -> dict[str, Any]:
        """What the function showed and asked for."""
        scene = json.dumps(self._scene | {"call": name})
        done = subprocess.run(
            ["node", str(DRIVER), str(TEMPLATES), scene], capture_output=True, timeout=120, check=False,
            encoding="utf-8", env={**os.environ, "NODE_PATH": str(self._modules)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def told(self, name: str) -> str:
        """The last toast after a call."""
        *_, (words, title, _) = self.call(name)["toasts"]
        assert title in ("Sales audit", "Аудит продаж")
        return str(words)


def tunnel(here: Site) -> str:
    """Where the script's requests are to go."""
    return f"http://127.0.0.1:{here.port}"


@pytest.mark.parametrize(
    ("locale", "menu"),
    [
        ("en", ["Sales audit", ["Run audit", "runAudit"], ["Run the week", "runWeek"]]),
        ("ru", ["Аудит продаж", ["Запустить аудит", "runAudit"], ["Подвести неделю", "runWeek"]]),
        ("ru_RU", ["Аудит продаж", ["Запустить аудит", "runAudit"], ["Подвести неделю", "runWeek"]]),
        ("de", ["Sales audit", ["Run audit", "runAudit"], ["Run the week", "runWeek"]]),
        ("", ["Sales audit", ["Run audit", "runAudit"], ["Run the week", "runWeek"]]),
    ],
)
def test_the_menu_speaks_the_users_language(modules: Path, locale: str, menu: list[Any]) -> None:
    """Two items, each calling a function that exists."""
    said = Script(modules, "k", "", locale=locale).call("onOpen")
    assert said == {"menu": menu, "toasts": [], "fetched": []}
    source = (TEMPLATES / "Code.gs").read_text(encoding="utf-8")
    assert all(f"function {name}()" in source for _, name in menu[1:])


def test_the_menu_runs_the_audit_and_the_week(modules: Path, desk: Desk) -> None:
    """Through HTTP, signature and all; the toast is the result, the sheets are there."""
    with site(desk.key, real(desk), now=time.time()) as here:
        script = Script(modules, desk.key, tunnel(here))
        said = script.call("runAudit")
        assert said["toasts"][0][0].startswith("Running")
        assert said["toasts"][-1][0].startswith("First run: ")
        assert said["toasts"][-1][0].endswith("See the sheet “Audit”.")
        assert desk.book.titled("Audit")
        assert not desk.book.titled("Bonus")
        assert SECRET not in json.dumps(said["fetched"])
        assert script.told("runWeek").endswith("See the sheet “Audit”.")
        assert desk.book.titled("Bonus")
    assert [note.en for note in here.notes] == ["Run: done."] * 2


@pytest.mark.parametrize(
    ("locale", "properties", "said"),
    [
        ("en", {"SHEETS_CRM_SECRET": "another"}, "The secret in the script's properties is not the one"),
        ("ru", {"SHEETS_CRM_SECRET": "другой"}, "Секрет в свойствах скрипта не тот"),
        ("en", {"SHEETS_CRM_SECRET": ""}, "Set SHEETS_CRM_SECRET first"),
        ("ru", {"SHEETS_CRM_URL": ""}, "Сначала задайте SHEETS_CRM_URL"),
        ("en", {"SHEETS_CRM_URL": "http://tunnel.example/run"}, "has to begin with https://"),
        ("en", {"SHEETS_CRM_URL": "https://tunnel.example/"}, "and end with /run"),
        (
            "en",
            {"SHEETS_CRM_URL": " https://tunnel.example/run ", "SHEETS_CRM_SECRET": f"{SECRET}\n"},
            "fine",
        ),
    ],
)
def test_what_is_set_wrong_is_told_in_plain_words(
    modules: Path, locale: str, properties: dict[str, str], said: str
) -> None:
    """In the user's language; blanks pasted with a property do no harm."""

    def fine(key: str, task: str, lang: Lang) -> Done:  # noqa: ARG001
        return Done(True, "fine", same("done"))

    with site("sheet-1", fine, now=time.time()) as here:
        script = Script(modules, "sheet-1", tunnel(here), locale=locale, **properties)
        assert said in script.told("runAudit")


def test_nobody_there_is_told_in_plain_words(modules: Path) -> None:
    """An answer that never came may mean a run that goes on; a stranger's page is not shown."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert "did not answer" in Script(modules, "k", f"http://127.0.0.1:{port}").told("runAudit")


def test_a_strangers_answer_is_told_in_plain_words(modules: Path, desk: Desk) -> None:
    """A tunnel whose program is not running gives a page of its own."""
    told = Script(modules, "k", desk.emulator.endpoint).told("runWeek")
    assert (
        told
        == "What answers at SHEETS_CRM_URL (code 404) is not sheets-crm: start it, or correct the address."
    )


def test_the_script_asks_for_no_more_than_it_needs() -> None:
    """That spreadsheet alone, and requests to the outside."""
    manifest = json.loads((TEMPLATES / "appsscript.json").read_text(encoding="utf-8"))
    assert [scope.rpartition("/")[2] for scope in manifest["oauthScopes"]] == [
        "spreadsheets.currentonly",
        "script.external_request",
    ]


def test_both_languages_have_the_same_words() -> None:
    """No menu with a hole in it."""
    source = (TEMPLATES / "Code.gs").read_text(encoding="utf-8")
    english, russian = source.partition("ru: {")[::2]

    def words(part: str) -> list[str]:
        return [
            line.strip().split(":")[0]
            for line in part.splitlines()
            if line.startswith("    ") and ": '" in line
        ]

    assert words(english.partition("en: {")[2]) == words(russian.partition("};")[0])
