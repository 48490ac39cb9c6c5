"""Files with secrets: kept in gspread's own folder, for their owner's eyes alone, and not read if others could."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sheets_crm.errors import WorkbookForbidden
from sheets_crm.text import Text

_OTHERS = 0o077


def folder() -> Path:
    """The folder that gspread uses: `~/.config/gspread`, on Windows `%APPDATA%\\gspread`."""
    from gspread.auth import get_config_dir  # noqa: PLC0415 - heavy

    return get_config_dir()


def read(path: Path) -> str:
    """The text of a file that nobody else can read. Raises WorkbookForbidden for any other, OSError, ValueError.

    On Windows the mode of a file says nothing; there the user's own folder is closed to others.
    """
    if os.name == "posix" and path.stat().st_mode & _OTHERS:
        raise WorkbookForbidden(_OPEN_TO_OTHERS.fill(path=str(path)))
    return path.read_text(encoding="utf-8")


def write(path: Path, text: str) -> None:
    """Puts a file in place as a whole; nobody else can read it at any moment."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600 by its contract
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


_OPEN_TO_OTHERS = Text(
    "{path} holds a secret and others on this computer may read it; close it to them: chmod 600 '{path}'",
    "В {path} секрет, а прочесть его могут и другие на этом компьютере; закройте файл: chmod 600 '{path}'",
)
