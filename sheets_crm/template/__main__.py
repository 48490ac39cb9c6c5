"""`python -m sheets_crm.template DIR`: the fresh templates of both languages, written into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from sheets_crm.template import build

if __name__ == "__main__":
    for path in build(Path(sys.argv[1])):
        sys.stdout.write(f"{path}\n")
