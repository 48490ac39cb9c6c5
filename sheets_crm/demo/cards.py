"""Whom the demo firm knows: its clients and their contacts, all of them invented."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from sheets_crm.demo import words
from sheets_crm.sheet import Value
from sheets_crm.text import Lang

Fields = dict[str, Value]
_LETTERS = "аa бb вv гg дd еe ёe жzh зz иi йy кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щsch ъ ыy ь эe юyu яya"
_LATIN = {pair[0]: pair[1:] for pair in _LETTERS.split()} | {" ": "-"}


class Card(NamedTuple):
    """A client: the company and the person we talk to, as rows, and how deals refer to them."""

    company: Fields
    contact: Fields
    decision_maker: str

    @property
    def trade(self) -> str:
        """What the company is called, without its legal form."""
        return str(self.company["name"])

    @property
    def person(self) -> str:
        """The contact's name; no two are alike."""
        return str(self.contact["name"])


def latin(text: str) -> str:
    """A name as it stands in a web address."""
    return "".join(_LATIN.get(ch, ch) for ch in text.lower())


def cards(rng: random.Random, lang: Lang) -> Iterator[Card]:
    """One new client after another, no two of one name; addresses and numbers belong to nobody."""
    pairs = [(first, *second) for first in words.COMPANY_FIRST for second in words.COMPANY_SECOND]
    rng.shuffle(pairs)
    known: Counter[str] = Counter()
    number = 0
    while True:
        first, second, industry = pairs[number % len(pairs)]
        again = number // len(pairs)
        name = f"{first.get(lang)} {second.get(lang)}" + (f" {again + 1}" if again else "")
        number += 1
        person = _person(rng, lang)
        known[person] += 1
        person = _with_initials(person, known[person] - 1, lang)
        site = f"{latin(name)}.example.com"
        address = latin(person.replace(".", "")).replace("-", ".")
        yield Card(
            {
                "company_id": f"C{number:04}", "name": words.LEGAL.fill(name=name).get(lang),
                "industry": industry.get(lang), "site": f"https://{site}", "tax_id": f"00{number * 7 % 10**8:08}",
                "city": rng.choice(words.CITIES).get(lang),
            },
            {
                "contact_id": f"P{number:04}", "company_id": words.LEGAL.fill(name=name).get(lang), "name": person,
                "role": rng.choice(words.ROLES).get(lang), "phone": phone(number, lang),
                "email": f"{address}@{site}",
            },
            f"{rng.choice(words.DECIDERS).get(lang)} {_person(rng, lang)}",
        )  # fmt: skip


def _person(rng: random.Random, lang: Lang) -> str:
    first, last = rng.choice(words.FIRST_NAMES[lang]), rng.choice(words.LAST_NAMES[lang])
    return f"{first} {last}{'а' if first[-1] in 'ая' else ''}"


def _with_initials(name: str, again: int, lang: Lang) -> str:
    """The name, with middle initials for everyone after the first who bears it."""
    letters = "АВГДЕЖИКЛМНПРСТФ" if lang == "ru" else "ABCDEFGHJKLMNPRST"
    first, last = name.split()
    initials = ""
    while again:
        again, rest = divmod(again - 1, len(letters))
        initials += f" {letters[rest]}."
    return f"{first}{initials} {last}"


def phone(number: int, lang: Lang) -> str:
    """A telephone number that no one has: the code 000 in Russia, the numbers 555-01xx in America."""
    if lang == "ru":
        digits = f"{number * 7919 % 10**7:07}"
        return f"+7 000 {digits[:3]}-{digits[3:5]}-{digits[5:]}"
    return f"+1 {201 + number * 37 % 700} 555-01{number // 700 % 100:02}"
