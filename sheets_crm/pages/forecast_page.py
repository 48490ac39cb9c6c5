"""The Forecast sheet, built block by block from the top down as WORKBOOK.md draws its first screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from sheets_crm.forecast import Figures, Forecast, Outlook, percent
from sheets_crm.metrics import pipeline
from sheets_crm.metrics.money import NONE, Exchange, Why, exchange
from sheets_crm.metrics.pipeline import STEPS, Waterfall
from sheets_crm.pages import Told, look
from sheets_crm.pages import forecast_words as words
from sheets_crm.pages.finding_rows import MONEY_CELL, NUMBER, REP
from sheets_crm.pages.layout import Block, Head, Item, Layout, Live, Shown
from sheets_crm.pages.wording import NO_OWNER, NOT_CHECKED
from sheets_crm.schema import Deal
from sheets_crm.sheet import Area, Chart, Link, Page, Series, SheetLink, Style
from sheets_crm.text import DEALS, WORKING_DAYS, Text, same, shown

MOST_ROWS = 1500
"""Deals on the sheet; with more the figures stand without formulas."""
_MOST_PEOPLE, _MOST_LISTED = 20, 200

_WIDTHS = (25.0, 13.5, 13.5, 13.5, 13.5, 8.5, 13.5, 13.5, 10.0, 10.0, 21.0, 21.0)
_SCREEN = len(_WIDTHS)
_CARDS = ((1, 1), (2, 3), (4, 5), (6, 8), (9, 10), (11, 12))
_STRONG = replace(look.CELL, bold=True)
_WEAK = replace(look.CELL, color=look.MUTED)
_SHARE_CELL = replace(NUMBER, format="0%", bold=True)
_TIMES = replace(NUMBER, format='0.0"×"')
_PERCENT = replace(NUMBER, format='0.##"%"')
_SIGNED = replace(MONEY_CELL, format="#,##0;−#,##0;0")
_UNSEEN = Style(size=8, color=look.WHITE, format="#,##0;;")
"""What the chart is drawn from, beneath it; zeros are no labels."""
_MORE_OR_LESS = "+#,##0;−#,##0;0"
_COLOURS = {"under": "", "total": "#AEB9CB", "more": "#9BD0A6", "less": "#F0A79F"}
"""Light, so that the dark labels are read on them and beside them."""


class ForecastPage:
    """The page while it is being built."""

    def __init__(self, told: Told, forecast: Forecast) -> None:
        self.told = told
        self.firm = told.firm
        self.lang = told.lang
        self.forecast = forecast
        self.base = told.firm.base_currency
        self.out = Layout(_WIDTHS)
        self.counted = sorted(
            (o for o in forecast.outlooks if o.why in (None, "no_probability")),
            key=lambda o: (str(o.deal.expected_close), -o.weighted, o.deal.row),
        )
        start = min(period.start for period in forecast.periods)
        self.entries = sorted(
            (e for e in forecast.revenue.entries if e.day >= start), key=lambda e: (e.day, e.deal.row)
        )
        self.complete = len(self.counted) <= MOST_ROWS and len(self.entries) <= MOST_ROWS
        self.first = forecast.figures(forecast.period)

    def build(self, name: str) -> Page:
        """All blocks, in their order."""
        self.first_line()
        self.cards()
        self.periods()
        if self.first.expected is None:
            self.blind()
        self.people()
        self.deciding()
        self.not_counted()
        self.waterfall()
        self.stages()
        self.opinions()
        self.deals()
        self.won()
        if self.first.expected is not None:
            self.blind()
        parts = [self.say(TITLE), shown(self.firm.as_of, self.lang), self.told.head[:12]]
        return self.out.page("forecast", name, footer=" · ".join(part for part in parts if part))

    # ------------------------------------------------------------------- words

    def say(self, text: Text) -> str:
        """A text in the workbook's language."""
        return text.get(self.lang)

    def money_head(self, text: Text) -> str:
        """A header with the currency of its column."""
        return f"{self.say(text)}, {self.base}"

    def owner(self, name: str) -> str:
        """A rep, or the words for nobody."""
        return name or self.say(NO_OWNER)

    def nothing(self, text: Text) -> None:
        """One line in place of a table."""
        self.out.add(Item(1, _SCREEN, self.say(text), look.NOTHING))

    def link(self, deal: Deal) -> Link | SheetLink | str:
        """A link to the deal's row by its ID; to the sheet where it has none."""
        table = self.firm.book.deals
        text = f"{deal.name} ({deal.deal_id})" if deal.name and deal.deal_id else deal.name or deal.deal_id
        text = text or deal.stage or ""
        if deal.deal_id and table.has("deal_id") and not deal.key.startswith("~"):
            return Link(text, table.sheet or "", table.positions["deal_id"], deal.deal_id)
        return SheetLink(text, table.sheet) if table.sheet else text

    # -------------------------------------------------------------- first screen

    def first_line(self) -> None:
        """Date and what every figure is; below it the gap in words comes after the cards."""
        title = f"{self.say(TITLE)} · {shown(self.firm.as_of, self.lang)}"
        aside = replace(look.ASIDE, align="right")
        self.out.add(
            Item(1, 4, title, look.PAGE_TITLE), Item(5, _SCREEN, self.say(words.basis(self.firm)), aside), height=23
        )  # fmt: skip
        self.out.gap()

    def cards(self) -> None:
        """The present period in six cards, and the gap in words."""
        figures = self.first
        cards: tuple[tuple[Text, Shown, str, Text], ...] = (
            (same(self.money_head(_PLAN)), self.of_first(figures.plan, "plan"), look.MONEY, self.plan_note()),
            (same(self.money_head(_WON)), self.of_first(figures.won, "won"), look.MONEY, self.won_note()),
            (same(self.money_head(_EXPECTED)), self.of_first(figures.expected, "expected"), look.MONEY, self.expected_note()),
            (same(self.money_head(_AGAINST)), self.of_first(_against(figures), "against"), _MORE_OR_LESS, self.gap_note()),
            (_COVERAGE, self.of_first(_rounded(figures.coverage), "coverage"), '0.0"×"', self.coverage_note()),
            (_RANGE, self.say(words.LATER), look.MONEY, words.LATER_NOTE),
        )  # fmt: skip
        places = list(zip(_CARDS, cards, strict=True))
        self.out.add(*(Item(*at, self.say(c[0]), look.CARD_NAME) for at, c in places), height=15)
        self.out.add(*(Item(*at, c[1], _number_style(c[1], c[2])) for at, c in places), height=24)
        self.out.add(*(Item(*at, self.say(c[3]), look.CARD_NOTE) for at, c in places), height=13)
        self.out.gap()
        self.out.add(Item(1, _SCREEN, self.say(words.gap(self.forecast)), look.HEADLINE), height=18)
        self.out.gap()

    def of_first(self, value: Decimal | float | None, key: str) -> Shown:
        """A figure of the present period, taken from the table of periods; words where there is none."""
        if value is None:
            unplanned = key in ("against", "coverage") and self.first.expected is not None
            return "—" if unplanned else self.say(_NO_PLAN if key == "plan" else NOT_CHECKED)

        def cell(block: Block) -> str:
            return f"{_letter(block, key)}{block.first_row}"

        return Live(value, lambda placed: placed.total(["periods"], cell))

    def plan_note(self) -> Text:
        """The period and what is left of it."""
        period = self.forecast.period
        left = WORKING_DAYS.of(words.working_days_left(self.firm, period))
        return _PERIOD_NOTE.fill(period=words.period_name(period), left=left)

    def won_note(self) -> Text:
        """How many deals, and what won clients still owe."""
        owed = self.forecast.revenue.receivable
        note = DEALS.of(self.first.won_deals)
        return _OWED.fill(deals=note, owed=words.short(owed, self.base)) if owed else note

    def expected_note(self) -> Text:
        """Of what it is made, and how much of the plan."""
        if self.first.ratio is None:
            return _WON_AND_WEIGHTED
        share = percent(self.first.ratio)
        return Text(f"{_WON_AND_WEIGHTED.en} · {share}%", f"{_WON_AND_WEIGHTED.ru} · {share} %")

    def coverage_note(self) -> Text:
        """What coverage is; or that nothing is left to cover."""
        plan, won = self.first.plan, self.first.won
        return _PLAN_WON if plan and won is not None and won >= plan else _COVERAGE_NOTE

    def gap_note(self) -> Text:
        """The gap in deals."""
        found = self.forecast.gap
        if found is None:
            return _NEEDS_PLAN
        if found.amount <= 0:
            return _MORE_THAN_PLAN
        return _NONE_WON if found.deals is None else _IN_DEALS.fill(deals=DEALS.of(found.deals))

    # ------------------------------------------------------------------ figures

    def heads(self, name: str, first: Text) -> list[Head]:
        """The columns that periods and reps share."""
        period = name == "periods"
        return [
            Head("name", self.say(first), 1, 1, _STRONG),
            Head("plan", self.money_head(_PLAN), 2, 2, MONEY_CELL),
            Head("won", self.money_head(_WON), 3, 3, MONEY_CELL),
            Head("weighted", self.money_head(_WEIGHTED), 4, 4, MONEY_CELL),
            Head("expected", self.money_head(_EXPECTED), 5, 5, replace(MONEY_CELL, bold=True)),
            Head("ratio", self.say(_OF_PLAN), 6, 6, _SHARE_CELL),
            Head("against", self.money_head(_AGAINST), 7, 7, replace(MONEY_CELL, format=_MORE_OR_LESS)),
            Head("due", self.money_head(_DUE), 8, 8, MONEY_CELL),
            Head("coverage", self.say(_COVERAGE), 9, 9, _TIMES),
            Head("weighted_coverage", self.say(_WEIGHTED_COVERAGE), 10, 10, _TIMES),
            Head("from", self.say(_FROM if period else _WON_DEALS), 11, 11, self.date_style() if period else NUMBER),
            Head("to", self.say(_TO if period else _OPEN_DEALS), 12, 12, self.date_style() if period else NUMBER),
        ]  # fmt: skip

    def date_style(self) -> Style:
        """A date in the workbook's language."""
        return replace(NUMBER, format=look.DATES[self.lang])

    def periods(self) -> None:
        """The present period, the next one and the quarter, in one row each."""
        rows = []
        for number, period in enumerate(self.forecast.periods, start=self.out.row + 1):
            dates = f"$K{number}", f"$L{number}"
            row = self.figures_row(self.forecast.figures(period), number, dates, "")
            rows.append([self.say(words.period_name(period)), *row, period.start, period.end])
        self.out.table("periods", self.heads("periods", _PERIOD), rows, least=15)
        self.out.gap()

    def figures_row(
        self, figures: Figures, row: int, dates: tuple[str, str] | None, whose: str
    ) -> list[Shown | Item]:
        """Plan to weighted coverage of one row; `whose` narrows the sums to the name in a cell."""
        since, until = dates or ("", "")

        def part(key: str, day: str) -> Callable[[Block], str]:
            def formula(b: Block) -> str:
                mine = f"EXACT({b.cells('owner')},{whose})*" if whose else ""
                within = f"({b.cells(day)}>={since})*({b.cells(day)}<={until})"
                return f"SUMPRODUCT({mine}{within}*{b.cells(key)})"

            return formula

        def total(value: Decimal | None, table: str, key: str, day: str) -> Shown:
            if value is None or not self.complete:
                return "—" if value is None else value
            return Live(value, lambda placed: placed.total([table], part(key, day)))

        return [
            _dash(figures.plan),
            total(figures.won, "won", "amount", "day"),
            total(figures.weighted, "deals", "weighted", "day"),
            *self.derived(figures, row, total(figures.due, "deals", "amount", "day")),
        ]

    def derived(self, figures: Figures, row: int, due: Shown) -> list[Shown | Item]:
        """What follows from plan, won, weighted and due of the same row."""
        ratio = figures.ratio
        return [
            _live(figures.expected, f"C{row}+D{row}"),
            "—" if ratio is None else Item(6, 6, _live(float(ratio), f"E{row}/B{row}"), _judged(ratio)),
            _live(_against(figures), f"E{row}-B{row}"),
            due,
            _live(_rounded(figures.coverage), f"H{row}/(B{row}-C{row})"),
            _live(_rounded(figures.weighted_coverage), f"D{row}/(B{row}-C{row})"),
        ]

    def people(self) -> None:
        """The present period by rep, whoever misses most first."""
        period = self.forecast.period
        title = _BY_REP.fill(period=words.period_name(period))
        self.out.heading(self.say(title))
        everyone = [(name, self.forecast.figures(period, name)) for name in self.forecast.people(period)]
        if not self.firm.has("Deals.owner") or not everyone:
            self.nothing(_NO_PEOPLE)
            self.out.gap()
            return
        everyone.sort(key=lambda one: (not one[0], one[1].gap is None, -(one[1].gap or NONE)))
        shown_ones = everyone[:_MOST_PEOPLE]
        block = self.out.block("periods")
        assert block is not None
        dates = f"$K${block.first_row}", f"$L${block.first_row}"
        first = self.out.row + 1
        rows: list[list[Shown | Item]] = [
            [self.owner(name), *self.figures_row(figures, row, dates, f"$A{row}"), figures.won_deals, figures.open_deals]
            for row, (name, figures) in enumerate(shown_ones, start=first)
        ]  # fmt: skip
        whole = len(shown_ones) == len(everyone)
        self.out.table(
            "people", self.heads("people", REP), [*rows, self.everyone(first, len(rows), whole=whole)]
        )
        if not whole:
            self.nothing(_MORE_PEOPLE.fill(n=len(everyone) - len(shown_ones)))
        self.out.gap()

    def everyone(self, first: int, count: int, *, whole: bool) -> list[Shown | Item]:
        """The row of the firm: sums over the reps above it, as far as all of them are shown."""
        figures, row = self.first, self.out.row + 1 + count

        def added(value: Decimal | None, column: str) -> Shown:
            return (
                _live(value, f"SUM({column}{first}:{column}{row - 1})") if whole or value is None else value
            )

        cells = [
            _dash(figures.plan), added(figures.won, "C"), added(figures.weighted, "D"),
            *self.derived(figures, row, added(figures.due, "H")), figures.won_deals, figures.open_deals,
        ]  # fmt: skip
        styles = {head.first: head.style for head in self.heads("people", REP)}
        total = [Item(1, 1, self.say(_ALL), look.TOTAL)]
        for column, cell in enumerate(cells, start=2):
            content = cell.content if isinstance(cell, Item) else cell
            kept = styles[column]
            style = replace(look.TOTAL, format=kept.format, align=kept.align, indent=kept.indent)
            if isinstance(cell, Item):
                style = replace(style, fill=cell.style.fill, color=cell.style.color)
            total.append(Item(column, column, "—" if content is None else content, style))
        return list(total)

    # -------------------------------------------------------------------- deals

    def deciding(self) -> None:
        """The ten deals of the present period that are expected to bring most."""
        name = words.period_name(self.forecast.period)
        found = self.forecast.deciding
        title = _DECIDING.fill(n=len(found), period=name) if found else _DECIDE.fill(period=name)
        self.out.heading(self.say(title))
        if not found:
            blind = self.first.weighted is None
            self.nothing(_NOT_WEIGHTED if blind else _NONE_DUE.fill(period=name))
            self.out.gap()
            return
        heads = [
            *self.deal_heads(), Head("percent", self.say(_NARROW), 6, 6, _PERCENT),
            Head("weighted", self.money_head(_WEIGHTED), 7, 7, replace(MONEY_CELL, bold=True)),
            Head("day", self.say(_CLOSE), 8, 8, self.date_style()), Head("opinion", self.say(_SAID), 9, 9, _PERCENT),
            Head("because", self.say(_BECAUSE), 10, 11), Head("step", self.say(_STEP), 12, 12),
        ]  # fmt: skip
        first = self.out.row + 1
        rows = [self.decider(outlook, row) for row, outlook in enumerate(found, start=first)]
        self.out.table("deciding", heads, rows)
        self.out.gap()

    def decider(self, outlook: Outlook, row: int) -> list[Shown | Item]:
        """One of the ten."""
        opinion = outlook.chance.opinion
        said = opinion.percent if opinion is not None and opinion.ended is None else "—"
        step = words.next_step(self.firm, outlook.deal)
        fill, color = look.HIGHLIGHTS["error"]
        missing = Item(12, 12, self.say(words.NO_STEP), replace(look.CELL, fill=fill, color=color, bold=True))
        return [
            *self.deal_cells(outlook.deal, outlook.owner, outlook.amount), outlook.chance.value,
            _live(outlook.weighted, f"ROUND(E{row}*F{row}/100,2)"), outlook.deal.expected_close, said,
            self.because(outlook), self.say(step) if step else missing,
        ]  # fmt: skip

    def because(self, outlook: Outlook) -> str:
        """Why this probability, and how long the deal has stood there."""
        days = _DAYS.fill(n=outlook.days_in_stage) if outlook.days_in_stage is not None else same("")
        return self.say(outlook.chance.because) + self.say(days)

    def deal_heads(self) -> list[Head]:
        """The first columns of every list of deals."""
        return [
            Head("deal", self.say(_DEAL), 1, 2, look.CELL_LINK),
            Head("owner", self.say(REP), 3, 3),
            Head("stage", self.say(_STAGE), 4, 4),
            Head("amount", self.money_head(_AMOUNT), 5, 5, MONEY_CELL),
        ]

    def deal_cells(self, deal: Deal, owner: str, amount: Decimal | None) -> list[Shown | Item]:
        """What stands in them."""
        abroad = words.in_other_money(deal, self.firm, deal.amount) if amount is None else None
        return [self.link(deal), self.owner(owner), deal.stage, self.say(abroad) if abroad else amount]

    def not_counted(self) -> None:
        """Money in no figure: by reason, and folded the deals themselves."""
        found = self.forecast.uncounted
        if not found:
            self.out.heading(self.say(_ALL_COUNTED))
            self.out.gap()
            return
        money = exchange(self.firm)
        order: list[Why] = [why for why in words.WHY if any(u.why == why for u in found)]
        found = tuple(sorted(found, key=lambda u: (order.index(u.why), -(self.worth(money, u.deal) or NONE))))
        total = sum((self.worth(money, u.deal) or NONE for u in found), NONE)
        sums = self.firm.has("Deals.amount")
        worth = words.short(total, self.base) if sums else _NO_SUM
        self.out.heading(self.say(_NOT_COUNTED.fill(deals=DEALS.of(len(found)), money=worth)))
        heads = [
            Head("why", self.say(_WHY), 1, 2),
            Head("count", self.say(_COUNT), 3, 3, NUMBER),
            Head("amount", self.money_head(_AMOUNT), 4, 5, MONEY_CELL),
            Head("mend", self.say(_MEND), 6, _SCREEN),
        ]
        listed = found[:_MOST_LISTED] if len(found) > _MOST_LISTED else found
        whole = len(listed) == len(found)
        rows: list[list[Shown | Item]] = []
        for row, why in enumerate(order, start=self.out.row + 1):
            own = [self.worth(money, u.deal) or NONE for u in found if u.why == why]
            count = self.listed(len(own), "COUNTIF({why},$A{row})", row, whole=whole)
            amount = self.listed(sum(own, NONE), "SUMIF({why},$A{row},{amount})", row, whole=whole)
            rows.append([self.say(words.WHY[why]), count, amount if sums else "—", self.say(words.MEND[why])])
        self.out.table("reasons", heads, rows)
        deal_heads = [
            *self.deal_heads(), Head("day", self.say(_CLOSE), 6, 7, self.date_style()), Head("why", self.say(_WHY), 8, 10),
            Head("step", self.say(_STEP), 11, 12),
        ]  # fmt: skip
        lines: list[list[Shown | Item]] = []
        for one in listed:
            step = words.next_step(self.firm, one.deal)
            cells = self.deal_cells(one.deal, one.deal.owner or "", self.worth(money, one.deal))
            lines.append(
                [
                    *cells,
                    one.deal.expected_close,
                    self.say(words.WHY[one.why]),
                    self.say(step) if step else None,
                ]
            )
        with self.out.folded():
            self.out.table("uncounted", deal_heads, lines)
            if not whole:
                self.nothing(_MORE_DEALS.fill(n=len(found) - len(listed)))

    def worth(self, money: Exchange, deal: Deal) -> Decimal | None:
        """A deal's amount in the base currency today."""
        return None if deal.amount is None else money.worth(deal.amount, deal.currency, self.firm.as_of)

    def listed(self, value: int | Decimal, formula: str, row: int, *, whole: bool) -> Shown:
        """A number over the folded list, live while that holds every deal."""
        if not whole:
            return value

        def part(b: Block) -> str:
            return formula.format(why=b.cells("why"), amount=b.cells("amount"), row=row)

        return Live(value, lambda placed: placed.total(["uncounted"], part))

    # ---------------------------------------------------------------- waterfall

    def waterfall(self) -> None:
        """How the pipeline of the period moved: its steps, and the chart over what they are drawn from."""
        self.out.new_page()
        period = self.forecast.period
        known = self.firm.has("Deals.amount") and self.firm.has("Deals.expected_close")
        found = pipeline.waterfall(self.firm, period) if known else None
        if found is None:
            self.out.heading(self.say(_WATERFALL.fill(period=words.period_name(period))))
            self.nothing(words.TOO_YOUNG if known else _NO_WATERFALL)
            self.out.gap()
            return
        self.out.heading(self.say(words.since(found, period)))
        heads = [
            Head("step", self.say(_MOVE), 1, 1, _STRONG), Head("amount", self.money_head(_AMOUNT), 2, 2, _SIGNED),
            Head("count", self.say(_COUNT), 3, 3, NUMBER),
            *(Head(key, "", n, n, _UNSEEN) for n, key in enumerate(_COLOURS, start=5)),
        ]  # fmt: skip
        rows = self.steps(found)
        self.out.table("waterfall", heads, rows, least=18)
        block = self.out.block("waterfall")
        assert block is not None
        self.draw(block)
        if found.unknown:
            self.nothing(_UNKNOWN.fill(deals=DEALS.of(found.unknown)))
        self.out.gap()

    def steps(self, found: Waterfall) -> list[list[Shown | Item]]:
        """Opening, eight steps, closing; beside each the floating column that the chart shows."""
        first, running = self.out.row + 1, found.opening
        rows: list[list[Shown | Item]] = [
            [self.say(words.STEP["opening"]), found.opening, None, NONE, found.opening, NONE, NONE]
        ]
        for step in STEPS:
            amount = found.steps[step]
            lower = running + min(amount, NONE)
            running += amount
            rows.append([
                self.say(words.STEP[step]), amount, found.deals[step] or None, lower, NONE, max(amount, NONE),
                max(-amount, NONE),
            ])  # fmt: skip
        closing = _live(found.closing, f"SUM(B{first}:B{first + len(STEPS)})")
        rows.append([self.say(words.STEP["closing"]), closing, None, NONE, found.closing, NONE, NONE])
        return rows

    def draw(self, block: Block) -> None:
        """The waterfall as stacked columns, the lowest part of each unseen."""

        def column(key: str) -> Area:
            return Area(block.first_row, block.columns[key], block.last_row, block.columns[key])

        series = tuple(Series(key, column("step"), column(key), color) for key, color in _COLOURS.items())
        chart = Chart("stacked_column", "", series, (1, 1), legend=False, labels=True)
        self.out.chart(chart, Area(block.first_row - 1, 4, block.last_row, _SCREEN))

    # ------------------------------------------------------------ probabilities

    def stages(self) -> None:
        """The probability of each stage with open deals, and what stands there."""
        self.out.heading(self.say(_STAGES))
        found = self.forecast.stages
        if not found:
            self.nothing(_NO_OPEN)
        else:
            heads = [
                Head("stage", self.say(_STAGE), 1, 1),
                Head("percent", self.say(_PROBABILITY), 2, 2, _PERCENT),
                Head("count", self.say(_COUNT), 3, 3, NUMBER),
                Head("amount", self.money_head(_AMOUNT), 4, 4, MONEY_CELL),
                Head("weighted", self.money_head(_WEIGHTED), 5, 5, MONEY_CELL),
            ]
            rows: list[list[Shown | Item]] = [
                [s.stage, _dash(s.probability), s.deals, _dash(s.amount), _dash(s.weighted)] for s in found
            ]
            self.out.table("stages", heads, rows)
        self.out.gap()

    def opinions(self) -> None:
        """Probabilities from one-on-ones: who, when, why, and whether they still hold."""
        found = self.forecast.opinions
        if not found:
            self.out.heading(self.say(_NO_OPINIONS))
            self.out.gap()
            return
        self.out.heading(self.say(_OPINIONS.fill(deals=DEALS.of(len(found)))))
        heads = [
            *self.deal_heads(), Head("percent", self.say(_SAID), 6, 6, _PERCENT), Head("who", self.say(_WHO), 7, 7),
            Head("at", self.say(_WHEN), 8, 8, self.date_style()), Head("fixed", self.say(_BY_STAGE), 9, 9, _PERCENT),
            Head("state", self.say(_HOLDS), 10, 11), Head("why", self.say(_REASON), 12, 12),
        ]  # fmt: skip
        rows: list[list[Shown | Item]] = [
            [
                *self.deal_cells(outlook.deal, outlook.owner, outlook.amount), opinion.percent,
                self.say(words.who(opinion)), opinion.at, outlook.chance.stage, self.say(words.in_force(opinion)),
                opinion.note or None,
            ]
            for outlook, opinion in found[:_MOST_LISTED]
        ]  # fmt: skip
        self.out.table("opinions", heads, rows)
        self.out.gap()

    # -------------------------------------------------------- what it is made of

    def deals(self) -> None:
        """Every open deal with an amount, a date to come and a rate: the sums above are made of these."""
        self.out.heading(self.say(_COUNTED.fill(deals=DEALS.of(len(self.counted)))))
        if not self.counted:
            self.out.gap()
            return
        heads = [
            *self.deal_heads(), Head("percent", self.say(_NARROW), 6, 6, _PERCENT),
            Head("weighted", self.money_head(_WEIGHTED), 7, 7, MONEY_CELL), Head("day", self.say(_CLOSE), 8, 8, self.date_style()),
            Head("age", self.say(_DAYS_IN_STAGE), 9, 9, NUMBER), Head("source", self.say(_SOURCE), 10, 10),
            Head("because", self.say(_BECAUSE), 11, 12),
        ]  # fmt: skip
        rows: list[list[Shown | Item]] = [
            [
                *self.deal_cells(o.deal, o.owner, o.amount), o.chance.value, _live(o.weighted, f"ROUND(E{row}*F{row}/100,2)"),
                o.deal.expected_close, o.days_in_stage, self.say(words.SOURCE[o.chance.source]), self.say(o.chance.because),
            ]
            for row, o in enumerate(self.counted[:MOST_ROWS], start=self.out.row + 1)
        ]  # fmt: skip
        with self.out.folded():
            self.out.table("deals", heads, rows)
            if len(self.counted) > MOST_ROWS:
                self.nothing(_MORE_DEALS.fill(n=len(self.counted) - MOST_ROWS))

    def won(self) -> None:
        """The revenue of the periods, deal by deal, refunds below 0."""
        start = min(period.start for period in self.forecast.periods)
        self.out.heading(self.say(_ENTRIES.fill(deals=DEALS.of(len(self.entries)), day=start)))
        if not self.entries:
            self.out.gap()
            return
        heads = [
            *self.deal_heads(), Head("own", self.say(_IN_DEAL), 6, 7), Head("day", self.say(_COUNTED_ON), 8, 8, self.date_style()),
            Head("kind", self.say(_KIND), 9, 10),
        ]  # fmt: skip
        rows: list[list[Shown | Item]] = []
        for entry in self.entries[:MOST_ROWS]:
            abroad = words.in_other_money(entry.deal, self.firm, entry.deal.amount)
            rows.append([
                *self.deal_cells(entry.deal, entry.owner, entry.amount), self.say(abroad) if abroad else None, entry.day,
                self.say(_REFUND if entry.refund else _WON_ONE),
            ])  # fmt: skip
        with self.out.folded():
            self.out.table("won", heads, rows)
            if len(self.entries) > MOST_ROWS:
                self.nothing(_MORE_DEALS.fill(n=len(self.entries) - MOST_ROWS))

    def blind(self) -> None:
        """What cannot be said, and what is missing for it."""
        found = self.forecast.blind
        if not found:
            return
        self.out.heading(self.say(_BLIND))
        heads = [Head("what", self.say(_WHAT), 1, 4, _STRONG), Head("reason", self.say(_REASON), 5, _SCREEN)]
        rows: list[list[Shown | Item]] = [[self.say(b.what), self.say(b.reason)] for b in found]
        self.out.table("blind", heads, rows)
        self.out.gap()


def _live(value: Decimal | float | None, formula: str) -> Shown:
    return "—" if value is None else Live(value, lambda _: formula)


def _dash(value: Decimal | None) -> Shown:
    return "—" if value is None else value


def _against(figures: Figures) -> Decimal | None:
    """What is expected above the plan; below 0 what is missing."""
    return None if figures.gap is None else -figures.gap


def _rounded(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _judged(ratio: Decimal) -> Style:
    fill, color = look.PASSED["good" if ratio >= 1 else "fair" if ratio >= Decimal("0.8") else "poor"]
    return replace(_SHARE_CELL, fill=fill, color=color)


def _number_style(content: Shown, code: str) -> Style:
    return look.CARD_WORDS if isinstance(content, str) else replace(look.CARD_NUMBER, format=code)


def _letter(block: Block, key: str) -> str:
    return block.cells(key).split("$")[1]


TITLE = Text("Forecast", "Прогноз")
_PERIOD, _PLAN, _WON = Text("Period", "Период"), Text("Plan", "План"), Text("Won", "Выиграно")
_WEIGHTED = Text("Weighted", "Взвешенно")
_EXPECTED = Text("Expected", "Ожидаем")
_OF_PLAN, _AGAINST = Text("Of plan", "От плана"), Text("Against plan", "К плану")
_DUE = Text("Open, due", "В работе, срок")
_COVERAGE = Text("Coverage", "Покрытие")
_WEIGHTED_COVERAGE = Text("Weighted coverage", "Взвеш. покрытие")
_COVERAGE_NOTE = Text("open deals due / (plan − won)", "сделки со сроком / (план − выиграно)")
_PLAN_WON = Text("the plan is won already", "план уже выигран")
_FROM, _TO = Text("From", "С"), Text("To", "По")
_WON_DEALS, _OPEN_DEALS = Text("Won deals", "Выиграно сделок"), Text("Deals due", "Сделок со сроком")
_RANGE = Text("Range and chance", "Диапазон и шанс")
_WON_AND_WEIGHTED = Text("won + weighted pipeline", "выиграно + взвешенная сумма")
_NO_PLAN = Text("no plan", "нет плана")
_PERIOD_NOTE = Text("{period}, {left} left", "{period}, осталось {left}")
_OWED = Text("{deals}; still to be paid {owed}", "{deals}; ещё не оплачено {owed}")
_NEEDS_PLAN = Text("needs a plan", "нужен план")
_MORE_THAN_PLAN = Text("more than the plan is expected", "ожидаем больше плана")
_NONE_WON = Text(
    "in deals: not computable, none won in 12 months", "в сделках не посчитать: за 12 месяцев побед нет"
)
_IN_DEALS = Text("= {deals} of the usual size", "= {deals} обычного размера")
_BY_REP = Text(
    "By rep, {period}: who misses most first", "По менеджерам, {period}: сначала те, кому больше не хватает"
)
_NO_PEOPLE = Text(
    "Not checked: deals have no owner, or there is nobody with a plan or a deal.",
    "Не проверяется: у сделок нет ответственных или нет ни планов, ни сделок.",
)
_MORE_PEOPLE = Text("and {n} more people, who miss less", "и ещё {n} чел., им не хватает меньше")
_ALL = Text("All", "Все")
_DECIDING = Text(
    "Deals that decide {period} ({n}): dearest first",
    "Сделки, которые решают {period} ({n}): сначала дорогие",
)
_DECIDE = Text("Deals that decide {period}", "Сделки, которые решают {period}")
_NOT_WEIGHTED = Text(
    "Not checked: amounts, expected closes or probabilities have no column.",
    "Не проверяется: нет столбца суммы, плана закрытия или вероятности.",
)
_NONE_DUE = Text(
    "No open deal with an amount, a probability and a date in what is left of {period}.",
    "Нет сделок в работе с суммой, вероятностью и сроком в остатке периода: {period}.",
)
_DEAL, _STAGE, _AMOUNT = Text("Deal", "Сделка"), Text("Stage", "Этап"), Text("Amount", "Сумма")
_PROBABILITY = Text("Probability", "Вероятность")
_NARROW = Text("Proba-\nbility", "Вероят-\nность")
_CLOSE, _STEP = Text("Expected close", "План закрытия"), Text("Next step", "Следующий шаг")
_BECAUSE = Text("Because", "Почему столько")
_DAYS = Text("; in stage {n} days", "; на этапе {n} дн.")
_DAYS_IN_STAGE = Text("Days in stage", "Дней на этапе")
_WHY, _COUNT, _MEND = Text("Why", "Почему"), Text("Deals", "Сделок"), Text("What to do", "Что сделать")
_ALL_COUNTED = Text(
    "Money not counted: none, every deal is in the figures", "Не посчитанных денег нет: учтены все сделки"
)
_NOT_COUNTED = Text("Money not counted: {deals}, {money}", "Деньги, которые не посчитаны: {deals}, {money}")
_NO_SUM = Text("amounts not known", "суммы неизвестны")
_MORE_DEALS = Text("and {n} more deals", "и ещё сделок: {n}")
_WATERFALL = Text(
    "How the pipeline due in {period} has moved", "Что изменилось в сделках со сроком в периоде {period}"
)
_NO_WATERFALL = Text(
    "Not checked: deals have no column of amounts or of expected close.",
    "Не проверяется: у сделок нет столбца суммы или плана закрытия.",
)
_MOVE = Text("What happened", "Что произошло")
_UNKNOWN = Text(
    "{deals} due have no number of their own: their past is not known, they are left out.",
    "{deals} со сроком в периоде не имеют своего №: их прошлое неизвестно, здесь их нет.",
)
_STAGES = Text(
    "Probabilities: by the sheet Stages; these are the firm's own estimates, not yet measured",
    "Вероятности: по листу «Этапы»; это оценки фирмы, ещё не измеренные",
)
_NO_OPEN = Text("No open deals.", "Сделок в работе нет.")
_NO_OPINIONS = Text("1-1 probabilities: none", "Вероятности с 1-1: нет")
_OPINIONS = Text("1-1 probabilities: {deals}", "Вероятности с 1-1: {deals}")
_SAID, _WHO, _WHEN = Text("1-1, %", "1-1, %"), Text("Set by", "Кто оценил"), Text("Set on", "Когда")
_BY_STAGE, _HOLDS, _REASON = Text("Stage, %", "Этап, %"), Text("In force", "Действует"), Text("Why", "Почему")
_COUNTED = Text("Open deals in the figures: {deals}", "Сделки в работе, из которых посчитано: {deals}")
_SOURCE = Text("Source", "Откуда")
_ENTRIES = Text("Won and refunded since {day}: {deals}", "Выиграно и возвращено с {day}: {deals}")
_IN_DEAL, _COUNTED_ON, _KIND = (
    Text("As in the deal", "Как в сделке"),
    Text("Counted on", "Учтена"),
    Text("Kind", "Вид"),
)
_REFUND, _WON_ONE = Text("refund", "возврат"), Text("won", "выиграна")
_BLIND = Text("Not checked, with reasons", "Не проверено, с причинами")
_WHAT = Text("What", "Что")
