"""A secret shared with a script in a spreadsheet: who may ask, for which spreadsheets, and each request only once."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from sheets_crm.errors import UsageError
from sheets_crm.hosts.google import private
from sheets_crm.text import Text

WINDOW = 300
"""Seconds by which a request may be older or newer than our clock says."""
_TIME = re.compile(r"[0-9]{9,11}\Z")
_NONCE = re.compile(r"[A-Za-z0-9-]{16,64}\Z")
_SIGNATURE = re.compile(r"[0-9a-f]{64}\Z")


class Shared(NamedTuple):
    """The secret, and the keys of the spreadsheets for which it was made."""

    secret: str
    spreadsheets: tuple[str, ...]


def place() -> Path:
    """The file in which the secret is kept."""
    return private.folder() / "sheets_crm_serve.json"


def new_secret(spreadsheets: Collection[str]) -> Shared:
    """A new secret, kept in place of the old one; without `spreadsheets`, for those of the old one."""
    try:
        old = kept().spreadsheets
    except UsageError:
        old = ()
    made = Shared(secrets.token_urlsafe(32), tuple(spreadsheets) or old)
    private.write(place(), json.dumps(made._asdict(), indent=1))
    return made


def kept() -> Shared:
    """The secret as it is kept. Raises UsageError if there is none, WorkbookForbidden if others can read it."""
    try:
        found = json.loads(private.read(place()))
        return Shared(str(found["secret"]), tuple(map(str, found["spreadsheets"])))
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(_NO_SECRET) from None


def signed(secret: str, time: str, nonce: str, body: bytes) -> str:
    """The signature of a request: HMAC-SHA256 in hexadecimal over its time, its nonce and its body, a line each."""
    return hmac.new(secret.encode(), f"{time}\n{nonce}\n".encode() + body, hashlib.sha256).hexdigest()


class Gate:
    """Lets every request with a valid signature through once. `now` gives the seconds since 1970."""

    def __init__(self, secret: str, now: Callable[[], float]) -> None:
        self._secret = secret
        self._now = now
        self._since = int(now())
        self._seen: dict[str, int] = {}
        """Nonce to the last second at which its request would not be too old."""
        self._lock = threading.Lock()

    def refusal(self, time: str, nonce: str, signature: str, body: bytes) -> Text | None:
        """Why a request is not let through; None if it is, and from then on it is known.

        What was signed before we were started is refused: it may have been used, and we would not know.
        """
        if not (_TIME.match(time) and _NONCE.match(nonce) and _SIGNATURE.match(signature)):
            return _UNSIGNED
        if not hmac.compare_digest(signed(self._secret, time, nonce, body), signature):
            return _WRONG_SECRET
        now, made = self._now(), int(time)
        if abs(now - made) > WINDOW or made < self._since:
            return _OTHER_TIME
        with self._lock:
            for old in [n for n, last in self._seen.items() if last < now]:
                del self._seen[old]
            if nonce in self._seen:
                return _AGAIN
            self._seen[nonce] = made + WINDOW
        return None


_NO_SECRET = Text(
    "There is no secret yet that the spreadsheet's script could sign with; make one: "
    "sheets-crm serve --secret new --allow ADDRESS",
    "Ещё нет секрета, которым подписывает запросы скрипт таблицы; создайте его: "
    "sheets-crm serve --secret new --allow АДРЕС",
)
_UNSIGNED = Text(
    "The request is not signed; use the script that comes with sheets-crm.",
    "Запрос не подписан; возьмите скрипт, который идёт с sheets-crm.",
)
_WRONG_SECRET = Text(
    "The secret in the script's properties is not the one of this sheets-crm; paste it again "
    "(a new one: sheets-crm serve --secret new).",
    "Секрет в свойствах скрипта не тот, что у этой программы; вставьте его снова "
    "(новый: sheets-crm serve --secret new).",
)
_OTHER_TIME = Text(
    "The request is too old, or the clock of the computer with sheets-crm is wrong; try again.",
    "Запрос устарел, либо на компьютере с sheets-crm неверно идут часы; попробуйте ещё раз.",
)
_AGAIN = Text(
    "This request was made before; nothing was done again.",
    "Такой запрос уже был; повторно ничего не сделано.",
)
