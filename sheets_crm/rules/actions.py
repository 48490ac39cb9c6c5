"""Done tasks: what was done, of which kind, with what result, and what comes next."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from functools import cache

from sheets_crm.book import folded
from sheets_crm.findings import Found, Judged, Outcome, Severity
from sheets_crm.firm import Firm
from sheets_crm.rules.fields import is_blank
from sheets_crm.rules.registry import rule
from sheets_crm.rules.tasks import has_next_step
from sheets_crm.schema import TABLES, Task
from sheets_crm.schema.choices import TASK_TYPE
from sheets_crm.text import Noun, Text, same

_TASKS = TABLES["Tasks"]
_NO_WORDS_NEEDED = ("no_answer", "rescheduled", "spam")
"""Outcomes that say it all (ruling R9)."""
_CHARACTERS = Noun(("character", "characters"), ("знак", "знака", "знаков"))


@rule(
    "TK03",
    Text("Task closed, no next one set", "Закрыли задачу, не поставили следующую"),
    severity="warning",
    answerable="rep",
    tables=("Tasks",),
    needs=(
        "Deals.stage",
        "Tasks.done_at",
        "Tasks.deal_id | Tasks.contact_id | Tasks.company_id",
        "Tasks.due_at | Deals.next_date",
    ),
    minutes=2,
    items=(3,),
    clause=Text(
        "Closing a task and setting the next one is one step.",
        "Закрыть задачу и поставить следующую: одно действие.",
    ),
)
def task_closed_without_next(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: the last done task of an open deal that still has no next step: neither an open task within the
    horizon of TK01 nor a typed next step with a date. The working day on which the task was done is free. A next step
    that came late is no finding.

    Why it matters: closing a task and setting the next is one step (Korneev); right after the talk one still knows
    what was promised.

    How to fix: set the next task: what, when, to what end; or pause or close the deal.
    """
    horizon = firm.settings.rules["TK01"]["horizon_days"]
    last = [(deal, task) for deal in firm.open_deals if (task := firm.last_done(deal)) is not None]
    yield Judged([task for _, task in last])
    for deal, task in last:
        assert task.done_at is not None
        free = firm.calendar.on_or_after(task.done_at.date())
        if firm.as_of > free and not has_next_step(firm, deal, horizon):
            yield Found(
                task, "done_at", Text("no next step after it", "после неё нет следующего шага"),
                Text("the next step set on the same working day", "следующий шаг в тот же рабочий день"),
                Text("Set the next task: what, when, to what end; or pause or close the deal",
                     "Поставьте следующую задачу: что, когда, зачем; или поставьте сделку на паузу, или закройте"),
                Text("done {day}", "сделано {day}").fill(day=task.done_at.date()),
            )  # fmt: skip


@rule(
    "TK04",
    Text("Unknown type of task", "Неизвестный тип задачи"),
    severity="warning",
    answerable="rep",
    tables=("Tasks",),
    needs=("Tasks.type",),
    minutes=1,
    items=(4,),
    clause=Text(
        "Every task has a type from the list.",
        "У каждой задачи есть тип из списка.",
    ),
)
def unknown_task_type(firm: Firm) -> Iterator[Outcome]:
    """
    What it finds: tasks, open or done, whose type is blank or not on the list (Call, Email, Messenger, LinkedIn,
    Meeting, Task). Words that firms use instead, as WhatsApp, Telegram, Zoom or E-mail, are understood. Cancelled
    tasks are left alone.

    Why it matters: by type one sees which channel works and how much of the day goes to clients (Korneev; Snitko); a
    task without a type counts nowhere.

    How to fix: choose the type from the list; internal work is of the type Task.
    """
    judged = [task for task in firm.book.tasks.rows if task.status != "cancelled"]
    yield Judged(judged)
    for task in judged:
        if task.type is None:
            raw = firm.book.tasks.raw(task.row, "type")
            problem = firm.book.tasks.problems.get((task.row, "type"))
            typed = problem.raw if problem else raw
            yield Found(
                task, "type", Text("unknown type", "неизвестный тип") if typed else Text("no type", "не указан тип"),
                _A_TYPE, _CHOOSE_TYPE, same(f"«{typed}»") if typed else None,
            )  # fmt: skip


_A_TYPE = Text(f"one of: {', '.join(TASK_TYPE.words('en'))}", f"одно из: {', '.join(TASK_TYPE.words('ru'))}")
_CHOOSE_TYPE = Text("Choose the type from the list", "Выберите тип из списка")


@rule(
    "TK05",
    Text("Unclear what was done", "Непонятно, что сделано"),
    severity="warning",
    answerable="rep",
    tables=("Tasks",),
    needs=("Tasks.done_at", "Tasks.title"),
    minutes=1,
    items=(5,),
    clause=Text(
        "A task's title tells a colleague what was done.",
        "По названию задачи коллега понимает, что было сделано.",
    ),
    settings={
        "stop_words": Text(
            "Titles that say nothing, separated by commas; compared with the whole title",
            "Названия, которые ничего не говорят, через запятую; сравниваются с названием целиком",
        ),
        "least_characters": Text("A title has at least so many characters", "Знаков в названии не меньше"),
        "least_words": Text("A title has at least so many words", "Слов в названии не меньше"),
    },
)
def unclear_task_title(
    firm: Firm,
    *,
    stop_words: str = "позвонить, написать, фоллоу-ап, call, write, follow-up, follow up",
    least_characters: int = 10,
    least_words: int = 2,
) -> Iterator[Outcome]:
    """
    What it finds: done tasks whose title is blank, is only the name of a type ("Call"), is one of the `stop_words`, or
    has fewer than `least_characters` characters or fewer than `least_words` words. The stop words are compared with
    the whole title: "Call the buyer about the drawings" passes. Open tasks are TK06's business.

    Why it matters: a title has to be understood by others (Korneev): by the one who takes the deal over, and by the
    Head of Sales who looks for what worked.

    How to fix: write what was done and to what end, as "Agreed the delivery terms with the buyer".
    """
    yield Judged(firm.done)
    stop = {folded(word) for word in stop_words.split(",")}
    types = TASK_TYPE.lookup()
    titles = {task.title for task in firm.done}
    faults = {t: _title_fault(t, stop, types, least_characters, least_words) for t in titles}
    for task in firm.done:
        words = faults[task.title]
        if words is not None:
            if task.title is None and (task.row, "title") in firm.book.tasks.problems:
                continue
            yield Found(
                task, "title", words, _CLEAR, _SAY_WHAT, same(f"«{task.title}»") if task.title else None
            )


def _title_fault(
    title: str | None, stop: Collection[str], types: Collection[str], least_characters: int, least_words: int
) -> Text | None:
    if title is None:
        return Text("no title", "нет названия")
    plain = folded(title)
    if plain in types:
        return Text("only the name of a type", "только название типа")
    if plain in stop:
        return Text("says nothing by itself", "само по себе ни о чём не говорит")
    if len(plain) < least_characters:
        return Text("shorter than {least}", "короче, чем {least}").fill(
            least=_CHARACTERS.of(least_characters)
        )
    if len(plain.split()) < least_words:
        return Text("too few words", "слишком мало слов")
    return None


_CLEAR = Text("a title that a colleague understands", "название, понятное коллеге")
_SAY_WHAT = Text("Write what was done, and to what end", "Напишите, что сделано и зачем")


@rule(
    "TK08",
    Text("Action without a result", "Действие без результата"),
    severity="error",
    answerable="rep",
    tables=("Tasks",),
    needs=("Tasks.done_at", "Tasks.result"),
    minutes=3,
    items=(8,),
    bonus=True,
    clause=Text(
        "Every done action is described: what was said, what was agreed, when and why we talk next; or a link to it.",
        "У каждого сделанного действия есть описание: что обсудили, о чём договорились, когда и зачем следующий контакт; "
        "или ссылка на него.",
    ),
    settings={
        "least_characters": Text("A result shorter than this is a warning", "Описание короче, знаков: предупреждение"),
        "repeats": Text(
            "Other results with the same text that make it a warning",
            "Сколько других таких же описаний уже предупреждение",
        ),
        "repeat_days": Text("The same text within so many days", "Такой же текст в пределах стольких дней"),
        "exempt_types": Text(
            "Types whose text is kept elsewhere (as mail integration does), separated by commas",
            "Типы, переписка по которым хранится сама (например, почта), через запятую",
        ),
    },
)  # fmt: skip
def action_without_result(
    firm: Firm, *, least_characters: int = 20, repeats: int = 3, repeat_days: int = 7, exempt_types: str = ""
) -> Iterator[Outcome]:
    """
    What it finds: done tasks with neither a result nor a link: an error. A result without a link that is shorter than
    `least_characters` characters, or that the same person wrote word for word in `repeats` or more other tasks done
    within `repeat_days` days: a warning. No text is needed with the outcomes No answer, Rescheduled and Spam, and for
    the `exempt_types`. A short result passes while the deal has an open next task with an expected outcome. A
    placeholder ("-", "?", "test") is no result.

    Why it matters: the next talk begins where the last one ended only if it was written down: what was discussed, what
    was agreed, when and why we talk next (Korneev; Kandeev's four parts).

    How to fix: write two sentences now, or put a link to the letter or the recording.
    """
    exempt = {TASK_TYPE.lookup().get(folded(word), "") for word in exempt_types.split(",")} - {""}
    yield Judged(firm.done)
    copied = _copied(firm, repeats + 1, repeat_days)
    for task in firm.done:
        if task.outcome in _NO_WORDS_NEEDED or task.type in exempt:
            continue
        if task.link is not None and not is_blank(_LINK, task.link):
            continue
        severity: Severity | None = "warning"
        text = task.result or ""
        short = len(text) < least_characters
        if not short and task.row not in copied:
            continue
        if short and is_blank(_RESULT, text):
            if (task.row, "result") in firm.book.tasks.problems:
                continue
            words, severity = Text("no result", "нет результата"), None
        elif short and not _next_task_with_goal(firm, task):
            words = _only(len(text))
        elif task.row in copied:
            words = Text("the same text as in other tasks", "тот же текст, что и в других задачах")
        else:
            continue
        yield Found(
            task,
            "result",
            words,
            _FOUR_PARTS,
            _DESCRIBE,
            same(f"«{text}»") if text else None,
            severity=severity,
        )


_RESULT, _LINK = _TASKS.column("result"), _TASKS.column("link")


@cache
def _only(count: int) -> Text:
    return Text("only {count}", "всего {count}").fill(count=_CHARACTERS.of(count))


def _next_task_with_goal(firm: Firm, task: Task) -> bool:
    """Whether when and why we talk next stand in an open task of the deal (ruling R9)."""
    deal = firm.deal_of(task)
    return deal is not None and any(step.due_at and step.goal for step in firm.steps(deal))


def _copied(firm: Firm, times: int, days: int) -> set[int]:
    """Sheet rows of the tasks whose result its person wrote at least `times` times within `days` days."""
    typed = [task.result or "" for task in firm.done]
    often = Counter(typed)
    # What is printable has no space but the ordinary one.
    alike = {
        text: text.casefold()
        if text.isprintable() and "  " not in text
        else " ".join(text.split()).casefold()
        for text in often
    }
    count: dict[str, int] = defaultdict(int)
    for text, plain in alike.items():
        count[plain] += often[text]
    repeated = {text: plain for text, plain in alike.items() if text and count[plain] >= times}
    wrote: dict[tuple[str, str], list[Task]] = defaultdict(list)
    for task, text in zip(firm.done, typed, strict=True):
        if text in repeated:
            wrote[repeated[text], _author(firm, task)].append(task)
    out: set[int] = set()
    for tasks in wrote.values():
        if len(tasks) < times:
            continue
        entries = sorted((task.done_at.toordinal(), task.row) for task in tasks if task.done_at)
        for at, (last, _) in enumerate(entries[times - 1 :]):
            if last - entries[at][0] < days:
                out.update([row for _, row in entries[at : at + times]])
    return out


def _author(firm: Firm, task: Task) -> str:
    """Who did a task: its own person, else the deal's."""
    if task.owner is not None:
        return task.owner.casefold()
    deal = firm.deal_of(task)
    return (deal.owner or "").casefold() if deal else ""


_FOUR_PARTS = Text(
    "what was discussed and agreed, when and why we talk next; or a link",
    "что обсудили, о чём договорились, когда и зачем следующий контакт; или ссылка",
)
_DESCRIBE = Text(
    "Write what was said and agreed, or put a link to it",
    "Впишите, что обсудили и о чём договорились, или дайте ссылку",
)
