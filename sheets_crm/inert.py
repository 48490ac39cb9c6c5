"""Anybody's text goes in; text that the sink it is for cannot take for a command comes out. One function a sink.

A user's cell may hold anything: a formula, markup, the codes that steer a terminal. It stays the text that it is.
"""

from __future__ import annotations

import json
import re
from html import escape

_UNSEEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u2064\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
"""Controls, formats (bidi among them), ends of lines and halves of characters: what is not seen but does something."""
_ANY_UNSEEN = re.compile(f"[{_UNSEEN}]")
_UNSEEN_IN_JSON = re.compile(f"(?!\n)[{_UNSEEN}]")
_UNSEEN_IN_CSV = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_OUR_LOOK = re.compile(r"(\x1b\[(?:[012]|3[1-4])m|\n)")
"""The styles that our own lines use, and their ends."""
_LIVE = re.compile(rf"""(^|[;\t\r\n])(?=[\s"{_UNSEEN}]*[=+\-@＝＋－＠﹦﹢﹣﹫])|^(?=[\t\r\n])""")
"""Where a cell begins that a spreadsheet would calculate: also after a `;`, which parts cells in half of the world."""


def on_screen(text: str) -> str:
    """One line for a terminal: nothing in it steers the terminal or hides what stands there."""
    return text if text.isprintable() else _ANY_UNSEEN.sub(" ", text)


def on_screen_with_looks(text: str) -> str:
    """Lines for a terminal that may bear our own styles, and nothing else that steers it."""
    if _OUR_LOOK.sub("", text).isprintable():
        return text
    parts = _OUR_LOOK.split(text)
    parts[::2] = map(on_screen, parts[::2])  # what stands between two looks
    return "".join(parts)


def in_csv(text: str) -> str:
    """A text field of a CSV file: an apostrophe stands before whatever a spreadsheet would calculate.

    For texts alone; a number, negative or not, is written as it is.
    """
    return _LIVE.sub(r"\1'", _UNSEEN_IN_CSV.sub(" ", text))


def in_html(text: str) -> str:
    """Text between tags or in a quoted attribute."""
    return escape(on_screen(text))


def in_json(answer: object) -> str:
    """A whole answer as JSON: exact for who parses it, with nothing unseen in it for who only prints it."""
    text = json.dumps(answer, ensure_ascii=False, indent=2)
    return _UNSEEN_IN_JSON.sub(lambda match: json.dumps(match[0])[1:-1], text)


def in_annotation(text: str) -> str:
    """The message of a GitHub workflow command, as github.com/actions/toolkit escapes it (core/src/command.ts)."""
    return on_screen(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def in_annotation_property(text: str) -> str:
    """A property of such a command."""
    return in_annotation(text).replace(":", "%3A").replace(",", "%2C")


def in_formula(text: str) -> str:
    """A text in quotation marks, as it stands in a formula."""
    return '"' + text.replace('"', '""') + '"'


def in_reference(sheet: str) -> str:
    """A sheet's name as it stands before the `!` of a reference: always quoted, since `R2` would be read as a cell."""
    return "'" + sheet.replace("'", "''") + "'"


def in_footer(text: str) -> str:
    """Text in a page's header or footer, where `&` begins a code."""
    return text.replace("&", "&&")
