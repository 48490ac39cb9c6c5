"""The promise of docs/contributing.md: a rule is one function, one Russian text, one table of cases."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAD = """\"\"\"A room of its own.\"\"\"

from collections.abc import Iterator

from sheets_crm.findings import Found, Judged, Outcome
from sheets_crm.firm import Firm
from sheets_crm.rules.registry import rule
from sheets_crm.text import Text

"""
RUSSIAN = """
## DQ06

**Что находит:** открытые сделки без источника.

**Почему важно:** чего не узнали при первом контакте, не узнают никогда.

**Как исправить:** спросите клиента, откуда он о вас узнал.
"""
CASES = """# DQ06 source-missing

Today is 2026-05-20.

## An open deal says how the client came

Deals

| deal_id | stage | source | expect |
|---|---|---|---|
| D1 | Proposal | Web | |
| D2 | Proposal | | DQ06 source |
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and its tests."""
    for folder in ("sheets_crm", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def verdict(copy: Path) -> subprocess.CompletedProcess[str]:
    """The rule tests, run in the copy by a fresh interpreter."""
    command = [sys.executable, "-m", "pytest", "-n0", "-p", "no:cacheprovider", "tests/test_rules.py"]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False, timeout=120)


def listed(copy: Path) -> str:
    """The codes that the registry knows in the copy."""
    code = "from sheets_crm.checks import RULES; print(*RULES)"
    done = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True, check=True)
    return done.stdout


def test_a_rule_is_one_function_one_russian_text_and_one_table(copy: Path) -> None:
    """The rule of the page, word for word, is found, documented and tested, and nothing else was edited."""
    page = (ROOT / "docs/contributing.md").read_text(encoding="utf-8")
    (function,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (copy / "sheets_crm/rules/sources.py").write_text(HEAD + function, encoding="utf-8")
    texts = copy / "sheets_crm/templates/rules.ru.md"
    without_text = verdict(copy)
    texts.write_text(texts.read_text(encoding="utf-8") + RUSSIAN, encoding="utf-8")
    without_cases = verdict(copy)
    (copy / "tests/cases/DQ06.md").write_text(CASES, encoding="utf-8")
    whole = verdict(copy)
    assert "DQ06" in listed(copy)
    assert without_text.returncode == 1
    assert "DQ06" in without_text.stdout
    assert without_cases.returncode == 1
    assert whole.returncode == 0, whole.stdout
