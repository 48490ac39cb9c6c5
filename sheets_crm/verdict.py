"""From findings to a verdict: one cause one finding, what is old and what is new, who answers, how clean it is.

SPEC rulings R1 (one cause), R2 (legacy), R3 (who answers), R5 (score); waivers and absences arrive with their tables.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sheets_crm.checks import RULES, Checked
from sheets_crm.findings import SEVERITIES, Finding, FindingKey, NotChecked
from sheets_crm.firm import Firm
from sheets_crm.history import Counted, Difference, difference
from sheets_crm.schema import Deal

CAUSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("deal", ("TK01", "TK03")),
    ("deal", ("TK02", "DQ03")),
    ("deal", ("ST07", "ST06", "DQ03")),
    ("deal", ("LS01", "LS02", "LS03", "LS04")),
    ("field", ("WN01", "LS01", "ST02", "ST01")),
    ("row", ("TK06", "TK07")),
)
"""(scope, codes): of the findings of these codes on one deal, row or field only the first code is shown (ruling R1)."""
_CAUSES_OF = {code: [cause for cause in CAUSES if code in cause[1]] for _, codes in CAUSES for code in codes}
NEVER_HIDDEN = ("DQ02", "ST05", "DQ04")
"""An ownerless deal (DQ04) hides all rules that its owner would answer for, but never these."""
FOR_THE_SUBSTITUTE = ("TK02", "ST06", "ST07", "DQ03")
"""While the owner is away these go to whoever stands in, as information (ruling R4)."""

LEAST_DEALS = 5
"""Fewer audited deals than this have no score (ruling R5)."""


class Score(NamedTuple):
    """Clean deals of all audited ones; `score` in whole per cent, None where it would mislead."""

    clean: int
    audited: int
    score: int | None


@dataclass(frozen=True)
class Verdict:
    """What a run has to say."""

    findings: tuple[Finding, ...]
    """Shown ones, worst first; those that stand for others carry their codes in `also`."""
    hidden: tuple[Finding, ...]
    """Those with the same cause as a shown one; they stay open in the log."""
    difference: Difference
    checked: tuple[str, ...]
    not_checked: tuple[NotChecked, ...]
    firm: Score
    by_owner: Mapping[str, Score]
    first_run: bool
    """True while there is no earlier run: everything found is taken as the baseline."""

    @property
    def counts(self) -> dict[str, int]:
        """error, warning and info count open findings; the others by status. The six sum to all findings."""
        count = Counter(f.severity if f.status == "open" else f.status for f in self.findings)
        return {name: count[name] for name in ("error", "warning", "info", "waived", "legacy", "pending")}


def judge(firm: Firm, checked: Checked) -> Verdict:
    """The verdict on a firm: every finding hidden or shown, with its status, and what became of the earlier ones."""
    shown, hidden = one_cause(checked.findings)
    deals = {deal.key: deal for deal in firm.book.deals.rows}
    judged = [with_status(finding, firm, deals.get(finding.deal or "")) for finding in shown]
    judged.sort(key=_worst_first)
    change = difference(checked.findings, firm.past, firm.book, checked.judged, checked.unchecked)
    silent = firm.past.last is None or "TK01" not in checked.judged
    firm_score, by_owner = _scores(firm, judged, silent=silent)
    return Verdict(
        tuple(judged), tuple(hidden), change, tuple(checked.judged), checked.not_checked,
        firm_score, by_owner, firm.past.last is None,
    )  # fmt: skip


def one_cause(findings: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
    """(shown, hidden): of findings with one cause only the first code is shown, the others go into its `also`."""
    groups: dict[tuple[tuple[str, ...], str, str], list[Finding]] = defaultdict(list)
    ownerless = {finding.deal for finding in findings if finding.rule == "DQ04" and finding.deal}
    for finding in findings:
        for scope, codes in _CAUSES_OF.get(finding.rule, ()):
            if place := _place(scope, finding):
                groups[codes, *place].append(finding)
        if finding.deal in ownerless and (finding.rule == "DQ04" or _asks_the_owner(finding)):
            groups[("DQ04",), finding.deal or "", ""].append(finding)
    also: dict[FindingKey, list[str]] = defaultdict(list)
    hidden: dict[FindingKey, Finding] = {}
    for (codes, *_), group in groups.items():
        rank = {code: n for n, code in enumerate(codes)}
        first = min(group, key=lambda f: rank.get(f.rule, len(rank)))
        for other in group:
            if other.rule != first.rule:
                also[first.key].append(other.rule)
                hidden[other.key] = other
    shown = [
        f._replace(also=tuple(dict.fromkeys(also[f.key]))) if f.key in also else f
        for f in findings
        if f.key not in hidden
    ]
    return shown, list(hidden.values())


def _place(scope: str, finding: Finding) -> tuple[str, str] | None:
    if scope == "deal":
        return (finding.deal, "") if finding.deal else None
    row = f"{finding.key.table}/{finding.key.row_key}"
    return row, finding.key.field if scope == "field" else ""


def _asks_the_owner(finding: Finding) -> bool:
    return finding.answerable == "rep" and finding.rule not in NEVER_HIDDEN


# ------------------------------------------------------------------ status


def with_status(finding: Finding, firm: Firm, deal: Deal | None) -> Finding:
    """The finding as it counts today: waived, legacy, pending (in somebody's grace) or open, and whose it is.

    While its person is away, what cannot wait goes to the substitute, else to the Head of Sales, as information.
    """
    waiver = firm.waiver(finding.rule, deal)
    if waiver is not None:
        return finding._replace(status="waived", waiver=waiver.reason or "")
    if is_legacy(finding, firm, deal):
        return finding._replace(status="legacy")
    if finding.answerable != "rep":
        return finding
    absence = firm.absence(finding.owner, firm.as_of)
    if absence is not None and finding.rule in FOR_THE_SUBSTITUTE:
        if absence.substitute:
            return finding._replace(owner=absence.substitute, severity="info")
        head = next((member.user for member in firm.heads), None)
        return finding._replace(owner=head, severity="info", answerable="hos")
    return finding._replace(status="pending") if in_grace(finding.owner, firm, deal) else finding


def in_grace(owner: str | None, firm: Firm, deal: Deal | None) -> bool:
    """Whether a person need not answer yet: away or just back, new at work, or with a deal just received (R3, R4)."""
    return (
        firm.as_of <= firm.back_at_work(owner)
        or firm.as_of < firm.bound_from(owner)
        or (deal is not None and firm.as_of <= firm.peace_until(deal))
    )


def is_legacy(finding: Finding, firm: Firm, deal: Deal | None) -> bool:
    """Ruling R2: opened in the first written run, or on a deal closed before `binding_from`.

    A reopening is ordinary. On an open deal it ends when a `binding_from` later than the first run arrives.
    """
    if deal is not None and deal.closed_at is not None and deal.closed_at < firm.binding_from:
        return True
    first_day = firm.past.first_day
    if first_day is None:
        return True
    before = firm.past.standing.get(finding.key)
    if (
        before is None
        or before.occurrence != finding.occurrence
        or before.opened_run != firm.past.runs[0].number
    ):
        return False
    stated: date | None = firm.setting("binding_from")
    ended = stated is not None and first_day < stated <= firm.as_of
    return not (ended and deal is not None and firm.book.is_open(deal))


def _worst_first(finding: Finding) -> tuple[object, ...]:
    return (
        finding.status != "open", SEVERITIES.index(finding.severity), -(finding.amount or Decimal(0)),
        finding.rule, finding.sheet, finding.row, finding.field or "",
    )  # fmt: skip


# ------------------------------------------------------------------- bonus


def bearing() -> tuple[str, ...]:
    """Codes of the rules that bear on the bonus (item 74: TK01 and TK08 as shipped)."""
    return tuple(code for code, rule in RULES.items() if rule.bonus)


def counted(firm: Firm, checked: Checked, findings: Iterable[Finding]) -> tuple[Counted, ...]:
    """What this run counts for the bonus, by bonus-bearing rule and person (item 74).

    Countable = open (not waived, not legacy, nobody's grace), the person's own to answer, and already shown in a
    run written at least `grace_days` of the person's working days earlier, counted from first_seen.
    """
    codes = bearing()
    ids: dict[tuple[str, str], list[str]] = defaultdict(list)
    for finding in findings:
        if (
            finding.rule in codes
            and finding.status == "open"
            and finding.answerable == "rep"
            and finding.owner
            and grace_is_over(finding, firm)
        ):
            ids[finding.rule, finding.owner].append(finding.id)
    out = []
    for code in codes:
        rows = Counter(firm.owners_of(checked.judged.get(code, ())))
        users = sorted(user for user in rows if user)
        out += [Counted(code, user, rows[user], tuple(sorted(ids[code, user]))) for user in users]
    return tuple(out)


def grace_is_over(finding: Finding, firm: Firm) -> bool:
    """Whether a finding was shown in a run at least `grace_days` of its person's working days ago (item 74).

    It restarts on the first day back from an absence (ruling R4).
    """
    first = max(finding.first_seen or firm.as_of, firm.back_at_work(finding.owner))
    return first < firm.as_of and firm.worked_days(finding.owner, first, firm.as_of) >= firm.setting(
        "grace_days"
    )


# ------------------------------------------------------------------- score


def period_start(day: date, period: str) -> date:
    """The first day of the month or quarter in which `day` falls."""
    month = day.month if period == "month" else day.month - (day.month - 1) % 3
    return day.replace(month=month, day=1)


def scored_deals(firm: Firm) -> list[Deal]:
    """Open deals, and those closed in the period since the rules bind."""
    since = max(period_start(firm.as_of, firm.setting("period")), firm.binding_from)
    return [
        deal
        for deal in firm.book.deals.rows
        if firm.book.is_open(deal) or (deal.closed_at is not None and since <= deal.closed_at <= firm.as_of)
    ]


def _scores(firm: Firm, findings: Iterable[Finding], *, silent: bool) -> tuple[Score, dict[str, Score]]:
    """Score = clean / audited x 100 (ruling R5): a deal is clean without an open error that its person answers for.

    A task's error counts on its deal in the firm's score, and on the task's own person by owner.
    """
    errors = [
        f
        for f in findings
        if f.status == "open" and f.severity == "error" and f.answerable == "rep" and f.deal
    ]
    unclean = {f.deal for f in errors}
    own: dict[str, set[str]] = defaultdict(set)
    unclean_of: dict[str, set[str]] = defaultdict(set)
    scored = scored_deals(firm)
    audited = {deal.key for deal in scored}
    for deal in scored:
        if deal.owner:
            own[deal.owner].add(deal.key)
    for finding in errors:
        if finding.owner and finding.deal in audited:
            own[finding.owner].add(finding.deal or "")
            unclean_of[finding.owner].add(finding.deal or "")
    by_owner = {
        owner: _score(len(keys - unclean_of[owner]), len(keys), silent=silent)
        for owner, keys in sorted(own.items())
    }
    return _score(len(audited - unclean), len(audited), silent=silent), by_owner


def _score(clean: int, audited: int, *, silent: bool) -> Score:
    if silent or audited < LEAST_DEALS:
        return Score(clean, audited, None)
    share = Decimal(clean) * 100 / audited
    return Score(clean, audited, int(share.quantize(Decimal(1), "ROUND_HALF_UP")))
