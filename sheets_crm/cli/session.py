"""What every command shares: in which language it answers, where it prints, which workbook it opens, what today is.

Nothing heavy is imported here: `--help` has to stay quick.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sheets_crm.errors import UsageError
from sheets_crm.inert import on_screen, on_screen_with_looks
from sheets_crm.text import LANGS, Lang, Text

if TYPE_CHECKING:
    from sheets_crm.hosts import Host

F = TypeVar("F", bound=Callable[..., Any])
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_GOOGLE_KEY = re.compile(r"[A-Za-z0-9_-]{40,}\Z")
"""A spreadsheet's key is 44 characters long; a file's name without an ending rarely is."""


class Session:
    """One call of the program."""

    def __init__(self) -> None:
        self.lang: Lang | None = None
        """What `--lang` says."""
        self.book_lang: Lang | None = None
        """The language of the workbook, once it is read."""
        self.run: object = None
        """What was done with a workbook, once it is; held to the end of the process."""
        self.debug = False
        self.color = True

    @property
    def language(self) -> Lang:
        """The language of the answer: asked for, else the workbook's, else the computer's."""
        return self.lang or self.book_lang or computer_language()

    def say(self, text: Text) -> None:
        """A message, on stderr."""
        click.echo(on_screen(text.get(self.language)), err=True, color=self._color)

    def print(self, text: str) -> None:
        """An answer for people, on stdout; colours only where there is a terminal to show them."""
        click.echo(on_screen_with_looks(text), color=self._color)

    def data(self, text: str) -> None:
        """An answer for programs, on stdout: UTF-8 whatever the console speaks."""
        click.echo(text.encode(), nl=False)

    @property
    def _color(self) -> bool | None:
        return None if self.color and not os.environ.get("NO_COLOR") else False

    @contextmanager
    def busy(self, text: Text) -> Iterator[None]:
        """Shows on a terminal that work is being done."""
        if not sys.stderr.isatty() or self._color is False:
            yield
            return
        from rich.console import Console  # noqa: PLC0415 - only where there is a terminal

        with Console(stderr=True).status(text.get(self.language)):
            yield


def computer_language() -> Lang:
    """Russian if this computer's locale is, else English."""
    stated = next((v for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(name))), None)
    if stated is None:
        import locale  # noqa: PLC0415 - Windows has no LANG; elsewhere it is not needed

        stated = locale.getlocale()[0] or ""
    return "ru" if stated.lower().startswith("ru") else "en"


def today(zone: str | None) -> date:
    """Today in a time zone, or on this computer. The only clock of the program."""
    from sheets_crm.book.settings import zone as find  # noqa: PLC0415

    return datetime.now(find(zone) if zone else None).date()


def open_host(workbook: str) -> Host:
    """The host of a workbook argument: a file, a workbook open in Excel, a Google spreadsheet by its address or key.

    Raises UsageError for an address of something else and for `excel:` where there is no Excel, WorkbookNotFound for
    a workbook that is not open there, WorkbookForbidden where there are no credentials for Google.
    """
    from pathlib import Path  # noqa: PLC0415 - as all imports here

    if is_file(workbook):
        from sheets_crm.hosts.xlsx import XlsxHost  # noqa: PLC0415

        return XlsxHost(Path(workbook))
    if workbook.startswith("excel:"):
        from sheets_crm.hosts.excel import ExcelHost, open_book  # noqa: PLC0415

        return ExcelHost(open_book(workbook))
    from sheets_crm.hosts.google import GoogleHost, credentials, key_of  # noqa: PLC0415

    return GoogleHost(key_of(workbook), credentials())


def is_file(workbook: str) -> bool:
    """Whether a workbook argument is a path: neither a Google address or key nor `excel:`."""
    if os.path.lexists(workbook):
        return True
    return not (workbook.startswith("excel:") or "://" in workbook or _GOOGLE_KEY.match(workbook))


# ------------------------------------------------------------------ options


def _remembered(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def remember(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value is not None:
            setattr(ctx.find_root().ensure_object(Session), name, value)

    return remember


def common(command: F) -> F:
    """`--lang`, `--no-color` and `--debug`, which every command has."""
    for option in (
        click.option("--debug", flag_value=True, default=None, type=bool, expose_value=False,
                     callback=_remembered("debug"), help="Show the details of an error."),
        click.option("--no-color", flag_value=False, default=None, type=bool, expose_value=False,
                     callback=_remembered("color"), help="No colours; NO_COLOR does the same."),
        click.option("--lang", type=click.Choice(LANGS), expose_value=False, is_eager=True,
                     callback=_remembered("lang"), help="Language of the answer.  [default: the workbook's]"),
    ):  # fmt: skip
        command = option(command)
    return command


def _day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value if _DAY.match(value) else "")
    except ValueError:
        raise UsageError(_NOT_A_DAY.fill(value=value)) from None


def as_of(command: F) -> F:
    """`--as-of`."""
    return click.option(
        "--as-of",
        metavar="YYYY-MM-DD",
        callback=_day,
        help="Judge as on this day.  [default: today where the firm is]",
    )(command)


def period_end(command: F) -> F:
    """`--period-end`."""
    return click.option(
        "--period-end", metavar="YYYY-MM-DD", callback=_day,
        help="Forecast up to this day.  [default: the end of the month or quarter]",
    )(command)  # fmt: skip


def format_option(*formats: str) -> Callable[[F], F]:
    """`--format`."""
    return click.option(
        "--format", "form", type=click.Choice(formats), default=formats[0], show_default=True,
        help="How the answer is written.",
    )  # fmt: skip


_NOT_A_DAY = Text(
    "“{value}” is not a day; write it as 2026-05-19.", "«{value}» не дата; пишите её так: 2026-05-19."
)
