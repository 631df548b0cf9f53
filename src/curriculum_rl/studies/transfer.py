"""Learners that were trained elsewhere: in another world, or by a study that is finished.

Whoever was trained elsewhere keeps its weights; its tracker starts from what the platform here knows, as those of the
heuristics do. A finished study is a folder with `results.json` and `policies/<learner>-seed<seed>.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curriculum_rl.agents.learned import LearnedPolicy, load_learned, untrained
from curriculum_rl.config import nearest
from curriculum_rl.envs.simulation import check_slate
from curriculum_rl.studies.players import Entrant
from curriculum_rl.studies.study import Study, Taken
from curriculum_rl.studies.train import Learned
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import World


@dataclass(frozen=True)
class Carried:
    """A learner in the world of a study, wherever it was trained.

    Attributes:
        policies: one for each seed of the study.
        trained_in: the name of the world that it was trained in, where that is another.
        trained_from: the folder of the finished study that it comes from and its name there, if it does.
    """

    policies: tuple[LearnedPolicy, ...]
    trained_in: str | None = None
    trained_from: str | None = None


def carried(study: Study, world: World) -> dict[str, Carried]:
    """The learners that are taken from finished studies, by their name here.

    Raises:
        InvalidInput: everything that keeps any of them from being taken.
    """
    check = Violations("learners")
    found = {}
    for name, learner in study.all_learners.items():
        if isinstance(learner, Taken):
            try:
                found[name] = _carried(learner, study.seeds, world)
            except InvalidInput as error:
                check.found += [f"{name}.trained = {learner.trained!r}: {line}" for line in error.violations]
    check.raise_all()
    return found


def training_worlds(study: Study, world: World) -> dict[str, World]:
    """The world that each learner is to be trained in; those that can only play there are refused before they train.

    So are slates, of the study or of a learner, that are larger than the catalogue there or here.

    Raises:
        InvalidInput: a world cannot be read, or what would be trained there could not play here.
    """
    asked = Violations("study")
    check_slate(study.slate, world, asked)
    asked.raise_all()
    check = Violations("learners")
    found = {}
    for name, learner in study.trained_learners.items():
        try:
            found[name] = learner.world.load() if learner.world else world
            if learner.world:
                made_of = learner.agent.made_of(learner.network, learner.tracker)
                untrained(found[name].platform, *made_of).on(world.platform)
            own = Violations(name)
            check_slate(learner.agent.slate, min(found[name], world, key=_activities), own)
            own.raise_all()
        except InvalidInput as error:
            check.found += [f"{name}: {line}" for line in error.violations]
    check.raise_all()
    return found


def _activities(world: World) -> int:
    return len(world.curriculum.activities)


def brought(learned: Sequence[Learned], world: World) -> Carried:
    """A learner that this study trained on each of its seeds, here or elsewhere, in the world of the study."""
    there = learned[0].job.world
    if there is world:
        return Carried(tuple(one.policy for one in learned))
    return Carried(tuple(one.policy.on(world.platform) for one in learned), there.name)


def counterparts(entrants: Sequence[Entrant]) -> list[tuple[str, str]]:
    """Each learner trained elsewhere with each one trained here that has the same network and tracker, by name."""

    def made_of(entrant: Entrant) -> list[tuple[object, object]]:
        return [(p.network, p.tracker) for p in entrant.players[:1] if isinstance(p, LearnedPolicy)]

    learned = [e for e in entrants if made_of(e)]
    native = [e for e in learned if e.trained_in is None]
    elsewhere = [e for e in learned if e.trained_in is not None]
    return [(a.name, b.name) for a in elsewhere for b in native if made_of(a) == made_of(b)]


def _carried(taken: Taken, seeds: Sequence[int], world: World) -> Carried:
    results = _results(taken.folder)
    name = _learner(taken, results)
    paths = [taken.folder / "policies" / f"{name}-seed{seed}.json" for seed in seeds]
    there = sorted(
        int(match[1])
        for file in (taken.folder / "policies").glob("*.json")
        if (match := re.fullmatch(rf"{re.escape(name)}-seed(\d+)\.json", file.name))
    )
    if absent := [str(seed) for seed, path in zip(seeds, paths, strict=True) if not path.is_file()]:
        choices = f"Choose among seeds=[{','.join(map(str, there))}]."
        remedy = choices if there else "Its files are gone, or it was itself taken from a study."
        raise InvalidInput("trained", [f"{name} has no policy of seed {', '.join(absent)} there. {remedy}"])
    policies = tuple(load_learned(path.with_suffix(""), world, elsewhere=True) for path in paths)
    fits = Violations(name)
    check_slate(max(policy.slate for policy in policies), world, fits)
    fits.raise_all()
    entry = next(p for p in results["policies"] if p["name"] == name)
    trained_in = entry.get("trained_in") or results["world"]["name"]
    return Carried(policies, str(trained_in), f"{taken.folder}::{name}")


def _results(folder: Path) -> Mapping[str, Any]:
    """What `results.json` of a study holds."""
    remedy = "Give the folder of a study that is finished."
    try:
        found = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        whole = all(isinstance(p["name"], str) and isinstance(p["kind"], str) for p in found["policies"])
        whole = whole and isinstance(found["world"]["name"], str)
    except OSError:
        raise InvalidInput("trained", [f"{folder} holds no results.json. {remedy}"]) from None
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise InvalidInput("trained", [f"{folder / 'results.json'} is not what a study writes. {remedy}"])
    results: Mapping[str, Any] = found
    return results


def _learner(taken: Taken, results: Mapping[str, Any]) -> str:
    """The name of the learner there that is meant."""
    learned = [p["name"] for p in results["policies"] if p["kind"] == "learned"]
    if taken.learner in learned:
        return str(taken.learner)
    if taken.learner:
        raise InvalidInput("trained", [f"there is no learner {taken.learner!r}. {nearest(taken.learner, learned)}"])
    if len(learned) != 1:
        remedy = f"Say which, as in {taken.folder}::{learned[0]}." if learned else "Give another study."
        raise InvalidInput("trained", [f"the study has {len(learned)} learners ({', '.join(learned)}). {remedy}"])
    return str(learned[0])
