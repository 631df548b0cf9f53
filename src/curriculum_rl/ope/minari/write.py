"""A canonical log, written as a Minari dataset."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from curriculum_rl.envs.simulation import feature_names
from curriculum_rl.logs.store import Log
from curriculum_rl.ope.logged import Logged, read_logged
from curriculum_rl.ope.minari.columns import infos_of
from curriculum_rl.ope.minari.folder import ABOUT, check_name, minari_in
from curriculum_rl.ope.replay import views
from curriculum_rl.trackers.tracker import Tracker
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import Platform

if TYPE_CHECKING:
    from minari.data_collector import EpisodeBuffer


@dataclass
class Written:
    """How much was exported; `left_out` rows were no decisions."""

    episodes: int = 0
    steps: int = 0
    left_out: int = 0


def write_minari(
    log: Log,
    folder: Path,
    name: str,
    platform: Platform,
    tracker: Tracker,
    done: Callable[[int], None] = lambda rows: None,
) -> Written:
    """Writes the dataset `name` into `folder`; both as Minari has them: MINARI_DATASETS_PATH and a dataset's id.

    Args:
        log: of decisions with rewards.
        platform: the catalogue that it names.
        tracker: whose features are observed.
        done: called with the number of rows that were written since the last call.

    Raises:
        InvalidInput: the name is none, it is taken, or the log holds no decision with a reward.
    """
    check_name(name)
    if (folder / name).exists():
        raise InvalidInput(str(folder), [f"holds {name} already; remove it, or choose another name"])
    if "reward" not in log.manifest.filled:
        raise InvalidInput(str(log.folder), ["reward: is missing in every row, and a dataset of steps needs them"])
    written = Written()
    told = {
        "about": asdict(log.manifest.about),
        "activities": [a.id for a in platform.curriculum.activities],
        "features": list(feature_names(tracker, platform)),
        "groups": list(log.manifest.groups),
    }
    with minari_in(folder) as minari:
        from gymnasium.spaces import Box, Discrete

        try:
            dataset = minari.create_dataset_from_buffers(
                name,
                _episodes(log, platform, tracker, written, done),
                observation_space=Box(-np.inf, np.inf, (len(told["features"]),), np.float32),
                action_space=Discrete(len(told["activities"])),
                algorithm_name=log.manifest.about.behaviour or "unknown",
                description=log.manifest.about.source,
            )
            dataset.storage.update_metadata({ABOUT: told})
        except BaseException:
            shutil.rmtree(folder / name, ignore_errors=True)
            raise
    return written


def _episodes(
    log: Log, platform: Platform, tracker: Tracker, written: Written, done: Callable[[int], None]
) -> Iterator[EpisodeBuffer]:
    from minari.data_collector import EpisodeBuffer

    for table in log.buckets():
        logged = read_logged(table, platform)
        infos = infos_of(table, logged, platform, list(log.manifest.filled))
        observed, closing = _observed(logged, platform, tracker)
        ended = [np.asarray(table[c].fill_null(False)).astype(np.bool_) for c in ("terminated", "truncated")]
        decision, starts = np.isfinite(logged.reward), logged.starts
        for i in range(len(logged.ids)):
            rows = starts[i] + np.flatnonzero(decision[starts[i] : starts[i + 1]])
            written.left_out += int(starts[i + 1] - starts[i]) - len(rows)
            if not len(rows):
                continue
            terminated, truncated = (flags[rows] for flags in ended)
            truncated[-1] |= not terminated[-1]
            and_last = np.append(rows, rows[-1])
            yield EpisodeBuffer(
                id=written.episodes,
                observations=np.concatenate([observed[rows], closing[i : i + 1]]),
                actions=logged.offered[rows],
                rewards=logged.reward[rows],
                terminations=terminated,
                truncations=truncated,
                infos={name: values[and_last] for name, values in infos.items()},
            )
            written.episodes += 1
            written.steps += len(rows)
        done(len(table))


def _observed(
    logged: Logged, platform: Platform, tracker: Tracker
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Features before each row, (N, F), and after each student's last, (n, F), which takes its usual minutes."""
    last = logged.starts[1:] - 1
    twice = np.sort(np.append(np.arange(len(logged.student)), last))  # the last row of each student once more
    closing = np.diff(twice, prepend=-1) == 0
    now = logged.now[twice]
    now[closing] += platform.curriculum.minutes[logged.activity[last]] / 1440.0
    names = ("student", "offered", "activity", "correct", "seen", "propensity", "reward")
    rows: dict[str, Any] = {name: getattr(logged, name)[twice] for name in names}
    eligible = None if logged.eligible is None else logged.eligible[twice]
    longer = replace(logged, **rows, now=now, eligible=eligible)
    seen = np.empty((len(twice), len(feature_names(tracker, platform))), dtype=np.float32)
    for own, view in views(longer, platform, tracker):
        seen[own] = view.features()
    return seen[~closing], seen[closing]
