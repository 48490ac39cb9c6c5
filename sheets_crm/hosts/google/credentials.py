"""Who we are to Google: a key file or a stored consent goes in, credentials for spreadsheets alone come out.

Nothing in these files is ever shown: not in a sentence, not as the cause of an error.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from sheets_crm.errors import UsageError, WorkbookForbidden
from sheets_crm.hosts.google import private
from sheets_crm.text import Text

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

SCOPE = "https://www.googleapis.com/auth/spreadsheets"
_ROBOT, _PERSON, _CLIENT = "service_account.json", "authorized_user.json", "credentials.json"
"""As gspread calls them."""

Flow: TypeAlias = Callable[[Mapping[str, Any], list[str]], Any]
"""Asks a person for consent: an OAuth client and scopes go in, credentials come out."""


class Identity(NamedTuple):
    """Whose credentials they are, and where they stand."""

    credentials: Credentials
    path: Path
    address: str | None
    """The address of a service account; None: a person, whose address the scope `spreadsheets` does not tell."""


def credentials(path: Path | str | None = None) -> Credentials:
    """The credentials in `path`, else those that `identity` finds. Raises WorkbookForbidden."""
    return (_loaded(Path(path)) if path else identity()).credentials


def identity() -> Identity:
    """The credentials of GOOGLE_APPLICATION_CREDENTIALS; else of gcloud, or of gspread's own folder.

    A service account's key or an authorised user. Raises WorkbookForbidden if there are none, if they are no such,
    or if others on this computer can read them.
    """
    found = next((p for p in _places() if p.is_file()), None)
    if found is None:
        raise WorkbookForbidden(_NONE)
    return _loaded(found)


def adopt(source: Path, flow: Flow | None = None) -> Path:
    """Takes a downloaded file into gspread's folder, for our eyes alone, and says where what is used now stands.

    A service account's key is copied; with an OAuth client a person is asked for consent by `flow` (a browser and a
    loopback address), and the consent is kept. Raises UsageError for any other file, WorkbookForbidden where another
    key stands already: it may be the only copy.
    """
    try:
        text = source.read_text(encoding="utf-8")
        info = json.loads(text)
        robot, client = info.get("type") == "service_account", "installed" in info
    except FileNotFoundError:
        raise UsageError(_NO_DOWNLOAD.fill(path=str(source))) from None
    except (OSError, ValueError, AttributeError, TypeError):
        raise UsageError(_NOT_A_DOWNLOAD.fill(path=str(source))) from None
    if not robot and not client:
        raise UsageError(_NOT_A_DOWNLOAD.fill(path=str(source)))
    kept = private.folder() / (_ROBOT if robot else _CLIENT)
    if robot:
        _identity_in(info, source)
    if kept.exists() and kept.read_text(encoding="utf-8") != text:
        raise WorkbookForbidden(_ANOTHER.fill(path=str(kept)))
    if robot:
        private.write(kept, text)
        return kept
    person = _consent(info, flow)
    private.write(kept, text)
    stored = kept.with_name(_PERSON)
    private.write(stored, person)
    return stored


def _consent(client: Mapping[str, Any], flow: Flow | None) -> str:
    """What a person allowed, as it is kept. Raises WorkbookForbidden."""
    from gspread.auth import local_server_flow  # noqa: PLC0415 - heavy

    try:
        person = (flow or local_server_flow)(client, [SCOPE])
        return str(person.to_json(strip=["token"]))
    except Exception:  # noqa: BLE001 - oauthlib raises many kinds, and all of them may quote a code or a secret
        raise WorkbookForbidden(_NO_CONSENT) from None


def _places() -> list[Path]:
    """Where credentials may stand, the first that exists counts. A stated file counts even where there is none."""
    stated = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if stated:
        if not Path(stated).is_file():
            raise WorkbookForbidden(_NO_FILE.fill(path=stated))
        return [Path(stated)]
    from gspread.auth import get_config_dir  # noqa: PLC0415 - heavy

    gcloud = Path(os.environ.get("CLOUDSDK_CONFIG") or get_config_dir("gcloud"))
    own = private.folder()
    return [gcloud / "application_default_credentials.json", own / _ROBOT, own / _PERSON]


def _loaded(path: Path) -> Identity:
    try:
        return _identity_in(json.loads(private.read(path)), path)
    except FileNotFoundError:
        raise WorkbookForbidden(_NO_FILE.fill(path=str(path))) from None
    except (OSError, ValueError):
        raise WorkbookForbidden(_NOT_A_KEY.fill(path=str(path))) from None


def _identity_in(info: Any, path: Path) -> Identity:
    """Raises WorkbookForbidden where `info` is neither of the two kinds."""
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - heavy
    from google.oauth2 import credentials as user  # noqa: PLC0415 - heavy
    from google.oauth2 import service_account  # noqa: PLC0415 - heavy

    try:
        kind = info.get("type", "authorized_user")
        if kind == "service_account":
            robot = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
                info, scopes=[SCOPE]
            )
            return Identity(robot, path, str(robot.service_account_email))
        if kind == "authorized_user":
            person = user.Credentials.from_authorized_user_info(  # type: ignore[no-untyped-call]
                info, scopes=[SCOPE]
            )
            return Identity(person, path, None)
    except (ValueError, AttributeError, TypeError, GoogleAuthError):
        # The cause could quote the key itself.
        raise WorkbookForbidden(_NOT_A_KEY.fill(path=str(path))) from None
    raise WorkbookForbidden(_NOT_A_KEY.fill(path=str(path)))


_NONE = Text(
    "There are no Google credentials on this computer; `sheets-crm google auth FILE.json` takes those that you "
    "downloaded from Google Cloud (docs/google.md shows how).",
    "На этом компьютере нет ключа для Google; `sheets-crm google auth ФАЙЛ.json` примет тот, что вы скачали "
    "из Google Cloud (как — в docs/google.md).",
)
_NO_FILE = Text(
    "The credentials file {path} does not exist; correct GOOGLE_APPLICATION_CREDENTIALS or the path.",
    "Файла с ключом {path} нет; исправьте GOOGLE_APPLICATION_CREDENTIALS или путь.",
)
_NOT_A_KEY = Text(
    "{path} is neither a service account's key nor an authorised user; download the key from Google Cloud again.",
    "{path} — не ключ сервисного аккаунта и не разрешение пользователя; скачайте ключ из Google Cloud заново.",
)
_NO_DOWNLOAD = Text(
    "There is no file {path}; give the path of the JSON file that you downloaded from Google Cloud.",
    "Файла {path} нет; укажите путь к файлу JSON, который вы скачали из Google Cloud.",
)
_NOT_A_DOWNLOAD = Text(
    "{path} is neither a service account's key nor the OAuth client of a desktop app; download one of the two from "
    "Google Cloud (docs/google.md).",
    "{path} — не ключ сервисного аккаунта и не клиент OAuth для приложения на компьютере; скачайте из Google Cloud "
    "одно из двух (docs/google.md).",
)
_ANOTHER = Text(
    "Another key is kept in {path} already, and it may be the only copy; move it elsewhere and try again.",
    "В {path} уже лежит другой ключ, и он может быть единственным; переложите его и повторите.",
)
_NO_CONSENT = Text(
    "Google did not get your consent, or did not answer; nothing was kept, try again.",
    "Google не получил вашего разрешения или не ответил; ничего не сохранено, попробуйте ещё раз.",
)
