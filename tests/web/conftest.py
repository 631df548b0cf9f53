"""Node, Chromium, npm's packages and some bundles: what is missing is said, and the tests that need it are left out.

Where CURRICULUM_RL_NEED_BROWSER is set, as in CI, nothing may be missing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock

from curriculum_rl.agents.learned import LearnedPolicy, untrained
from curriculum_rl.agents.networks.concept_scorer import ConceptScorer
from curriculum_rl.export.bundle import make
from curriculum_rl.policies.load import load_policy
from curriculum_rl.studies.doctor import BROWSERS
from curriculum_rl.trackers.bkt import BKTFilter
from curriculum_rl.violations import InvalidInput
from curriculum_rl.web.packages import HERE, node_modules
from curriculum_rl.web.server import server
from curriculum_rl.web.site import write_site
from curriculum_rl.world import World, load_world
from tests.worlds import component

NEEDED = "CURRICULUM_RL_NEED_BROWSER"
BUNDLES = ("gated", "sure", "network")

Ask = Callable[..., Any]


def leave_out(reason: str) -> None:
    """Leaves out the tests that ask for what is missing; fails them where it may not be missing."""
    if os.environ.get(NEEDED):
        pytest.fail(f"{NEEDED} is set, but {reason}")
    pytest.skip(f"left out: {reason}")


def found(names: tuple[str, ...], what: str) -> str:
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        leave_out(f"{what} is not installed")
    assert path is not None
    return path


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """npm's packages, with those for tests: fetched once for all processes."""
    found(("npm",), "npm")
    with FileLock(tmp_path_factory.getbasetemp().parent / "npm.lock"):
        try:
            return node_modules(tests=True)
        except InvalidInput as error:
            leave_out(str(error))
            raise


@pytest.fixture(scope="session")
def ask(packages: Path) -> Ask:
    """Has Node do a task of `ask.mjs`."""
    node = found(("node",), "Node.js")

    def asked(task: str, **given: Any) -> Any:
        request = {"web": str(HERE), "packages": str(packages), "task": task, **given}
        command = [node, str(Path(__file__).with_name("ask.mjs"))]
        done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return asked


def network(world: World) -> LearnedPolicy:
    """A network that draws, and is far from level."""
    policy = untrained(world.platform, ConceptScorer(8), BKTFilter(1))
    for parameter in policy.actor.parameters():
        parameter.add_(0.3 * torch.cos(torch.arange(parameter.numel())).reshape(parameter.shape))
    return policy.drawn()


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A heuristic behind a gate, one without that is always sure, and a network."""
    folder, world = tmp_path_factory.mktemp("bundles"), load_world("fractions")
    contents = {
        "gated": make("zpdes", load_policy("zpdes"), world, 1000, component("gate", "believed")).content,
        "sure": make("greedy_credit", load_policy("greedy_credit"), world, 1000).content,
        "network": make("network", network(world), world, 1000).content,
    }
    paths = {name: folder / f"{name}.zip" for name in contents}
    for name, content in contents.items():
        paths[name].write_bytes(content)
    return paths


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Chromium without a window."""
    path = found(BROWSERS, "Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Site:
    """The page for a bundle, served until it is closed."""

    def __init__(self, bundle: Path, folder: Path) -> None:
        write_site(bundle, folder)
        self.server = server(folder, 0)
        self.url = f"http://localhost:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="session")
def sites(packages: Path, bundles: dict[str, Path], tmp_path_factory: Any) -> Iterator[dict[str, Site]]:
    """The page for each bundle, served."""
    served = {name: Site(path, tmp_path_factory.mktemp("site")) for name, path in bundles.items()}
    yield served
    for site in served.values():
        site.close()


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(0)
