"""`serve`: who can prove to be the spreadsheet's script gets a run and a sentence, everybody else a sentence alone."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import threading
import time as clock_of_this_computer
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sheets_crm.errors import UsageError, WorkbookForbidden
from sheets_crm.serve import signature
from sheets_crm.serve.door import MOST_BYTES, MOST_CALLERS, Door, Server, refuse_open
from sheets_crm.serve.signature import WINDOW, Gate, signed
from sheets_crm.serve.task import Done, Work, work
from sheets_crm.sheet import Grid
from sheets_crm.text import Lang, Text, same
from tests.command_line import call
from tests.firms import TODAY, deal, sheet
from tests.google.bench import Desk
from tests.google.server import Trouble

SECRET = "a-secret-that-nobody-prints"
NOW = 1_780_000_000
HEADER = "deal_id stage owner next_date amount created_at closed_at"
CANARY = "канарейка-4711"


class Said(NamedTuple):
    """What came back."""

    code: int
    ok: bool
    message: str


class Site:
    """A running server, its clock, and what its console was told."""

    def __init__(self, key: str, work: Work, *, patience: float = 5.0, now: float = NOW) -> None:
        self.key, self.now, self.notes = key, float(now), list[Text]()
        gate = Gate(SECRET, lambda: self.now)
        self.server = Server(("127.0.0.1", 0), Door(gate, [key], work), self.notes.append, patience=patience)
        self.port = int(self.server.server_address[1])

    def post(self, body: bytes | None = None, **changes: Any) -> Said:
        """A sound request, but for the `changes`; None leaves a header out."""
        body = json.dumps({"spreadsheet": self.key, "task": "audit"}).encode() if body is None else body
        time, nonce = (
            str(changes.pop("time", int(self.now))),
            changes.pop("nonce", f"nonce-{clock_of_this_computer.monotonic_ns():020}"),
        )
        headers = {
            "X-Sheets-Crm-Time": time, "X-Sheets-Crm-Nonce": nonce,
            "X-Sheets-Crm-Signature": signed(changes.pop("secret", SECRET), time, nonce, body),
            "Content-Type": "application/json", "Content-Length": str(len(body)), "Accept-Language": "en",
        }  # fmt: skip
        method, path = changes.pop("method", "POST"), changes.pop("path", "/run")
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders()
            connection.send(body)
            answer = connection.getresponse()
            found = json.loads(answer.read())
            assert answer.getheader("Content-Type") == "application/json"
        finally:
            connection.close()
        return Said(answer.status, found["ok"], found["message"])


@contextmanager
def site(key: str, work: Work, **options: Any) -> Iterator[Site]:
    made = Site(key, work, **options)
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join()


def answering(done: Done, log: list[tuple[str, str]]) -> Work:
    def run(key: str, task: str, lang: Lang) -> Done:  # noqa: ARG001
        log.append((key, task))
        return done

    return run


@pytest.fixture
def runs() -> list[tuple[str, str]]:
    """(key, task) of every run."""
    return []


@pytest.fixture
def quick(runs: list[tuple[str, str]]) -> Iterator[Site]:
    """A server whose runs only leave a mark in `runs`."""
    with site("sheet-1", answering(Done(True, "fine", same("done")), runs)) as made:
        yield made


# ----------------------------------------------------------------- the spreadsheet


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk([sheet("Deals", HEADER, *(deal(n, step=n % 2 == 0) for n in range(1, 7)))], tmp_path) as made:
        yield made


def real(desk: Desk) -> Work:
    return work(lambda _: desk.new_host(), lambda _: TODAY)


def asked(task: str, key: str) -> bytes:
    return json.dumps({"spreadsheet": key, "task": task}).encode()


def test_a_signed_request_runs_and_says_what_was_found(desk: Desk) -> None:
    """The Audit sheet is there, and the sentence is one for a person; a second time nothing is new."""
    with site(desk.key, real(desk)) as here:
        first = here.post()
        assert (first.code, first.ok) == (200, True)
        assert first.message.startswith("First run: ")
        assert first.message.endswith("See the sheet “Audit”.")
        assert [s.title for s in desk.book.sheets if s.title in ("Audit", "Bonus")] == ["Audit"]
        assert "Nothing has changed since" in here.post().message
        assert here.post(asked("week", desk.key)).ok
    assert desk.book.titled("Bonus")
    assert [note.en for note in here.notes] == ["Run: done."] * 3


def test_the_answer_speaks_the_spreadsheets_language(tmp_path: Path) -> None:
    """A Russian book answers in Russian, whoever asks; a refusal is in the language of who asks."""
    rows = (["Название", "Этап", "Ответственный"], ["Альфа", "Думают", "Анна"])
    with Desk([Grid("Сделки", rows)], tmp_path) as desk, site(desk.key, real(desk)) as here:
        assert here.post().message.startswith("Первый запуск")
        assert "подписан" in here.post(X_Sheets_Crm_Signature="0", Accept_Language="ru-RU").message


@pytest.mark.parametrize(
    ("trouble", "said"),
    [("403", "is not shared with"), ("protected", "is protected"), ("not a spreadsheet", "is an Excel file")],
)
def test_what_google_refuses_comes_back_as_a_sentence(desk: Desk, trouble: Any, said: str) -> None:
    """`ok` is false, and the next request is heard."""
    with site(desk.key, real(desk)) as here:
        desk.emulator.fail(Trouble(trouble, "write" if trouble == "protected" else "read"))
        answer = here.post()
        assert (answer.code, answer.ok) == (200, False)
        assert said in answer.message
        assert here.post().ok


def test_no_pipeline_no_traceback(tmp_path: Path) -> None:
    """A spreadsheet that is not one of ours is told so, not the console."""
    with (
        Desk([sheet("Fruit", "kind", [CANARY])], tmp_path) as desk,
        site(desk.key, real(desk)) as here,
    ):
        answer = here.post()
    assert not answer.ok
    assert "Deals" in answer.message
    assert [note.en for note in here.notes] == ["Run: not done; the spreadsheet was told why."]


def test_what_nobody_foresaw_is_a_sentence_too(runs: list[tuple[str, str]]) -> None:
    """The kind of the error reaches the console, its text nobody."""

    def broken(_: str) -> Any:
        runs.append(("", ""))
        raise KeyError(CANARY)

    with site("sheet-1", work(broken, lambda _: TODAY)) as here:
        answer = here.post()
    assert (answer.code, answer.ok, CANARY in answer.message) == (200, False, False)
    assert [("KeyError" in n.en, CANARY in n.en) for n in here.notes] == [(True, False)]


# --------------------------------------------------------------------- refusals

FOREIGN = asked("audit", "sheet-2")
REFUSED: dict[str, tuple[dict[str, Any], int]] = {
    "another secret": ({"secret": "guessed"}, 401),
    "no signature": ({"X_Sheets_Crm_Signature": None}, 401),
    "a signature that is none": ({"X_Sheets_Crm_Signature": "ключ".encode().decode("latin-1")}, 401),
    "a signature in capitals": ({"X_Sheets_Crm_Signature": "A" * 64}, 401),
    "too old": ({"time": NOW - WINDOW - 1}, 401),
    "from the future": ({"time": NOW + WINDOW + 1}, 401),
    "from before we were started": ({"time": NOW - 1}, 401),
    "no time": ({"time": ""}, 401),
    "a time that is none": ({"time": "1_780_000_000"}, 401),
    "a short nonce": ({"nonce": "1"}, 401),
    "a time that was not signed": ({"X_Sheets_Crm_Time": str(NOW + 1)}, 401),
    "a nonce that was not signed": ({"X_Sheets_Crm_Nonce": "n" * 20}, 401),
    "another spreadsheet": ({"body": FOREIGN}, 403),
    "another task": ({"body": asked("delete", "sheet-1")}, 400),
    "a task that is a list": ({"body": b'{"spreadsheet": "sheet-1", "task": ["audit"]}'}, 400),
    "a spreadsheet that is a list": ({"body": b'{"spreadsheet": ["sheet-1"], "task": "audit"}'}, 400),
    "a list": ({"body": b"[1]"}, 400),
    "no JSON": ({"body": b"run"}, 400),
    "bytes": ({"body": b"\xff\xfe"}, 400),
    "deep JSON": ({"body": b"[" * 4000}, 400),
    "nothing": ({"body": b""}, 400),
    "too large": ({"body": b" " * (MOST_BYTES + 1)}, 413),
    "far too large by its own word": ({"Content_Length": "9" * 9, "body": b" " * 70_000}, 413),
    "a size that is none": ({"Content_Length": "-1"}, 411),
    "a size with a sign": ({"Content_Length": "+59"}, 411),
    "no size": ({"Content_Length": None}, 411),
    "in chunks": ({"Transfer_Encoding": "chunked"}, 411),
    "a form": ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
    "no type": ({"Content_Type": None}, 415),
    "another path": ({"path": "/"}, 404),
    "a path with a query": ({"path": "/run?x=1"}, 404),
    "another method": ({"method": "PUT"}, 501),
    "a reading": ({"method": "GET"}, 501),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_the_scripts_is_refused(
    quick: Site, runs: list[tuple[str, str]], changes: dict[str, Any], code: int
) -> None:
    """Nothing runs; the answer is a sentence; the next sound request is heard."""
    said = quick.post(**changes)
    assert (said.code, said.ok) == (code, False)
    assert said.message.endswith((".", "ADDRESS", "new)."))
    assert runs == []
    assert quick.post().ok
    assert runs == [("sheet-1", "audit")]


def test_a_request_is_taken_once(quick: Site, runs: list[tuple[str, str]]) -> None:
    """The same again is refused for as long as its time would let it in, and by its time afterwards."""
    once: dict[str, Any] = {"nonce": "n" * 36, "time": NOW}
    assert quick.post(**once).ok
    for later in (0, 1, WINDOW, WINDOW + 1, 10 * WINDOW):
        quick.now = NOW + later
        assert quick.post(**once).code == 401
    assert quick.post(nonce="n" * 36).ok
    assert len(runs) == 2


def test_a_request_from_a_clock_ahead_is_taken_once_too(quick: Site, runs: list[tuple[str, str]]) -> None:
    """It would be let in for twice as long, and so it is remembered for twice as long."""
    once: dict[str, Any] = {"nonce": "n" * 36, "time": NOW + WINDOW}
    assert quick.post(**once).ok
    for later in (WINDOW + 1, 2 * WINDOW):
        quick.now = NOW + later
        quick.post()  # another caller: what is old is forgotten now
        assert quick.post(**once).code == 401
    assert len(runs) == 3


def test_refused_requests_are_not_remembered(quick: Site) -> None:
    """Strangers cannot fill the memory, nor use up a nonce."""
    assert quick.post(nonce="n" * 36, secret="guessed").code == 401
    assert quick.post(nonce="n" * 36).ok


def test_a_second_run_at_once_is_told_that_one_is_going_on() -> None:
    """Per spreadsheet; once the first has ended, the next may run."""
    started, go_on, log = threading.Event(), threading.Event(), list[str]()

    def slow(key: str, task: str, lang: Lang) -> Done:  # noqa: ARG001
        log.append(key)
        started.set()
        assert go_on.wait(10)
        return Done(True, "fine", same("done"))

    with site("sheet-1", slow) as here:
        first = threading.Thread(target=here.post)
        first.start()
        assert started.wait(10)
        second = here.post()
        go_on.set()
        first.join()
        assert (second.code, second.ok) == (409, False)
        assert "running already" in second.message
        assert here.post().ok
    assert len(log) == 2


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST", b"POST /run HTTP/1.1\r\nHost: x\r\n", b"POST /run HTTP/1.1\r\nContent-Length: 50\r\n\r\n{",
     b"POST /run HTTP/1.1\r\nX: " + b"y" * 1000],
)  # fmt: skip
def test_a_caller_who_stays_silent_is_let_go(runs: list[tuple[str, str]], sent: bytes) -> None:
    """Whatever was said before; others are heard meanwhile and afterwards."""
    done = Done(True, "fine", same("done"))
    with site("sheet-1", answering(done, runs), patience=0.3) as here:
        with socket.create_connection(("127.0.0.1", here.port), timeout=10) as caller:
            caller.sendall(sent)
            assert here.post().ok
            heard = b""
            while part := caller.recv(1000):
                heard += part
        assert b'"ok": true' not in heard
        assert here.post().ok
    assert len(runs) == 2


def drips(caller: socket.socket, most: int) -> int:
    """How many bytes somebody can say, one after the other, before nobody listens."""
    caller.settimeout(0.05)
    for said in range(most):
        try:
            caller.sendall(b"P")
            if not caller.recv(1):
                return said
        except TimeoutError:
            continue
        except ConnectionError:
            return said
    return most


def test_a_caller_who_speaks_too_slowly_is_let_go(runs: list[tuple[str, str]]) -> None:
    """A byte now and then does not keep the line open."""
    with (
        site("sheet-1", answering(Done(True, "", same("")), runs), patience=0.4) as here,
        socket.create_connection(("127.0.0.1", here.port), timeout=10) as caller,
    ):
        assert drips(caller, most=200) < 200
    assert runs == []


def test_a_crowd_of_silent_callers_is_turned_away(runs: list[tuple[str, str]]) -> None:
    """No more threads than places; when they have been let go, the next is heard."""
    with site("sheet-1", answering(Done(True, "", same("")), runs), patience=0.5) as here:
        crowd = [socket.create_connection(("127.0.0.1", here.port), timeout=10) for _ in range(MOST_CALLERS)]
        try:
            late = socket.create_connection(("127.0.0.1", here.port), timeout=10)
            with late:
                assert late.recv(1) == b""
            for caller in crowd:
                assert caller.recv(1) == b""
        finally:
            for caller in crowd:
                caller.close()
        deadline = clock_of_this_computer.monotonic() + 10
        while True:
            try:
                assert here.post().ok
                break
            except (ConnectionError, http.client.HTTPException):
                assert clock_of_this_computer.monotonic() < deadline


@pytest.mark.parametrize(
    "line",
    [
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"GET\r\n\r\n",
        b"A" * 70_000 + b"\r\n\r\n",
        b"POST /run HTTP/9.9\r\n\r\n",
    ],
)
def test_what_is_not_http_gets_nothing_done(quick: Site, runs: list[tuple[str, str]], line: bytes) -> None:
    """No traceback, and the next is heard."""
    with socket.create_connection(("127.0.0.1", quick.port), timeout=10) as caller:
        caller.sendall(line)
        caller.shutdown(socket.SHUT_WR)
        try:
            while caller.recv(1000):
                pass
        except ConnectionError:
            pass
    assert quick.post().ok
    assert len(runs) == 1


# ------------------------------------------------------------------------- logs


def test_no_secret_and_no_cell_reaches_the_console_or_a_log(
    desk: Desk, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Through a run, a refusal and a failure that quotes a cell, at every logger's finest level."""
    for name in (None, "urllib3", "google", "sheets_crm"):
        caplog.set_level(logging.DEBUG, name)
    desk.type("Deals", 2, 3, CANARY)
    with site(desk.key, real(desk)) as here:
        assert here.post().ok
        here.post(secret="guessed")
        here.post(path="/path-of-a-stranger")
        desk.type("Deals", 1, 8, CANARY)
        desk.type("Deals", 1, 1, "stage")
        answer = here.post()
        assert not answer.ok
    told = "\n".join([*(r.getMessage() for r in caplog.records), *(n.en + n.ru for n in here.notes)])
    told += "".join(capfd.readouterr())
    assert not [word for word in ("stranger", desk.key) if word in "\n".join(n.en + n.ru for n in here.notes)]
    assert not [word for word in (SECRET, CANARY, *desk.emulator.tokens) if word in told]


# ----------------------------------------------------------------- command line


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path / ".config"))
    return tmp_path / ".config" / "gspread" / "sheets_crm_serve.json"


KEY = "k" * 44


def test_a_secret_is_made_and_shown_once(home: Path) -> None:
    """Alone on stdout, so that it can be copied; kept for our eyes only; a new one takes its place."""
    first = call("serve", "--secret", "new", "--allow", f"https://docs.google.com/spreadsheets/d/{KEY}/edit")
    assert first.exit_code == 0, first.output
    secret = first.stdout.strip()
    assert len(secret) >= 43
    assert home.stat().st_mode & 0o777 == 0o600
    assert signature.kept() == (secret, (KEY,))
    second = call("serve", "--secret", "new").stdout.strip()
    assert signature.kept() == (second, (KEY,))
    assert second != secret


@pytest.mark.parametrize("name", ["Code.gs", "appsscript.json"])
def test_the_script_can_be_printed(name: str) -> None:
    """To be pasted into the script editor."""
    assert call("serve", "--script", name).stdout == (files("sheets_crm.templates") / name).read_text("utf-8")


def test_serve_says_what_is_missing(home: Path) -> None:
    """A secret, spreadsheets, a proxy, a free port: one sentence each, before anything listens."""
    assert "serve --secret new" in call("serve").stderr
    call("serve", "--secret", "new")
    assert "No spreadsheet may ask yet" in call("serve").stderr
    call("serve", "--secret", "new", "--allow", KEY)
    refused = call("serve", "--host", "0.0.0.0")
    assert (refused.exit_code, "proxy with TLS" in refused.stderr) == (2, True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = call("serve", "--port", taken.getsockname()[1])
    assert (busy.exit_code, "choose another --port" in busy.stderr) == (2, True)
    home.chmod(0o644)
    assert "chmod 600" in call("serve").stderr
    with pytest.raises(WorkbookForbidden):
        signature.kept()


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.8.8.8", True), ("0.0.0.0", False), ("::", False),
     ("192.168.0.1", False), ("example.org", False), ("", False)],
)  # fmt: skip
def test_beyond_this_computer_only_behind_a_proxy(host: str, here: bool) -> None:
    """The flag says that something with TLS stands before it."""
    refuse_open(host, behind_proxy=True)
    if here:
        refuse_open(host, behind_proxy=False)
    else:
        with pytest.raises(UsageError):
            refuse_open(host, behind_proxy=False)
