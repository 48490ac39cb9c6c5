"""The command that holds a workbook against its own log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from sheets_crm.cli.session import Session, common, format_option, open_host
from sheets_crm.inert import on_screen
from sheets_crm.text import Noun, Text

if TYPE_CHECKING:
    from sheets_crm.verify import Verified

_MOST = 20
"""Faults that are told in words; JSON has them all."""


@click.command()
@click.argument("workbook")
@click.option(
    "--head",
    metavar="SEAL",
    help="A printed seal of the log, from the sheet Audit or Bonus or a page's foot.",
)
@format_option("text", "json")
@common
@click.pass_context
def verify(ctx: click.Context, workbook: str, head: str | None, form: str) -> None:
    """Check that nobody has changed what the runs left in a WORKBOOK: the log, its evidence, the reports.

    Nothing is written. The log alone shows whatever was changed in it without recomputing it; with --head, a seal from
    a printed page, it also shows what was cut off or rewritten since. The exit code is 1 when something does not fit.
    """
    from sheets_crm.cli.contract import dumped, verify_json  # noqa: PLC0415 - see session
    from sheets_crm.verify import verify as verified  # noqa: PLC0415

    session = ctx.find_object(Session) or Session()
    host = open_host(workbook)
    with session.busy(_VERIFYING.fill(name=host.label)):
        found = verified(host, head=head)
    session.book_lang = found.lang
    if form == "json":
        session.data(dumped(verify_json(found, session.language)))
    else:
        for text in told(found):
            session.print(on_screen(text.get(session.language)))
    if found.faults:
        ctx.exit(1)


def told(found: Verified) -> Iterator[Text]:
    """The answer for people, line by line."""
    for fault in found.faults[:_MOST]:
        yield Text("✗ {words}", "✗ {words}").fill(words=fault.words)
    if (more := len(found.faults) - _MOST) > 0:
        yield _MORE.fill(n=more)
    trace = found.trace
    if trace.sealed and not trace.faults:
        yield _WHOLE.fill(runs=_RUNS.of(len(trace.sealed)), lines=_LINES.of(len(trace.lines)))
    if found.printed is not None:
        after = sum(run.number > found.printed.number for run in trace.sealed)
        words = _NOTHING_AFTER if not after else _AFTER.fill(runs=_RUNS.of(after))
        yield _PRINTED.fill(run=found.printed.number, day=found.printed.as_of, after=words)
    same = [report.sheet for report in found.reports if report.state == "same"]
    if same:
        sheets = Text(", ".join(f"“{name}”" for name in same), ", ".join(f"«{name}»" for name in same))
        yield _SAME.fill(sheets=sheets)
    for note in found.notes:
        yield Text("· {words}", "· {words}").fill(words=note)
    if trace.sealed:
        last = trace.sealed[-1]
        yield (_HEAD if not trace.faults else _HEAD_BEFORE).fill(
            run=last.number, day=last.as_of, head=last.seal
        )


_RUNS = Noun(("run", "runs"), ("запуск", "запуска", "запусков"))
_LINES = Noun(("line", "lines"), ("строка", "строки", "строк"))
_VERIFYING = Text("Checking {name}…", "Проверяем {name}…")
_MORE = Text("✗ and {n} more; --format json has them all", "✗ и ещё {n}; все есть в --format json")
_WHOLE = Text("✓ The log is whole: {runs}, {lines}.", "✓ Журнал цел: {runs}, {lines}.")
_PRINTED = Text(
    "✓ The printed seal is that of run {run} of {day}; {after}.",
    "✓ Напечатанная подпись — запуска {run} за {day}; {after}.",
)
_NOTHING_AFTER = Text("nothing came after", "после него ничего не было")
_AFTER = Text("{runs} came after", "после него: {runs}")
_SAME = Text("✓ As their run wrote them: {sheets}.", "✓ Такие, какими их записал запуск: {sheets}.")
_HEAD = Text("Seal of the log, run {run} of {day}: {head}", "Подпись журнала, запуск {run} за {day}: {head}")
_HEAD_BEFORE = Text(
    "Seal of the last run before that, run {run} of {day}: {head}",
    "Подпись последнего запуска до этого места, запуск {run} за {day}: {head}",
)
