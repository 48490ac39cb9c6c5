"""What goes wrong between us and Google: every run ends complete, or unchanged with one sentence that says what to do."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sheets_crm import errors, sync
from sheets_crm.hosts.google import GoogleHost
from sheets_crm.hosts.google.transport import TRIES
from sheets_crm.sheet import Applied, Grid
from tests.command_line import call
from tests.google.bench import NOON, Desk, sheet_of
from tests.google.book import Refused
from tests.google.lottery import play, whole
from tests.google.server import ADDRESS, Kind, Trouble
from tests.test_google import TABLE, marked, planned, run, table

DAY, NEXT = date(2026, 5, 19), date(2026, 5, 20)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A spreadsheet after its first run; one deal has changed since, so that the next run has something to write."""
    with Desk([table(1, 2, 3)], tmp_path) as made:
        run(made, DAY)
        made.type(TABLE, 3, 4, None)
        made.emulator.calls.clear()
        yield made


def again(desk: Desk, host: GoogleHost | None = None) -> sync.Run:
    return run(desk, NEXT, host=host)


def problem_of(desk: Desk) -> errors.SheetsCrmError | None:
    try:
        again(desk)
    except errors.SheetsCrmError as error:
        return error
    return None


def read_of(desk: Desk) -> list[str]:
    return [c.method.removeprefix("spreadsheets.") for c in desk.emulator.calls]


# --------------------------------------------------------------- what passes by itself

PASSING: dict[str, tuple[list[Trouble], list[float]]] = {
    "too many requests, three times": ([Trouble("429", "read")] * 3, [1.5, 2.5, 4.5]),
    "too many requests, with a wait": ([Trouble("429", "write", "7")], [7.5]),
    "too many requests, until an hour": ([Trouble("429", "read", "Wed, 20 May 2026 12:00:40 GMT")], [40.5]),
    "a date that is past": ([Trouble("429", "read", "Wed, 20 May 2026 11:00:00 GMT")], [0.5]),
    "a wait that is no time": ([Trouble("429", "read", "soon")], [1.5]),
    "an internal error": ([Trouble("500", "read")], [1.5]),
    "a page of HTML": ([Trouble("502", "read")], [1.5]),
    "out of order, with a wait": ([Trouble("503", "read", "20")], [20.5]),
    "a connection that breaks": ([Trouble("lost before", "read")], [1.5]),
    "half a reply": ([Trouble("garbled after", "read")], [1.5]),
    "an expired token": ([Trouble("401", "read")], []),
    "a token that expires before the write": ([Trouble("401", "write")], []),
    "one after the other": (
        [Trouble("500", "read"), Trouble("429", "read"), Trouble("lost before", "read"), Trouble("401", "read")],
        [1.5, 2.5, 4.5],
    ),
    "a write that was not made: 500": ([Trouble("500", "write")], [1.5]),
    "a write that was not made: 502": ([Trouble("502", "write")], [1.5]),
    "a write that was not made: 503": ([Trouble("503", "write", "30")], [30.5]),
    "a write that was not made: cut off": ([Trouble("lost before", "write")], [1.5]),
    "a write whose reply was lost": ([Trouble("lost after", "write")], []),
    "a write whose reply was cut": ([Trouble("garbled after", "write")], []),
    "a write lost twice": ([Trouble("lost before", "write"), Trouble("lost after", "write")], [1.5]),
}  # fmt: skip


@pytest.mark.parametrize(("troubles", "waits"), PASSING.values(), ids=PASSING)
def test_what_passes_is_waited_for_and_the_run_is_complete(
    desk: Desk, troubles: list[Trouble], waits: list[float]
) -> None:
    """As long as the service asks, else a little longer each time; a lost reply is looked into before a second try."""
    desk.emulator.fail(*troubles)
    meant = planned(again(desk))
    assert desk.waits == waits
    assert marked(desk) == meant
    desk.emulator.calls.clear()
    assert again(desk).applied == Applied(changed=False)
    assert read_of(desk) == ["get", "values.batchGet"]


@pytest.mark.parametrize("kind", ["hangs before", "hangs after"])
def test_an_answer_that_never_comes_is_not_waited_for(tmp_path: Path, kind: Kind) -> None:
    """A timeout says nothing about the change: it is looked into, and made once."""
    with Desk([table(1, 2, 3)], tmp_path, timeout=(1.0, 0.3)) as desk:
        desk.emulator.fail(Trouble(kind, "write"))
        meant = planned(run(desk, DAY))
        desk.emulator.release.set()
        assert marked(desk) == meant
        assert [s.title for s in desk.book.sheets] == [TABLE, "sheets_crm_to_fix", "Audit", "sheets_crm_log"]


# --------------------------------------------------------------------- what stays

STAYS: dict[str, tuple[list[Trouble], type[Exception], str]] = {
    "too many requests for ever": ([Trouble("429", "read")] * TRIES, errors.WorkbookUnreachable, "quota for this minute is used up"),
    "a wait of an hour": ([Trouble("429", "read", "3600")], errors.WorkbookUnreachable, "quota for this minute is used up"),
    "no write for ever": ([Trouble("429", "write")] * TRIES, errors.WorkbookUnreachable, "quota for this minute is used up"),
    "out of order for ever": ([Trouble("503", "read")] * TRIES, errors.WorkbookUnreachable, "out of order for now (error 503)"),
    "cut off for ever": ([Trouble("lost before", "read")] * TRIES, errors.WorkbookUnreachable, "cannot be reached; check the network"),
    "not shared": ([Trouble("403", "read")], errors.WorkbookForbidden, f"not shared with {ADDRESS}: open Share"),
    "no longer shared": ([Trouble("403", "write")], errors.WorkbookForbidden, f"not shared with {ADDRESS}: open Share"),
    "protected": ([Trouble("protected", "write")], errors.WorkbookForbidden, f"is protected: let {ADDRESS} edit it"),
    "switched off": ([Trouble("disabled", "read")], errors.WorkbookForbidden, "switched off in the project"),
    "an Excel file": ([Trouble("not a spreadsheet", "read")], errors.WorkbookUnreadable, "choose File, Save as Google Sheets"),
    "revoked": ([Trouble("revoked", "token")], errors.WorkbookForbidden, "revoked or have expired"),
    "a token that is never right": ([Trouble("401", "read")] * 9, errors.WorkbookForbidden, "revoked or have expired"),
}  # fmt: skip


@pytest.mark.parametrize(("troubles", "kind", "said"), STAYS.values(), ids=STAYS)
def test_what_stays_is_one_sentence_and_nothing_is_changed(
    desk: Desk, troubles: list[Trouble], kind: type[Exception], said: str
) -> None:
    """What, where, and how to mend it; in both languages; the spreadsheet is as it was."""
    before = desk.book
    desk.emulator.fail(*troubles)
    with pytest.raises(kind) as refused:
        again(desk)
    assert isinstance(refused.value, errors.SheetsCrmError)
    message = refused.value.message
    assert said in message.en
    assert message.ru != message.en
    assert desk.book is before
    assert sum(desk.waits) < 90


def test_a_spreadsheet_that_is_not_there(desk: Desk) -> None:
    """404: the key is named."""
    del desk.emulator.books[desk.key]
    with pytest.raises(errors.WorkbookNotFound, match=f"There is no Google spreadsheet {desk.key}"):
        again(desk)


def test_a_range_that_is_really_protected(desk: Desk) -> None:
    """Google refuses the batch as a whole; the sentence names the address that has to be let in."""
    whole_sheet = {"range": {"sheetId": desk.sheet("Audit").id}, "editors": {"users": ["boss@firm.example"]}}
    desk.do({"addProtectedRange": {"protectedRange": whole_sheet}})
    before = desk.book
    with pytest.raises(errors.WorkbookForbidden, match=f"let {ADDRESS} edit it"):
        again(desk)
    assert desk.book is before


def test_a_lost_write_followed_by_silence_is_told_as_unknown(desk: Desk) -> None:
    """The sentence does not claim that nothing was written; the next run finds it complete."""

    def silence() -> None:
        desk.emulator.fail(*[Trouble("lost before", "read")] * TRIES)

    desk.emulator.before_write.append(silence)
    desk.emulator.fail(Trouble("lost after", "write"))
    with pytest.raises(errors.WorkbookUnreachable, match="Whether the changes were made is not known"):
        again(desk)
    desk.emulator.troubles.clear()
    assert again(desk).applied == Applied(changed=False)


def test_a_report_that_is_deleted_at_that_moment(desk: Desk) -> None:
    """The batch names a sheet that has gone: refused as a whole, with the advice to run again, which works."""
    desk.emulator.before_write.append(lambda: desk.do({"deleteSheet": {"sheetId": desk.sheet("Audit").id}}))
    with pytest.raises(errors.WorkbookUnreadable, match="something may have been changed at that moment"):
        again(desk)
    meant = planned(again(desk))
    assert marked(desk) == meant
    assert desk.seen("Audit")


# --------------------------------------------------------------- two runs at once


@pytest.mark.parametrize("first", [True, False], ids=["the very first run", "a later run"])
def test_of_two_runs_at_once_one_writes(tmp_path: Path, first: bool) -> None:
    """Both have read the same; the slower one is refused as a whole and says that another was faster."""
    with Desk([table(1, 2, 3)], tmp_path) as desk:
        if not first:
            run(desk, DAY)
            desk.type(TABLE, 3, 4, None)
        states: list[Any] = []

        def other() -> None:
            again(desk)
            states.append(whole(desk.book))

        desk.emulator.before_write.append(other)
        with pytest.raises(errors.WorkbookChanged, match="Another run has just written into Воронка"):
            run(desk, DAY)
        assert whole(desk.book) == states[0]
        assert again(desk).applied == Applied(changed=False)


def test_a_lost_write_overtaken_by_another_run_is_told_as_unknown(desk: Desk) -> None:
    """Ours was made, its reply lost, and another run wrote on top: that ours wrote nothing would be a lie."""

    def other() -> None:
        again(desk)

    desk.emulator.before_write.append(lambda: desk.emulator.before_read.append(other))
    desk.emulator.fail(Trouble("lost after", "write"))
    desk.type(TABLE, 4, 5, 77)
    with pytest.raises(errors.WorkbookChanged, match="whether this one did before it is not known"):
        run(desk, DAY)
    assert again(desk).applied == Applied(changed=False)


def test_two_equal_runs_at_once_are_one(desk: Desk) -> None:
    """The same data on the same day: the batch is the same too, and one of the two makes it."""
    states: list[Any] = []

    def other() -> None:
        again(desk)
        states.append(whole(desk.book))

    desk.emulator.before_write.append(other)
    meant = planned(again(desk))
    assert whole(desk.book) == states[0]
    assert marked(desk) == meant


@pytest.mark.parametrize("first", [True, False], ids=["the very first run", "a later run"])
def test_a_batch_that_arrives_twice_is_made_once(
    tmp_path: Path, first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that a proxy kept for a while comes again, even after further runs: Google refuses it as a whole."""
    sent: list[Any] = []
    with Desk([table(1, 2, 3)], tmp_path) as desk:
        if not first:
            run(desk, DAY)
            desk.type(TABLE, 3, 4, None)
        host = desk.new_host()
        update = host._sheets.update

        def kept(batch: Any) -> None:
            sent.append(batch)
            update(batch)

        monkeypatch.setattr(host._sheets, "update", kept)
        run(desk, DAY if first else NEXT, host=host)
        before = desk.book
        with pytest.raises(Refused):
            desk.book.changed(sent[0])
        desk.type(TABLE, 4, 5, 5)
        again(desk)
        with pytest.raises(Refused):
            desk.book.changed(sent[0])
        assert desk.book is not before


# ------------------------------------------------------------------ many at once


def test_sixty_runs_with_random_troubles_end_complete_or_unchanged() -> None:
    """The lottery of benchmarks.google; 500 of them are run there."""
    ends = play(range(1000, 1060))
    assert sum(ends.values()) == 60
    assert ends["complete"] >= 10
    assert any("unchanged" in end for end in ends)
    assert not any("half" in end for end in ends)


def test_a_run_too_large_for_one_request_is_completed_by_the_next() -> None:
    """It may end half done, with a sentence that says so; the log comes last, and nothing is doubled."""
    ends = play(range(1000, 1020), split=True)
    assert sum(ends.values()) == 20
    assert ends["complete"] >= 4


# ------------------------------------------------------------------------- logs

CANARY = "канарейка-4711"


def test_no_secret_and_no_cell_is_ever_logged(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    """At every logger's finest level, through sign-in, reading, writing and every kind of failure."""
    for name in (None, "urllib3", "requests", "google", "google.auth", "gspread", "sheets_crm"):
        caplog.set_level(logging.DEBUG, name)
    base = logging.getLogger("google")  # it passes nothing on by itself, and much to a handler of its own
    base.addHandler(caplog.handler)
    request.addfinalizer(lambda: base.removeHandler(caplog.handler))
    with Desk([table(1, 2, 3)], tmp_path) as desk:
        desk.type(TABLE, 2, 3, CANARY)
        run(desk, DAY)
        desk.type(TABLE, 3, 4, None)
        told: list[str] = []
        kinds: tuple[Kind, ...] = (
            "429",
            "500",
            "502",
            "401",
            "lost after",
            "garbled after",
            "protected",
            "403",
        )
        for kind in kinds:
            desk.emulator.fail(Trouble(kind, "write"))
            told.append(repr(problem_of(desk)))
            desk.type(TABLE, 3, 5, float(len(kind)))
        printed = "".join([*capsys.readouterr(), *told])
        secrets = [CANARY, "PRIVATE KEY", *desk.emulator.tokens, "assertion"]
        texts = list(marked(desk).values())
    logged = "\n".join(f"{r.getMessage()} {r.__dict__}" for r in caplog.records) + printed
    assert "batchUpdate" in logged
    assert "Making request" in logged
    assert [word for word in [*secrets, *texts] if word in logged] == []


# ------------------------------------------------------------------ command line


@pytest.fixture
def env(desk: Desk) -> dict[str, str]:
    return {
        "SHEETS_CRM_GOOGLE_ENDPOINT": desk.emulator.endpoint, "GOOGLE_APPLICATION_CREDENTIALS": str(desk.account),
    }  # fmt: skip


@pytest.mark.parametrize("form", ["{key}", "https://docs.google.com/spreadsheets/d/{key}/edit#gid=0"])
def test_a_run_by_address_or_key(desk: Desk, env: dict[str, str], form: str) -> None:
    """The same command as for a file; it says into which spreadsheet it wrote."""
    address = form.format(key=desk.key)
    answer = call("run", address, "--as-of", NEXT, "--lang", "en", env=env)
    assert answer.exit_code == 0, answer.stderr
    assert "Written into Воронка" in answer.stderr
    assert marked(desk)
    assert call("doctor", address, env=env).exit_code == 0


def test_bonuses_that_are_kept_apart_go_into_a_file_in_the_working_folder(
    desk: Desk, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spreadsheet has no folder of its own; its title names the file, and the sheet Bonus is not in it."""
    monkeypatch.chdir(tmp_path)
    book = Grid("Sales Book", [["code", "setting", "value"], ["FIRM", "bonus_sheet", "separate_file"]])
    desk.do(*sheet_of(5, book))
    title = {"properties": {"title": "План/факт: 2026"}, "fields": "title"}
    desk.do({"updateSpreadsheetProperties": title})
    answer = call("run", desk.key, "--as-of", NEXT, "--lang", "en", env=env)
    assert answer.exit_code == 0, answer.stderr
    assert "План_факт_ 2026.bonus.xlsx" in answer.stderr
    assert (tmp_path / "План_факт_ 2026.bonus.xlsx").exists()
    assert "Bonus" not in [sheet.title for sheet in desk.book.sheets]


def test_an_error_is_one_line_on_the_console_and_debug_quotes_no_cell(
    desk: Desk, env: dict[str, str]
) -> None:
    """Exit code 2; the traceback of --debug has neither a token nor what Google said."""
    desk.emulator.forbidden = True
    plain = call("audit", desk.key, "--as-of", NEXT, "--lang", "en", env=env)
    assert plain.exit_code == 2
    assert plain.stderr == (
        f"The spreadsheet is not shared with {ADDRESS}: open Share in the spreadsheet and add it as an editor.\n"
    )
    shown = call("audit", desk.key, "--as-of", NEXT, "--debug", env=env).stderr
    assert "Traceback" in shown
    assert "ya29" not in shown
    assert "APIError" not in shown


BAD_KEYS = {
    "no file": (None, "does not exist"),
    "no JSON": ("{", "is neither a service account's key"),
    "another kind": ('{"type": "external_account"}', "is neither a service account's key"),
    "a key without its parts": ('{"type": "service_account"}', "is neither a service account's key"),
    "no object": ("[]", "is neither a service account's key"),
}


@pytest.mark.parametrize(("content", "said"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_credentials_that_are_none(desk: Desk, tmp_path: Path, content: str | None, said: str) -> None:
    """One sentence that names the file; nothing of its content."""
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
        path.chmod(0o600)
    answer = call("audit", desk.key, env={"GOOGLE_APPLICATION_CREDENTIALS": str(path), "LC_ALL": "C"})
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_the_day_is_the_spreadsheets_own(desk: Desk) -> None:
    """`today` is asked for the time zone of the spreadsheet's settings."""
    asked: list[str | None] = []

    def today(zone: str | None) -> date:
        asked.append(zone)
        return NOON.date()

    sync.run(desk.new_host(), today=today, write=False)
    assert asked == ["Asia/Almaty"]
