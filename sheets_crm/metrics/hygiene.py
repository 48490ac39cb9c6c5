"""The figures behind the pages: a firm and its verdict go in, numbers come out; each says its formula and source."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from sheets_crm.book import TABLE_OF
from sheets_crm.checks import RULES, Checked
from sheets_crm.findings import Finding, FindingKey, NotChecked, Severity
from sheets_crm.firm import Firm
from sheets_crm.schema import Row
from sheets_crm.text import Text
from sheets_crm.verdict import LEAST_DEALS, Verdict


def percent(part: int, whole: int) -> int:
    """Share x 100 = part / whole x 100, whole per cent, halves up. `whole` is not 0."""
    return int((Decimal(part) * 100 / whole).quantize(Decimal(1), ROUND_HALF_UP))


# --------------------------------------------------------------------- money


class Money(NamedTuple):
    """A sum in the firm's currency, and what there is in others: never added up, rates are not known here."""

    base: Decimal = Decimal(0)
    others: tuple[tuple[str, Decimal], ...] = ()


def worth(finding: Finding, base_currency: str) -> Decimal:
    """The amount of the finding's deal in the firm's currency; 0 where it is blank or in another currency."""
    return finding.amount if finding.amount is not None and finding.currency == base_currency else Decimal(0)


def at_stake(findings: Iterable[Finding], base_currency: str) -> Money:
    """Sum of the amounts of the deals that bear these findings, each deal once, by currency."""
    deals = {f.deal: f for f in findings if f.deal and f.amount is not None}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for finding in deals.values():
        sums[finding.currency or base_currency] += finding.amount or Decimal(0)
    base = sums.pop(base_currency, Decimal(0))
    return Money(base, tuple(sorted(sums.items())))


def dearest_first(findings: Iterable[Finding], base_currency: str) -> list[Finding]:
    """Errors, warnings, then info; inside each the dearest deal first, the order of the verdict otherwise."""
    order: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}
    return sorted(findings, key=lambda f: (order[f.severity], -worth(f, base_currency)))


# -------------------------------------------------------------- five figures

FIVE: tuple[tuple[str, str], ...] = (
    ("deals_without_task", "TK01"),
    ("overdue_tasks", "TK02"),
    ("missed_calls", "AC05"),
    ("wrong_status", "ST05"),
    ("wrong_fields", "DQ02"),
)
"""Snitko's five figures (ruling R15), each with the rule that counts it."""


class Figure(NamedTuple):
    """One of the five figures; `number` is None where it was not checked, and `reason` then says why."""

    key: str
    rule: str
    number: int | None
    legacy: int = 0
    change: int | None = None
    """Against the baseline run; None on a first run, or where part of it was not judged in one of the two."""
    reason: Text | None = None


def five_figures(firm: Firm, verdict: Verdict) -> tuple[Figure, ...]:
    """Findings of each figure's rule, all of them: legacy and those that stand behind others too (ruling R5, R15)."""
    now = Counter((f.key.rule, f.status) for f in (*verdict.findings, *verdict.hidden))
    before = Counter((key.rule, s.state) for key, s in firm.past.standing.items())
    paused = {rule for rule, state in before if state == "paused"}
    paused |= {s.key.rule for s in verdict.difference.paused}

    def figure(key: str, code: str) -> Figure:
        if code not in verdict.checked:
            return Figure(key, code, None, reason=why_not(code, verdict))
        found = sum(count for (rule, _), count in now.items() if rule == code)
        change = None if verdict.first_run or code in paused else found - before[code, "open"]
        return Figure(key, code, found, now[code, "legacy"], change)

    return tuple(figure(key, code) for key, code in FIVE)


def why_not(code: str, verdict: Verdict) -> Text:
    """Why a rule was not checked; a rule that does not exist says that."""
    if code not in RULES:
        return _NOT_BUILT
    return next((n.reason for n in verdict.not_checked if n.rule == code), _NOT_BUILT)


def unchecked_rules(verdict: Verdict) -> dict[str, NotChecked]:
    """The rules that judged nothing at all, each with its first reason."""
    out: dict[str, NotChecked] = {}
    for item in verdict.not_checked:
        if item.rule not in verdict.checked:
            out.setdefault(item.rule, item)
    return out


_NOT_BUILT = Text("this check does not exist yet", "такой проверки пока нет")


# --------------------------------------------------------------- seven checks


class Check(NamedTuple):
    """One of the seven checks of a weekly audit, and the rules that make it up."""

    key: str
    name: Text
    rules: tuple[str, ...]


SEVEN: tuple[Check, ...] = (
    Check("tasks", Text("Tasks", "Задачи"), ("TK01",)),
    Check("exit_criteria", Text("Exit criteria", "Критерии перехода"), ("ST01",)),
    Check("fields", Text("Fields", "Поля"), ("ST02",)),
    Check("actions", Text("Actions described", "Действия описаны"), ("TK05", "TK08")),
    Check("lost_reason", Text("Lost reason", "Причина отказа"), ("LS01",)),
    Check("cards", Text("Client cards", "Карточки"), ("CD01", "CD02")),
    Check("time_in_stage", Text("Time in stage", "Срок на этапе"), ("ST06",)),
)
"""Korneev's weekly audit (end of SPEC.md)."""


class Share(NamedTuple):
    """Rows that passed of all judged ones."""

    passed: int
    judged: int


class Shares(NamedTuple):
    """Pass shares of one check: of the whole firm and by owner; a check without judged rows has a reason."""

    firm: Share
    by_owner: Mapping[str | None, Share]
    reason: Text | None = None


def pass_shares(firm: Firm, verdict: Verdict, checked: Checked) -> dict[str, Shares]:
    """By check: judged rows without an unwaived finding of its rules / judged rows (ruling R5).

    Legacy findings count as not passed: the share says how things are, the score whose doing it is. A row belongs
    to the person who answers for it: its owner, else its deal's, else that of the card's furthest open deal.
    """
    faulty: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for rule, table, row_key, *_ in (
        f.key for f in (*verdict.findings, *verdict.hidden) if f.status != "waived"
    ):
        faulty[rule].add((table, row_key))
    return {check.key: _shares(check, firm, verdict, checked, faulty) for check in SEVEN}


def _shares(
    check: Check, firm: Firm, verdict: Verdict, checked: Checked, faulty: Mapping[str, set[tuple[str, str]]]
) -> Shares:
    owners: dict[tuple[str, str], str | None] = {}
    failed: set[tuple[str, str]] = set()
    judged: list[tuple[str, str]] = []
    before: Sequence[Row] = ()
    for code in check.rules:
        rows = checked.judged.get(code, ())
        if rows is not before:  # rules about the same rows judge the very same list
            judged = [(TABLE_OF[type(row)], row.key) for row in rows]
            owners.update(zip(judged, firm.owners_of(rows), strict=True))
        failed |= faulty.get(code, set()).intersection(judged)
        before = rows
    if not owners:
        reasons = [why_not(code, verdict) for code in check.rules]
        return Shares(Share(0, 0), {}, next((r for r in reasons if r != _NOT_BUILT), _NOT_BUILT))
    faults = Counter(owners[at] for at in failed)
    by_owner = {
        owner: Share(count - faults[owner], count) for owner, count in Counter(owners.values()).items()
    }
    return Shares(Share(len(owners) - len(failed), len(owners)), by_owner)


# ------------------------------------------------------------------ whom first


class Talk(NamedTuple):
    """A person to talk to, and the finding to start with."""

    owner: str | None
    """None: the deal has no owner."""
    finding: Finding
    errors: int
    deals: int
    money: Money
    legacy: bool
    """True if only errors of the baseline are left."""


def whom_first(findings: Sequence[Finding], base_currency: str, most: int = 3) -> list[Talk]:
    """The people whose errors put most money at stake: weight = sum over errors of their deal's amount.

    One row a person, open errors before legacy ones; ties go to more errors, then by name. Errors of deals without
    an owner are named deal by deal, and only where no one else is to be named. Only what reps answer for.
    """
    errors = [
        f
        for f in findings
        if f.severity == "error" and f.answerable == "rep" and f.status in ("open", "legacy")
    ]
    owned = any(f.owner for f in errors)
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in errors:
        if finding.owner or not owned:
            groups[finding.owner or "", "" if finding.owner else finding.deal or finding.id].append(finding)
    talks = [_talk(own, base_currency) for own in groups.values()]
    ranked = sorted(talks, key=lambda pair: pair[0])
    return [talk for _, talk in ranked[:most]]


def _talk(own: Sequence[Finding], base_currency: str) -> tuple[tuple[object, ...], Talk]:
    """A person's errors as (rank, row): the deal with the heaviest errors comes first."""
    current = [f for f in own if f.status == "open"] or list(own)
    by_deal: dict[str | None, list[Finding]] = defaultdict(list)
    for finding in current:
        by_deal[finding.deal].append(finding)
    heaviest = max(by_deal.values(), key=lambda fs: (_weight(fs, base_currency), len(fs)))
    legacy = current[0].status == "legacy"
    owner = own[0].owner
    rank = (legacy, -_weight(current, base_currency), -len(current), owner or "", heaviest[0].row)
    talk = Talk(owner, heaviest[0], len(current), len(by_deal), at_stake(current, base_currency), legacy)
    return rank, talk


def _weight(findings: Iterable[Finding], base_currency: str) -> Decimal:
    return sum((worth(f, base_currency) for f in findings), Decimal(0))


# --------------------------------------------------------- movement and totals


class Movement(NamedTuple):
    """What became of findings since the baseline run, in numbers."""

    new: int
    repaired: int
    remaining: int
    """Found before and still there, legacy among them."""
    legacy: int
    paused: int
    gone: int


def new_keys(verdict: Verdict) -> set[FindingKey]:
    """Keys of the findings that are open now and were not in the baseline run; none on a first run."""
    opened = {f.key for f in verdict.difference.opened}
    return {f.key for f in verdict.findings if f.status in ("open", "pending") and f.key in opened}


def movement(verdict: Verdict) -> Movement | None:
    """Findings against the baseline run: shown ones that are new or remain, logged ones that ended. None: no baseline."""
    if verdict.first_run:
        return None
    new, change = new_keys(verdict), verdict.difference
    remaining = [f for f in verdict.findings if f.status != "waived" and f.key not in new]
    legacy = sum(f.status == "legacy" for f in remaining)
    return Movement(
        len(new), len(change.cleared), len(remaining), legacy, len(change.paused), len(change.gone)
    )


def score_before(firm: Firm) -> int | None:
    """The score of the baseline run, whole per cent; None where it had none: a first run, or under five deals."""
    last = firm.past.last
    if last is None or last.baseline is None or last.audited < LEAST_DEALS:
        return None
    return percent(last.clean, last.audited)


class RuleCount(NamedTuple):
    """How often one rule fired: open findings by severity, legacy apart; `minutes` to mend the open ones."""

    rule: str
    title: Text
    clause: Text
    error: int
    warning: int
    info: int
    legacy: int
    minutes: int

    @property
    def total(self) -> int:
        """All findings, legacy among them."""
        return self.error + self.warning + self.info + self.legacy


def by_rule(findings: Iterable[Finding]) -> list[RuleCount]:
    """The rules that fired, the most frequent first; waived findings are not counted."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.status != "waived":
            groups[finding.rule].append(finding)
    return sorted(map(_rule_count, groups.values()), key=lambda r: (-r.total, r.rule))


def _rule_count(found: Sequence[Finding]) -> RuleCount:
    current = [f for f in found if f.status != "legacy"]
    severity = Counter(f.severity for f in current)
    first = found[0]
    return RuleCount(
        first.rule, first.title, first.clause, severity["error"], severity["warning"], severity["info"],
        len(found) - len(current), minutes(current),
    )  # fmt: skip


def minutes(findings: Iterable[Finding]) -> int:
    """Minutes to mend all of these: the sum of what the Sales Book gives for each rule (S)."""
    return sum(f.minutes for f in findings)


def owners(verdict: Verdict, shares: Mapping[str, Shares]) -> Iterator[str]:
    """Everyone who owns something judged or found, in alphabetical order."""
    found = {f.owner for f in verdict.findings if f.answerable == "rep"}
    judged = {owner for share in shares.values() for owner in share.by_owner}
    yield from sorted(owner for owner in {*verdict.by_owner, *found, *judged} if owner)
