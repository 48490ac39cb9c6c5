"""How a rule is declared: a plain function over a firm, registered with what people need to know about it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from sheets_crm.findings import Answerable, Outcome, Severity
from sheets_crm.schema import Setting
from sheets_crm.schema.settings import SettingKind
from sheets_crm.text import Text, same

Judge: TypeAlias = Callable[..., Iterator[Outcome]]
Needs: TypeAlias = tuple[tuple[str, ...], ...]
"""All of these; of each inner tuple at least one `Table.column` (or `Table`) must exist."""

_KINDS: dict[type, SettingKind] = {bool: "yesno", int: "whole", float: "number", str: "text"}


class Rule(NamedTuple):
    """A rule of the Sales Book."""

    code: str
    name: str
    title: Text
    severity: Severity
    answerable: Answerable
    tables: tuple[str, ...]
    """Keys of the tables whose rows it judges; the first is its home."""
    needs: Needs
    minutes: int
    """How long one correction takes a person."""
    items: tuple[int, ...]
    """Items of the Sales Book (SPEC) behind it."""
    bonus: bool
    """Whether it bears on the bonus, as shipped (item 74)."""
    clause: Text
    """The clause of the Sales Book, as shipped."""
    settings: Mapping[str, Setting]
    judge: Judge

    @property
    def doc(self) -> str:
        """The English page of the rule: what it finds, why it matters, how to fix it."""
        return inspect.cleandoc(self.judge.__doc__ or "")


RULES: dict[str, Rule] = {}
"""Every rule by code, in the order of registration; `checks` loads them all."""


def rule(
    code: str,
    title: Text,
    *,
    severity: Severity,
    answerable: Answerable,
    tables: tuple[str, ...],
    needs: tuple[str, ...],
    minutes: int,
    items: tuple[int, ...],
    clause: Text,
    bonus: bool = False,
    settings: Mapping[str, Text] | None = None,
) -> Callable[[Judge], Judge]:
    """Registers a rule; its keyword-only arguments are its settings, and `settings` says what each means.

    `needs` are `Table.column`, with `|` between alternatives. The function's name is the rule's name.
    """
    meanings = settings or {}

    def register(judge: Judge) -> Judge:
        defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(judge).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY
        }
        if code in RULES:
            raise ValueError(f"rule {code} is declared twice")
        if set(defaults) != set(meanings):
            raise ValueError(f"rule {code}: settings {sorted(defaults)} but meanings for {sorted(meanings)}")
        RULES[code] = Rule(
            code,
            judge.__name__.replace("_", "-"),
            title,
            severity,
            answerable,
            tables,
            tuple(tuple(part.strip() for part in need.split("|")) for need in needs),
            minutes,
            items,
            bonus,
            clause,
            {name: _setting(name, default, meanings[name]) for name, default in defaults.items()},
            judge,
        )
        return judge

    return register


def _setting(name: str, default: Any, meaning: Text) -> Setting:
    word = {True: "yes", False: "no"}[default] if isinstance(default, bool) else str(default)
    least = 0 if isinstance(default, int | float) and not isinstance(default, bool) else None
    return Setting(name, _KINDS[type(default)], same(word), meaning, least=least)
