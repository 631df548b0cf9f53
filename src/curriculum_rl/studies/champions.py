"""A bundle that asks to become the champion of its catalogue: tried, and registered if it passes; else nothing is.

The alias moves forward only: to a bundle that passed every hurdle of `promotion.py`, the one over the present champion
among them. The version that gets it keeps what was measured, and whom it follows, as tags.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from filelock import FileLock

from curriculum_rl.config import build
from curriculum_rl.export.evidence import Evidence
from curriculum_rl.objectives.delayed_test import DelayedTest
from curriculum_rl.objectives.objective import Objective
from curriculum_rl.runner.bundle import Bundle, open_bundle
from curriculum_rl.runner.runner import Runner
from curriculum_rl.runner.verify import verify
from curriculum_rl.studies.finished import Finished, find_study
from curriculum_rl.studies.promotion import Hurdle, Rules, gaps, heuristics, judged_anew, locked, over_champion
from curriculum_rl.studies.registry import DIGEST, Version, champion, register
from curriculum_rl.studies.tracking import MlflowTracking
from curriculum_rl.violations import InvalidInput, Violations
from curriculum_rl.world import World, load_world

_MODEL: Final = re.compile(r"[A-Za-z0-9][\w .-]{0,200}", re.ASCII)


@dataclass(frozen=True)
class Order:
    """What is to be promoted.

    Attributes:
        run: the study that judged it, as `finished.find_study` finds it; None: the run that the bundle names, if that
            is still there and the world is as it was; else all is played anew.
        model: the name to register it under; None: that of its world.
        tracking: URI of the database; None: the usual one.
        world: in which it is played anew; None: that of the study, or else the one that the bundle names.
    """

    bundle: Path
    run: str | None = None
    model: str | None = None
    tracking: str | None = None
    world: str | None = None
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        check = Violations("promote")
        if self.model is not None and not _MODEL.fullmatch(self.model):
            check.add("name", self.model, "must be letters, digits, space and _ . - alone, and begin with a letter")
        check.raise_all()

    @property
    def kept_in(self) -> MlflowTracking:
        """Where models are registered."""
        return MlflowTracking(uri=self.tracking) if self.tracking else MlflowTracking()


@dataclass(frozen=True)
class Trial:
    """What came of it.

    Attributes:
        model: the name that it is to have.
        hurdles: each thing that it was to pass.
        before: the present champion.
        study: id of the run of the study that judged it.
    """

    bundle: Bundle
    model: str
    hurdles: tuple[Hurdle, ...]
    before: Version | None
    study: str | None

    @property
    def passed(self) -> bool:
        """Whether it may be promoted."""
        return all(hurdle.passed for hurdle in self.hurdles)


def tried(order: Order, told: Callable[[Hurdle], None] = lambda hurdle: None) -> Trial:
    """Tries a bundle; `told` hears of every hurdle when its turn has come.

    Raises:
        InvalidInput: it is damaged, is the champion already, or there is nothing to judge it by.
    """
    bundle, compared = verify(order.bundle)
    runner, found = Runner(bundle), list[Hurdle]()

    def note(hurdle: Hurdle) -> None:
        found.append(hurdle)
        told(hurdle)

    study = _study(order, bundle)
    model = order.model or f"curriculum-policy-{re.sub(r'[^A-Za-z0-9_.-]', '-', str(bundle.manifest['world']))}"
    before = champion(order.kept_in, model)
    if before is not None and before.digest == bundle.digest:
        raise InvalidInput("promote", [f"it is the champion of {model} already, as version {before.number}"])
    note(Hurdle("vectors", True, f"{compared:,} decisions of its test vectors are the same here"))
    note(locked(runner, order.rules))
    world, objective = _world(order, bundle, study), _objective(study)
    evidence = _evidence(study, bundle) if study else judged_anew(runner, world, objective, order.rules)
    note(heuristics(evidence))
    note(gaps(evidence, order.rules))
    if before is not None:
        note(over_champion(runner, Runner(open_bundle(before.bundle)), world, objective, order.rules))
    return Trial(bundle, model, tuple(found), before, study.run if study else None)


def promoted(order: Order, trial: Trial) -> Version:
    """Registers a bundle that passed, and gives it the alias.

    Raises:
        InvalidInput: it did not pass, or another was promoted meanwhile; nothing is registered.
    """
    failed = [f"{hurdle.name}: {hurdle.told}" for hurdle in trial.hurdles if not hurdle.passed]
    if failed:
        raise InvalidInput(f"promote {order.bundle}", failed)
    kept, before = trial.bundle.manifest.get("study") or {}, trial.before
    tags = {DIGEST: trial.bundle.digest, "name": str(trial.bundle.manifest["name"])}
    tags |= {f"gate.{hurdle.name}": hurdle.told for hurdle in trial.hurdles}
    tags |= {"previous": f"version {before.number}, {before.digest}" if before else "none"}
    tags |= {f"study.{key}": str(value) for key, value in kept.items() if value not in (None, [])}
    with FileLock(f"{order.kept_in.database}.champion.lock"):
        if champion(order.kept_in, trial.model) != before:
            raise InvalidInput("promote", [f"{trial.model} has another champion by now. Run it again to meet that one"])
        return register(order.kept_in, trial.model, order.bundle, tags, trial.study)


def _study(order: Order, bundle: Bundle) -> Finished | None:
    """The study that judged the bundle; None where the one that the bundle names is gone, or holds no more."""
    kept = bundle.manifest.get("study") or {}
    try:
        if order.run is not None:
            return _holding(find_study(order.run, order.tracking), bundle)
        return _holding(find_study(kept["run"], order.tracking), bundle) if kept.get("run") else None
    except InvalidInput:
        if order.run is not None:
            raise
        return None


def _holding(study: Finished, bundle: Bundle) -> Finished:
    """The study, if what it measured is of this bundle: trained in it, for this world, whose files are as they were."""
    about, results = bundle.manifest, study.results
    kept = about.get("study") or {}
    same = kept.get("config_digest") == results.provenance.get("config_digest") is not None
    check = Violations("promote")
    check.that(same, f"run: the bundle is of another study ({kept.get('experiment')}) than {study.where}")
    judged = results.world.get("name")
    check.that(judged == about["world"], f"run: the study judged in the world {judged}; the bundle is for another")
    digest = results.provenance.get("pack_digest")
    check.that(digest == about["world_digest"], f"run: the files of the world {judged} have changed since the study")
    check.that(not kept.get("apart"), f"run: the bundle is not as it was judged: {' '.join(kept.get('apart') or ())}")
    check.found = [f"{line.rstrip('.')}. Leave --run out to play it anew" for line in check.found]
    check.raise_all()
    return study


def _evidence(study: Finished, bundle: Bundle) -> Evidence:
    kept: dict[str, Any] = bundle.manifest["study"]
    return Evidence(study.results, kept["policy"], kept["seed"], run=study.run)


def _world(order: Order, bundle: Bundle, study: Finished | None) -> World:
    if order.world is None and study is not None:
        return study.world()
    return load_world(order.world or str(bundle.manifest["world"]))


def _objective(study: Finished | None) -> Objective:
    """What policies are compared by."""
    told = study.config.get("objective") if study else None
    return DelayedTest() if told is None else cast(Objective, build(told, "the objective of the study"))
