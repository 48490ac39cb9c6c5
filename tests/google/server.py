"""The API on loopback: real HTTP, a real token endpoint, every request and reply held against Google's own document.

A reply that the document does not know fails the test that caused it (`Emulator.broken`). Faults are asked for in
advance with `Emulator.fail`; each is used once, by the next request it fits. "Without a reply" means that the
connection stays open until the client gives up, or is cut: a lost reply, before or after the change was made.

Not known: OAuth for people (only service accounts), scopes beyond their presence, quotas by themselves (429 comes
when asked for), Drive, gzip, HTTP/2.
"""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, TypeAlias

from google.auth import jwt

from tests.google import discovery
from tests.google.book import MOST_BYTES, PROTECTED, Book, Refused

ADDRESS = "robot@emulator.iam.gserviceaccount.example"
_SCOPE = "https://www.googleapis.com/auth/spreadsheets"
_AUDIENCE = "https://oauth2.googleapis.com/token"
"""For whom google-auth signs, whatever the key file's token_uri is."""
_STATUS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 501: "UNIMPLEMENTED", 503: "UNAVAILABLE",
}  # fmt: skip

Kind: TypeAlias = Literal[
    "429", "500", "502", "503", "401", "403", "protected", "lost before", "lost after", "hangs before", "hangs after",
    "disabled", "not a spreadsheet", "garbled after", "revoked", "413",
]  # fmt: skip


class Trouble(NamedTuple):
    """One thing that goes wrong once: at any request, or at the next one of a kind."""

    kind: Kind
    at: Literal["read", "write", "token", ""] = ""
    retry_after: str = ""


class Call(NamedTuple):
    """A request as it came in."""

    method: str
    sent: int
    received: int
    code: int


@dataclass
class Emulator:
    """Spreadsheets by key, and what happens to those who ask for them. Use it as a context."""

    books: dict[str, Book] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    before_write: list[Callable[[], None]] = field(default_factory=list)
    """Run once each, just before the next write is made: the hands of a person."""
    before_read: list[Callable[[], None]] = field(default_factory=list)
    """The same before the next reading."""
    tokens: set[str] = field(default_factory=set)
    forbidden: bool = False
    """True: the address may read and write nothing."""
    broken: list[str] = field(default_factory=list)
    """What the emulator itself did wrong."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    release: threading.Event = field(default_factory=threading.Event)
    _issued: int = 0

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"emulator": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        assert not self.broken, self.broken

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail(self, *troubles: Trouble) -> None:
        """Troubles for the requests to come."""
        self.troubles.extend(troubles)

    def edit(self, key: str, *requests: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What a person does to a spreadsheet, in the words of the API."""
        with self.lock:
            self.books[key], replies = self.books[key].changed(requests)
            return replies

    def service_account(self, folder: Path) -> Path:
        """The key file of a service account whose tokens come from here."""
        private, _ = _keys()
        path = folder / "service_account.json"
        path.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "project_id": "emulator",
                    "private_key_id": "emulator-key",
                    "private_key": private,
                    "client_email": ADDRESS,
                    "client_id": "1",
                    "token_uri": f"{self.endpoint}/token",
                }
            )
        )
        path.chmod(0o600)
        return path

    # ------------------------------------------------------------- answering

    def trouble(self, kind: str) -> Trouble | None:
        """The next trouble that fits a request."""
        with self.lock:
            found = next((t for t in self.troubles if t.at == kind or (not t.at and kind != "token")), None)
            if found:
                self.troubles.remove(found)
            return found

    def meanwhile(self, *, writes: bool) -> None:
        """Lets the hands of a person do what they are to do before a request; they may well call the API themselves."""
        waiting = self.before_write if writes else self.before_read
        hands = waiting[:]
        waiting.clear()
        for hand in hands:
            hand()

    def token(self, body: str) -> dict[str, Any]:
        """A token for a signed assertion. Raises Refused."""
        asked = urllib.parse.parse_qs(body)
        try:
            claims = jwt.decode(  # type: ignore[no-untyped-call]
                asked["assertion"][0], certs=_keys()[1], audience=_AUDIENCE
            )
        except (KeyError, ValueError) as error:
            raise Refused(400, "invalid_grant") from error
        if _SCOPE not in str(claims.get("scope", "")).split():
            raise Refused(400, "invalid_scope")
        with self.lock:
            self._issued += 1
            made = f"ya29.emulator-{self._issued}-canary"
            self.tokens.add(made)
        return {"access_token": made, "expires_in": 3599, "token_type": "Bearer"}

    def answer(self, method: discovery.Method, query: Mapping[str, list[str]], body: Any) -> Any:
        """The reply to a request that is allowed. Raises Refused."""
        if wrong := discovery.query_fault(method, query):
            raise Refused(400, f"Invalid JSON payload received. {wrong}")
        if method.request and (wrong := discovery.fault(method.request, body)):
            raise Refused(400, f"Invalid JSON payload received. {wrong}")
        if method.name == "spreadsheets.create":
            return self._create(body)
        book = self.books.get(method.parts["spreadsheetId"])
        if book is None:
            raise Refused(404, "Requested entity was not found.")
        match method.name:
            case "spreadsheets.get":
                mask = discovery.mask_of(query.get("fields", [""])[0])
                if wrong := discovery.mask_fault("Spreadsheet", mask):
                    raise Refused(400, wrong)
                return discovery.projected(book.resource(grids="data" in mask.get("sheets", {})), mask)
            case "spreadsheets.values.batchGet":
                render = query.get("valueRenderOption", ["FORMATTED_VALUE"])[0]
                if render == "FORMATTED_VALUE":
                    raise Refused(501, "the emulator gives no formatted values")
                found = [book.values(range_, render) for range_ in query.get("ranges", [])]
                return {"spreadsheetId": book.key, "valueRanges": found}
            case "spreadsheets.batchUpdate":
                requests = body.get("requests", [])
                if not requests:
                    raise Refused(400, "Must specify at least one request.")
                self.books[book.key], replies = book.changed(requests)
                return {"spreadsheetId": book.key, "replies": replies}
        raise Refused(501, f"the emulator does not know {method.name}")

    def _create(self, body: Mapping[str, Any]) -> Any:
        properties = body.get("properties", {})
        key = f"emulator{len(self.books):036d}"
        book = Book(key, properties.get("title", "Untitled spreadsheet"), locale=properties.get("locale", "en_US"),
                    zone=properties.get("timeZone", "Etc/GMT"))  # fmt: skip
        sheets = body.get("sheets") or [{"properties": {"title": "Sheet1", "sheetId": 0}}]
        self.books[key], _ = book.changed({"addSheet": {"properties": s["properties"]}} for s in sheets)
        return self.books[key].resource()


@cache
def _keys() -> tuple[str, Mapping[str, str]]:
    """A private key, and its public one by id: made once, kept nowhere."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), {"emulator-key": public.decode()}


class _Handler(BaseHTTPRequestHandler):
    emulator: Emulator
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Nothing: the console belongs to the tests."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(size)
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/token":
            self._token(raw.decode())
            return
        method = discovery.method_of(self.command, url.path)
        if method is None:
            self._reply("unknown", size, 404, _error(404, "Requested entity was not found."))
            return
        writes = self.command == "POST"
        trouble = self.emulator.trouble("write" if writes else "read")
        if trouble and trouble.kind not in ("lost after", "hangs after", "garbled after"):
            self._fail(trouble, method.name, size)
            return
        try:
            self._allow(size)
            query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
            self.emulator.meanwhile(writes=writes)
            with self.emulator.lock:
                found = self.emulator.answer(method, query, json.loads(raw) if raw else None)
            if wrong := discovery.fault(method.response, found):
                self.emulator.broken.append(f"reply of {method.name}: {wrong}")
        except Refused as refused:
            self._reply(
                method.name, size, refused.code, _error(refused.code, refused.message, refused.details)
            )
            return
        except Exception as error:  # noqa: BLE001 - told to the test, not to the console
            self.emulator.broken.append(f"{method.name}: {error!r}")
            self._reply(method.name, size, 500, _error(500, "Internal error encountered."))
            return
        if trouble:
            self._fail(trouble, method.name, size)
        else:
            self._reply(method.name, size, 200, found)

    def _allow(self, size: int) -> None:
        given = self.headers.get("authorization", "").removeprefix("Bearer ")
        if given not in self.emulator.tokens:
            raise Refused(401, "Request had invalid authentication credentials.")
        if self.emulator.forbidden:
            raise Refused(403, "The caller does not have permission")
        if size > MOST_BYTES:
            raise Refused(400, f"Request payload size exceeds the limit: {MOST_BYTES} bytes.")

    def _token(self, body: str) -> None:
        trouble = self.emulator.trouble("token")
        if trouble:
            self._send(400, json.dumps({"error": "invalid_grant"}))
            return
        try:
            self._send(200, json.dumps(self.emulator.token(body)))
        except Refused as refused:
            self._send(refused.code, json.dumps({"error": refused.message}))

    def _fail(self, trouble: Trouble, name: str, size: int) -> None:
        headers = {"Retry-After": trouble.retry_after} if trouble.retry_after else {}
        match trouble.kind:
            case "lost before" | "lost after":
                self.emulator.calls.append(Call(name, size, 0, 0))
                self.close_connection = True
            case "hangs before" | "hangs after":
                self.emulator.calls.append(Call(name, size, 0, 0))
                self.emulator.release.wait(5)
                self.close_connection = True
            case "garbled after":
                self.emulator.calls.append(Call(name, size, 0, 200))
                self._send(200, '{"spreadsheetId": "', {"Content-Type": "application/json"})
            case "502":
                self.emulator.calls.append(Call(name, size, 0, 502))
                page = "<html><title>Error 502 (Server Error)!!1</title><p>That's all we know.</html>"
                self._send(502, page, {"Content-Type": "text/html; charset=UTF-8"})
            case "401":
                self.emulator.tokens.clear()
                self._reply(name, size, 401, _error(401, "Request had invalid authentication credentials."))
            case "protected":
                self._reply(name, size, 400, _error(400, f"Invalid requests[0].updateCells: {PROTECTED}"))
            case "disabled":
                details = [
                    {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}
                ]
                self._reply(
                    name, size, 403, _error(403, "Google Sheets API has not been used in project 1", details)
                )
            case "not a spreadsheet":
                text = "This operation is not supported for this document"
                self._reply(name, size, 400, _error(400, text, status="FAILED_PRECONDITION"))
            case _:
                code = int(trouble.kind)
                self._reply(name, size, code, _error(code, "The emulator was asked to fail"), headers)

    def _reply(
        self, name: str, sent: int, code: int, value: Any, headers: Mapping[str, str] | None = None
    ) -> None:
        text = json.dumps(value, ensure_ascii=False)
        self.emulator.calls.append(Call(name, sent, len(text.encode()), code))
        self._send(code, text, headers)

    def _send(self, code: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        data = text.encode()
        self.send_response(code)
        for name, value in (
            {"Content-Type": "application/json; charset=UTF-8"} | dict(headers or {})
        ).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _error(code: int, message: str, details: Any = None, status: str = "") -> dict[str, Any]:
    error = {"code": code, "message": message, "status": status or _STATUS.get(code, "UNKNOWN")}
    return {"error": error | ({"details": details} if details else {})}


__all__: Sequence[str] = ("ADDRESS", "Call", "Emulator", "Trouble")
