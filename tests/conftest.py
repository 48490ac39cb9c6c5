"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# The first example pays for imports, and a loaded machine is slow: time is measured by benchmarks.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
