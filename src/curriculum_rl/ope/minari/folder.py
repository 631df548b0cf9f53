"""The folder that datasets lie in, and how they are called there."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from curriculum_rl.violations import InvalidInput

ABOUT: Final = "curriculum_rl"
"""Where a dataset's metadata hold what the log's manifest says, and the ids behind its numbers."""
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+-v\d+")


def check_name(name: str) -> None:
    """Refuses what Minari would not take for a dataset's id, and namespaces, which are folders in folders."""
    if not _NAME.fullmatch(name):
        raise InvalidInput("name", [f"{name!r}: must be letters, digits, _ and -, and end in a version: my-log-v0"])


@contextmanager
def minari_in(folder: Path) -> Iterator[Any]:
    """Minari, with this folder as its place of datasets; what it asks authors of datasets for is not asked here."""
    import minari

    place = "MINARI_DATASETS_PATH"
    before = os.environ.get(place)
    os.environ[place] = str(folder.absolute())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield minari
    finally:
        os.environ.pop(place)
        if before is not None:
            os.environ[place] = before
