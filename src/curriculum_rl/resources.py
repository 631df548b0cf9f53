"""Where the files that are not code are: inside an installed wheel, or in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def configs_folder() -> Path:
    """The folder of Hydra configs, `configs/`."""
    return _find("configs")


def simulators_folder() -> Path:
    """The folder of the simulator packs that come with the package, `simulators/`."""
    return _find("simulators")


def pack_names() -> list[str]:
    """Names of the packs that come with the package."""
    return sorted(p.name for p in simulators_folder().iterdir() if (p / "population.yaml").is_file())


def constraints_file() -> Path:
    """The versions of everything that were tested together, `constraints.txt`; in a checkout only."""
    return _CHECKOUT / "constraints.txt"


def _find(name: str) -> Path:
    """The wheel carries its own copy; an editable install reads the checkout's.

    Raises:
        FileNotFoundError: neither is there, so the installation is not whole.
    """
    for place in (_PACKAGE / name, _CHECKOUT / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(
        f"no folder {name}/ in {_PACKAGE} or {_CHECKOUT}: the installation is not whole; install again"
    )
