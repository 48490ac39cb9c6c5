"""The Audit sheet, built block by block from the top down as WORKBOOK.md draws its first screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sheets_crm.checks import RULES
from sheets_crm.findings import SEVERITIES, NotChecked, Severity
from sheets_crm.metrics import hygiene
from sheets_crm.metrics.hygiene import SEVEN, Check, Figure, Share
from sheets_crm.pages import look, wording
from sheets_crm.pages.finding_rows import (
    COLUMNS,
    CURRENT,
    EVERY,
    KNOWN,
    LEGACY,
    MONEY_CELL,
    NEW,
    NUMBER,
    REP,
    Facts,
    FindingColumn,
    marked,
)
from sheets_crm.pages.layout import Block, Head, Item, Layout, Live, Shown
from sheets_crm.pages.wording import BUILT_LATER, NO_OWNER, NOT_CHECKED, seal
from sheets_crm.schema.choices import SEVERITY
from sheets_crm.sheet import Area, Chart, Page, Series, Style
from sheets_crm.text import Text, same, shown
from sheets_crm.verdict import Score

MOST_ROWS = 2000
"""Findings on the sheet; the rest is told in one line, and in the To fix cells."""
_MOST_PEOPLE, _MOST_EXCLUDED, _MOST_BARS = 20, 200, 5

_WIDTHS = (18.2, 15.0, 20.5, 10.5, 8.7, 10.5, 11.4, 8.7, 8.5, 11.0, 27.2, 27.2, 24.0)
"""The narrow columns carry the seven checks on top, and short facts of the findings below."""
_CHECKS_AT, _CHECKS_END = 4, 10
_SCREEN = 12
"""The last column of the first screen; the one beside it is seen by scrolling, and on paper."""
_CARDS = ((1, 2), (3, 4), (5, 7), (8, 10), (11, 11))
_SEVERITY_CHIPS = ((4, 5), (6, 8), (9, 10))
_KINDS_AT = ((4, 4), (5, 6), (7, 7), (8, 8))
_LEAST_CHART = 140.0
"""Points."""
_MENDED_BY_REPS = ("findings", "doubts")

_STRONG = replace(look.CELL, bold=True)
_WAITING = replace(look.CELL, size=look.TINY, italic=True, color=look.MUTED, align="center", valign="center")
_SPARSE = replace(NUMBER, format="0;;")
"""A zero is shown as nothing, in the cell and in the chart."""


class AuditPage:
    """The page while it is being built."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.told = facts.told
        self.verdict = facts.told.verdict
        self.lang = facts.told.lang
        self.out = Layout(_WIDTHS)
        self.complete = len(self.verdict.findings) <= MOST_ROWS
        self.room = MOST_ROWS

    def build(self, name: str) -> Page:
        """All blocks, in their order."""
        self.first_line()
        self.figures()
        self.talks()
        top = self.matrix()
        self.movement()
        bottom = self.chart_space(top)
        self.findings()
        self.folded_findings()
        self.rules(Area(top + 1, _CHECKS_END + 1, bottom, _SCREEN))
        self.not_checked()
        self.rows_read()
        self.head()
        parts = [self.say(_TITLE), shown(self.told.firm.as_of, self.lang), self.told.head[:12]]
        return self.out.page("audit", name, footer=" · ".join(part for part in parts if part))

    def say(self, text: Text) -> str:
        """A text in the workbook's language."""
        return text.get(self.lang)

    def live(self, value: int, names: Sequence[str], part: Callable[[Block], str]) -> Live:
        """A number with its formula over the tables of findings, as long as these hold all findings."""
        return Live(value, lambda placed: placed.total(names, part) if self.complete else "")

    def count(self, number: int, names: Sequence[str], key: str, word: str) -> Live:
        """How often a word of ours stands in a column of these tables."""
        return self.live(number, names, lambda b: f'COUNTIF({b.cells(key)},"{word}")')

    def nothing(self, text: Text) -> None:
        """One line in place of a table."""
        self.out.add(Item(1, _SCREEN, self.say(text), look.NOTHING))

    # -------------------------------------------------------------- first screen

    def first_line(self) -> None:
        """Date, the score in words, and the version of the book."""
        title = f"{self.say(_TITLE)} · {shown(self.told.firm.as_of, self.lang)}"
        version = Item(
            _SCREEN, _SCREEN, self.say(wording.book_version(self.told)), replace(look.ASIDE, align="right")
        )
        words = Item(_CHECKS_AT, _SCREEN - 1, self.say(wording.headline(self.told)), look.HEADLINE)
        self.out.add(Item(1, _CHECKS_AT - 1, title, look.PAGE_TITLE), words, version, height=23)
        self.out.gap()

    def figures(self) -> None:
        """The five figures as cards, and beside them what «baseline» means."""
        cards = list(zip(_CARDS, hygiene.five_figures(self.told.firm, self.verdict), strict=True))
        names = [Item(*at, self.say(wording.FIGURES[f.key]), look.CARD_NAME) for at, f in cards]
        numbers = [Item(*at, *self.number(figure)) for at, figure in cards]
        notes = [Item(*at, self.say(wording.figure_note(f)), look.CARD_NOTE) for at, f in cards]
        first = self.out.add(*names, height=15)
        self.out.add(*numbers, height=24)
        last = self.out.add(*notes, height=13)
        self.out.hold(Item(_SCREEN, _SCREEN, self.say(_READ_LEGACY), look.CARD_NOTE), first, last)
        self.out.gap()

    def number(self, figure: Figure) -> tuple[Shown, Style]:
        """A figure's number, never 0 for what was not checked."""
        if figure.number is None:
            return self.say(NOT_CHECKED), look.CARD_WORDS
        if any(f.rule == figure.rule for f in self.verdict.hidden):
            return figure.number, look.CARD_NUMBER
        return self.count(figure.number, EVERY, "rule", figure.rule), look.CARD_NUMBER

    def talks(self) -> None:
        """Whom to talk to first."""
        self.out.heading(self.say(_TALK), _SCREEN)
        talks = hygiene.whom_first(self.verdict.findings, self.facts.base)
        if not talks:
            self.nothing(_NOBODY)
            self.out.gap()
            return
        heads = [
            Head("owner", self.say(REP), 1, 1, _STRONG),
            Head("subject", self.say(_START_WITH), 2, 3, look.CELL_LINK),
            Head(
                "money",
                self.say(_AT_STAKE.fill(currency=self.facts.base)),
                4,
                5,
                replace(MONEY_CELL, bold=True),
            ),
            Head("why", self.say(_WHY), 6, _CHECKS_END),
            Head("ask", self.say(_ASK), _CHECKS_END + 1, _SCREEN),
        ]
        rows: list[list[Shown | Item]] = [
            [
                t.owner or self.say(NO_OWNER), self.facts.link(t.finding), wording.whole(t.money.base) or None,
                self.say(wording.why_talk(t, self.facts.place(t.finding))), self.say(wording.ask(t)),
            ]
            for t in talks
        ]  # fmt: skip
        self.out.table("talks", heads, rows, least=26)
        self.out.gap()

    def matrix(self) -> int:
        """Rep x seven checks, minutes and score; the row where the block starts."""
        top = self.out.heading(self.say(_MATRIX), _CHECKS_END)
        self.out.hold(
            Item(_CHECKS_END + 1, _SCREEN, self.say(_CHART), replace(look.BLOCK, bottom=None)), top, top
        )
        heads = [
            Head("owner", self.say(REP), 1, 1),
            Head("minutes", self.say(_MINUTES), 2, 2, NUMBER),
            Head("score", self.say(_CLEAN), 3, 3, NUMBER),
            *(Head(c.key, self.say(c.name), n, n, NUMBER) for n, c in enumerate(SEVEN, start=_CHECKS_AT)),
        ]
        people = self.facts.people[:_MOST_PEOPLE]
        first = self.out.row + 1
        rows = [self.person(owner, row) for row, owner in enumerate(people, start=first)]
        self.out.table("people", heads, [*rows, self.everyone()], least=14 if people else 26)
        for column, check in enumerate(SEVEN, start=_CHECKS_AT):
            if not self.facts.shares[check.key].firm.judged:
                self.out.hold(Item(column, column, self.unjudged(check), _WAITING), first, self.out.row - 1)
        if more := len(self.facts.people) - len(people):
            self.out.add(Item(1, _CHECKS_END, self.say(_MORE_PEOPLE.fill(n=more)), look.NOTHING))
        return top

    def person(self, owner: str, row: int) -> list[Shown | Item]:
        """One rep's row. EXACT, because a name may hold what SUMIF takes for a pattern."""
        mine = [f for name in _MENDED_BY_REPS for f in self.facts.parts[name] if f.owner == owner]
        minutes = self.live(
            hygiene.minutes(mine), _MENDED_BY_REPS,
            lambda b: f"SUMPRODUCT(EXACT({b.cells('owner')},$A{row})*{b.cells('minutes')})",
        )  # fmt: skip
        checks = enumerate(SEVEN, start=_CHECKS_AT)
        shares = [self.share(self.facts.shares[c.key].by_owner.get(owner), at) for at, c in checks]
        return [owner, minutes, self.score(self.verdict.by_owner.get(owner)), *shares]

    def everyone(self) -> list[Shown | Item]:
        """The row of the whole firm."""
        mine = [f for name in _MENDED_BY_REPS for f in self.facts.parts[name]]
        minutes = self.live(hygiene.minutes(mine), _MENDED_BY_REPS, lambda b: f"SUM({b.cells('minutes')})")
        return [
            Item(1, 1, self.say(_EVERYONE), look.TOTAL),
            Item(2, 2, minutes, replace(look.TOTAL, align="center")),
            Item(3, 3, self.score(self.verdict.firm), replace(look.TOTAL, align="center")),
            *(self.share(self.facts.shares[c.key].firm, at) for at, c in enumerate(SEVEN, start=_CHECKS_AT)),
        ]

    def score(self, score: Score | None) -> str:
        """`12 of 15 (80)`; a dash while there is no score at all (ruling R5)."""
        if score is None or self.verdict.first_run or "TK01" not in self.verdict.checked:
            return "—"
        words = _OF.fill(clean=score.clean, audited=score.audited)
        return self.say(words) + (f" ({score.score})" if score.score is not None else "")

    def share(self, share: Share | None, at: int) -> Shown | Item:
        """A share in words and colour; a dash where there was nothing to judge."""
        if share is None or not share.judged:
            return "—"
        value = hygiene.percent(*share)
        fill, color = look.PASSED["good" if value >= 90 else "fair" if value >= 70 else "poor"]
        style = replace(NUMBER, fill=fill, color=color, bold=True, size=look.TINY, wrap=False)
        return Item(at, at, self.say(_SHARE.fill(value=value, judged=share.judged)), style)

    def unjudged(self, check: Check) -> str:
        """That a check judged nothing: it does not exist yet, or it could not."""
        return self.say(NOT_CHECKED if any(code in RULES for code in check.rules) else BUILT_LATER)

    def movement(self) -> None:
        """New, repaired and still open since the baseline run: one sentence, and the numbers."""
        self.out.gap()
        movement = hygiene.movement(self.verdict)
        last = self.told.firm.past.last
        since = self.say(_SINCE.fill(day=last.as_of)) if last else ""
        self.out.heading(since + self.say(wording.moved(movement)), _CHECKS_END)
        if movement is None:
            return
        new, known, legacy = map(self.say, (NEW, KNOWN, LEGACY))
        remaining = self.live(
            movement.remaining, (*CURRENT, "legacy"),
            lambda b: f'COUNTIF({b.cells("since")},"{known}")+COUNTIF({b.cells("since")},"{legacy}")',
        )  # fmt: skip
        chips: tuple[tuple[int, int, Text, Shown], ...] = (
            (1, 2, _REPAIRED, movement.repaired),
            (
                3,
                3,
                _NEW_NOW,
                self.count(movement.new, CURRENT, "since", new),
            ),
            (4, 6, _REMAINING, remaining),
            (7, _CHECKS_END, _ASLEEP, movement.paused + movement.gone),
        )
        items = [Item(first, last, value, self.chip(words)) for first, last, words, value in chips]
        self.out.add(*items, height=15)

    def chip(self, words: Text, fill: str = look.OURS_FILL, color: str = look.INK) -> Style:
        """The look of a number that says what it counts: the words are in its number format."""
        return replace(look.CHIP, format=f'"{self.say(words)}: "0', fill=fill, color=color)

    def chart_space(self, top: int) -> int:
        """Room for the chart beside the matrix, even where that has one row; the chart's last row."""
        missing = _LEAST_CHART - self.out.height(top, self.out.row - 1)
        if missing > 0:
            self.out.gap(missing)
        bottom = self.out.row - 1
        self.out.gap()
        return bottom

    # ------------------------------------------------------------------ findings

    def findings(self) -> None:
        """How many by severity, and the table that people work through."""
        current = [f for name in CURRENT for f in self.facts.parts[name]]
        items = [Item(1, 3, self.say(_FINDINGS), look.BLOCK)]
        for (first, last), severity in zip(_SEVERITY_CHIPS, SEVERITIES, strict=True):
            word = marked(severity, self.lang)
            count = self.count(sum(f.severity == severity for f in current), CURRENT, "severity", word)
            items.append(Item(first, last, count, self.chip(same(word), *look.HIGHLIGHTS[severity])))
        self.out.add(*items, Item(11, _SCREEN, self.say(_HINT), look.ASIDE), height=18)
        if self.facts.parts["findings"]:
            self.table("findings", filtered=True)
        else:
            self.nothing(_CLEAN_NOW)
        self.out.gap(10)

    def table(self, name: str, *, filtered: bool = False) -> None:
        """A table of findings as long as there is room on the sheet, and how many more there are."""
        found = self.facts.parts[name]
        fitting = found[: self.room]
        self.room -= len(fitting)
        if fitting:
            columns = sorted((c for c in COLUMNS if c.cell), key=lambda c: c.at)
            rows = [[c.cell(finding, self.facts) for c in columns if c.cell] for finding in fitting]
            self.out.table(name, [self.heading(c) for c in columns], rows, filtered=filtered)
        if more := len(found) - len(fitting):
            self.nothing(_MORE.fill(n=more))

    def heading(self, column: FindingColumn) -> Head:
        """A column of findings with its header and its look in the workbook's language."""
        dates = column.style if column.kind != "date" else replace(column.style, format=look.DATES[self.lang])
        return Head(
            column.key, self.say(column.header.fill(currency=self.facts.base)), column.at, column.at, dates
        )

    def folded_findings(self) -> None:
        """Doubts, the Head of Sales' own, legacy, waivers; legacy stands open on a first run, when it is everything."""
        for name, title, empty in _FOLDED:
            found = self.facts.parts[name]
            words = title.fill(count=wording.count_of_findings(len(found), hygiene.minutes(found)))
            self.out.heading(self.say(words if found else empty))
            if found:
                with self.out.folded(closed=not (name == "legacy" and self.verdict.first_run)):
                    self.table(name)
            else:
                self.out.gap()

    def rules(self, space: Area) -> None:
        """How often each rule fired, with its clause; the chart in `space` is drawn from it."""
        counts = hygiene.by_rule(self.verdict.findings)
        self.out.heading(self.say(_BY_RULE))
        if not counts:
            self.out.gap()
            return
        kinds = [*((str(s), self.say(SEVERITY.word(s))) for s in SEVERITIES), ("legacy", self.say(_BASELINE))]
        heads = [
            Head("rule", self.say(_RULE), 1, 3),
            *(Head(key, word, *at, _SPARSE) for at, (key, word) in zip(_KINDS_AT, kinds, strict=True)),
            Head("minutes", self.say(_MINUTES_SHORT), 9, 9, NUMBER),
            Head("clause", self.say(_CLAUSE), 10, len(_WIDTHS)),
        ]
        rows: list[list[Shown | Item]] = [
            [
                f"{c.rule} {c.title.get(self.lang)}", *(self.of_rule(c.rule, s, getattr(c, s)) for s in SEVERITIES),
                self.count(c.legacy, ("legacy",), "rule", c.rule), c.minutes, c.clause.get(self.lang),
            ]
            for c in counts
        ]  # fmt: skip
        with self.out.folded():
            self.out.table("rules", heads, rows)
        drawn = [(key, word) for key, word in kinds if any(getattr(c, key) for c in counts[:_MOST_BARS])]
        self.chart(space, drawn)

    def of_rule(self, code: str, severity: Severity, count: int) -> Live:
        """How many open findings of a rule have a severity."""
        word = marked(severity, self.lang)
        return self.live(
            count, CURRENT, lambda b: f'COUNTIFS({b.cells("rule")},"{code}",{b.cells("severity")},"{word}")'
        )

    def chart(self, space: Area, kinds: Sequence[tuple[str, str]]) -> None:
        """Where most findings are: a bar a rule, stacked by severity."""
        block = self.out.block("rules")
        assert block is not None
        last = min(block.last_row, block.first_row + _MOST_BARS - 1)

        def column(key: str) -> Area:
            return Area(block.first_row, block.columns[key], last, block.columns[key])

        series = tuple(Series(word, column("rule"), column(key), look.BARS[key]) for key, word in kinds)
        self.out.chart(Chart("stacked_bar", "", series, (1, 1), labels=True), space)

    # ------------------------------------------------------------- what was judged

    def not_checked(self) -> None:
        """Every rule, part and row that was not judged, with the reason."""
        skipped = self.verdict.not_checked
        if not skipped:
            self.out.heading(self.say(_ALL_JUDGED))
            self.out.gap()
            return
        self.out.heading(self.say(_NOT_JUDGED.fill(n=len(skipped))))
        heads = [
            Head("rule", self.say(_RULE), 1, 1, NUMBER),
            Head("title", self.say(_LOOKS_FOR), 2, 3),
            Head("extent", self.say(_EXTENT), 4, 6),
            Head("reason", self.say(_WHY), 7, _SCREEN),
        ]
        rows: list[list[Shown | Item]] = [
            [n.rule, RULES[n.rule].title.get(self.lang), self.extent(n), n.reason.get(self.lang)]
            for n in skipped
        ]
        with self.out.folded():
            self.out.table("not_checked", heads, rows)

    def extent(self, item: NotChecked) -> str:
        """What of a rule was not checked: some rows, a column, or all of it."""
        if item.rows is not None:
            return self.say(_SOME_ROWS.fill(n=item.rows))
        if item.part is not None:
            headers = {c.key: c.header for c in self.told.firm.book.deals.schema.columns}
            return headers.get(item.part, same(item.part)).get(self.lang)
        return self.say(_PARTLY if item.rule in self.verdict.checked else _WHOLLY)

    def rows_read(self) -> None:
        """Read = judged + excluded, sheet by sheet, and every excluded row."""
        tables = [table for table in self.told.firm.book.tables.values() if table]
        excluded = [row for table in tables for row in table.excluded]
        self.out.heading(self.say(_ROWS_READ.fill(n=len(excluded)) if excluded else _NONE_EXCLUDED))
        counts: list[list[Shown | Item]] = [
            [table.sheet, table.read, len(table.rows), len(table.excluded)] for table in tables
        ]
        heads = [
            Head("sheet", self.say(_SHEET), 1, 2),
            Head("read", self.say(_READ), 3, 3, NUMBER),
            Head("judged", self.say(_JUDGED), 4, 5, NUMBER),
            Head("excluded", self.say(_EXCLUDED), 6, 7, NUMBER),
        ]
        with self.out.folded():
            self.out.table("rows", heads, counts)
            if excluded:
                where = [
                    Head("cell", self.say(_EXCLUDED_ROW), 1, 3),
                    Head("reason", self.say(_WHY), 4, _CHECKS_END),
                ]
                rows: list[list[Shown | Item]] = [
                    [e.cell, e.reason.get(self.lang)] for e in excluded[:_MOST_EXCLUDED]
                ]
                self.out.table("excluded", where, rows)
            if (more := len(excluded) - _MOST_EXCLUDED) > 0:
                self.nothing(_MORE_EXCLUDED.fill(n=more))

    def head(self) -> None:
        """The log's seal, printed."""
        self.out.add(Item(1, _SCREEN, self.say(seal(self.told)), look.ASIDE))


# ---------------------------------------------------------------------- words

_TITLE = Text("Audit", "Аудит")
_RULE = Text("Rule", "Правило")
_WHY = Text("Why", "Почему")
_READ_LEGACY = Text(
    "Baseline: there at the first run, or on deals closed before the rules bind. No effect on score or bonus.",
    "Исходное: было при первом запуске или в сделках, закрытых до начала правил. На оценку и премию не влияет.",
)
_TALK = Text("Whom to talk to first", "С кем поговорить первым")
_NOBODY = Text(
    "Nobody: there is not one error that a rep answers for.",
    "Ни с кем: ошибок, за которые отвечают менеджеры, нет.",
)
_START_WITH = Text("Start with this deal", "Начните с этой сделки")
_AT_STAKE = Text("At stake, {currency}", "Под угрозой, {currency}")
_ASK = Text("What to ask", "Что спросить")
_MATRIX = Text(
    "Who keeps the rules: share of rows without a finding, baseline included",
    "Кто соблюдает правила: доля строк без замечаний, считая исходные",
)
_MINUTES = Text("Minutes to mend", "Минут на исправление")
_MINUTES_SHORT = Text("Minutes", "Минут")
_CLEAN = Text("Clean deals (score)", "Чистых сделок (оценка)")
_EVERYONE = Text("All", "Все")
_OF = Text("{clean} of {audited}", "{clean} из {audited}")
_SHARE = Text("{value}% of {judged}", "{value} % из {judged}")
_MORE_PEOPLE = Text("and {n} more people, all with a better score", "и ещё {n} чел., у всех оценка не хуже")
_SINCE = Text("Since {day}: ", "С {day}: ")
_REPAIRED, _NEW_NOW = Text("Repaired", "Исправлено"), Text("New", "Новых")
_REMAINING, _ASLEEP = (
    Text("Still open", "Остаётся"),
    Text("Row gone or not judged", "Строки нет или не проверялась"),
)
_FINDINGS = Text("What to mend: dearest first", "Что исправить: сначала дорогое")
_HINT = Text("A click on the deal opens its row.", "Щелчок по сделке откроет её строку.")
_CLEAN_NOW = Text("No open findings here.", "Открытых замечаний здесь нет.")
_MORE = Text(
    "{n} more are not listed: they stand in the column To fix, in their own rows.",
    "Ещё {n} сюда не вошли: они в столбце «Что исправить», в своих строках.",
)
_FOLDED = (
    ("doubts", Text("Doubtful values: {count}", "Сомнения в данных: {count}"),
     Text("Doubtful values: none", "Сомнения в данных: нет")),
    ("own", Text("For the Head of Sales and whoever keeps the sheets: {count}", "За РОПом и теми, кто ведёт листы: {count}"),
     Text("For the Head of Sales: nothing", "За РОПом: ничего")),
    ("legacy", Text("Baseline: {count}", "Исходные: {count}"), Text("Baseline: none", "Исходные: нет")),
    ("waived", Text("Waived: {count}", "Исключения: {count}"),
     Text("Waived: none, every finding counts", "Исключения: нет, все замечания в силе")),
)  # fmt: skip
_BY_RULE = Text("By rule, with the clause of the Sales Book", "По правилам, с пунктом Книги продаж")
_CLAUSE = Text("Clause of the Sales Book", "Пункт Книги продаж")
_BASELINE = Text("Baseline", "Исходные")
_CHART = Text("Where most findings are", "Где больше всего замечаний")
_NOT_JUDGED = Text("Not checked: {n}, with reasons", "Не проверено: {n}, с причинами")
_ALL_JUDGED = Text("Not checked: nothing, every rule judged", "Не проверено: ничего, сработали все правила")
_LOOKS_FOR, _EXTENT = Text("What it looks for", "Что ищет"), Text("Not checked", "Не проверено")
_SOME_ROWS = Text("rows: {n}", "строк: {n}")
_PARTLY, _WHOLLY = Text("a part of it", "частично"), Text("all of it", "целиком")
_ROWS_READ = Text("Rows read; {n} excluded, with reasons", "Прочитанные строки; исключено {n}, с причинами")
_NONE_EXCLUDED = Text("Rows read; none excluded", "Прочитанные строки; исключённых нет")
_SHEET, _READ = Text("Sheet", "Лист"), Text("Read", "Прочитано")
_JUDGED, _EXCLUDED = Text("Judged", "Проверено"), Text("Excluded", "Исключено")
_EXCLUDED_ROW = Text("Excluded row", "Исключённая строка")
_MORE_EXCLUDED = Text("and {n} more rows", "и ещё строк: {n}")
