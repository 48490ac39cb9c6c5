"""oletools reads a macro project as a firm's IT does: an independent reader of what our builder writes."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # oletools asks pyparsing for a name of its past
    from oletools.olevba import VBA_Parser, decompress_stream  # type: ignore[import-untyped]


def decompressed(data: bytes) -> bytes:
    """The bytes in a compressed container."""
    return bytes(decompress_stream(bytearray(data)))


def sources(name: str, data: bytes) -> dict[str, str]:
    """Every module of a vbaProject.bin or a macro workbook: file name as olevba calls it, to its whole source."""
    parser = VBA_Parser(name, data=data)
    try:
        return {file: code for _, _, file, code in parser.extract_macros()}
    finally:
        parser.close()


def printed(path: Path) -> str:
    """What the command olevba prints of a file, attributes included."""
    command = [sys.executable, "-W", "ignore", "-m", "oletools.olevba", "--code", "--attr", str(path)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=True).stdout
