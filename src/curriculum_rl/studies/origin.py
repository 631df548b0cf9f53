"""Where a result comes from: the command, the versions, the commit, the digests."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from curriculum_rl import __version__
from curriculum_rl.world import World

PACKAGES = ("gymnasium", "hydra-core", "mlflow", "numpy", "sb3-contrib", "scipy", "stable-baselines3", "torch")


def origin(world: World, resolved: str) -> dict[str, Any]:
    """What must be equal for a result to be equal; `resolved` is the whole config as YAML."""
    return {
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "version": __version__,
        "commit": _commit(),
        "pack": world.name,
        "pack_digest": world.digest,
        "config_digest": hashlib.sha256(resolved.encode()).hexdigest(),
        "packages": {name: _version(name) for name in PACKAGES},
        "platform": f"Python {platform.python_version()}, {platform.system()} {platform.machine()}",
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    """The commit of the checkout that this package lies in, with a mark where something is not committed."""
    here = Path(__file__).parent
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40"],
            cwd=here,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return found.stdout.strip() or "unknown"
