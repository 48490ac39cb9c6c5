"""What all tests share."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# The first example pays for imports, and a loaded machine is slow: time is measured by benchmarks.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` writes the files of tests/golden anew; look at the difference before you commit it."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/* anew")


@pytest.fixture(autouse=True)
def no_excel_is_left() -> Iterator[None]:
    """What a test has open in its stand-in for Excel is not open for the next one."""
    yield
    bench = sys.modules.get("tests.excel.bench")
    if bench is not None:
        bench.leave()
