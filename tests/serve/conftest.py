"""Bundles to serve, made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from curriculum_rl.export.bundle import make
from curriculum_rl.policies.load import load_policy
from curriculum_rl.world import load_world
from tests.serve.services import Local
from tests.worlds import component


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A heuristic for fractions; nothing is ever locked."""
    path = tmp_path_factory.mktemp("bundles") / "greedy.zip"
    path.write_bytes(make("greedy_credit", load_policy("greedy_credit"), load_world("fractions"), 1000).content)
    return path


@pytest.fixture(scope="session")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same behind a gate, so that most is locked for who is new."""
    path, gate = tmp_path_factory.mktemp("bundles") / "gated.zip", component("gate", "believed")
    content = make("greedy_credit", load_policy("greedy_credit"), load_world("fractions"), 1000, gate).content
    path.write_bytes(content)
    return path


@pytest.fixture
def start(bundle: Path, tmp_path: Path) -> Iterator[Callable[..., Local]]:
    """Starts services in the test's own process."""
    running: list[Local] = []

    def started(of: Path = bundle, folder: str = "log", **settings: Any) -> Local:
        running.append(Local(of, tmp_path / folder, **settings))
        return running[-1]

    yield started
    for one in running:
        one.close()


@pytest.fixture
def local(start: Callable[..., Local]) -> Local:
    """A service that explores three times of ten."""
    return start(explore=0.3)
