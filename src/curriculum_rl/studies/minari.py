"""Canonical logs to Minari datasets and back: what `curriculum-rl export-minari` and `import-minari` do."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from rich.progress import Progress

from curriculum_rl.logs.manifest import Manifest
from curriculum_rl.logs.store import open_log, write_log
from curriculum_rl.named import load_named
from curriculum_rl.ope.minari.read import about, open_minari, tables
from curriculum_rl.ope.minari.write import Written, write_minari
from curriculum_rl.studies.log_world import world_of
from curriculum_rl.trackers.tracker import Tracker


def export_log(log: Path, tracker: str, world: str | None, name: str, out: Path, progress: Progress) -> Written:
    """Writes a log as the dataset `name` in the folder `out`.

    Raises:
        InvalidInput: for a name that is unknown, taken or no dataset's, or a log without decisions.
    """
    seen, opened = cast(Tracker, load_named("tracker", tracker, "tracker")), open_log(log)
    platform = world_of(opened.manifest.about, world).platform
    task = progress.add_task(f"{log.name} to {name}", total=opened.manifest.rows)
    return write_minari(opened, out, name, platform, seen, lambda rows: progress.advance(task, rows))


def import_dataset(folder: Path, name: str, world: str | None, out: Path) -> Manifest:
    """Writes the dataset `name` of a folder as the canonical log `out`.

    Raises:
        InvalidInput: there is no such dataset, it is not of that world, or the log is there.
    """
    dataset = open_minari(folder, name)
    told = about(dataset)
    return write_log(out, tables(dataset, world_of(told, world).platform), told)
