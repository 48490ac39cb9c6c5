"""Who we are to Google: a key file or a stored consent goes in, credentials for spreadsheets alone come out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from sheets_crm.errors import WorkbookForbidden
from sheets_crm.text import Text

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

SCOPE = "https://www.googleapis.com/auth/spreadsheets"


def credentials(path: Path | str | None = None) -> Credentials:
    """The credentials in `path`; else those of GOOGLE_APPLICATION_CREDENTIALS, of gcloud, of gspread's own folder.

    A service account's key or an authorised user. Raises WorkbookForbidden if there are none, or if they are no such.
    """
    found = Path(path) if path else next((p for p in _places() if p.is_file()), None)
    if found is None:
        raise WorkbookForbidden(_NONE)
    return _loaded(found)


def _places() -> list[Path]:
    """Where credentials may stand, the first that exists counts. A stated file counts even where there is none."""
    from gspread.auth import get_config_dir  # noqa: PLC0415 - heavy

    stated = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if stated:
        if not Path(stated).is_file():
            raise WorkbookForbidden(_NO_FILE.fill(path=stated))
        return [Path(stated)]
    own = get_config_dir()
    gcloud = Path(os.environ.get("CLOUDSDK_CONFIG") or get_config_dir("gcloud"))
    return [
        gcloud / "application_default_credentials.json",
        own / "service_account.json",
        own / "authorized_user.json",
    ]


def _loaded(path: Path) -> Credentials:
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - heavy
    from google.oauth2 import credentials as user  # noqa: PLC0415 - heavy
    from google.oauth2 import service_account  # noqa: PLC0415 - heavy

    try:
        info = json.loads(path.read_text(encoding="utf-8"))
        kind = info.get("type", "authorized_user")
        if kind == "service_account":
            robot: Credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
                info, scopes=[SCOPE]
            )
            return robot
        if kind == "authorized_user":
            person: Credentials = user.Credentials.from_authorized_user_info(  # type: ignore[no-untyped-call]
                info, scopes=[SCOPE]
            )
            return person
    except FileNotFoundError:
        raise WorkbookForbidden(_NO_FILE.fill(path=str(path))) from None
    except (OSError, ValueError, AttributeError, GoogleAuthError):
        # The cause could quote the key itself.
        raise WorkbookForbidden(_NOT_A_KEY.fill(path=str(path))) from None
    raise WorkbookForbidden(_NOT_A_KEY.fill(path=str(path)))


_NONE = Text(
    "There are no Google credentials: set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account, "
    "or put it into gspread's folder as service_account.json.",
    "Нет ключа для Google: укажите в GOOGLE_APPLICATION_CREDENTIALS файл ключа сервисного аккаунта "
    "или положите его в папку gspread под именем service_account.json.",
)
_NO_FILE = Text(
    "The credentials file {path} does not exist; correct GOOGLE_APPLICATION_CREDENTIALS or the path.",
    "Файла с ключом {path} нет; исправьте GOOGLE_APPLICATION_CREDENTIALS или путь.",
)
_NOT_A_KEY = Text(
    "{path} is neither a service account's key nor an authorised user; download the key from Google Cloud again.",
    "{path} — не ключ сервисного аккаунта и не разрешение пользователя; скачайте ключ из Google Cloud заново.",
)
