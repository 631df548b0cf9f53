"""The npm packages that run a graph in Node and in browsers, installed once for each lock file into a cache.

`npm ci` checks every package against the digest in `package-lock.json`. Install scripts are not run: onnxruntime-node's
would only fetch what runs on graphics cards, from elsewhere; what runs on processors is in the package itself.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from curriculum_rl.violations import InvalidInput

HERE: Final = Path(__file__).parent
FILES: Final = ("package.json", "package-lock.json")
OPTIONS: Final = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1")
SECONDS: Final = 600.0


def node_modules(tests: bool = False) -> Path:
    """The folder that the packages are in; they are installed if they are not there yet.

    Args:
        tests: with what only tests need: onnxruntime-node and axe-core.

    Raises:
        InvalidInput: npm is missing, or could not install them.
    """
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in FILES)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "curriculum_rl"
    whole, runtime = cache / f"npm-{digest}-tests", cache / f"npm-{digest}"
    for there in (whole,) if tests else (whole, runtime):
        if there.is_dir():
            return there / "node_modules"
    return _installed(whole if tests else runtime, [] if tests else ["--omit=dev"]) / "node_modules"


def _installed(folder: Path, options: list[str]) -> Path:
    """Installs beside the folder, then renames: it is there whole or not at all."""
    npm = shutil.which("npm")
    if npm is None:
        raise InvalidInput("npm", ["is not installed: it brings onnxruntime-web. Install Node.js with npm"])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".npm-", dir=folder.parent) as scratch:
        made = Path(scratch) / "packages"
        made.mkdir()
        for name in FILES:
            shutil.copy(HERE / name, made)
        _run([npm, "ci", *OPTIONS, *options], made)
        try:
            made.rename(folder)
        except OSError:  # another process was faster
            if not folder.is_dir():
                raise
    return folder


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise InvalidInput("npm", [f"did not come to an end in {SECONDS:g} s: is the registry within reach?"]) from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("npm error")] or ["npm error (no message)"]
        told = "could not install the packages: is the registry within reach? "
        raise InvalidInput("npm", [told + " ".join(line.removeprefix("npm error").strip() for line in said[:4])[:400]])
