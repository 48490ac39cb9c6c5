"""The door for signed requests: whoever cannot prove to be the spreadsheet's script gets nothing done.

A sentence comes back whatever happens. The console is told when and how requests ended, never what is in them.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import re
import socket
import sys
import threading
from collections.abc import Callable, Collection
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from sheets_crm.errors import UsageError
from sheets_crm.serve.signature import Gate
from sheets_crm.serve.task import TASKS, Work
from sheets_crm.text import Lang, Text

PATH = "/run"
MOST_BYTES = 4096
_HEARD_OUT = 16 * MOST_BYTES
MOST_CALLERS = 16
PATIENCE = 10.0
"""Seconds in which a request has to be here as a whole."""


class Answer(NamedTuple):
    """What a caller is told."""

    status: HTTPStatus
    message: str
    note: Text
    """What the console is told: no name, no text and no secret."""
    ok: bool = False


class Door:
    """Decides who gets in, and lets one run at a time into each spreadsheet."""

    def __init__(self, gate: Gate, allowed: Collection[str], work: Work) -> None:
        self._gate = gate
        self._allowed = frozenset(allowed)
        self._work = work
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def answer(self, time: str, nonce: str, signature: str, body: bytes, lang: Lang) -> Answer:
        """What becomes of a request that came in whole."""
        refusal = self._gate.refusal(time, nonce, signature, body)
        if refusal is not None:
            return _refused(HTTPStatus.UNAUTHORIZED, refusal, lang)
        try:
            asked = json.loads(body)
            key, task = asked["spreadsheet"], asked["task"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return _refused(HTTPStatus.BAD_REQUEST, _MALFORMED, lang)
        if not isinstance(key, str) or not isinstance(task, str) or task not in TASKS:
            return _refused(HTTPStatus.BAD_REQUEST, _MALFORMED, lang)
        if key not in self._allowed:
            return _refused(HTTPStatus.FORBIDDEN, _NOT_ALLOWED, lang)
        with self._lock:
            if key in self._busy:
                return _refused(HTTPStatus.CONFLICT, _BUSY, lang)
            self._busy.add(key)
        try:
            done = self._work(key, task, lang)
        finally:
            with self._lock:
                self._busy.discard(key)
        return Answer(HTTPStatus.OK, done.message, done.note, done.ok)


class Server(ThreadingHTTPServer):
    """Listens for requests to `door`; `note` is told how each one ended. Stopping it waits for the runs that go on."""

    daemon_threads = False
    request_queue_size = MOST_CALLERS

    def __init__(
        self,
        address: tuple[str, int],
        door: Door,
        note: Callable[[Text], None],
        *,
        patience: float = PATIENCE,
    ) -> None:
        self.door, self.note, self.patience = door, note, patience
        self._places = threading.BoundedSemaphore(MOST_CALLERS)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        try:
            super().__init__(address, _Handler)
        except (OSError, OverflowError) as problem:
            reason = getattr(problem, "strerror", None) or str(problem)
            raise UsageError(_NO_PLACE.fill(host=address[0], port=str(address[1]), reason=reason)) from None

    def process_request(self, request: Any, client_address: Any) -> None:
        """Turns callers away while too many are being heard."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Hears one caller, who cannot stay silent for longer than `patience`."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base's signature
        """A caller who went away is no one's concern; of anything else the console learns the kind alone."""
        problem = sys.exc_info()[1]
        self.note(_GONE if isinstance(problem, OSError) else _BROKE.fill(kind=type(problem).__name__))


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version = sys_version = ""
    _deadline: threading.Timer

    def setup(self) -> None:
        self._deadline = threading.Timer(self.server.patience, self._hang_up)
        self._deadline.daemon = True
        self._deadline.start()
        super().setup()

    def finish(self) -> None:
        self._deadline.cancel()
        super().finish()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RD)

    def do_POST(self) -> None:
        """The only method; all others http.server refuses by itself."""
        lang: Lang = "ru" if self.headers.get("Accept-Language", "").lower().startswith("ru") else "en"
        self._answer(self._heard(lang))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What http.server itself finds wrong with a request."""
        self._answer(_refused(HTTPStatus(code), _NOT_HERE, "en"))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's signature
        """Nothing: request lines come from strangers."""

    def _heard(self, lang: Lang) -> Answer:
        sizes = self.headers.get_all("Content-Length") or []
        if len(sizes) != 1 or not re.fullmatch("[0-9]{1,9}", sizes[0]) or "Transfer-Encoding" in self.headers:
            return _refused(HTTPStatus.LENGTH_REQUIRED, _MALFORMED, lang)
        size = int(sizes[0])
        # Even if it is refused: who is cut off in mid-sentence hears no answer.
        body = self.rfile.read(min(size, _HEARD_OUT))
        if self.path != PATH:
            return _refused(HTTPStatus.NOT_FOUND, _NOT_HERE, lang)
        if self.headers.get_content_type() != "application/json":
            return _refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, _MALFORMED, lang)
        if size > MOST_BYTES:
            return _refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE, lang)
        if len(body) < size:
            return _refused(HTTPStatus.REQUEST_TIMEOUT, _SLOW, lang)
        self._deadline.cancel()
        names = ("Time", "Nonce", "Signature")
        time, nonce, signature = (self.headers.get(f"X-Sheets-Crm-{name}", "") for name in names)
        return self.server.door.answer(time, nonce, signature, body, lang)

    def _answer(self, answer: Answer) -> None:
        self.server.note(answer.note)
        body = json.dumps({"ok": answer.ok, "message": answer.message}).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)


def refuse_open(host: str, *, behind_proxy: bool) -> None:
    """Raises UsageError for an address that others can reach, unless a proxy with TLS stands before it."""
    try:
        here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    if not here and not behind_proxy:
        raise UsageError(_NOT_LOOPBACK.fill(host=host))


def _refused(status: HTTPStatus, why: Text, lang: Lang) -> Answer:
    return Answer(status, why.get(lang), _REFUSED.fill(code=int(status), why=why))


_REFUSED = Text("Refused ({code}): {why}", "Отказано ({code}): {why}")
_GONE = Text("A caller went away before the answer.", "Отправитель запроса не дождался ответа.")
_BROKE = Text(
    "A request met something unforeseen ({kind}); please report it.",
    "При запросе случилось непредвиденное ({kind}); сообщите нам.",
)
_NOT_HERE = Text("There is nothing here but POST /run.", "Здесь есть только POST /run.")
_MALFORMED = Text(
    "The request is not one that the script of sheets-crm makes; update the script.",
    "Запрос не такой, какие делает скрипт sheets-crm; обновите скрипт.",
)
_TOO_LARGE = Text("The request is too large.", "Запрос слишком большой.")
_SLOW = Text("The request did not arrive in time.", "Запрос не пришёл вовремя.")
_NOT_ALLOWED = Text(
    "This spreadsheet is not on the list; add it: sheets-crm serve --allow ADDRESS",
    "Этой таблицы нет в списке; добавьте её: sheets-crm serve --allow АДРЕС",
)
_BUSY = Text(
    "An audit of this spreadsheet is running already; its result will be here in a moment.",
    "Аудит этой таблицы уже идёт; результат скоро появится.",
)
_NO_PLACE = Text(
    "Cannot listen at {host}, port {port} ({reason}); choose another --port or --host.",
    "Не получается слушать {host}, порт {port} ({reason}); выберите другой --port или --host.",
)
_NOT_LOOPBACK = Text(
    "At {host} other computers reach this program, and it speaks no TLS: put a proxy with TLS before it and add "
    "--behind-proxy.",
    "По адресу {host} программа доступна с других компьютеров, а TLS она не умеет: поставьте перед ней прокси с TLS "
    "и добавьте --behind-proxy.",
)
