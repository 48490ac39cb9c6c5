"""The commands of every week: run, audit, report."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from sheets_crm.cli.session import Session, as_of, common, format_option, open_host, period_end, today
from sheets_crm.errors import UsageError
from sheets_crm.text import Text, listed

if TYPE_CHECKING:
    from sheets_crm.cli.contract import View
    from sheets_crm.sync import Run
    from sheets_crm.verdict import Verdict

SEVERITIES = ("error", "warning", "info")
FORMATS = ("text", "json", "csv", "html", "github")
_dry_run = click.option("--dry-run", is_flag=True, help="Write nothing; show what a written run would give.")
_record = click.option("--record", is_flag=True, help="Write a run whose day is still to come.")


@click.command()
@click.argument("workbook")
@as_of
@_dry_run
@_record
@format_option(*FORMATS)
@common
@click.pass_obj
def run(session: Session, workbook: str, as_of: date | None, dry_run: bool, record: bool, form: str) -> None:
    """The weekly ritual: audit a WORKBOOK and write all reports back into it in one step.

    Writes the column To fix, the colours, the reports and the log; leaves a backup beside the file. The exit code
    is 0 whatever is found: to gate on findings use `audit`.
    """
    from sheets_crm.cli.contract import View  # noqa: PLC0415 - see session
    from sheets_crm.reports import REPORTS  # noqa: PLC0415

    done = _run(session, workbook, as_of, write=not dry_run, record=record, names=tuple(REPORTS))
    _show(session, View(done), workbook, form, "rep")


@click.command()
@click.argument("workbook")
@click.option(
    "--by",
    type=click.Choice(("rep", "stage")),
    default="rep",
    show_default=True,
    help="How findings are grouped.",
)
@click.option("--rule", "codes", multiple=True, metavar="CODE", help="Print this rule only; can be repeated.")
@as_of
@click.option("--fail-on", type=click.Choice(SEVERITIES), default="error", show_default=True,
              help="Exit with 1 when an open finding is at least this grave.")  # fmt: skip
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever is found.")
@_dry_run
@_record
@format_option(*FORMATS)
@common
@click.pass_context
def audit(
    ctx: click.Context, workbook: str, by: str, codes: tuple[str, ...], as_of: date | None, fail_on: str,
    exit_zero: bool, dry_run: bool, record: bool, form: str,
) -> None:  # fmt: skip
    """Judge a WORKBOOK by the Sales Book inside it.

    Prints the findings and writes the column To fix, the colours, the sheet Audit and the log, unless --dry-run.
    Legacy and waived findings never change the exit code, nor does a day before the log's last run.
    """
    from sheets_crm.cli.contract import View  # noqa: PLC0415 - see session

    session = ctx.find_object(Session) or Session()
    wanted = _known(codes)
    view = View(_run(session, workbook, as_of, write=not dry_run, record=record, names=("audit",)), wanted)
    _show(session, view, workbook, form, by)
    if not exit_zero and not view.run.superseded and fails(view.verdict, fail_on):
        ctx.exit(1)


@click.command()
@click.argument("workbook")
@click.argument("name")
@as_of
@period_end
@click.option("--write", is_flag=True, help="Write the report into the workbook too.")
@_record
@format_option("text", "json", "csv", "html")
@common
@click.pass_obj
def report(
    session: Session, workbook: str, name: str, as_of: date | None, period_end: date | None, write: bool,
    record: bool, form: str,
) -> None:  # fmt: skip
    """Print one report of a WORKBOOK, as tables. NAME: audit, forecast, conversion or bonus."""
    from sheets_crm.cli import contract, formats, words  # noqa: PLC0415 - see session
    from sheets_crm.reports import REPORTS  # noqa: PLC0415

    if name not in REPORTS:
        raise UsageError(_NO_REPORT.fill(name=name, names=", ".join(REPORTS)))
    done = _run(session, workbook, as_of, write=write, record=record, names=(name,), until=period_end)
    view = contract.View(done)
    tables = REPORTS[name].tables(view.told)
    if form == "json":
        session.data(contract.dumped(contract.report_json(view, name, tables, session.language)))
    elif form == "csv":
        session.data(formats.tables_csv(tables, session.language))
    elif form == "html":
        session.data(formats.report_html(view, REPORTS[name].sheet, tables, session.language))
    else:
        session.print(words.tables_text(tables, session.language))
    for note in words.notes(done, asked=write):
        session.say(note)


def fails(verdict: Verdict, fail_on: str) -> bool:
    """Whether a finding that is neither legacy nor waived is at least as grave as `fail_on`."""
    reach = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return any(f.severity in reach and f.status not in ("legacy", "waived") for f in verdict.findings)


def _run(
    session: Session, workbook: str, as_of: date | None, *, write: bool, record: bool, names: tuple[str, ...],
    until: date | None = None,
) -> Run:  # fmt: skip
    from sheets_crm import sync  # noqa: PLC0415 - see session

    host = open_host(workbook)
    with session.busy(_AUDITING.fill(name=host.label)):
        done = sync.run(host, today=today, as_of=as_of, write=write, record=record, names=names, until=until)
    session.book_lang = done.book.lang
    session.run = done
    return sync.put_apart(done, host)


def _show(session: Session, view: View, workbook: str, form: str, by: str) -> None:
    """The findings on stdout; what was written, and whatever else is to be said, on stderr."""
    from sheets_crm.cli import contract, formats, words  # noqa: PLC0415 - see session

    lang = session.language
    if form == "json":
        session.data(contract.dumped(contract.audit_json(view, lang)))
    elif form == "csv":
        session.data(formats.findings_csv(view, lang))
    elif form == "html":
        session.data(formats.findings_html(view, lang, by))
    elif form == "github":
        session.data(formats.github(view, lang, workbook))
    else:
        session.print(words.audit_text(view, lang, by))
    for note in words.notes(view.run):
        session.say(note)


def _known(codes: tuple[str, ...]) -> frozenset[str]:
    from sheets_crm.checks import RULES  # noqa: PLC0415 - see session

    wanted = frozenset(code.upper() for code in codes)
    if unknown := sorted(wanted - set(RULES)):
        raise UsageError(NO_RULE.fill(codes=listed(unknown, "en", 9)))
    return wanted


NO_RULE = Text(
    "There is no rule {codes}; `sheets-crm rules list` shows them all.",
    "Нет правила {codes}; все правила покажет `sheets-crm rules list`.",
)
_NO_REPORT = Text("There is no report “{name}”; choose from: {names}.", "Нет отчёта «{name}»; есть: {names}.")
_AUDITING = Text("Auditing {name}…", "Проверяем {name}…")
