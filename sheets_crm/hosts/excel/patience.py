"""Excel that is busy is asked again, for some seconds; after that one sentence says what keeps it busy."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from traceback import walk_tb
from typing import Any, Concatenate, ParamSpec, TypeVar

from sheets_crm.errors import SheetsCrmError, WorkbookInUse, WorkbookUnsafe
from sheets_crm.text import Text

P = ParamSpec("P")
R = TypeVar("R")
Sleep = Callable[[float], object]

PAUSES = (0.1, 0.2, 0.4, 0.8, 1, 1, 1, 1, 1, 1)
"""Seconds before each further try of one call."""
LASTING = (*PAUSES[:4], *[1.0] * 118)
"""And of all calls together that put something back: two minutes."""
_IGNORED, _REJECTED, _RETRY_LATER = -2146777998, -2147418111, -2147417846
"""VBA_E_IGNORE (0x800AC472: a cell is being edited), RPC_E_CALL_REJECTED (0x80010001), RPC_E_SERVERCALL_RETRYLATER
(0x8001010A)."""
_BUSY = frozenset({_IGNORED, _REJECTED, _RETRY_LATER})
_WINDOWS = "xlwings._xlwindows"
_TIMED_OUT = -1712
"""How an Apple event ends that Excel did not answer."""


def patient(
    method: Callable[Concatenate[Any, P], R],
) -> Callable[Concatenate[Any, P], R]:
    """A method that is called again while Excel is busy; its object has `sleep` and `pauses`.

    A call that Excel rejects was not made, so a method may end with a call that must not be made twice, and hold no
    other such call. Raises WorkbookInUse after the last try.
    """

    @functools.wraps(method)
    def tried(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        pauses = iter(self.pauses)
        while True:
            try:
                return method(self, *args, **kwargs)
            except Exception as problem:
                if not is_busy(problem):
                    raise
                pause = next(pauses, None)
                if pause is None:
                    raise WorkbookInUse(_FINISH) from problem
            self.sleep(pause)

    return tried


@contextlib.contextmanager
def in_words() -> Iterator[None]:
    """What Excel refuses becomes a sentence, and xlwings leaves waiting to us. Raises WorkbookInUse, WorkbookUnsafe.

    By itself its Windows code would try for ever while somebody edits a cell, and take some calls for made that were
    not.
    """
    windows: Any = sys.modules.get(_WINDOWS)
    attempts = getattr(windows, "N_COM_ATTEMPTS", None)
    if attempts is not None:
        windows.N_COM_ATTEMPTS = 1
    try:
        yield
    except Exception as problem:
        if isinstance(problem, SheetsCrmError) or not is_refusal(problem):
            raise
        if is_busy(problem):
            raise WorkbookInUse(_FINISH) from problem
        raise WorkbookUnsafe(_REFUSED.fill(said=refusal(problem))) from problem
    finally:
        if attempts is not None:
            windows.N_COM_ATTEMPTS = attempts


def is_busy(problem: Exception) -> bool:
    """Whether Excel only says that it has no time."""
    return bool(_BUSY & _codes(problem)) or _TIMED_OUT in _codes(problem) or _gave_up(problem)


def is_refusal(problem: Exception) -> bool:
    """Whether it comes from Excel and not from a mistake of ours."""
    return hasattr(problem, "hresult") or hasattr(problem, "errornumber") or _gave_up(problem)


def refusal(problem: Exception) -> str:
    """What Excel said, as far as it said anything."""
    details = problem.args[2] if len(problem.args) > 2 else None
    said = details[2] if isinstance(details, tuple) and len(details) > 2 else None
    return str(said or problem).strip()


def _codes(problem: Exception) -> set[object]:
    """The numbers of an error: a COM error has one of its own and one of what Excel made of it."""
    details = problem.args[2] if len(problem.args) > 2 else None
    inner = details[5] if isinstance(details, tuple) and len(details) > 5 else None
    return {getattr(problem, "hresult", None), getattr(problem, "errornumber", None), inner}


def _gave_up(problem: Exception) -> bool:
    """Xlwings' own word for it, and pywin32's, to whom a busy Excel seems to have no such member."""
    if isinstance(problem, AttributeError):
        return any(frame.f_globals.get("__name__") == _WINDOWS for frame, _ in walk_tb(problem.__traceback__))
    return type(problem).__name__ == "ExcelBusyError"


_FINISH = Text(
    "Excel is busy: finish editing the cell (press Enter or Esc), close any open dialog and run again.",
    "Excel занят: закончите ввод в ячейку (Enter или Esc), закройте открытые окна и запустите ещё раз.",
)
_REFUSED = Text("Excel refused: {said}", "Excel отказал: {said}")
