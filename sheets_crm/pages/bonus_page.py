"""The Bonus sheet: a page for the Head of Sales, then one for each rep that shows nobody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from sheets_crm.book import folded
from sheets_crm.checks import RULES
from sheets_crm.findings import FindingKey
from sheets_crm.metrics import bonus
from sheets_crm.metrics.bonus import Account, Appealed, Bonus, Pending, Terms, Week
from sheets_crm.metrics.money import Period, period_of
from sheets_crm.pages import Told, look
from sheets_crm.pages.layout import Block, Head, Item, Layout, Live, Placed, Shown
from sheets_crm.pages.wording import FINDING_ID, seal
from sheets_crm.schema import Row
from sheets_crm.schema.choices import DECISION
from sheets_crm.sheet import Link, Page, SheetLink, letters
from sheets_crm.text import WORKING_DAYS, Lang, Noun, Text, same, shown
from sheets_crm.verdict import bearing

_WIDTHS = (13.0, 13.0, 14.0, 14.0, 14.0, 14.0, 11.5, 13.0, 13.0, 14.5, 14.5, 28.0)
_LAST = len(_WIDTHS)
_SUM = "#,##0.00"

MONEY = replace(look.CELL, format=_SUM, align="right", indent=1, wrap=False)
SHARE = replace(look.CELL, format="0.0000", align="center", wrap=False)
FACTOR = replace(look.CELL, format="0.00", align="center", wrap=False, bold=True)
NUMBER = replace(look.CELL, align="center", wrap=False)
TENTH = replace(NUMBER, format="0.0")
STRONG = replace(look.CELL, bold=True)
PAY = replace(MONEY, bold=True)
TOTAL_MONEY = replace(look.TOTAL, format=_SUM, align="right", indent=1, wrap=False)
NOTE = replace(look.ASIDE, valign="top")


class Spot(NamedTuple):
    """Where a finding stands today: its deal as people call it, and the link there."""

    deal_id: str | None
    text: str
    link: Link | SheetLink | str


@dataclass(frozen=True)
class Facts:
    """What both forms of the report are made of."""

    told: Told

    @property
    def lang(self) -> Lang:
        """The workbook's language."""
        return self.told.lang

    @property
    def base(self) -> str:
        """The firm's currency."""
        return self.told.firm.base_currency

    @property
    def separate(self) -> bool:
        """Whether the sheet goes into a file of its own, where links lead nowhere."""
        return bool(self.told.firm.setting("bonus_sheet") == "separate_file")

    @cached_property
    def account(self) -> Account:
        """Everything about the bonus today."""
        return bonus.account(self.told.firm, self.told.checked, self.told.verdict)

    def pending(self, user: str) -> Sequence[Pending]:
        """What a rep can still mend."""
        return self.account.pending.get(folded(user), ())

    @cached_property
    def _rows(self) -> Mapping[tuple[str, str], Row]:
        """(table, row key) to row, of the rows that are named on the page."""
        account, tables = self.account, self.told.firm.book.tables
        keys = [one.finding.key for own in account.pending.values() for one in own]
        keys += [evidence.key for evidence in account.evidence.values()]
        wanted = {(key.table, key.row_key) for key in keys}
        named = {table for table, _ in wanted if table in tables}
        return {(key, row.key): row for key in named for row in tables[key].rows if (key, row.key) in wanted}

    def spot(self, key: FindingKey) -> Spot:
        """The deal of a finding, with a link to it by its ID; the row's key where the row is gone."""
        row = self._rows.get((key.table, key.row_key))
        deal = self.told.firm.deal_of(row) if row is not None else None
        if deal is None:
            return Spot(None, key.row_key, key.row_key)
        text = (
            f"{deal.name} ({deal.deal_id})"
            if deal.name and deal.deal_id
            else deal.name or deal.deal_id or deal.key
        )
        table = self.told.firm.book.deals
        if self.separate or not deal.deal_id or not table.has("deal_id") or deal.key.startswith("~"):
            return Spot(deal.deal_id, text, text)
        return Spot(
            deal.deal_id, text, Link(text, table.sheet or "", table.positions["deal_id"], deal.deal_id)
        )


def state(*, closed: bool) -> Text:
    """«предварительно» or «закрыто»."""
    return _CLOSED if closed else _PROVISIONAL


def met(week: Week) -> bool:
    """Whether every requirement was met; a week without a run counts so."""
    return not any(rule.missed for rule in week.rules)


def place_of(one: Appealed, effects: Mapping[str, Text]) -> Text:
    """What an appeal changes, or why it changes nothing."""
    return one.reason or effects[one.decision or "open"]


class BonusPage:
    """The page while it is being built."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.account = facts.account
        self.lang = facts.lang
        self.out = Layout(_WIDTHS)
        self.day = replace(NUMBER, format=look.DATES[self.lang])

    def build(self, name: str) -> Page:
        """The Head of Sales' page, then one a rep."""
        self.title(self.say(TITLE), self.summary_words())
        if self.account.people:
            self.rules()
        else:
            self.nothing(_NO_REPS)
        for number, period in enumerate(self.account.periods):
            if self.account.bonuses[period]:
                self.summary(period, number)
        self.ignored()
        self.notes()
        self.seal()
        for user in self.account.people:
            self.out.new_page()
            self.person(user)
        told = self.facts.told
        parts = [self.say(TITLE), shown(told.firm.as_of, self.lang), told.head[:12]]
        return self.out.page("bonus", name, footer=" · ".join(part for part in parts if part))

    def say(self, text: Text) -> str:
        """A text in the workbook's language."""
        return text.get(self.lang)

    def nothing(self, text: Text) -> None:
        """One line in place of a table."""
        self.out.add(Item(1, _LAST, self.say(text), look.NOTHING))

    def title(self, words: str, headline: str) -> None:
        """A page's first line."""
        day = shown(self.facts.told.firm.as_of, self.lang)
        title = Item(1, 5, f"{words} · {day}", look.PAGE_TITLE)
        self.out.add(title, Item(6, _LAST, headline, look.HEADLINE), height=23)
        self.out.gap()

    # -------------------------------------------------------------- Head of Sales

    def summary_words(self) -> str:
        """What is to be paid, by period."""
        parts = []
        for period in self.account.periods:
            own = self.account.bonuses[period]
            if own:
                paid = sum((b.amount or Decimal(0) for b in own), Decimal(0))
                words = _TO_PAY.fill(
                    period=period_name(period), sum=paid.quantize(Decimal("0.01")), currency=self.facts.base,
                    state=state(closed=own[0].closed),
                )  # fmt: skip
                parts.append(self.say(words))
        return capital("; ".join(parts))

    def rules(self) -> None:
        """The rule in two sentences, which requirements it is about, and what the sums rest on."""
        for words in self.rule_words(self.terms()):
            self.out.add(Item(1, _LAST, words, NOTE))
        self.out.gap()

    def terms(self, user: str | None = None) -> list[Terms]:
        """The terms that hold in the periods shown, of one rep or of anyone."""
        found = []
        for period in self.account.periods:
            own = [b for b in self.account.bonuses[period] if user is None or b.user == user]
            found += [own[0].terms] if own else []
        return found

    def rule_words(self, found: Sequence[Terms]) -> list[str]:
        """Each rule that holds in one of the periods, once; then what it is about."""
        words = list(dict.fromkeys(self.say(rule_of(terms)) for terms in found))
        asked = Text(
            *(", ".join(f"{RULES[c].title.get(lang)} ({c})" for c in bearing()) for lang in ("en", "ru"))
        )
        words.append(self.say(_ASKED.fill(rules=asked)))
        words += dict.fromkeys(self.say(basis_of(terms)) for terms in found)
        return words

    def summary(self, period: Period, number: int) -> None:
        """One row a rep; every figure is the one on the rep's own page."""
        own = self.account.bonuses[period]
        words = _PERIOD_HEAD.fill(
            period=period_name(period), state=state(closed=own[0].closed), why=self.why(period)
        )
        self.out.heading(capital(self.say(words)))
        heads = [
            Head("user", self.say(_REP), 1, 3, STRONG),
            Head("base", self.money(_BASE), 4, 4, MONEY),
            Head("part", self.say(_PART), 5, 5, SHARE),
            Head("weeks", self.say(_WEEKS), 6, 6, NUMBER),
            Head("episodes", self.say(_EPISODES), 7, 7, NUMBER),
            Head("factor", self.say(_FACTOR), 8, 8, FACTOR),
            Head("per_hundred", self.say(_PER_HUNDRED), 9, 9, TENTH),
            Head("amount", self.money(_BONUS), 10, 10, PAY),
            Head("less", self.money(_LESS), 11, 11, MONEY),
            Head("remark", self.say(_REMARK), 12, 12),
        ]
        rows = [self.summary_row(b) for b in own]
        self.out.table(f"summary{number}", heads, rows)
        self.out.add(
            Item(1, 9, self.say(_TOTAL), look.TOTAL),
            *(
                Item(n, n, self.total(own, number, key), TOTAL_MONEY)
                for n, key in ((10, "amount"), (11, "less"))
            ),
            Item(12, 12, None, look.TOTAL),
        )
        self.missing(period)
        self.out.gap(8)

    def why(self, period: Period) -> Text:
        """Until when a period may still change; that nothing changes it any more."""
        if self.account.bonuses[period][0].closed:
            return _NO_CHANGE
        return _CLOSES.fill(day=bonus.over(period))

    def money(self, text: Text) -> str:
        """A header with the currency."""
        return self.say(text.fill(currency=self.facts.base))

    def summary_row(self, b: Bonus) -> list[Shown | Item]:
        """A rep's figures, each read from the rep's own page."""
        cells = {key: self.linked(b, key, value) for key, value in figures(b).items()}
        return [
            b.user, b.terms.base, cells["part"], len(b.weeks), cells["episodes"], cells["factor"], b.per_hundred,
            cells["amount"], cells["less"], self.say(self.remark(b)),
        ]  # fmt: skip

    def linked(self, b: Bonus, key: str, value: Decimal | int | None) -> Shown:
        """A figure as it stands on the rep's page."""
        if value is None:
            return None
        return Live(value, lambda placed: at(placed.blocks[_own(b.user)], key, self.row_of(b)))

    def row_of(self, b: Bonus) -> int:
        """Which row of the rep's own table a bonus is."""
        return [one.period for one in self.account.of(b.user)].index(b.period)

    def total(self, own: Sequence[Bonus], number: int, key: str) -> Live:
        """The sum of a column."""
        value = sum((getattr(b, key) or Decimal(0) for b in own), Decimal(0))
        return Live(value, lambda placed: f"ROUND(SUM({placed.blocks[f'summary{number}'].cells(key)}),2)")

    def remark(self, b: Bonus) -> Text:
        """What a reader of the row has to know."""
        if b.terms.base is None:
            return _NO_BASE
        held = {id_ for week in b.weeks for rule in week.rules for id_ in rule.held}
        if held:
            return _SUSPENDED.fill(n=len(held))
        if b.terms.by_plan and not b.terms.plan:
            return _NO_PLAN
        return same("")

    def missing(self, period: Period) -> None:
        """The weeks without a run."""
        found = self.account.missing[period]
        if found:
            weeks = ", ".join(self.week_words(Week(monday, None, (), 0)) for monday in found)
            self.nothing(_MISSING.fill(weeks=weeks))

    def ignored(self) -> None:
        """Appeals that change nothing, and why."""
        found = [one for one in self.account.appeals if one.reason is not None]
        if found:
            self.out.heading(self.say(_IGNORED))
            self.appeals_table("ignored", found)
            self.out.gap()

    def notes(self) -> None:
        """What the sheet does not do, and what was not judged."""
        self.nothing(_ACTIVITY)
        reasons = {n.rule: n.reason for n in self.facts.told.verdict.not_checked if n.rule in bearing()}
        for code, reason in reasons.items():
            if code not in self.facts.told.verdict.checked:
                self.nothing(_NOT_JUDGED.fill(rule=code, title=RULES[code].title, reason=reason))

    def seal(self) -> None:
        """The log's seal."""
        self.out.add(Item(1, _LAST, self.say(seal(self.facts.told)), look.ASIDE))

    # ------------------------------------------------------------------- a rep

    def person(self, user: str) -> None:
        """A rep's own page: nobody else is on it."""
        own = self.account.of(user)
        self.title(user, self.say(_OWN_TITLE))
        for words in self.rule_words([b.terms for b in own]):
            self.out.add(Item(1, _LAST, words, NOTE))
        self.out.gap()
        self.figures(user, own)
        for number, b in enumerate(own):
            self.weeks(b, number)
        self.pending(user)
        self.deductions(own)
        self.appeals(user)
        self.nothing(_ACTIVITY)
        self.signatures(user)
        self.seal()

    def figures(self, user: str, own: Sequence[Bonus]) -> None:
        """Base x plan part x coefficient, live."""
        heads = [
            Head("period", self.say(_PERIOD), 1, 2, STRONG),
            Head("state", self.say(_STATE), 3, 3),
            Head("base", self.money(_BASE), 4, 4, MONEY),
            Head("won", self.money(_WON), 5, 5, MONEY),
            Head("plan", self.money(_PLAN), 6, 6, MONEY),
            Head("part", self.say(_PART), 7, 7, SHARE),
            Head("episodes", self.say(_EPISODES), 8, 8, NUMBER),
            Head("factor", self.say(_FACTOR), 9, 9, FACTOR),
            Head("amount", self.money(_BONUS), 10, 10, PAY),
            Head("less", self.money(_LESS), 11, 11, MONEY),
            Head("remark", self.say(_REMARK), 12, 12),
        ]
        rows = [self.figures_row(b, number) for number, b in enumerate(own)]
        self.out.table(_own(user), heads, rows)
        self.out.gap(8)

    def figures_row(self, b: Bonus, number: int) -> list[Shown | Item]:
        """One period of a rep."""
        name, value = _own(b.user), figures(b)

        def live(key: str, formula: Callable[[Callable[[str], str], Placed], str]) -> Shown:
            def text(placed: Placed) -> str:
                return formula(lambda other: at(placed.blocks[name], other, number), placed)

            return None if value[key] is None else Live(value[key], text)

        divided = b.terms.by_plan and b.terms.plan and b.terms.won is not None
        part = (
            live("part", lambda c, _: f"MAX(0,MIN({b.terms.cap},{c('won')}/{c('plan')}))")
            if divided
            else Decimal(1)
        )
        once, more = bonus.FACTORS[1:]
        return [
            capital(self.say(period_name(b.period))), self.say(state(closed=b.closed)), b.terms.base, b.terms.won,
            b.terms.plan, part,
            live("episodes", lambda _, placed: _sum_of(placed, f"{name}weeks{number}", "episodes")),
            live("factor", lambda c, _: f"IF({c('episodes')}=0,1,IF({c('episodes')}=1,{once},{more}))"),
            live("amount", lambda c, _: f"ROUND({c('base')}*{c('part')}*{c('factor')},2)"),
            live("less", lambda c, _: f"ROUND(ROUND({c('base')}*{c('part')},2)-{c('amount')},2)"),
            self.say(self.remark(b)),
        ]  # fmt: skip

    def weeks(self, b: Bonus, number: int) -> None:
        """Week by week: what was counted, what was free, what came of it."""
        self.out.heading(self.say(_WEEKS_OF.fill(period=period_name(b.period))))
        if not b.weeks:
            self.nothing(_NO_WEEKS)
            self.out.gap()
            return
        heads = [
            Head("week", self.say(_WEEK), 1, 2),
            Head("run", self.say(_RUN), 3, 3, self.day),
            Head("counted", self.say(_COUNTED), 4, 10),
            Head("episodes", self.say(_EPISODES), 11, 11, NUMBER),
            Head("result", self.say(_RESULT), 12, 12),
        ]
        rows: list[list[Shown | Item]] = [
            [self.week_words(w), w.run or "—", self.counted_words(w), w.episodes, self.result(w)]
            for w in b.weeks
        ]
        self.out.table(f"{_own(b.user)}weeks{number}", heads, rows)
        self.out.gap()

    def week_words(self, week: Week) -> str:
        """`11.05–17.05` as people write it."""
        first, last = (day_month(day, self.lang) for day in (week.monday, week.sunday))
        return f"{first} – {last}"

    def counted_words(self, week: Week) -> str:
        """What the week's last run counted, rule by rule."""
        parts = []
        for r in week.rules:
            held = _HELD.fill(n=len(r.held)) if r.held else same("")
            rows = _ROWS.of(r.rows)
            parts.append(_OF_RULE.fill(rule=r.rule, n=len(r.ids), rows=rows, free=r.allowed, held=held))
        return " · ".join(self.say(part) for part in parts) or "—"

    def result(self, week: Week) -> Item:
        """In words and colour."""
        if week.run is None:
            return Item(_LAST, _LAST, self.say(_NO_RUN), replace(look.CELL, color=look.MUTED))
        missed = ", ".join(rule.rule for rule in week.rules if rule.missed)
        fill, color = look.PASSED["poor" if missed else "good"]
        words = _NOT_MET.fill(rules=missed) if missed else _MET
        return Item(_LAST, _LAST, self.say(words), replace(look.CELL, fill=fill, color=color, bold=True))

    def pending(self, user: str) -> None:
        """What does not count yet, and from when it would."""
        found = self.facts.pending(user)
        days = [day for _, day in found if day is not None]
        if not found:
            self.out.heading(self.say(_NOTHING_PENDING))
            self.out.gap()
            return
        self.out.heading(self.say(_PENDING_UNTIL.fill(day=min(days)) if days else _PENDING_AWAY))
        heads = [
            Head("counts_from", self.say(_COUNTS_FROM), 1, 2, self.day),
            Head("deal", self.say(_DEAL), 3, 4, look.CELL_LINK),
            Head("rule", self.say(_RULE), 5, 5, NUMBER),
            Head("cell", self.say(_CELL), 6, 7),
            Head("first_seen", self.say(_FIRST), 8, 8, self.day),
            Head("id", self.say(FINDING_ID), 9, 9, look.FAINT),
            Head("actual", self.say(_ACTUAL), 10, 11),
            Head("fix", self.say(_FIX), 12, 12),
        ]
        rows: list[list[Shown | Item]] = [
            [
                day or self.say(_NOT_SOON), self.deal(f.key), f.rule, f.cell, f.first_seen, f.id,
                f.actual.get(self.lang), f.fix.get(self.lang),
            ]
            for f, day in found
        ]  # fmt: skip
        self.out.table(f"{_own(user)}pending", heads, rows)
        self.out.gap()

    def deal(self, key: FindingKey) -> Shown | Item:
        """The deal of a finding, with its link where there is one."""
        link = self.facts.spot(key).link
        return Item(3, 4, link, look.CELL) if isinstance(link, str) else link

    def deductions(self, own: Sequence[Bonus]) -> None:
        """Every finding that lowered a coefficient, with its evidence."""
        found = [d for b in own for d in b.deductions]
        if not found:
            self.out.heading(self.say(_NO_DEDUCTIONS))
            self.out.gap()
            return
        self.out.heading(self.say(_DEDUCTIONS.fill(n=len(found))))
        heads = [
            Head("weeks", self.say(_IN_WEEKS), 1, 2),
            Head("deal", self.say(_DEAL), 3, 4, look.CELL_LINK),
            Head("rule", self.say(_RULE), 5, 5, NUMBER),
            Head("cell", self.say(_CELL), 6, 7),
            Head("first_seen", self.say(_FIRST), 8, 8, self.day),
            Head("id", self.say(FINDING_ID), 9, 9, look.FAINT),
            Head("actual", self.say(_ACTUAL), 10, 11),
            Head("clause", self.say(_CLAUSE), 12, 12),
        ]
        rows: list[list[Shown | Item]] = []
        for d in found:
            weeks = ", ".join(map(self.week_words, d.weeks))
            e = d.evidence
            facts = [e.cell, e.first_seen, d.id, e.actual, e.clause] if e else ["—", "—", d.id, "—", "—"]
            rows.append([weeks, self.deal(e.key) if e else "—", d.rule, *facts])
        self.out.table(f"{_own(own[0].user)}deductions", heads, rows)
        self.out.gap()

    def appeals(self, user: str) -> None:
        """A rep's appeals as they stand, and how to file one."""
        found = [a for a in self.account.appeals if a.decision is not None and folded(a.user) == folded(user)]
        self.out.heading(self.say(_APPEALS if found else _NO_APPEALS))
        if found:
            self.appeals_table(f"{_own(user)}appeals", found)
        self.out.gap()

    def appeals_table(self, name: str, found: Sequence[Appealed]) -> None:
        """Who objected to what in which words, what was decided, and what it changes."""
        heads = [
            Head("id", self.say(FINDING_ID), 1, 1, look.FAINT),
            Head("user", self.say(_FILED_BY), 2, 2),
            Head("date", self.say(_DATE), 3, 3, self.day),
            Head("words", self.say(_WORDS), 4, 7),
            Head("decision", self.say(_DECISION), 8, 8),
            Head("decided_by", self.say(_DECIDED_BY), 9, 9),
            Head("decided_at", self.say(_DECIDED_AT), 10, 10, self.day),
            Head("answer", self.say(_ANSWER), 11, 11),
            Head("effect", self.say(_EFFECT), 12, 12, STRONG),
        ]
        rows: list[list[Shown | Item]] = []
        for one in found:
            a = one.appeal
            decision = DECISION.word(a.decision).get(self.lang) if a.decision else self.say(_UNDECIDED)
            rows.append(
                [one.id, a.user, a.date_, a.words, decision, a.decided_by, a.decided_at, a.answer, self.say(place_of(one, EFFECTS))]
            )  # fmt: skip
        self.out.table(name, heads, rows)

    def signatures(self, user: str) -> None:
        """Two lines to sign on."""
        self.out.gap(14)
        line = replace(look.PLAIN, bottom=look.INK)
        words = replace(look.ASIDE, wrap=False)
        for role, name in ((_REP, user), (_HEAD, "")):
            self.out.add(
                Item(1, 2, self.say(role), words), Item(3, 5, None, line), Item(6, 7, name, words),
                Item(8, 8, self.say(_DATE), replace(words, align="right")), Item(9, 10, None, line), height=24,
            )  # fmt: skip
        self.out.gap(8)


def figures(b: Bonus) -> dict[str, Decimal | int | None]:
    """The figures of a bonus that are formulas on its page."""
    return {
        "part": b.terms.part,
        "episodes": b.episodes,
        "factor": b.factor,
        "amount": b.amount,
        "less": b.less,
    }


def at(block: Block, key: str, number: int) -> str:
    """A cell of a table: column by key, row from 0."""
    return f"{letters(block.columns[key])}{block.first_row + number}"


def _own(user: str) -> str:
    return f"own {folded(user)} "


def _sum_of(placed: Placed, name: str, key: str) -> str:
    return f"SUM({placed.blocks[name].cells(key)})" if name in placed.blocks else ""


# ---------------------------------------------------------------------- words


def period_name(period: Period) -> Text:
    """«май 2026», «II квартал 2026»; its days where it is neither."""
    year, month = period.start.year, period.start.month
    if period == period_of(period.start, "month"):
        return Text(f"{_MONTHS_EN[month - 1]} {year}", f"{_MONTHS_RU[month - 1]} {year}")
    if period == period_of(period.start, "quarter"):
        number = (month + 2) // 3
        return Text(f"Q{number} {year}", f"{('I', 'II', 'III', 'IV')[number - 1]} квартал {year}")
    return Text("{a} – {b}", "{a} – {b}").fill(a=period.start, b=period.end)


def capital(text: str) -> str:
    """A text as it begins a line."""
    return text[:1].upper() + text[1:]


def day_month(day: object, lang: Lang) -> str:
    """A day without its year: `11 May`, `11.05`."""
    words = shown(day, lang)
    return words[:-5]


def rule_of(terms: Terms) -> Text:
    """The rule of the coefficient in two sentences."""
    once, more = bonus.FACTORS[1:]
    grace = WORKING_DAYS.of(int(terms.settings["grace_days"]))
    first = _MODES[terms.mode].fill(once=once, more=more)
    second = _REQUIREMENT.fill(grace=grace, count=_MORE_THAN.of(terms.free_count), share=terms.free_share)
    return Text(f"{first.en} {second.en}", f"{first.ru} {second.ru}")


def basis_of(terms: Terms) -> Text:
    """What the sums rest on: the plan, the base, VAT."""
    if not terms.by_plan:
        return _NO_PLAN_BASIS
    vat = _WITH_VAT if terms.settings["amounts_include_vat"] == "yes" else _WITHOUT_VAT
    money = _BY_CASH if terms.settings["revenue_basis"] == "cash" else _BY_AMOUNT
    return _PLAN_BASIS.fill(cap=terms.cap, vat=vat, money=money)


_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MONTHS_RU = (
    "январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь",
    "декабрь",
)  # fmt: skip

TITLE = Text("Bonus", "Премии")
_OWN_TITLE = Text("Bonus with a coefficient", "Премия с коэффициентом")
_PROVISIONAL, _CLOSED = Text("provisional", "предварительно"), Text("closed", "закрыто")
_TO_PAY = Text("{period}: {sum} {currency} ({state})", "{period}: {sum} {currency} ({state})")
_PERIOD_HEAD = Text("{period}: {state}. {why}", "{period}: {state}. {why}")
_CLOSES = Text("The first run after {day} closes it.", "Закроется первым запуском после {day}.")
_NO_CHANGE = Text(
    "Corrections no longer change it; only a decision on an appeal does.",
    "Исправления уже ничего не меняют, только решение по возражению.",
)
_MODES = {
    "weeks": Text(
        "A requirement not met in one week makes the coefficient {once}, in two weeks or more {more}, in none 1.",
        "Требование не выполнено в одну неделю: коэффициент {once}, в две и больше: {more}, ни в одну: 1.",
    ),
    "per_rule": Text(
        "Each requirement not met in a week counts: one makes the coefficient {once}, two or more {more}, none 1.",
        "Считается каждое требование, не выполненное за неделю: одно: коэффициент {once}, два и больше: {more}, ни одного: 1.",
    ),
    "per_finding": Text(
        "Each finding in a week whose requirement was not met counts, once in the period: one makes the coefficient "
        "{once}, two or more {more}, none 1.",
        "Считается каждое замечание недели, в которую требование не выполнено, один раз за период: одно: "
        "коэффициент {once}, два и больше: {more}, ни одного: 1.",
    ),
}
_MORE_THAN = Noun(("finding", "findings"), ("замечания", "замечаний", "замечаний"))
_ROWS = Noun(("row", "rows"), ("строки", "строк", "строк"))
"""Out of so many rows."""
_REQUIREMENT = Text(
    "It is not met if more than {count}, and more than {share}% of the rows checked, were not mended within "
    "{grace} of being shown.",
    "Оно не выполнено, если за {grace} после показа не исправлено больше {count} и больше {share} % "
    "проверенных строк.",
)
_ASKED = Text("The requirements: {rules}.", "Требования: {rules}.")
_NO_PLAN_BASIS = Text(
    "The sales plan does not enter the bonus. The base is what Team says, the same for a part of a period.",
    "План продаж в премию не входит. База берётся из листа «Команда» и за неполный период не пересчитывается.",
)
_PLAN_BASIS = Text(
    "Plan part = won / plan, at most {cap}; a blank plan is 1. Won {money}, {vat}. The base is what Team says, the "
    "same for a part of a period.",
    "Доля плана = выиграно / план, не больше {cap}; план не указан: 1. Выиграно {money}, {vat}. База берётся из листа "
    "«Команда» и за неполный период не пересчитывается.",
)
_WITH_VAT, _WITHOUT_VAT = Text("VAT included", "с НДС"), Text("without VAT", "без НДС")
_BY_AMOUNT = Text("by the amounts of won deals", "по суммам выигранных сделок")
_BY_CASH = Text("by payments received", "по полученным оплатам")
_REP, _HEAD = Text("Rep", "Менеджер"), Text("Head of Sales", "РОП")
_BASE = Text("Base, {currency}", "База, {currency}")
_WON, _PLAN = Text("Won, {currency}", "Выиграно, {currency}"), Text("Plan, {currency}", "План, {currency}")
_PART = Text("Plan part", "Доля плана")
_WEEKS, _EPISODES = Text("Weeks", "Недель"), Text("Not met", "Не выполнено")
_FACTOR = Text("Coefficient", "Коэффициент")
_PER_HUNDRED = Text("Violations per 100 deals", "Нарушений на 100 сделок")
_BONUS, _LESS = (
    Text("Bonus, {currency}", "Премия, {currency}"),
    Text("Less by, {currency}", "Меньше на, {currency}"),
)
_REMARK, _TOTAL = Text("Remark", "Примечание"), Text("Total", "Итого")
_NO_BASE = Text("Team names no full bonus", "На листе «Команда» не указана премия 100 %")
_NO_PLAN = Text("No plan: its part is 1", "План не указан: доля 1")
_SUSPENDED = Text("Findings held back by an appeal: {n}", "Замечаний, по которым ждём решения: {n}")
_MISSING = Text(
    "Weeks without a run, counted as met: {weeks}", "Недели без запуска, засчитаны как выполненные: {weeks}"
)
_IGNORED = Text("Appeals that change nothing as they stand", "Возражения, которые пока ничего не меняют")
_ACTIVITY = Text(
    "The number of calls and meetings does not enter the bonus: it is paid for order, not for volume.",
    "Число звонков и встреч на премию не влияет: она за порядок, а не за количество.",
)
_NOT_JUDGED = Text(
    "{rule} {title} was not checked in this run ({reason}): it counts as met.",
    "{rule} «{title}» в этом запуске не проверялось ({reason}): засчитано как выполненное.",
)
_NO_REPS = Text(
    "There are no reps with a bonus: fill in role and full bonus on the sheet Team.",
    "Менеджеров с премией нет: укажите на листе «Команда» роль и премию 100 %.",
)
_PERIOD, _STATE = Text("Period", "Период"), Text("State", "Состояние")
_WEEKS_OF = Text("Week by week: {period}", "По неделям: {period}")
_NO_WEEKS = Text(
    "No week of this period has been checked yet.", "Ни одной недели этого периода ещё не проверено."
)
_WEEK, _RUN = Text("Week", "Неделя"), Text("Last run", "Последний запуск")
_COUNTED, _RESULT = Text("Counted, by rule", "Засчитано, по правилам"), Text("Result", "Итог недели")
_OF_RULE = Text(
    "{rule}: {n} of {rows}, {free} free{held}", "{rule}: {n} из {rows}, не влияет до {free}{held}"
)
_HELD = Text(", {n} under appeal", ", ждут решения: {n}")
_NO_RUN = Text("no run: counted as met", "запуска не было: засчитана")
_MET, _NOT_MET = Text("met", "выполнено"), Text("✗ not met: {rules}", "✗ не выполнено: {rules}")
_NOTHING_PENDING = Text("Can still be mended: nothing waits", "Ещё можно исправить: ничего не ждёт")
_PENDING_UNTIL = Text(
    "Can still be mended before {day}: not counted yet", "Ещё можно исправить до {day}: пока не засчитано"
)
_PENDING_AWAY = Text("Can still be mended: not counted yet", "Ещё можно исправить: пока не засчитано")
_COUNTS_FROM, _NOT_SOON = Text("Counts from", "Засчитается с"), Text("after the return", "после возвращения")
_DEAL, _RULE, _CELL = Text("Deal", "Сделка"), Text("Rule", "Правило"), Text("Cell", "Ячейка")
_FIRST = Text("First seen", "Впервые")
_ACTUAL, _FIX = Text("Value as found", "Что стояло"), Text("What to do", "Что сделать")
_CLAUSE, _IN_WEEKS = (
    Text("Clause of the Sales Book", "Пункт Книги продаж"),
    Text("In weeks", "В какие недели"),
)
_DEDUCTIONS = Text("What lowered the coefficient: {n}", "Что снизило коэффициент: {n}")
_NO_DEDUCTIONS = Text(
    "What lowered the coefficient: nothing, the bonus is full",
    "Что снизило коэффициент: ничего, премия полная",
)
_APPEALS = Text("Appeals", "Возражения")
_NO_APPEALS = Text(
    "Appeals: none. To object, type the finding's number and why on the sheet Appeals.",
    "Возражений нет. Не согласны: впишите на лист «Возражения» № находки и почему.",
)
_FILED_BY, _DATE = Text("Filed by", "Кто подал"), Text("Date", "Дата")
_WORDS, _DECISION = Text("In their own words", "Своими словами"), Text("Decision", "Решение")
_DECIDED_BY, _DECIDED_AT = Text("Decided by", "Кто решил"), Text("Decided on", "Когда решил")
_ANSWER, _EFFECT = Text("Answer", "Ответ"), Text("What it changes", "Что меняет")
_UNDECIDED = Text("not yet", "ещё нет")
EFFECTS: dict[str, Text] = {
    "open": Text("not counted until it is decided", "не засчитано, пока не решено"),
    "accepted": Text("taken off for good", "снято навсегда"),
    "rejected": Text("the finding counts", "замечание в силе"),
}
