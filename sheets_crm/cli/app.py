"""The program itself: its commands in groups, and every error as one plain sentence and an exit code."""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from sheets_crm import __version__
from sheets_crm.cli.session import Session, common
from sheets_crm.errors import SheetsCrmError
from sheets_crm.inert import on_screen_with_looks
from sheets_crm.text import Text

NAME = "sheets-crm"
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Begin": {
        "demo": ("start.demo", "A made-up firm with planted faults, to look around in."),
        "init": ("start.init", "A fresh workbook to work in."),
        "import": ("start.import_", "A workbook made of a CSV file."),
    },
    "Every week": {
        "run": ("weekly.run", "The weekly ritual: audited and written back in one step."),
        "audit": ("weekly.audit", "Findings: printed, and shown in the workbook at the very cells."),
        "report": ("weekly.report", "One report: printed, or written back with --write."),
    },
    "Look up": {
        "rules": ("lookup.rules", "The rules: a list, or one explained."),
        "schema": ("lookup.schema", "The tables, their columns and headers in both languages."),
    },
    "Excel": {
        "excel": ("excel.excel", "A workbook with buttons; is everything in place for them?"),
    },
    "Google Sheets": {
        "google": ("online.google", "Sign in; a spreadsheet to work in."),
        "serve": ("online.serve", "Run when the menu of a spreadsheet asks."),
        "watch": ("online.watch", "Run when a checkbox in a spreadsheet is ticked."),
    },
    "Look after": {
        "restore": ("restore.restore", "An earlier state of a workbook file put back."),
        "doctor": ("care.doctor", "Is everything in place to work?"),
        "verify": ("verify.verify", "Are log, evidence and reports as the runs left them?"),
        "completion": ("care.completion", "Commands completed by the Tab key."),
    },
}
"""The commands by section: where each stands, and one line about it. A command's room is loaded when it is called."""
_COMMANDS = {name: command for section in SECTIONS.values() for name, command in section.items()}


class Program(click.Group):
    """A group whose commands stand in sections, and whose errors are sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        room, _, name = _COMMANDS[cmd_name][0].partition(".")
        command = getattr(import_module(f"sheets_crm.cli.{room}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        width = max(map(len, _COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{width}}", line) for name, (_, line) in commands.items()])

    def main(self, *args: Any, **options: Any) -> NoReturn:
        """Runs a command and ends the process with its exit code; never with a traceback."""
        session = options.setdefault("obj", Session())
        options |= {"standalone_mode": False, "prog_name": options.get("prog_name") or NAME}
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a console of one alphabet shows ? for what it cannot
                stream.reconfigure(errors="replace")
        try:
            code = super().main(*args, **options)
        except (click.Abort, KeyboardInterrupt):
            session.say(_STOPPED)
            sys.exit(2)
        except Exception as problem:  # noqa: BLE001 - the last line of defence: no traceback for a sales head
            if session.debug:
                import traceback  # noqa: PLC0415 - see session

                click.echo(on_screen_with_looks(traceback.format_exc()), err=True)
            session.say(sentence(problem))
            sys.exit(2)
        sys.exit(code if isinstance(code, int) else 0)


def sentence(problem: Exception) -> Text:
    """One plain sentence for any error."""
    if isinstance(problem, SheetsCrmError):
        return problem.message
    if isinstance(problem, click.ClickException):
        return _misused(problem)
    if isinstance(problem, OSError) and problem.strerror:
        where = str(problem.filename or "")
        return _REFUSED.fill(where=f"{where}: " if where else "", reason=problem.strerror)
    what = f"{type(problem).__name__}: {problem}".strip(": ").splitlines()[0]
    return _UNFORESEEN.fill(what=what)


def _misused(problem: click.ClickException) -> Text:
    """Our own words where we can: click's differ from version to version, and know no Russian."""
    ctx = getattr(problem, "ctx", None)
    help_ = f"{ctx.command_path if ctx else NAME} --help"
    parameter = getattr(problem, "param", None)
    what = (
        max(parameter.opts, key=len)
        if isinstance(parameter, click.Option)
        else getattr(parameter, "human_readable_name", "")
    )
    said = " ".join(problem.message.strip().rstrip(".").split())
    if isinstance(problem, click.NoSuchOption):
        return _NO_OPTION.fill(name=problem.option_name, help=help_)
    if isinstance(problem, click.MissingParameter):
        return _MISSING.fill(what=what, help=help_)
    if isinstance(problem, click.BadParameter) and isinstance(
        kind := getattr(parameter, "type", None), click.Choice
    ):
        return _NOT_A_CHOICE.fill(what=what, choices=", ".join(map(str, kind.choices)), help=help_)
    if isinstance(problem, click.BadParameter):
        return _WRONG.fill(what=what, message=said, help=help_)
    return _MISUSED.fill(said=said, help=help_)


_STOPPED = Text("Stopped; nothing half-written was left.", "Остановлено; ничего недописанного не осталось.")
_UNFORESEEN = Text(
    "Something went wrong that was not foreseen ({what}); please report it: --debug shows the details.",
    "Случилось непредвиденное ({what}); сообщите нам: подробности покажет --debug.",
)
_REFUSED = Text("The system refused: {where}{reason}.", "Система отказала: {where}{reason}.")
_NO_OPTION = Text("There is no option {name}; see `{help}`.", "Параметра {name} нет; см. `{help}`.")
_MISSING = Text("{what} is missing; see `{help}`.", "Не указано: {what}; см. `{help}`.")
_NOT_A_CHOICE = Text("{what} is one of: {choices}; see `{help}`.", "{what}: одно из {choices}; см. `{help}`.")
_WRONG = Text(
    "{what} cannot be that: {message}; see `{help}`.", "Неверное значение {what}: {message}; см. `{help}`."
)
_MISUSED = Text("{said}; see `{help}`.", "Команда не понята: {said}; см. `{help}`.")


@click.group(
    NAME,
    cls=Program,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name=NAME, message="%(prog)s %(version)s")
@common
@click.pass_context
def main(ctx: click.Context) -> None:
    """A linter and a back office for a sales pipeline that lives in a spreadsheet.

    Start with `sheets-crm demo`, or with `sheets-crm run WORKBOOK` on your own workbook.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def program() -> None:
    """`main` as a process of its own."""
    session = Session()
    try:
        main(obj=session)
    except SystemExit as end:
        if session.run is None:
            raise
        # All is written and said. To take millions of rows apart before ending would be half a second for nothing.
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # as where both are closed
                stream.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)
