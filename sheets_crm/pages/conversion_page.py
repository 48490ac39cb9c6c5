"""The Conversion sheet, built block by block from the top down as WORKBOOK.md draws its first screen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from sheets_crm.metrics.conversion import LEAST, Funnel, Length, Loss, Ratio, Rep, StageCount, StageShare
from sheets_crm.pages import Told, look
from sheets_crm.pages import conversion_words as words
from sheets_crm.pages.layout import Head, Item, Layout, Live, Placed, Shown
from sheets_crm.schema import OneOnOne
from sheets_crm.schema.choices import CATEGORY
from sheets_crm.sheet import Area, Chart, Page, Series, SheetLink, Style, letters
from sheets_crm.text import Text, shown

_WIDTHS = (19.0, 8.0, 11.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 11.5, 11.5, 10.0, 11.5, 11.5, 10.0, 10.0)
"""The stage table above, two tables beside the chart, the matrices of people and losses below share these columns."""
_LAST = len(_WIDTHS)
_CHART_END, _BESIDE = 5, 6
_STAGES_AT, _MOST_STAGES = 4, 8
"""Where the columns of stages begin in the matrices, and how many there are."""
_LEAST_CHART = 150.0
"""Points."""

_NUMBER = replace(look.CELL, align="center")
_SPARSE = replace(_NUMBER, format="0;;")
"""A zero is shown as nothing."""
_PERCENT = replace(_NUMBER, format="0%")
_BOLD_PERCENT = replace(_PERCENT, bold=True)
_POINTS = replace(_NUMBER, format="+0;−0;0")
_DAYS = replace(_NUMBER, format="0")
_MONEY = replace(look.CELL, format=look.MONEY, align="right")
_AMOUNT = replace(_MONEY, size=look.TINY)
_SMALL_HEAD = replace(look.TABLE_HEAD, size=8)
"""Names of stages in narrow columns."""
_STRONG = replace(look.CELL, bold=True)
_TOTAL_NUMBER = replace(look.TOTAL, align="center", format="0;;")
_TOTAL_MONEY = replace(look.TOTAL, align="right", format=look.MONEY, size=look.TINY)
_NOTE = replace(look.CELL, size=look.TINY, color=look.MUTED)


_NOTE_AT = 14


class ConversionPage:
    """The page while it is being built."""

    def __init__(self, told: Told, funnels: Sequence[Funnel]) -> None:
        self.told = told
        self.lang = told.lang
        self.funnels = funnels
        self.out = Layout(_WIDTHS)

    def build(self, name: str) -> Page:
        """One line on top; then pipeline by pipeline."""
        self.first_line()
        for number, funnel in enumerate(self.funnels):
            Section(self, funnel, f"{number}").build(titled=len(self.funnels) > 1)
        if not self.funnels:
            self.out.add(Item(1, _LAST, self.say(_NO_PIPELINES), look.NOTHING))
        parts = [self.say(_TITLE), shown(self.told.firm.as_of, self.lang), self.told.head[:12]]
        return self.out.page("conversion", name, footer=" · ".join(part for part in parts if part))

    def say(self, text: Text) -> str:
        """A text in the workbook's language."""
        return text.get(self.lang)

    def first_line(self) -> None:
        """The date, and the one sentence of the pipeline that loses most."""
        title = f"{self.say(_TITLE)} · {shown(self.told.firm.as_of, self.lang)}"
        items = [Item(1, 5, title, look.PAGE_TITLE)]
        if self.funnels:
            main = max(self.funnels, key=lambda f: (f.worst.lost if f.worst else -1, len(f.deals)))
            sentence = self.say(words.headline(main))
            lead = f"{self.say(words.named(main))}: " if len(self.funnels) > 1 else ""
            items.append(Item(6, _LAST, f"{lead}{sentence}.", look.HEADLINE))
        self.out.add(*items, height=24)


class Section:
    """The blocks of one pipeline; `tag` tells its tables from those of the others."""

    def __init__(self, page: ConversionPage, funnel: Funnel, tag: str) -> None:
        self.page, self.funnel, self.tag = page, funnel, tag
        self.out, self.say, self.lang = page.out, page.say, page.lang

    def build(self, *, titled: bool) -> None:
        """Blocks 2 to 7."""
        self.out.add(Item(1, _LAST, self.say(words.basis(self.funnel)), look.ASIDE))
        if titled:
            self.out.heading(f"{self.say(words.named(self.funnel))}: {self.say(words.headline(self.funnel))}")
        if self.funnel.deals:
            self.stages()
            self.rates()
            self.reps()
            self.losses()
        self.gaps()

    def live(self, value: float | None, formula: str) -> Shown:
        """A number with its formula; a dash where there is none."""
        return "—" if value is None else Live(value, lambda _: formula)

    def quotient(self, ratio: Ratio, part: int, whole: int) -> Shown:
        """A share as the quotient of two cells of its own row."""
        row = self.row
        return self.live(ratio.share, f"{letters(part)}{row}/{letters(whole)}{row}")

    # ------------------------------------------------------------- stages, chart

    def stages(self) -> None:
        """What is at every stage now, and what became of those that entered."""
        funnel, tag = self.funnel, f"stages{self.tag}"
        if not funnel.stages:
            return
        self.out.heading(self.say(_STAGES if funnel.judged else _STAGES_NOW))
        money = _REVENUE.fill(currency=funnel.firm.base_currency)
        columns = [("stage", _STAGE, look.CELL), ("now", _NOW, _SPARSE), ("revenue", money, _MONEY)]
        if funnel.judged:
            columns += _COHORT
        heads = [
            Head(key, self.say(text), n, n, style) for n, (key, text, style) in enumerate(columns, start=1)
        ]
        heads.append(Head("note", self.say(_NOTICE), _NOTE_AT if funnel.judged else _STAGES_AT, _LAST, _NOTE))
        self.row = self.out.row
        self.out.table(tag, heads, [self.stage(count) for count in funnel.table], least=14)
        self.out.gap()

    def stage(self, s: StageCount) -> list[Shown | Item]:
        """One stage: now, and its cohort if there is one."""
        self.row += 1
        name: Shown | Item = s.stage.stage
        if s is self.funnel.worst:
            fill, color = look.PASSED["poor"]
            name = Item(1, 1, s.stage.stage, replace(_STRONG, fill=fill, color=color))
        now: list[Shown | Item] = [name, s.now, s.revenue or None]
        if not self.funnel.judged:
            return [*now, self.note(s)]
        return [
            *now, s.entered, s.moved, s.lost, s.junk, s.undecided, self.quotient(s.conversion, 5, 4),
            self.quotient(s.drop_out, 6, 4), self.quotient(s.open_part, 8, 4), "—" if s.days is None else s.days,
            s.young, self.note(s),
        ]  # fmt: skip

    def note(self, s: StageCount) -> str:
        """What to know about a stage's figures."""
        parts = []
        if s is self.funnel.worst:
            parts.append(_LOSES_MOST)
        if self.funnel.judged and s.entered < LEAST:
            parts.append(_FEW.fill(n=s.entered, least=LEAST))
        if s.unpriced and self.funnel.firm.has("Deals.amount"):
            parts.append(_UNPRICED.fill(n=s.unpriced))
        return "; ".join(self.say(part) for part in parts)

    # ----------------------------------------------------------- win rate, cycle

    def rates(self) -> None:
        """Win rate and cycle against the period before; beside them the chart of what each stage loses."""
        funnel = self.funnel
        drawn = funnel.worst is not None
        left = 1 if not drawn else _BESIDE
        items = [
            Item(
                left,
                _LAST,
                self.say(_RATES.fill(first=funnel.previous.start, last=funnel.previous.end)),
                look.BLOCK,
            )
        ]
        if drawn:
            items.insert(0, Item(1, _CHART_END, self.say(_CHART), replace(look.BLOCK, bottom=None)))
        top = self.out.add(*items, height=17) + 1
        self.rate_table(left)
        self.out.gap()
        self.cycle_table(left)
        if drawn:
            missing = _LEAST_CHART - self.out.height(top, self.out.row - 1)
            if missing > 0:
                self.out.gap(missing)
            self.chart(Area(top, 1, self.out.row - 1, _CHART_END))
        self.out.gap()

    def rate_table(self, left: int) -> None:
        """Won / (won + lost) in deals and in money, with and without junk."""
        texts = (_FIGURE, _WON, _CLOSED, _SHARE, _WON_BEFORE, _CLOSED_BEFORE, _SHARE_BEFORE, _POINTS_MORE)
        looks = (look.CELL, _AMOUNT, _AMOUNT, _BOLD_PERCENT, _AMOUNT, _AMOUNT, _PERCENT, _POINTS)
        priced = self.funnel.firm.has("Deals.amount")
        shown_ = [rate for rate in words.RATES if priced or not rate.money]
        self.row = self.out.row
        self.out.table(
            f"rates{self.tag}", self.beside(left, texts, looks), [self.rate(r) for r in shown_], least=14
        )

    def rate(self, rate: words.Rate) -> list[Shown | Item]:
        """One win rate, now and before."""
        self.row += 1
        now, before = rate.of(self.funnel.now), rate.of(self.funnel.before)
        change = None
        if self.funnel.compared and now.share is not None and before.share is not None:
            change = 100 * (now.share - before.share)
        style = _AMOUNT if rate.money else _NUMBER
        was = [Item(n, n, value, style) for n, value in ((13, before.part), (14, before.whole))]
        return [
            self.say(rate.name), Item(10, 10, now.part, style), Item(11, 11, now.whole, style), self.quotient(now, 10, 11),
            *was, self.quotient(before, 13, 14), self.live(change, f"100*(L{self.row}-O{self.row})"),
        ]  # fmt: skip

    def cycle_table(self, left: int) -> None:
        """Days from created to closed and to paid."""
        texts = (_CYCLE, _DEALS, _MEAN, _MEDIAN, _DEALS_BEFORE, _MEAN_BEFORE, _MEDIAN_BEFORE, _DAYS_MORE)
        looks = (look.CELL, _NUMBER, _DAYS, replace(_DAYS, bold=True), _NUMBER, _DAYS, _DAYS, _POINTS)
        now, before = self.funnel.now, self.funnel.before
        known = [cycle for cycle in words.CYCLES if cycle.of(now).n or cycle.of(before).n]
        self.row = self.out.row
        if known:
            rows = [self.cycle(self.say(c.name), c.of(now), c.of(before)) for c in known]
            self.out.table(f"cycles{self.tag}", self.beside(left, texts, looks), rows, least=14)

    def cycle(self, name: str, now: Length, before: Length) -> list[Shown | Item]:
        """One cycle, now and before."""
        self.row += 1
        change = None
        if self.funnel.compared and now.median is not None and before.median is not None:
            change = float(now.median - before.median)
        return [name, *_lengths(now), *_lengths(before), self.live(change, f"L{self.row}-O{self.row}")]

    def beside(self, left: int, texts: Sequence[Text], looks: Sequence[Style]) -> list[Head]:
        """The columns of the two tables beside the chart: words, three of now, three of before, the change."""
        names = [self.say(text) for text in texts]
        wide = Head("figure", names[0], left, 9, looks[0])
        return [wide, *(Head(f"c{n}", names[n], n + 9, n + 9, looks[n]) for n in range(1, 8))]

    def chart(self, space: Area) -> None:
        """What share of the deals every stage loses."""
        block = self.out.block(f"stages{self.tag}")
        assert block is not None
        stage, lost = (
            Area(block.first_row, block.columns[k], block.last_row, block.columns[k])
            for k in ("stage", "drop_out")
        )
        series = (Series(self.say(_DROP_OUT), stage, lost, look.BARS["error"]),)
        self.out.chart(Chart("bar", "", series, (1, 1), legend=False, labels=True), space)

    # -------------------------------------------------------------------- people

    def reps(self) -> None:
        """Who wins surely more or less than the team, and what to ask."""
        reps = [rep for rep in self.funnel.reps if rep.owner or rep.wins.whole]
        if not self.funnel.firm.has("Deals.owner") or not reps:
            return
        self.out.heading(self.say(_REPS))
        heads = [
            Head("rep", self.say(_REP), 1, 3, _STRONG), Head("won", self.say(_WON), 4, 4, _NUMBER),
            Head("closed", self.say(_CLOSED), 5, 5, _NUMBER), Head("share", self.say(_SHARE), 6, 6, _BOLD_PERCENT),
            Head("low", self.say(_LOW), 7, 7, _PERCENT), Head("high", self.say(_HIGH), 8, 8, _PERCENT),
            Head("team", self.say(_TEAM), 9, 9, _PERCENT), Head("verdict", self.say(_VERDICT), 10, 11),
            Head("how", self.say(_HOW), 12, _LAST),
        ]  # fmt: skip
        self.row = self.out.row
        self.out.table(f"reps{self.tag}", heads, [self.rep(rep) for rep in reps], least=14)
        self.rep_stages([rep for rep in reps if any(share.ratio.whole for share in rep.stages)])
        self.out.gap()

    def rep(self, rep: Rep) -> list[Shown | Item]:
        """One person: win rate, its bounds, the verdict, what to ask."""
        self.row += 1
        low, high = rep.bounds or ("—", "—")
        verdict = self.say(words.VERDICTS[rep.verdict])
        if rep.verdict == "few":
            verdict = self.say(_FEW.fill(n=rep.wins.whole, least=LEAST))
        colours = {"champion": look.PASSED["good"], "laggard": look.PASSED["poor"]}.get(rep.verdict)
        style = look.CELL if colours is None else replace(_STRONG, fill=colours[0], color=colours[1])
        share, team = self.quotient(rep.wins, 4, 5), "—" if rep.team.share is None else rep.team.share
        if rep.owner is None:
            low, high, verdict, team = "—", "—", "", "—"
        return [
            rep.owner or self.say(words.NO_OWNER), rep.wins.part, rep.wins.whole, share, low, high, team,
            Item(10, 11, verdict, style), self.ask(rep),
        ]  # fmt: skip

    def ask(self, rep: Rep) -> Shown:
        """The question, linked to the sheet where its answer belongs."""
        text = self.say(words.ask(rep, self.funnel.reps))
        sheet = self.funnel.firm.book.of(OneOnOne).sheet
        return SheetLink(text, sheet) if rep.verdict == "champion" and sheet else text or None

    def rep_stages(self, reps: Sequence[Rep]) -> None:
        """The same stage by stage, folded away where nobody stands out."""
        if not reps:
            return
        stages = self.funnel.stages[:_MOST_STAGES]
        telling = any(share.verdict in _MARKS for rep in reps for share in rep.stages)
        with self.out.folded(closed=not telling):
            row = self.out.row
            heads = [
                Head("rep", self.say(_REP_STAGES), 1, 3, _STRONG),
                *(
                    Head(f"s{n}", stage.stage or "", n + _STAGES_AT, n + _STAGES_AT, _NUMBER)
                    for n, stage in enumerate(stages)
                ),
            ]
            rows: list[list[Shown | Item]] = [
                [
                    rep.owner or self.say(words.NO_OWNER),
                    *(
                        self.stage_share(share, n + _STAGES_AT)
                        for n, share in enumerate(rep.stages[:_MOST_STAGES])
                    ),
                ]
                for rep in reps
            ]
            self.out.table(f"rep_stages{self.tag}", heads, rows, least=14)
            self.small_heads(row, heads[1:])

    def stage_share(self, share: StageShare, at: int) -> Item:
        """«▲ 26 из 31»: marked and coloured where it is surely above or below the team's."""
        if not share.ratio.whole:
            return Item(at, at, None, _NUMBER)
        words_ = self.say(_OF.fill(part=share.ratio.part, whole=share.ratio.whole))
        if share.verdict not in _MARKS:
            return Item(at, at, words_, _NUMBER)
        mark, colours = _MARKS[share.verdict]
        fill, color = look.PASSED[colours]
        return Item(at, at, f"{mark} {words_}", replace(_NUMBER, fill=fill, color=color, bold=True))

    def small_heads(self, row: int, heads: Sequence[Head]) -> None:
        """The names of stages in smaller letters, so that long words stay whole."""
        for head in heads:
            self.out.hold(Item(head.first, head.last, head.text, _SMALL_HEAD), row, row)

    # -------------------------------------------------------------------- losses

    def losses(self) -> None:
        """Reason by stage, junk last; the sums with and without it."""
        losses = self.funnel.losses
        if not losses:
            self.out.heading(self.say(_NO_LOSSES))
            self.out.gap()
            return
        self.out.heading(self.say(_LOSSES))
        columns = self.loss_columns(losses)
        heads = self.loss_heads(columns)
        reasons: dict[tuple[str | None, str | None], list[Loss]] = defaultdict(list)
        for loss in losses:
            reasons[loss.reason, loss.category].append(loss)
        header = self.row = self.out.row
        bottom = header + len(reasons) + 1
        rows = [self.reason(own, columns, heads, bottom) for own in reasons.values()]
        self.out.table(f"losses{self.tag}", heads, rows, least=14)
        self.small_heads(header, heads[2 : 2 + len(columns)])
        self.loss_total(_ALL, losses, columns, heads, "SUM({cells})")
        clean = [loss for loss in losses if loss.category != "junk"]
        if len(clean) < len(losses):
            words_ = f'SUM({{cells}})-SUMIF({{category}},"{self.say(CATEGORY.word("junk"))}",{{cells}})'
            self.loss_total(_ALL_CLEAN, clean, columns, heads, words_)
        self.out.gap()

    def loss_columns(self, losses: Sequence[Loss]) -> list[LossColumn]:
        """A column a stage that lost something, in order; the least of too many under one name; the unknown last."""
        lost = Counter[str | None]()
        for loss in losses:
            lost[loss.stage] += loss.deals
        order = [stage.stage for stage in self.funnel.stages]
        known = sorted(
            (name for name in lost if name), key=lambda n: order.index(n) if n in order else len(order)
        )
        room = _MOST_STAGES - (None in lost)
        if len(known) > room:
            often = sorted(known, key=lambda name: -lost[name])[: room - 1]
            others = frozenset(known) - frozenset(often)
            named = [LossColumn(n, frozenset({n})) for n in known if n in often]
            columns = [*named, LossColumn(self.say(_OTHER_STAGES), others)]
        else:
            columns = [LossColumn(name, frozenset({name})) for name in known]
        return columns + [LossColumn(self.say(words.STAGE_UNKNOWN), frozenset({None}))] * (None in lost)

    def loss_heads(self, columns: Sequence[LossColumn]) -> list[Head]:
        """Reason, category, the stages, all of them, their share and amount."""
        texts = [(_ALL, replace(_NUMBER, bold=True)), (_SHARE, _PERCENT)]
        if self.funnel.firm.has("Deals.amount"):
            texts.append((_SUM.fill(currency=self.funnel.firm.base_currency), _AMOUNT))
        after = _STAGES_AT + len(columns)
        return [
            Head("reason", self.say(_REASON), 1, 2), Head("category", self.say(_CATEGORY), 3, 3),
            *(Head(f"s{n}", column.name, n, n, _SPARSE) for n, column in enumerate(columns, start=_STAGES_AT)),
            *(Head(f"t{n}", self.say(text), n, n, style) for n, (text, style) in enumerate(texts, start=after)),
        ]  # fmt: skip

    def reason(
        self, own: Sequence[Loss], columns: Sequence[LossColumn], heads: Sequence[Head], bottom: int
    ) -> list[Shown | Item]:
        """One reason: how often at every stage, in all, and of all losses."""
        self.row += 1
        counts = [column.of(own) for column in columns]
        total = letters(_STAGES_AT + len(columns))
        first, last = letters(_STAGES_AT), letters(_STAGES_AT + len(columns) - 1)
        every = sum(loss.deals for loss in self.funnel.losses)
        category = self.say(CATEGORY.word(own[0].category)) if own[0].category else None
        row: list[Shown | Item] = [
            own[0].reason or self.say(words.NO_REASON), category, *counts,
            self.live(sum(counts), f"SUM({first}{self.row}:{last}{self.row})"),
            self.live(sum(counts) / every, f"{total}{self.row}/{total}${bottom}"),
            sum((loss.amount for loss in own), Decimal(0)) or None,
        ]  # fmt: skip
        return row[: len(heads)]

    def loss_total(
        self,
        name: Text,
        losses: Sequence[Loss],
        columns: Sequence[LossColumn],
        heads: Sequence[Head],
        formula: str,
    ) -> None:
        """A row of sums under the reasons."""
        tag = f"losses{self.tag}"

        def total(value: float | Decimal, head: Head, style: Style) -> Item:
            def text(placed: Placed) -> str:
                block = placed.blocks[tag]
                return formula.format(cells=block.cells(head.key), category=block.cells("category"))

            return Item(head.first, head.last, Live(value, text), style)

        numbers = [*(column.of(losses) for column in columns), sum(loss.deals for loss in losses)]
        at = [head for head in heads[2:] if head.style is not _PERCENT]
        items = [total(number, head, _TOTAL_NUMBER) for number, head in zip(numbers, at, strict=False)]
        if len(at) > len(numbers):
            items.append(total(sum((loss.amount for loss in losses), Decimal(0)), at[-1], _TOTAL_MONEY))
        share = Item(at[len(numbers) - 1].last + 1, at[len(numbers) - 1].last + 1, None, look.TOTAL)
        self.out.add(Item(1, 3, self.say(name), look.TOTAL), *items, share, height=14)

    # ---------------------------------------------------------------------- gaps

    def gaps(self) -> None:
        """What is missing or too small to judge by, each with its reason."""
        found = words.gaps(self.funnel)
        if not found:
            self.out.heading(self.say(_NO_GAPS))
            return
        self.out.heading(self.say(_GAPS))
        heads = [
            Head("what", self.say(_WHAT), 1, 5), Head("deals", self.say(_DEALS), 6, 6, _NUMBER),
            Head("needed", self.say(_NEEDED), 7, 7, _NUMBER), Head("why", self.say(_WHY), 8, _LAST),
        ]  # fmt: skip
        rows: list[list[Shown | Item]] = [
            [self.say(gap.what), gap.deals, gap.needed, self.say(gap.why)] for gap in found
        ]
        self.out.table(f"gaps{self.tag}", heads, rows, least=14)
        self.out.gap()


class LossColumn(NamedTuple):
    """A column of the matrix of losses: its header, and the stages that it counts."""

    name: str
    stages: frozenset[str | None]

    def of(self, losses: Sequence[Loss]) -> int:
        """How many of these losses stand in it."""
        return sum(loss.deals for loss in losses if loss.stage in self.stages)


def _lengths(found: Length) -> tuple[Shown, ...]:
    return (found.n, *("—" if value is None else value for value in (found.mean, found.median)))


# ---------------------------------------------------------------------- words

_MARKS = {"champion": ("▲", "good"), "laggard": ("▼", "poor")}
_TITLE = Text("Conversion", "Конверсии")
_NO_PIPELINES = Text("There are no deals in any known stage.", "Нет сделок ни на одном известном этапе.")
_STAGES = Text(
    "Stages: what is there now, and what became of the deals that entered in this period",
    "Этапы: что там сейчас и что стало со сделками, вошедшими за период",
)
_STAGES_NOW = Text(
    "Stages: what is there now; what becomes of deals there cannot be said yet",
    "Этапы: что там сейчас; что становится со сделками, пока не видно",
)
_STAGE, _NOW = Text("Stage", "Этап"), Text("Deals now", "Сделок сейчас")
_REVENUE = Text("Their amounts, {currency}", "Их сумма, {currency}")
_ENTERED, _MOVED = Text("Entered", "Вошли"), Text("Moved on", "Прошли дальше")
_LOST, _JUNK = Text("Lost", "Отказ"), Text("of them junk", "из них брак")
_UNDECIDED = Text("Undecided", "Не решено")
_CONVERSION, _DROP_OUT = Text("Conversion", "Конверсия"), Text("Drop-out", "Отсев")
_OPEN_PART = Text("Undecided, %", "Не решено, %")
_MEDIAN_DAYS, _YOUNG = Text("Median days", "Дней, медиана"), Text("Too recent to judge", "Судить рано")
_COHORT = (
    ("entered", _ENTERED, _NUMBER), ("moved", _MOVED, _NUMBER), ("lost", _LOST, _NUMBER), ("junk", _JUNK, _SPARSE),
    ("undecided", _UNDECIDED, _NUMBER), ("conversion", _CONVERSION, _PERCENT), ("drop_out", _DROP_OUT, _PERCENT),
    ("open_part", _OPEN_PART, _PERCENT), ("days", _MEDIAN_DAYS, _DAYS), ("young", _YOUNG, _SPARSE),
)  # fmt: skip
"""The columns of a stage's cohort: key, header, look."""
_NOTICE = Text("To notice", "Что заметить")
_LOSES_MOST = Text("loses most", "теряет больше всего")
_FEW = Text("too little data: {n} of {least}", "мало данных: {n} из {least}")
_UNPRICED = Text("{n} without an amount", "без суммы: {n}")
_CHART = Text("What each stage loses", "Сколько теряет каждый этап")
_RATES = Text(
    "Win rate and cycle against the period before ({first} – {last})",
    "Доля побед и цикл против прошлого периода ({first} – {last})",
)
_FIGURE, _CYCLE = Text("Win rate", "Доля побед"), Text("Cycle, days", "Цикл, дней")
_WON, _CLOSED, _SHARE = Text("Won", "Выиграно"), Text("Closed", "Закрыто"), Text("Share", "Доля")
_WON_BEFORE = Text("Won before", "Раньше выиграно")
_CLOSED_BEFORE = Text("Closed before", "Раньше закрыто")
_SHARE_BEFORE, _POINTS_MORE = Text("Share before", "Раньше доля"), Text("Change, points", "Разница, п. п.")
_DEALS, _MEAN, _MEDIAN = Text("Deals", "Сделок"), Text("Mean", "Среднее"), Text("Median", "Медиана")
_DEALS_BEFORE, _MEAN_BEFORE = Text("Deals before", "Раньше сделок"), Text("Mean before", "Раньше среднее")
_MEDIAN_BEFORE, _DAYS_MORE = Text("Median before", "Раньше медиана"), Text("Change, days", "Разница, дней")
_REPS = Text(
    "Reps against the team of their role: only what is sure in 95 cases of 100 is called above or below",
    "Менеджеры против команды своей роли: «выше» и «ниже» только там, где это верно в 95 случаях из 100",
)
_REP, _TEAM, _VERDICT = (
    Text("Rep", "Менеджер"),
    Text("Team", "Команда"),
    Text("Against the team", "Против команды"),
)
_LOW, _HIGH = Text("At least", "Не меньше"), Text("At most", "Не больше")
_HOW = Text("How they do it", "Как он это делает")
_REP_STAGES = Text("Moved on, of those that entered", "Прошли дальше из вошедших")
_OF = Text("{part} of {whole}", "{part} из {whole}")
_LOSSES = Text("Losses of the period by reason and stage", "Отказы за период по причинам и этапам")
_NO_LOSSES = Text("Losses of the period: none", "Отказы за период: нет")
_REASON, _CATEGORY = Text("Reason", "Причина"), Text("Category", "Группа")
_OTHER_STAGES = Text("other stages", "другие этапы")
_ALL, _ALL_CLEAN = Text("All", "Всего"), Text("All without junk", "Всего без брака")
_SUM = Text("Amount, {currency}", "Сумма, {currency}")
_GAPS = Text("Too small to judge, or not known", "Мало данных или неизвестно")
_NO_GAPS = Text("Too small to judge: nothing", "Мало данных: всё можно оценить")
_WHAT, _NEEDED, _WHY = Text("What", "Что"), Text("Needed", "Нужно"), Text("Why", "Почему")
