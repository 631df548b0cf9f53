"""A finished study as where a policy comes from: its results, its world and gate, and what it trained on each seed.

It is found by the id of its run in MLflow, or of the run of one seed; by its folder; or by the path of a policy in that
folder. `::LEARNER` after an id or a folder says which of several learners is meant. Of the seeds of a learner, the one
with the highest mean on the validation students at the end of its training is taken: the students that the study judged
on have no part in the choice, for the best of several on them would look better than it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from curriculum_rl.config import build, nearest
from curriculum_rl.envs.simulation import Gate
from curriculum_rl.report.build import read_folder
from curriculum_rl.report.schema import Results
from curriculum_rl.studies.evaluate import saved_policy
from curriculum_rl.violations import InvalidInput
from curriculum_rl.world import World, WorldConfig

RESULTS, CONFIG, POLICIES = "results.json", "config.yaml", "policies"
_RUN: Final = re.compile(r"[0-9a-f]{32}")
_TRAINED: Final = re.compile(r"(?P<learner>.+)-seed(?P<seed>\d+)")


@dataclass(frozen=True)
class Finished:
    """A study that is finished.

    Attributes:
        where: for people: its folder, or its run.
        results: what it found.
        config: all of its settings.
        policies: the path, without suffix, of what was trained, by learner and seed.
        tuned: the settings of each heuristic that it tuned, as they scored highest.
        run: id of its run in MLflow, where it was found by that.
    """

    where: str
    results: Results = field(repr=False)
    config: Mapping[str, Any] = field(repr=False)
    policies: Mapping[tuple[str, int], Path]
    tuned: Mapping[str, Mapping[str, Any]] = field(repr=False)
    run: str | None = None

    def world(self) -> World:
        """The world that it judged in.

        Raises:
            InvalidInput: it cannot be made any more, for its pack is gone or its settings are those of another version.
        """
        made: WorldConfig = build(self.config.get("world"), f"the world of {self.where}", WorldConfig)
        return made.load()

    def gate(self) -> Gate | None:
        """What masked activities while it trained and judged."""
        gate = self.config.get("gate")
        return None if gate is None else build(gate, f"the gate of {self.where}")


@dataclass(frozen=True)
class Chosen:
    """A policy that was trained and saved.

    Attributes:
        path: without suffix.
        study: that trained it; None where only the policy is there.
        learner, seed: as its file is named, and the results of its study name it.
        by_validation: whether the seed was picked by its validation, of several.
    """

    path: Path
    study: Finished | None
    learner: str
    seed: int | None = None
    by_validation: bool = False


def find_trained(name: str, tracking: str | None = None) -> Chosen:
    """The policy of a run, of a study's folder, or at a path.

    Args:
        tracking: URI of the database that runs are found in; None: the usual one.

    Raises:
        InvalidInput: it is none of these, or leaves open which learner is meant; or there is no policy.
    """
    saved = saved_policy(name)
    if saved is not None:
        match, folder = _TRAINED.fullmatch(saved.name), saved.parent.parent
        named = (match["learner"], int(match["seed"])) if match else (saved.name, None)
        of_study = saved.parent.name == POLICIES and (folder / RESULTS).is_file()
        return Chosen(saved, read_study(folder) if of_study else None, *named)
    given, _, learner = name.partition("::")
    if Path(given).is_dir():
        return _pick(read_study(Path(given)), learner)
    study, asked = _of_run(given, tracking)
    if asked is None:
        return _pick(study, learner)
    for (trained, seed), path in study.policies.items():
        if path.parent == asked:
            return Chosen(path, study, trained, seed)
    raise InvalidInput("run", [f"{given}: holds no policy"])


def find_study(name: str, tracking: str | None = None) -> Finished:
    """The study of a run, in a folder, or that trained the policy at a path; which learner is meant does not matter.

    Raises:
        InvalidInput: there is none.
    """
    given = name.partition("::")[0]
    saved = saved_policy(name)
    if saved is not None or Path(given).is_dir():
        return read_study(Path(given) if saved is None else saved.parent.parent)
    return _of_run(given, tracking)[0]


def read_study(folder: Path) -> Finished:
    """The study in a folder.

    Raises:
        InvalidInput: there is none, or it is not finished.
    """
    return _read(str(folder), folder, [folder / POLICIES])


def _of_run(run_id: str, tracking: str | None) -> tuple[Finished, Path | None]:
    """The study of a run, and the folder of the policy of the run, where it is that of a seed."""
    if not _RUN.fullmatch(run_id):
        told = "is neither the id of a run (32 of 0-9 and a-f), nor the folder of a study, nor a saved policy"
        raise InvalidInput("run", [f"{run_id!r:.120}: {told}"])
    from curriculum_rl.studies.registry import run_files  # MLflow is slow to load
    from curriculum_rl.studies.tracking import MlflowTracking

    files = run_files(MlflowTracking(uri=tracking) if tracking else MlflowTracking(), run_id)
    if not (files.study / RESULTS).is_file():
        raise InvalidInput("run", [f"{run_id}: is not that of a study that was finished: it holds no {RESULTS}"])
    return _read(f"run {files.id}", files.study, files.policies, files.id), files.asked


def _read(where: str, folder: Path, places: Iterable[Path], run: str | None = None) -> Finished:
    results = read_folder(folder)
    try:
        config = OmegaConf.to_container(OmegaConf.load(folder / CONFIG), resolve=True)
    except (OSError, YAMLError, OmegaConfBaseException) as error:
        raise InvalidInput(where, [f"{CONFIG} cannot be read: {error}"]) from None
    if not isinstance(config, dict):
        raise InvalidInput(where, [f"{CONFIG} is not what a study writes"])
    tried = json.loads((folder / RESULTS).read_text(encoding="utf-8")).get("tuned") or {}
    tuned = {name: rows[0] for name, rows in tried.items() if rows}
    files = sorted(file for place in places for file in place.glob("*.json"))
    matches = ((_TRAINED.fullmatch(file.stem), file.with_suffix("")) for file in files)
    policies = {(match["learner"], int(match["seed"])): path for match, path in matches if match}
    return Finished(where, results, {str(key): value for key, value in config.items()}, policies, tuned, run)


def _pick(study: Finished, learner: str) -> Chosen:
    """The policy of the best seed by validation."""
    learners = list(dict.fromkeys(name for name, _ in study.policies))
    if not learners:
        raise InvalidInput("run", [f"{study.where}: holds no policy: nothing was trained in it, or its files are gone"])
    if learner and learner not in learners:
        raise InvalidInput("run", [f"{study.where}: has no learner {learner!r}. {nearest(learner, learners)}"])
    if not learner and len(learners) > 1:
        told = f"has several learners. Say which: {', '.join(f'::{name}' for name in learners)}"
        raise InvalidInput("run", [f"{study.where}: {told} (behind its id or folder)"])
    learner = learner or learners[0]
    seeds = [seed for name, seed in study.policies if name == learner]
    scores = {seed: study.results.validation(learner, seed) for seed in seeds}
    known = {seed: score for seed, score in scores.items() if score is not None}
    if len(seeds) > 1 and len(known) < len(seeds):
        told = f"{learner} was trained on seeds {', '.join(map(str, seeds))}, and not all were validated"
        raise InvalidInput("run", [f"{study.where}: {told}. Give the path of one policy, or the run of one seed"])
    seed = max(seeds, key=lambda s: (known.get(s, 0.0), -s))
    return Chosen(study.policies[learner, seed], study, learner, seed, len(seeds) > 1)
