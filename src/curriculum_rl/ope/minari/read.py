"""A Minari dataset, read as a canonical log.

One that another tool made is read by its actions alone where it has no infos of ours, a student an episode.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from curriculum_rl.logs.manifest import About
from curriculum_rl.logs.schema import conform
from curriculum_rl.ope.minari.columns import columns_of
from curriculum_rl.ope.minari.folder import ABOUT, check_name, minari_in
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform

if TYPE_CHECKING:
    from minari import MinariDataset

_TOGETHER: Final = 256
"""Episodes in a table."""


def open_minari(folder: Path, name: str) -> MinariDataset:
    """A dataset that is there.

    Raises:
        InvalidInput: there is none, or it cannot be read.
    """
    check_name(name)
    if not (folder / name / "data").is_dir():
        raise InvalidInput(str(folder), [f"holds no dataset {name}"])
    try:
        with minari_in(folder) as minari:
            return minari.load_dataset(name, download=False)
    except (ValueError, OSError, LookupError, AssertionError) as error:
        raise InvalidInput(str(folder / name), [f"cannot be read: {error}"]) from None


def about(dataset: MinariDataset) -> About:
    """What it says about the log that it was made from."""
    told = dataset.storage.metadata.get(ABOUT)
    if told is None:
        return About(source=f"the Minari dataset {dataset.spec.dataset_id}")
    return About(**(told["about"] | {"notes": tuple(told["about"]["notes"])}))


def tables(dataset: MinariDataset, platform: Platform) -> Iterator[pa.Table]:
    """Its steps as rows of the canonical log.

    Raises:
        InvalidInput: its actions are not the catalogue's.
    """
    told = dataset.storage.metadata.get(ABOUT, {})
    activities = [a.id for a in platform.curriculum.activities]
    if told.get("activities", activities) != activities:
        raise InvalidInput("activities", ["are not the world's. Name the world that the log came from"])
    if getattr(dataset.action_space, "n", None) != len(activities):
        seen = f"actions are {dataset.action_space}"
        raise InvalidInput("dataset", [f"{seen}; the world's catalogue has {len(activities)} activities"])
    return _tables(dataset, platform, told.get("groups", []))


def _tables(dataset: MinariDataset, platform: Platform, groups: list[str]) -> Iterator[pa.Table]:
    parts: list[pa.Table] = []
    for episode in dataset.iterate_episodes():
        parts.append(_table(episode, platform, groups))
        if len(parts) == _TOGETHER:
            yield pa.concat_tables(parts)
            parts = []
    if parts:
        yield pa.concat_tables(parts)


def _table(episode: Any, platform: Platform, groups: list[str]) -> pa.Table:
    steps = len(episode.rewards)
    ids = np.array([a.id for a in platform.curriculum.activities], dtype=object)
    actions = np.asarray(episode.actions, dtype=np.int64)
    if not ((actions >= 0) & (actions < len(ids))).all():
        raise InvalidInput("dataset", [f"actions of episode {episode.id}: must be 0 to {len(ids) - 1}"])
    offered = ids[actions]
    columns = {
        "student_id": pa.array([f"episode-{episode.id}"] * steps, pa.string()),
        "seq": pa.array(np.arange(steps)),
        "activity_id": pa.array(offered, pa.string()),
        **columns_of(episode.infos or {}, steps, platform, groups),
        "reward": pa.array(np.asarray(episode.rewards, dtype=np.float64)),
        "terminated": pa.array(np.asarray(episode.terminations, dtype=np.bool_)),
        "truncated": pa.array(np.asarray(episode.truncations, dtype=np.bool_)),
    }
    same = np.array(columns["activity_id"].to_pylist(), dtype=object) == offered
    columns["offered"] = pa.array(offered, pa.string(), mask=same)
    columns |= {name: pa.nulls(steps, pa.string()) for name in groups if name not in columns}
    return conform(pa.table(columns))
