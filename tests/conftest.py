"""For all tests: what hypothesis draws is the same in every run, so that a failure anywhere can be seen everywhere.

At the end it is said in plain words which tests were left out because something is not installed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: Any) -> Iterator[None]:
    """A line for each reason, after all else."""
    yield
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    reasons = Counter(text.split("left out: ")[1].rstrip("')\"") for text in skipped if "left out: " in text)
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} tests were left out, because {reason}.")
