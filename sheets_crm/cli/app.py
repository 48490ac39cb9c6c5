"""The program itself: its commands in groups, and every error as one plain sentence and an exit code."""

from __future__ import annotations

import io
import sys
import traceback
from typing import Any, NoReturn

import click

from sheets_crm import __version__
from sheets_crm.cli import care, lookup, start, weekly
from sheets_crm.cli.session import Session, common
from sheets_crm.errors import SheetsCrmError
from sheets_crm.text import Text

NAME = "sheets-crm"
SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Begin": (start.demo, start.init, start.import_),
    "Every week": (weekly.run, weekly.audit, weekly.report),
    "Look up": (lookup.rules, lookup.schema),
    "Look after": (care.doctor, care.completion),
}


class Program(click.Group):
    """A group whose commands stand in sections, and whose errors are sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        width = max(map(len, self.commands))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{c.name:<{width}}", c.get_short_help_str(80)) for c in commands])

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
                click.echo(traceback.format_exc(), err=True)
            session.say(sentence(problem))
            sys.exit(2)
        sys.exit(code if isinstance(code, int) else 0)


def sentence(problem: Exception) -> Text:
    """One plain sentence for any error."""
    if isinstance(problem, SheetsCrmError):
        return problem.message
    if isinstance(problem, click.ClickException):
        return _misused(problem)
    what = f"{type(problem).__name__}: {problem}".strip(": ").splitlines()[0]
    return _UNFORESEEN.fill(what=what)


def _misused(problem: click.ClickException) -> Text:
    """Our own words where we can: click's differ from version to version, and know no Russian."""
    ctx = getattr(problem, "ctx", None)
    help_ = f"{ctx.command_path if ctx else NAME} --help"
    parameter = getattr(problem, "param", None)
    what = parameter.get_error_hint(ctx).strip("'") if parameter and ctx else ""
    said = " ".join(problem.message.strip().rstrip(".").split())
    if isinstance(problem, click.NoSuchOption):
        return _NO_OPTION.fill(name=problem.option_name, help=help_)
    if isinstance(problem, click.MissingParameter):
        return _MISSING.fill(what=what, help=help_)
    if isinstance(problem, click.BadParameter):
        return _WRONG.fill(what=what, message=said, help=help_)
    return _MISUSED.fill(said=said, help=help_)


_STOPPED = Text("Stopped; nothing half-written was left.", "Остановлено; ничего недописанного не осталось.")
_UNFORESEEN = Text(
    "Something went wrong that was not foreseen ({what}); please report it: --debug shows the details.",
    "Случилось непредвиденное ({what}); сообщите нам: подробности покажет --debug.",
)
_NO_OPTION = Text("There is no option {name}; see `{help}`.", "Параметра {name} нет; см. `{help}`.")
_MISSING = Text("{what} is missing; see `{help}`.", "Не указано: {what}; см. `{help}`.")
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


for _commands in SECTIONS.values():
    for _command in _commands:
        main.add_command(_command)
