"""The page to try a policy as a folder of files: any web server can host it, and it asks nobody else for anything.

index.html, page/    the page
runner/              what opens and runs bundles
ort/                 onnxruntime-web, for one thread
policy.zip           the bundle
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from curriculum_rl.runner.bundle import open_bundle
from curriculum_rl.web.packages import HERE, node_modules

ORT: Final = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
BUNDLE: Final = "policy.zip"


def write_site(bundle: Path, folder: Path) -> None:
    """Writes the page for a bundle into a folder, which is made if it is not there.

    Raises:
        InvalidInput: the bundle is damaged, or onnxruntime-web is missing and cannot be installed.
    """
    open_bundle(bundle)
    runtime = node_modules() / "onnxruntime-web" / "dist"
    (folder / "ort").mkdir(parents=True, exist_ok=True)
    for name in ORT:
        shutil.copy(runtime / name, folder / "ort")
    for part in ("page", "runner"):
        shutil.copytree(HERE / part, folder / part, dirs_exist_ok=True)
    shutil.copy(HERE / "index.html", folder)
    shutil.copyfile(bundle, folder / BUNDLE)
