"""Where the shared data is: beside the checkout, or where SHEETS_CRM_SHARED says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def shared(path: str) -> Path:
    """A file or folder of the shared data; the test is skipped where it is absent."""
    root = Path(os.environ.get("SHEETS_CRM_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    found = root / path
    if not found.exists():
        pytest.skip(f"the shared data has no {path} here (set SHEETS_CRM_SHARED)")
    return found
