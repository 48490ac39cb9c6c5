"""The road to Google: three calls, each patient within bounds; every failure becomes one sentence that says what to do.

What is asked for may be repeated. A write is repeated only where it cannot have been made (429) or by `write`, which
can find out; a reply that was lost says nothing about the change.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

import requests
from google.auth.exceptions import GoogleAuthError, RefreshError
from gspread.exceptions import APIError
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEET_BATCH_UPDATE_URL
from requests.adapters import HTTPAdapter

from sheets_crm.errors import (
    UsageError,
    WorkbookError,
    WorkbookForbidden,
    WorkbookNotFound,
    WorkbookUnreachable,
    WorkbookUnreadable,
)
from sheets_crm.text import Text

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

ENDPOINT = "SHEETS_CRM_GOOGLE_ENDPOINT"
TRIES = 6
"""How often one thing is tried."""
LONGEST_WAIT = 90.0
"""Seconds that we are willing to wait at once; a service that asks for more is told as such."""
_GOOGLE = "https://sheets.googleapis.com/"
_TIMEOUT = (10.0, 180.0)
"""Seconds to connect, and for an answer: Google itself gives up on a request after 180."""
_BUSY = (408, 429, 500, 502, 503, 504)
_LONGEST_URL = 6000
_JSON = {"Content-Type": "application/json; charset=UTF-8"}


class Clock(NamedTuple):
    """Waiting and chance, given from outside so that tests do neither."""

    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class LostReply(Exception):
    """A write was sent and no one knows whether it was made; `trouble` is why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.problem.message.en)
        self.trouble = trouble


class RefusedWrite(Exception):
    """Google refused a write as a whole; `problem` is what a person is told if the spreadsheet is still ours."""

    def __init__(self, problem: WorkbookError, *, too_large: bool) -> None:
        super().__init__(problem.message.en)
        self.problem = problem
        self.too_large = too_large


class Sheets:
    """One spreadsheet at Google's door."""

    def __init__(
        self, key: str, credentials: Credentials, *, clock: Clock | None = None,
        timeout: tuple[float, float] = _TIMEOUT,
    ) -> None:  # fmt: skip
        self.key = key
        self.clock = clock or Clock()
        self.address = str(getattr(credentials, "service_account_email", None) or "")
        logging.getLogger("google.auth.transport.requests").addFilter(_without_secrets)
        self._http = HTTPClient(credentials)
        self._http.set_timeout(timeout)
        if stated := os.environ.get(ENDPOINT):
            self._http.session.mount(_GOOGLE, _Loopback(_loopback(stated)))

    def get(self, fields: str) -> Any:
        """The spreadsheet without its cells. Raises WorkbookError."""
        return self._read(lambda: self._http.spreadsheets_get(self.key, {"fields": fields}))

    def values(self, ranges: Sequence[str]) -> list[Any]:
        """The cells of each range as rows: numbers as numbers, dates as serial numbers. Raises WorkbookError."""
        out: list[Any] = []
        for some in _within_a_url(ranges):
            options: dict[str, Any] = {
                "valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER",
            }  # fmt: skip
            found = self._read(lambda r=some, o=options: self._http.values_batch_get(self.key, r, o))  # type: ignore[misc]
            out += [part.get("values", []) for part in found["valueRanges"]]
        return out

    def update(self, changes: Sequence[Mapping[str, Any]]) -> None:
        """Makes all changes or none. Raises LostReply, RefusedWrite, WorkbookError."""
        url, body = SPREADSHEET_BATCH_UPDATE_URL % self.key, compact({"requests": changes})
        patience = Patience(self.clock)
        while True:
            try:
                self._http.request("post", url, data=body, headers=_JSON).json()
            except (APIError, requests.RequestException, GoogleAuthError) as error:
                trouble = self._trouble(error)
            else:
                return
            if trouble.certain and trouble.passing:
                patience.wait(trouble)
            elif trouble.passing:
                raise LostReply(trouble) from None
            elif trouble.code in (400, 413):
                raise RefusedWrite(trouble.problem, too_large=trouble.too_large) from None
            else:
                raise trouble.problem from None

    def _read(self, call: Callable[[], Any]) -> Any:
        patience = Patience(self.clock)
        while True:
            try:
                return call()
            except (APIError, requests.RequestException, GoogleAuthError) as error:
                trouble = self._trouble(error)
            if not trouble.passing:
                # Without what Google says: it may quote a cell.
                raise trouble.problem from None
            patience.wait(trouble)

    # --------------------------------------------------------------- troubles

    def _trouble(self, error: Exception) -> Trouble:
        if isinstance(error, APIError):
            return self._answered(error.response)
        if isinstance(error, GoogleAuthError):
            passing = bool(error.retryable) or not isinstance(error, RefreshError)
            return Trouble(
                WorkbookUnreachable(_NO_TOKEN) if passing else WorkbookForbidden(_BAD_KEY), passing=passing
            )
        slow = isinstance(error, requests.Timeout)
        return Trouble(WorkbookUnreachable(_SLOW if slow else _NO_ANSWER), passing=True, certain=False)

    def _answered(self, response: requests.Response) -> Trouble:
        code, reasons = response.status_code, _reasons(response)
        if code == 429 or (code == 403 and "RATE_LIMIT_EXCEEDED" in reasons):
            return Trouble(WorkbookUnreachable(_QUOTA), True, True, code, self._asked_to_wait(response))
        if code in _BUSY:
            broken = WorkbookUnreachable(_BROKEN.fill(code=code))
            return Trouble(broken, True, False, code, self._asked_to_wait(response))
        problem: WorkbookError = WorkbookUnreadable(_REFUSED.fill(code=code))
        if code == 401:
            problem = WorkbookForbidden(_BAD_KEY)
        elif code == 403 and "SERVICE_DISABLED" in reasons:
            problem = WorkbookForbidden(_DISABLED)
        elif code == 403:
            shared = _SHARE.fill(address=self.address) if self.address else _SHARE_WITH_YOU
            problem = WorkbookForbidden(shared)
        elif code == 404:
            problem = WorkbookNotFound(_NOT_FOUND.fill(key=self.key))
        elif "FAILED_PRECONDITION" in reasons:
            problem = WorkbookUnreadable(_NOT_A_SPREADSHEET)
        elif "protected cell" in response.text:
            who = Text(self.address, self.address) if self.address else _YOU
            problem = WorkbookForbidden(_PROTECTED.fill(who=who))
        elif "limit" in response.text and "cells" in response.text:
            problem = WorkbookUnreadable(_FULL)
        elif code == 413 or "payload size exceeds" in response.text:
            return Trouble(WorkbookUnreadable(_TOO_LARGE), code=code, too_large=True)
        return Trouble(problem, code=code)

    def _asked_to_wait(self, response: requests.Response) -> float | None:
        stated = response.headers.get("Retry-After", "").strip()
        if stated.isdigit():
            return float(stated)
        try:
            return max(0.0, (parsedate_to_datetime(stated) - self.clock.now()).total_seconds())
        except (ValueError, TypeError):
            return None


def _without_secrets(record: logging.LogRecord) -> bool:
    """Takes requests and replies out of google-auth's records: it logs signed assertions and bodies as they are."""
    for name in ("httpRequest", "httpResponse"):
        if hasattr(record, name):
            setattr(record, name, None)
    return True


class Trouble(NamedTuple):
    """Why a call failed."""

    problem: WorkbookError
    """What a person is told if it stays so."""
    passing: bool = False
    """True: it may work later."""
    certain: bool = True
    """True: a write was certainly not made."""
    code: int = 0
    wait: float | None = None
    """Seconds that the service asks us to wait."""
    too_large: bool = False
    """True: a smaller request might do."""


class Patience:
    """Waits between tries, longer each time and never the same for two callers; raises when it is over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries = 0

    def wait(self, trouble: Trouble) -> None:
        """Waits before the next try. Raises the trouble's problem after the last, or if the wait would be too long."""
        self._tries += 1
        seconds = trouble.wait
        if seconds is None:
            seconds = min(2.0 ** (self._tries - 1), 32.0)
        if self._tries >= TRIES or seconds > LONGEST_WAIT:
            raise trouble.problem from None
        self._clock.sleep(seconds + self._clock.chance())


class _Loopback(HTTPAdapter):
    """Sends what is meant for Google to an address of this computer."""

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._endpoint = endpoint

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        request.url = self._endpoint + (request.url or "").removeprefix(_GOOGLE)
        return super().send(request, *args, **options | {"proxies": {}})


def _loopback(stated: str) -> str:
    """The address, with a slash at its end. Raises UsageError where it is not one of this computer."""
    parts = urlsplit(stated)
    try:
        here = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        here = parts.hostname == "localhost"
    if not here or parts.scheme not in ("http", "https") or parts.username or parts.path.strip("/"):
        raise UsageError(_NOT_LOOPBACK.fill(name=ENDPOINT, value=stated))
    return stated.rstrip("/") + "/"


def _within_a_url(ranges: Sequence[str]) -> list[list[str]]:
    """The ranges in as few calls as their names leave room for: one, but for hundreds of sheets."""
    out: list[list[str]] = [[]]
    room = _LONGEST_URL
    for range_ in ranges:
        size = len(quote(range_)) + len("&ranges=")
        if size > room and out[-1]:
            out.append([])
            room = _LONGEST_URL
        out[-1].append(range_)
        room -= size
    return out if out[0] else []


def compact(body: Mapping[str, Any]) -> bytes:
    """A body as it is sent: Cyrillic in two bytes a letter, not six, which halves a large report."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _reasons(response: requests.Response) -> set[str]:
    """The codes in an error's body."""
    try:
        error = response.json()["error"]
        details = [d.get("reason", "") for d in error.get("details", ()) if isinstance(d, dict)]
        return {str(error.get("status", "")), *details}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set()


_NOT_LOOPBACK = Text(
    "{name} is {value}, but only an address of this computer is taken (http://127.0.0.1:8080); unset it.",
    "{name} = {value}, но принимается только адрес этого компьютера (http://127.0.0.1:8080); уберите её.",
)
_QUOTA = Text(
    "Google's quota for this minute is used up; wait a minute and run the command again.",
    "Исчерпана минутная квота Google; подождите минуту и запустите команду ещё раз.",
)
_BROKEN = Text(
    "Google Sheets is out of order for now (error {code}); run the command again later.",
    "Google Таблицы сейчас не отвечают как надо (ошибка {code}); запустите команду позже.",
)
_SLOW = Text(
    "Google Sheets did not answer in time; run the command again.",
    "Google Таблицы не ответили вовремя; запустите команду ещё раз.",
)
_NO_ANSWER = Text(
    "Google Sheets cannot be reached; check the network and run the command again.",
    "Не удаётся связаться с Google Таблицами; проверьте сеть и запустите команду ещё раз.",
)
_NO_TOKEN = Text(
    "Google's sign-in cannot be reached; check the network and run the command again.",
    "Не удаётся связаться со службой входа Google; проверьте сеть и запустите команду ещё раз.",
)
_BAD_KEY = Text(
    "Google does not accept the credentials: they were revoked or have expired, or this computer's clock is wrong.",
    "Google не принимает ключ: он отозван или истёк, либо на компьютере неверно идут часы.",
)
_DISABLED = Text(
    "The Google Sheets API is switched off in the project of these credentials; enable it in Google Cloud.",
    "В проекте этого ключа отключён Google Sheets API; включите его в Google Cloud.",
)
_SHARE = Text(
    "The spreadsheet is not shared with {address}: open Share in the spreadsheet and add it as an editor.",
    "Нет доступа для {address}: откройте в таблице «Настройки доступа» и добавьте этот адрес редактором.",
)
_SHARE_WITH_YOU = Text(
    "Your Google account may not edit this spreadsheet: ask its owner to share it with you as an editor.",
    "Вашему аккаунту Google нельзя менять эту таблицу: попросите владельца дать доступ редактора.",
)
_NOT_FOUND = Text(
    "There is no Google spreadsheet {key}; copy its address from the browser again.",
    "Google Таблицы {key} нет; скопируйте её адрес из браузера ещё раз.",
)
_NOT_A_SPREADSHEET = Text(
    "This file on Google Drive is an Excel file; open it there and choose File, Save as Google Sheets.",
    "Этот файл на Google Диске — книга Excel; откройте его и выберите «Файл», «Сохранить как таблицу Google».",
)
_PROTECTED = Text(
    "A range that has to be written is protected: let {who} edit it (Data, Protect sheets and ranges).",
    "Нужный диапазон защищён: разрешите {who} его менять («Данные», «Защитить листы и диапазоны»).",
)
_YOU = Text("your account", "вашему аккаунту")
_FULL = Text(
    "The spreadsheet is full: Google allows ten million cells; delete what is no longer needed.",
    "Таблица переполнена: Google допускает десять миллионов ячеек; удалите лишнее.",
)
_TOO_LARGE = Text(
    "Google refused the changes as too large; run the reports one by one (report NAME --write).",
    "Google отказался принять столько изменений сразу; запускайте отчёты по одному (report ИМЯ --write).",
)
_REFUSED = Text(
    "Google refused the request (error {code}): something may have been changed at that moment. "
    "Run the command again, and report it if it happens twice.",
    "Google отклонил запрос (ошибка {code}): возможно, в этот момент что-то изменили. "
    "Запустите команду ещё раз, а если повторится, сообщите разработчикам.",
)
