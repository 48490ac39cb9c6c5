"""Looks at a checkbox in a spreadsheet again and again, and runs when it is ticked; outlives a lost network."""

from __future__ import annotations

from collections.abc import Callable

from sheets_crm.errors import WorkbookError
from sheets_crm.hosts.google.button import Button
from sheets_crm.serve.task import Work
from sheets_crm.text import Text

LEAST, USUAL, LONGEST = 5, 15, 600
"""Seconds between two looks. Google allows 60 readings a minute to each user: 15 seconds take 4 of them."""


class Watch:
    """The eye on one spreadsheet; `note` is told how runs ended, and when Google cannot be reached."""

    def __init__(
        self, key: str, button: Button, work: Work, note: Callable[[Text], None], *, every: float = USUAL
    ) -> None:
        self._key, self._button, self._work, self._note, self._every = key, button, work, note, every
        self._failures = 0
        self._seen = False

    def look(self) -> float:
        """Looks once, runs if the box is ticked; seconds until the next look, more after each failure.

        Raises WorkbookError only at the very first look: then it is not the network that was lost.
        """
        try:
            ticked = self._button.ticked()
            self._seen = True
            again = ticked and not self._ran()
        except WorkbookError as problem:
            if not self._seen:
                raise
            return self._later(_TROUBLE.fill(problem=problem.message))
        if again:
            return self._later(_NOT_YET)
        if self._failures:
            self._note(_BACK)
        self._failures = 0
        return self._every

    def _ran(self) -> bool:
        """Runs, and tells how it ended; False, with the box still ticked, if Google was only out of reach."""
        lang = self._button.lang
        self._button.answer(_RUNNING.get(lang), done=False)
        done = self._work(self._key, "week", lang)
        self._button.answer(done.message, done=not done.passing)
        self._note(done.note)
        return not done.passing

    def _later(self, why: Text) -> float:
        self._failures += 1
        if self._failures == 1:
            self._note(why)
        return max(self._every, float(min(self._every * 2 ** min(self._failures, 10), LONGEST)))


def keep(watch: Watch, sleep: Callable[[float], None]) -> None:
    """Looks until it is interrupted."""
    while True:
        sleep(watch.look())


_RUNNING = Text("Running…", "Идёт аудит…")
_TROUBLE = Text("{problem} Looking again, less and less often.", "{problem} Будем пробовать снова, всё реже.")
_NOT_YET = Text("The run is tried again, less and less often.", "Запуск будет повторяться, всё реже.")
_BACK = Text("The spreadsheet can be reached again.", "Связь с таблицей снова есть.")
