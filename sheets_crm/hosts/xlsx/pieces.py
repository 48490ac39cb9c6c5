"""A sheet's XML piece by piece: what stands before its rows, then whole rows, then what stands after them."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress

_OPENING = re.compile(rb"""<((?:[A-Za-z_][\w.-]*:)?)sheetData(?:\s(?:[^>"']|"[^"]*"|'[^']*')*?)?(/?)>""")
_LONGEST_TAG = 1000
"""Bytes by which two pieces overlap when a tag is looked for."""
_LONGEST_HEAD = 16 << 20
"""More than Excel's 16,384 columns need; a search that begins again with every piece has to end."""


def give_back() -> None:
    """Freed memory goes back to the system; glibc would keep a third of a peak for nobody, beside all that follows."""
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def holds(xml: bytes, sign: bytes, start: int = 0) -> bool:
    """Whether `sign` stands in `xml` from `start` on."""
    # One character is found many times faster than several, and several from the end twice as fast as from the front.
    return sign[-1:] in xml and xml.rfind(sign, start) >= 0


class NoRows(Exception):
    """The part has no `<sheetData>`, or one that never ends. `whole` is the part, if it has none and ends soon."""

    def __init__(self, whole: bytes = b"") -> None:
        super().__init__("no rows")
        self.whole = whole


class Cut:
    """A sheet part cut around its rows, read once from front to back."""

    head: bytes
    """Up to and with the opening `<sheetData>`."""
    start: int
    """Where the rows begin in the part."""
    prefix: bytes
    """The namespace prefix of the sheet's elements with its colon; mostly blank."""
    tail: bytes
    """From the closing `</sheetData>` on; known when the rows are through."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        """Raises NoRows."""
        self._pieces = iter(pieces)
        seen, match = b"", None
        for piece in self._pieces:
            looked = max(0, len(seen) - _LONGEST_TAG)
            seen += piece
            if match := _OPENING.search(seen, looked):
                break
            if len(seen) > _LONGEST_HEAD:
                raise NoRows
        if match is None:
            raise NoRows(b"" if b"sheetData" in seen else seen)
        self.prefix = match[1]
        self.start = match.end()
        name = self.prefix + b"sheetData"
        self.head, self._rest = seen[: match.end()], seen[match.end() :]
        if match[2]:
            self.head = seen[: match.start()] + b"<%b>" % name
            self._rest = b"</%b>" % name + self._rest
        self._closing = b"</" + name

    def rows(self) -> Iterator[bytes]:
        """The body, piece by piece; every piece begins with a row and ends with one. Raises NoRows."""
        opening = b"<%brow" % self.prefix
        held, looked = self._rest, 0
        self._rest = b""
        while not holds(held, self._closing, looked):
            cut = held.rfind(opening)
            if cut > 0:
                yield held[:cut]
                held = held[cut:]
            looked = max(0, len(held) - _LONGEST_TAG)
            piece = next(self._pieces, None)
            if piece is None:
                raise NoRows
            held += piece
        end = held.find(self._closing, looked)
        if end:
            yield held[:end]
        self.tail = b"".join((held[end:], *self._pieces))
